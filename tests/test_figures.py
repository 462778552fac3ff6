"""README and documentation show the figures of the kept reports, and the kept reports are the default model's."""

import json
import subprocess
import sys
from pathlib import Path

import smn
from smn.bundle import read_bundle

ROOT = Path(__file__).parents[1]
REPORTS = [ROOT / "docs" / "results" / name / "report.json" for name in ("default", "origin-8")]


def test_no_figure_is_stale() -> None:
    subprocess.run([sys.executable, ROOT / "docs" / "figures.py", "check"], check=True)


def test_the_reports_are_of_the_model_in_the_package() -> None:
    bundle = read_bundle()
    for file in REPORTS:
        model = json.loads(file.read_text(encoding="utf-8"))["model"]
        assert (model["name"], model["sha256"]) == (bundle.name, bundle.model_sha256)


def test_the_changelog_knows_this_version() -> None:
    assert f"## {smn.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
