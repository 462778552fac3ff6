"""Training of every kind begins at one function, which imports what the kind needs and nothing else."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from smn.errors import MissingExtraError
from smn.train import Recipe, read_recipe
from smn.train.run import read_run, train

SetMaker = Callable[..., Path]

WITHOUT_TORCH = """
import sys

class Absent:
    # As if they were not installed: POT takes torch along where it finds it.
    def find_spec(self, name, *_):
        if name.partition(".")[0] in {"torch", "torchvision", "timm"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
from smn.cli import main
pictures, out = sys.argv[1:]
for arguments in (
    ["train", "colour-5", "--manifest", pictures, "--out", out],
    ["evaluate", out, "--manifest", pictures, "--bootstrap", "2", "--out", out + "-report"],
):
    main(arguments, standalone_mode=False)
"""


def test_a_colour_model_is_trained_and_evaluated_without_torch(tmp_path: Path, make_painted_set: SetMaker) -> None:
    pictures = make_painted_set(tmp_path / "pictures", splits={"train": 3, "val": 1}, side=32)
    arguments = [sys.executable, "-c", WITHOUT_TORCH, str(pictures), str(tmp_path / "run")]
    done = subprocess.run(arguments, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert f"next: smn evaluate {tmp_path / 'run'}" in done.stderr
    assert (tmp_path / "run" / "colour.npz").is_file()
    assert (tmp_path / "run-report" / "report.json").is_file()


def test_without_torch_a_network_names_the_extra(
    head_recipe: Recipe, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "smn.train.networks", None)
    with pytest.raises(MissingExtraError, match=r'pip install .*\[train\]"'):
        train(head_recipe, pictures, out=tmp_path / "run")


@pytest.mark.parametrize("module", ["skimage", "sklearn", "matplotlib"])
def test_without_its_extra_a_colour_model_names_it(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r'pip install .*\[colour\]"'):
        train(read_recipe("colour-1"), pictures, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_both_leave_a_run_that_is_read_alike(head_recipe: Recipe, pictures: Path, tmp_path: Path) -> None:
    colour = Recipe.from_dict(
        {"name": "tiny", "description": "Tiny.", "taxonomy": "origin-8", "model": {"kind": "colour"}}, where="tiny"
    )
    one, other = (
        read_run(train(recipe, pictures, out=tmp_path / str(at))) for at, recipe in enumerate((head_recipe, colour))
    )
    assert one.to_dict().keys() == other.to_dict().keys()
    assert one.data == other.data
    assert one.taxonomy == other.taxonomy
