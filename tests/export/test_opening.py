"""Several runs in one bundle, and runs that learned from everything."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from smn.bundle import Bundle, read_bundle
from smn.bundle.runtime import Runtime
from smn.confidence.calibration import softmax
from smn.errors import InputError
from smn.export import export_run
from smn.export.opening import describe_recipes, open_runs
from smn.images import open_image
from smn.manifest import read_manifest
from smn.train import Recipe
from smn.train.run import train

SetMaker = Callable[..., Path]


@pytest.fixture(scope="module")
def second_run(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the pictures of the tiny one, of another seed and without fine-tuning."""
    data = {**json.loads((tiny_run / "run.json").read_text(encoding="utf-8"))["recipe"], "seed": 5}
    recipe = Recipe.from_dict(data, where="second").with_settings({"finetune.epochs": 0})
    folder = tmp_path_factory.mktemp("second")
    return train(recipe, tiny_run.parent / "pictures", out=folder / "run", negatives=tiny_run.parent / "others")


@pytest.fixture(scope="module")
def shipped_run(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    recipe = Recipe.from_dict(json.loads((tiny_run / "run.json").read_text(encoding="utf-8"))["recipe"], where="tiny")
    folder = tmp_path_factory.mktemp("shipped")
    return train(
        recipe, tiny_run.parent / "pictures", out=folder / "run", negatives=tiny_run.parent / "others", everything=True
    )


@pytest.fixture(scope="module")
def measured(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return export_run(tiny_run, out=tmp_path_factory.mktemp("measured") / "bundle", name="measured")


def edit(run: Path, target: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of a run whose description is another."""
    shutil.copytree(run, target)
    known = json.loads((target / "run.json").read_text(encoding="utf-8"))
    change(known)
    (target / "run.json").write_text(json.dumps(known), encoding="utf-8")
    return target


def test_two_runs_answer_as_one(measured: Bundle, tiny_run: Path, second_run: Path, tmp_path: Path) -> None:
    alone = export_run(second_run, out=tmp_path / "second", name="second")
    both = export_run(tiny_run, second_run, out=tmp_path / "both", name="both-1")
    manifest = read_manifest(tiny_run.parent / "pictures")
    batch = both.preprocess.apply_all(open_image(manifest.picture(row), reduce_to=64) for row in range(6))
    mine, other, joined = (Runtime(bundle, threads=1).run(batch) for bundle in (measured, alone, both))
    product = np.sqrt(softmax(mine.logits) * softmax(other.logits))
    np.testing.assert_allclose(softmax(joined.logits), product / product.sum(1, keepdims=True), atol=1e-4)
    np.testing.assert_allclose(joined.painting, (mine.painting + other.painting) / 2, atol=1e-3)
    assert joined.embedding.shape == mine.embedding.shape
    assert [member["seed"] for member in read_bundle(both.folder).recipe["members"]] == [0, 5]


def test_runs_that_do_not_fit_each_other_are_refused(tiny_run: Path, second_run: Path, tmp_path: Path) -> None:
    other = edit(second_run, tmp_path / "other", lambda known: known["preprocess"].update(size=96))
    with pytest.raises(InputError, match=r"has another preprocess than .*; runs that answer together must share it"):
        open_runs([tiny_run, other])
    normalised = edit(second_run, tmp_path / "normalised", lambda known: known["preprocess"].update(std=[0.2] * 3))
    assert [run.folder for run in open_runs([tiny_run, normalised])] == [tiny_run, normalised]
    with pytest.raises(InputError, match="0 runs are named"):
        export_run(out=tmp_path / "bundle", name="none")


def test_what_learned_from_everything_takes_its_calibration_elsewhere(
    measured: Bundle, shipped_run: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"has learned from everything, so no picture is left .* --calibrated-by"):
        export_run(shipped_run, out=tmp_path / "bundle", name="shipped-1")
    assert not (tmp_path / "bundle").exists()
    shipped = export_run(shipped_run, out=tmp_path / "bundle", name="shipped-1", calibrated_by=measured.folder)
    assert (shipped.temperature, shipped.thresholds) == (measured.temperature, measured.thresholds)
    assert shipped.metrics["val_top1"] == measured.metrics["val_top1"]
    assert shipped.metrics["calibrated_by"] == "measured"
    assert shipped.model_sha256 != measured.model_sha256
    assert read_bundle(shipped.folder).data["everything"] is True


def test_a_calibration_of_another_recipe_is_refused(
    measured: Bundle, second_run: Path, tiny_run: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="is of another recipe, so its calibration does not fit"):
        export_run(second_run, out=tmp_path / "bundle", name="second", calibrated_by=measured.folder)
    assert describe_recipes(open_runs([tiny_run])) == measured.recipe


def test_the_judges_of_groups_are_named_in_the_bundle(measured: Bundle, tiny_run: Path, tmp_path: Path) -> None:
    assert measured.groups == ()  # without drawn kinds there is one judge
    run = edit(tiny_run, tmp_path / "run", lambda _: None)
    weights = torch.load(run / "model.pt", weights_only=True)
    weights["painting.weight"] = torch.randn(3, weights["painting.weight"].shape[1])
    weights["painting.bias"] = torch.zeros(3)
    torch.save(weights, run / "model.pt")
    bundle = export_run(run, out=tmp_path / "bundle", name="judges-1")
    assert read_bundle(bundle.folder).groups == ("photograph", "page", "drawing")
    manifest = read_manifest(tiny_run.parent / "pictures")
    outputs = Runtime(bundle, threads=1).run(
        bundle.preprocess.apply_all(open_image(manifest.picture(row), reduce_to=64) for row in range(4))
    )
    assert outputs.judges is not None
    assert outputs.judges.shape == (4, 3)
    np.testing.assert_array_equal(outputs.painting, outputs.judges.min(axis=1))
