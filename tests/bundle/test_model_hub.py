"""Bundles on a hub: the hub's own client, against a server of ours in its shape."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from model_hub import TOKEN, Commit, ModelHub, run_hub
from smn.bundle import Bundle, file_sha256, read_bundle
from smn.bundle.model_hub import push_bundle, write_card
from smn.errors import InputError
from smn.examples import paint

pytestmark = pytest.mark.slow
pytest.importorskip("huggingface_hub")

Smn = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def hub() -> Iterator[ModelHub]:
    with run_hub() as running:
        yield running


@pytest.fixture
def smn(hub: ModelHub, tmp_path: Path) -> Smn:
    """Runs smn in a process of its own, because the client reads its settings when it is imported."""
    settings = {
        "HF_ENDPOINT": hub.address, "HF_HOME": str(tmp_path / "cache"), "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1", "PYTHONWARNINGS": "ignore",
    }  # fmt: skip

    def run(*words: object, token: str | None = TOKEN, **more: str) -> subprocess.CompletedProcess[str]:
        env = os.environ | settings | ({"HF_TOKEN": token} if token else {}) | more
        command = [sys.executable, "-c", "from smn.cli import main; main()", *map(str, words)]
        return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def painting(tmp_path: Path) -> Path:
    paint("fauvism").save(tmp_path / "painting.png")
    return tmp_path / "painting.png"


def predict(smn: Smn, painting: Path, model: str, **more: str) -> list[dict[str, object]]:
    done = smn("predict", painting, "--model", model, "--format", "json", **more)
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, object]] = json.loads(done.stdout)
    return answers


def test_a_bundle_is_pushed_and_answers_from_the_hub_and_then_without_it(
    smn: Smn, hub: ModelHub, tiny_bundle: Bundle, painting: Path
) -> None:
    done = smn("push", tiny_bundle.folder, "museum/movements")
    assert done.returncode == 0, done.stderr
    assert "use it with: smn predict FILE --model hf://museum/movements" in done.stderr
    assert set(hub.files("museum/movements")) == {"bundle.json", "model.onnx", "README.md"}
    assert hub.files("museum/movements")["model.onnx"] == tiny_bundle.model_file.read_bytes()
    own = predict(smn, painting, str(tiny_bundle.folder))
    assert predict(smn, painting, "hf://museum/movements") == own
    downloads = [path for method, path in hub.requests if method == "GET" and "/resolve/" in path]
    assert {Path(path).name for path in downloads} == {"bundle.json", "model.onnx"}
    # The second time nothing is downloaded, and without the hub the cache answers.
    assert predict(smn, painting, "hf://museum/movements") == own
    assert [path for method, path in hub.requests if method == "GET" and "/resolve/" in path] == downloads
    assert predict(smn, painting, "hf://museum/movements", HF_HUB_OFFLINE="1") == own
    assert predict(smn, painting, "hf://museum/movements", HF_ENDPOINT="http://127.0.0.1:9") == own


def test_python_loads_from_the_hub(smn: Smn, hub: ModelHub, tiny_bundle: Bundle, tmp_path: Path) -> None:
    assert smn("push", tiny_bundle.folder, "hf://museum/movements").returncode == 0
    env = os.environ | {"HF_ENDPOINT": hub.address, "HF_HOME": str(tmp_path / "cache"), "HF_HUB_DISABLE_XET": "1"}
    code = "import smn, sys; print(smn.load('hf://museum/movements').name, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [tiny_bundle.name, "False"]


def test_a_new_version_replaces_the_model_and_keeps_history_and_readme(
    smn: Smn, hub: ModelHub, make_tiny_bundle: Callable[..., Bundle], painting: Path, tmp_path: Path
) -> None:
    first = make_tiny_bundle(tmp_path / "first")
    second = make_tiny_bundle(tmp_path / "second", hues={"cubism": (1, -1, -1)})
    assert smn("push", first.folder, "museum/movements").returncode == 0
    old = hub.repositories["museum/movements"][-1]
    hub.files("museum/movements")["README.md"] = b"written by hand"
    done = smn("push", second.folder, "museum/movements")
    assert "its README is as it was" in done.stderr
    assert hub.files("museum/movements")["README.md"] == b"written by hand"
    assert hub.files("museum/movements")["model.onnx"] == second.model_file.read_bytes()
    assert predict(smn, painting, "hf://museum/movements") == predict(smn, painting, str(second.folder))
    assert predict(smn, painting, f"hf://museum/movements@{old.oid}") == predict(smn, painting, str(first.folder))


def test_a_card_and_an_index_of_the_bundle_are_uploaded_with_it(smn: Smn, hub: ModelHub, tiny_bundle: Bundle) -> None:
    (tiny_bundle.folder / "README.md").write_text("---\nlicense: mit\n---\n# Mine\n", encoding="utf-8")
    (tiny_bundle.folder / "index").mkdir()
    (tiny_bundle.folder / "index" / "index.json").write_text("{}", encoding="utf-8")
    (tiny_bundle.folder / "notes.txt").write_text("private", encoding="utf-8")
    done = smn("push", tiny_bundle.folder, "museum/movements", "--private")
    assert done.returncode == 0, done.stderr
    assert set(hub.files("museum/movements")) == {"bundle.json", "model.onnx", "README.md", "index/index.json"}
    assert hub.files("museum/movements")["README.md"].endswith(b"# Mine\n")
    assert hub.private == {"museum/movements"}


def test_a_damaged_download_is_noticed_and_downloaded_again(
    smn: Smn, hub: ModelHub, tiny_bundle: Bundle, painting: Path, tmp_path: Path
) -> None:
    smn("push", tiny_bundle.folder, "museum/movements")
    own = predict(smn, painting, str(tiny_bundle.folder))
    hub.damaged = 1
    assert predict(smn, painting, "hf://museum/movements") == own
    (model,) = (tmp_path / "cache").rglob("snapshots/*/model.onnx")
    model.resolve().write_bytes(b"damaged on the disk")
    assert predict(smn, painting, "hf://museum/movements") == own
    assert file_sha256(model) == tiny_bundle.model_sha256
    # Where the hub's own copy is damaged, nothing answers.
    shutil.rmtree(tmp_path / "cache")
    hub.damaged = 99
    done = smn("predict", painting, "--model", "hf://museum/movements")
    assert done.returncode == 2
    assert "one of them is damaged" in done.stderr


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("hf://museum/nothing", "there is no such repository, or it is private"),
        ("hf://museum/movements@v9", "has no such revision"),
        ("hf://museum/weights", "hf://museum/weights is not a bundle: it has no bundle.json and no model.onnx"),
        ("hf://museum", "names no repository of a hub; write owner/name"),
        ("hf://museum/../etc", "names no repository of a hub"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(smn: Smn, hub: ModelHub, painting: Path, model: str, said: str) -> None:
    for name in ("museum/movements", "museum/weights"):
        hub.repositories[name] = [Commit("0" * 40, {"config.json": b"{}"} if name == "museum/weights" else {})]
    done = smn("predict", painting, "--model", model)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_without_hub_and_cache_it_is_said(smn: Smn, painting: Path) -> None:
    done = smn("predict", painting, "--model", "hf://museum/movements", HF_ENDPOINT="http://127.0.0.1:9")
    assert done.returncode == 2
    assert "the hub cannot be reached, and nothing was downloaded before" in done.stderr


def test_who_is_not_logged_in_is_told(smn: Smn, hub: ModelHub, tiny_bundle: Bundle) -> None:
    done = smn("push", tiny_bundle.folder, "museum/movements", token=None)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: museum/movements cannot be uploaded")
    assert "hf auth login" in done.stderr
    assert hub.repositories == {}


def test_a_card_tells_what_the_bundle_is(tiny_bundle: Bundle) -> None:
    card = write_card(tiny_bundle, "museum/movements")
    assert card.startswith("---\nlibrary_name: smn\npipeline_tag: image-classification\nlicense: cc0-1.0\n")
    assert "hf://museum/movements" in card
    assert "Impressionism" in card
    assert tiny_bundle.model_sha256 in card
    assert "`null`" not in card
    packaged = write_card(read_bundle(), "museum/movements")
    assert "license: other\nlicense_name: see-licence-below\n" in packaged
    assert read_bundle().licence in packaged
    assert "validation pictures: 41.8%" in packaged


@pytest.mark.parametrize("name", ["movements", "museum/movements/more", "../movements", "museum/", ""])
def test_names_of_another_form_are_refused(tiny_bundle: Bundle, name: str) -> None:
    with pytest.raises(InputError, match="write owner/name"):
        push_bundle(replace(tiny_bundle), name)
