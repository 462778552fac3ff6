"""A bundle whose confidence is learned anew."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from smn.bundle import read_bundle, write_bundle
from smn.cli import main
from smn.errors import InputError, OutputExistsError
from smn.export import export_run
from smn.export.calibrating import check_recipe
from smn.export.recalibrating import recalibrate_bundle


@pytest.fixture(scope="module")
def exported(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_run(tiny_run, out=tmp_path_factory.mktemp("exported") / "bundle", name="tiny-1").folder


def test_the_same_pictures_teach_the_same(exported: Path, tiny_run: Path, tmp_path: Path) -> None:
    again = recalibrate_bundle(exported, tiny_run.parent / "pictures", out=tmp_path / "again", name="tiny-2")
    before, after = read_bundle(exported), read_bundle(tmp_path / "again")
    assert (after.name, after.model_sha256) == ("tiny-2", before.model_sha256)
    assert after.temperature == pytest.approx(before.temperature)
    assert after.thresholds == before.thresholds
    assert after.policy == before.policy == again.policy
    assert after.metrics == before.metrics
    assert (tmp_path / "again" / "model.onnx").read_bytes() == (exported / "model.onnx").read_bytes()


def test_other_pictures_teach_something_else(exported: Path, make_painted_set, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    other = make_painted_set(tmp_path / "other", splits={"train": 1, "val": 4}, first=300)
    result = CliRunner().invoke(
        main, ["calibrate", str(exported), "--manifest", str(other), "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 0, result.output
    assert "next: smn evaluate" in result.output
    assert read_bundle(tmp_path / "out").metrics["val_pictures"] != read_bundle(exported).metrics["val_pictures"]


def test_a_bundle_is_not_overwritten(exported: Path, tiny_run: Path) -> None:
    with pytest.raises(OutputExistsError, match="overwrites nothing"):
        recalibrate_bundle(exported, tiny_run.parent / "pictures", out=exported)


def test_whom_the_old_calibration_came_from_is_forgotten(exported: Path, tiny_run: Path, tmp_path: Path) -> None:
    metrics = {"backbone": "tiny", "calibrated_by": "measured"}
    (tmp_path / "shipped").mkdir()
    shutil.copy(exported / "model.onnx", tmp_path / "shipped" / "model.onnx")
    write_bundle(replace(read_bundle(exported), folder=tmp_path / "shipped", metrics=metrics))
    again = recalibrate_bundle(tmp_path / "shipped", tiny_run.parent / "pictures", out=tmp_path / "again")
    assert again.metrics["backbone"] == "tiny"
    assert "calibrated_by" not in read_bundle(again.folder).metrics


def test_settings_newer_than_a_bundle_stand_at_their_defaults(exported: Path) -> None:
    bundle = read_bundle(exported)
    recipe = json.loads(json.dumps(bundle.recipe))
    del recipe["head"]["crossfit"]
    check_recipe(replace(bundle, recipe=recipe), bundle.recipe)
    recipe["head"]["epochs"] += 1
    with pytest.raises(InputError, match="is of another recipe, so its calibration does not fit"):
        check_recipe(replace(bundle, recipe=recipe), bundle.recipe)
