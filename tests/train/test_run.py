"""Training of every kind begins at one function, which imports what the kind needs and nothing else."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smn.errors import InputError, MissingExtraError, RecipeError
from smn.images.preprocess import PreprocessSpec
from smn.manifest import read_manifest
from smn.movements import read_taxonomy
from smn.train import Recipe, read_recipe
from smn.train.model_configs import StatisticsSettings
from smn.train.run import RunData, RunDescription, describe_run, open_run, read_run, train
from smn.train.selection import select

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
    monkeypatch.setitem(sys.modules, "smn.train.network_training", None)
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


def test_a_run_is_opened_again_by_what_described_it_only(head_recipe: Recipe, pictures: Path, tmp_path: Path) -> None:
    data = {
        split: select(read_manifest(pictures), read_taxonomy("origin-8"), split=split) for split in ("train", "val")
    }
    known = describe_run(head_recipe, data)
    assert (known.preprocess, known.backbone, known.negatives) == (None, None, None)
    assert known.data.pictures == {"train": 8, "val": 4}
    for _ in range(2):
        open_run(tmp_path / "run", known)
    assert read_run(tmp_path / "run") == known
    with pytest.raises(InputError, match="holds a run with another backbone; choose another --out"):
        open_run(tmp_path / "run", describe_run(head_recipe, data, backbone="another"))
    with pytest.raises(InputError, match="holds a run with another recipe and data"):
        open_run(
            tmp_path / "run",
            replace(describe_run(read_recipe("cnn-small"), {"train": data["val"]}), taxonomy=known.taxonomy),
        )
    assert [file.name for file in (tmp_path / "run").iterdir()] == ["run.json"]


def test_a_folder_that_is_no_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is not a run: it has no run\.json; make one with: smn train"):
        read_run(tmp_path)


@pytest.mark.parametrize("key", ["recipe", "taxonomy", "data"])
def test_a_run_of_another_version_is_said(tiny_run: Path, tmp_path: Path, key: str) -> None:
    known = read_run(tiny_run).to_dict()
    del known[key]
    (tmp_path / "run.json").write_text(json.dumps(known))
    with pytest.raises(InputError, match=rf"run\.json lacks {key}: another version of smn made it, so train anew"):
        read_run(tmp_path)


@pytest.fixture
def least() -> RunDescription:
    """A run of a colour model, which has none of what is optional."""
    data = RunData("0" * 64, {"train": 8, "val": 4})
    recipe = Recipe("mine", "Mine.")
    return RunDescription("0.1.0", recipe, read_taxonomy("origin-8"), None, None, data, manifest="/m.parquet")


@pytest.fixture
def full(least: RunDescription) -> RunDescription:
    """A run with everything that is optional."""
    return replace(
        least,
        preprocess=PreprocessSpec(64),
        backbone="own weights",
        recipe=Recipe("mine", "Mine.", model=StatisticsSettings(levels=(1, 3), dropout=0.5)),
        data=replace(least.data, negatives=3, negatives_sha256="1" * 64, everything=True),
        negatives="/n.parquet",
        teacher={"name": "large-1", "data": {}},
        start={"run": "before", "model_sha256": "2" * 64, "recipe": {"name": "mine"}},
    )


def written(description: RunDescription) -> dict[str, Any]:
    known: dict[str, Any] = json.loads(json.dumps(description.to_dict()))
    return known


@pytest.mark.parametrize("which", ["least", "full"])
def test_round_trip_through_json(request: pytest.FixtureRequest, which: str) -> None:
    description: RunDescription = request.getfixturevalue(which)
    assert RunDescription.from_dict(written(description), where="run.json") == description


def test_the_keys_of_the_file_and_their_order(least: RunDescription, full: RunDescription) -> None:
    always = ["smn", "recipe", "taxonomy", "preprocess", "backbone", "data", "manifest", "negatives"]
    assert list(written(least)) == always
    assert list(written(full)) == [*always[:5], "teacher", "start", *always[5:]]
    data = ["sha256", "pictures", "negatives_sha256", "negatives"]
    assert list(written(least)["data"]) == data
    assert list(written(full)["data"]) == [*data, "everything"]


def test_an_older_file_gets_the_defaults_of_later_settings(least: RunDescription) -> None:
    known = written(least)
    del known["recipe"]["model"]["kind"], known["recipe"]["finetune"]["unfreeze"], known["negatives"]
    assert RunDescription.from_dict(known, where="run.json") == least


def test_missing_keys_are_named_together(least: RunDescription) -> None:
    known = written(least)
    del known["data"], known["recipe"]
    with pytest.raises(InputError, match=r"^run\.json lacks recipe, data: another version of smn made it, so train"):
        RunDescription.from_dict(known, where="run.json")


def test_a_recipe_of_a_later_version_is_said(least: RunDescription) -> None:
    known = written(least)
    known["recipe"]["head"]["later"] = 1
    with pytest.raises(RecipeError, match=r"run\.json.*head\.later is unknown"):
        RunDescription.from_dict(known, where="run.json")
