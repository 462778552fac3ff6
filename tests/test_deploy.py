"""What builds and runs the service elsewhere is valid where that can be told here."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_is_linted() -> None:
    run(str(BIN / "hadolint"), "Dockerfile")


@pytest.mark.parametrize(
    ("schema", "file"), [("compose-spec", "compose.yaml"), ("cloudbuild", "deploy/cloudbuild.yaml")]
)
def test_a_manifest_follows_its_schema(schema: str, file: str) -> None:
    run(str(BIN / "check-jsonschema"), "--builtin-schema", f"vendor.{schema}", file)


def test_the_kubernetes_manifests_follow_their_schemas() -> None:
    run(str(BIN / "kubernetes-validate"), "--strict", "deploy/kubernetes/smn.yaml")


@pytest.mark.parametrize("script", sorted((ROOT / "deploy").glob("*.sh")), ids=lambda file: file.name)
def test_a_script_is_one(script: Path) -> None:
    run("sh", "-n", str(script))
    assert script.stat().st_mode & 0o111


def test_the_image_holds_no_secret_and_does_not_run_as_root() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^USER 10001$", text, re.MULTILINE)
    assert "HEALTHCHECK" in text
    assert not re.search(r"(?i)password|secret|token", text)
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    # No password of its own that somebody would forget to change.
    assert set(re.findall(r"PASSWORD:?\s*(\S+)", compose.replace("${", ""))) >= {"SMN_DB_PASSWORD:?set"}


def test_the_dashboard_asks_for_numbers_that_there_are() -> None:
    from smn.serve.service_state import Metrics

    known = Metrics().text().decode() + "smn_pictures_pending smn_cache_hits"
    board = json.loads((ROOT / "deploy/grafana/smn.json").read_text(encoding="utf-8"))
    asked = {name for panel in board["panels"] for target in panel["targets"]
             for name in re.findall(r"smn_[a-z_]+", target["expr"])}  # fmt: skip
    assert len(asked) >= 5
    for name in asked:
        assert re.sub(r"_(total|bucket|sum|count)$", "", name) in known
