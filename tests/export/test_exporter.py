"""From a run to a bundle: what is written, and everything that must stop it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pytest
import torch
from click.testing import CliRunner
from onnx import numpy_helper

from smn.bundle import Bundle, read_bundle, write_bundle
from smn.bundle.runtime import Runtime
from smn.cli import main
from smn.confidence.answer_policy import fit_policy
from smn.confidence.calibration import fit_temperature, sigmoid, softmax
from smn.errors import AgreementError, BundleError, InputError, OutputExistsError
from smn.export import export_run, exporter
from smn.export.bundle_calibration import check_recipe
from smn.export.exporter import copy_calibration, recalibrate_bundle
from smn.export.graph import fold_normalisation, round_weights
from smn.images import open_image
from smn.manifest import Manifest, read_manifest, write_manifest
from smn.manifest.identity import cluster_artists
from smn.models import build_classifier
from smn.movements import read_taxonomy
from smn.train import read_recipe
from smn.train.run import train
from smn.train.selection import select

SetMaker = Callable[..., Path]


@pytest.fixture(scope="module")
def told() -> list[tuple[str, int, int]]:
    return []


@pytest.fixture(scope="module")
def bundle(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory, told: list[tuple[str, int, int]]) -> Bundle:
    out = tmp_path_factory.mktemp("export") / "bundle"
    return export_run(tiny_run, out=out, name="tiny-1", progress=lambda *what: told.append(what))


@pytest.fixture
def run(tiny_run: Path, tmp_path: Path) -> Path:
    """A copy of the finished run that a test may damage."""
    copy = tmp_path / "run"
    shutil.copytree(tiny_run, copy)
    return copy


@pytest.fixture
def ready_graph(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets export take the graph of the same run that is written already, because writing takes seconds."""
    monkeypatch.setattr(exporter, "write_graph", lambda _, file, **__: shutil.copy(bundle.model_file, file))


@pytest.fixture
def fresh(tmp_path: Path, make_painted_set: SetMaker) -> Manifest:
    """Pictures that neither training nor export has seen."""
    return read_manifest(make_painted_set(tmp_path / "fresh", splits={"test": 2}, first=500, side=90))


def test_what_is_written(bundle: Bundle, tiny_run: Path) -> None:
    assert {file.name for file in bundle.folder.iterdir()} == {"model.onnx", "bundle.json"}
    again, known = read_bundle(bundle.folder), json.loads((tiny_run / "run.json").read_text())
    assert (again.name, again.licence) == ("tiny-1", exporter.LICENCE)
    assert again.taxonomy == read_taxonomy("origin-8")
    assert again.preprocess.to_dict() == bundle.preprocess.to_dict()
    assert again.preprocess.size == 64
    assert (again.recipe, again.data) == (known["recipe"], known["data"])
    assert again.model_sha256 == bundle.model_sha256
    assert again.thresholds == bundle.thresholds
    assert again.policy == bundle.policy
    assert again.temperature == bundle.temperature


def test_progress_is_told(bundle: Bundle, told: list[tuple[str, int, int]]) -> None:
    assert ("comparing torch and ONNX Runtime", 12, 12) in told
    assert told[0] == ("writing the graph", 0, 1)


def test_both_runtimes_agree_on_files_that_export_has_not_seen(bundle: Bundle, tiny_run: Path, fresh: Manifest) -> None:
    recipe = json.loads((tiny_run / "run.json").read_text())["recipe"]
    model, _ = build_classifier("lite0", levels=tuple(recipe["model"]["levels"]), classes=8, pretrained=False)
    model.load_state_dict(torch.load(tiny_run / "model.pt", weights_only=True))
    batch = bundle.preprocess.apply_all(open_image(fresh.picture(row), reduce_to=64) for row in range(len(fresh)))
    there = Runtime(bundle, threads=1).run(batch)
    fold_normalisation(model, size=bundle.preprocess.size)
    round_weights(model)
    with torch.inference_mode():
        logits, painting, _ = model.eval()(torch.from_numpy(batch))
    np.testing.assert_allclose(softmax(there.logits), softmax(logits.numpy()), atol=1e-4)
    np.testing.assert_allclose(sigmoid(there.painting), sigmoid(painting.amin(1).numpy()), atol=1e-4)
    assert bundle.metrics["agreement_largest_difference"] < 1e-4
    assert bundle.metrics["agreement_files"] == 12


def test_a_bundle_says_where_the_evidence_is(bundle: Bundle, tiny_run: Path, fresh: Manifest) -> None:
    recipe = json.loads((tiny_run / "run.json").read_text())["recipe"]
    model, _ = build_classifier("lite0", levels=tuple(recipe["model"]["levels"]), classes=8, pretrained=False)
    model.load_state_dict(torch.load(tiny_run / "model.pt", weights_only=True))
    batch = bundle.preprocess.apply_all(open_image(fresh.picture(row), reduce_to=64) for row in range(len(fresh)))
    fold_normalisation(model, size=bundle.preprocess.size)
    round_weights(model)
    with torch.inference_mode():
        evidence = model.eval().explain(torch.from_numpy(batch))[3].numpy()
    runtime = Runtime(bundle, threads=1)
    assert runtime.explains
    assert evidence.shape == (len(fresh), 8, 2, 2)
    located = runtime.run(batch, evidence=True).evidence
    assert located is not None
    np.testing.assert_allclose(located, evidence, rtol=1e-3, atol=1e-3)


def test_rounding_to_16_bits_hardly_moves_the_answers(bundle: Bundle, tiny_run: Path, fresh: Manifest) -> None:
    recipe = json.loads((tiny_run / "run.json").read_text())["recipe"]
    model, _ = build_classifier("lite0", levels=tuple(recipe["model"]["levels"]), classes=8, pretrained=False)
    model.load_state_dict(torch.load(tiny_run / "model.pt", weights_only=True))
    batch = bundle.preprocess.apply_all(open_image(fresh.picture(row), reduce_to=64) for row in range(len(fresh)))
    with torch.inference_mode():
        logits = model.eval()(torch.from_numpy(batch))[0].numpy()
    np.testing.assert_allclose(softmax(Runtime(bundle, threads=1).run(batch).logits), softmax(logits), atol=0.02)


def test_calibration_and_thresholds_come_from_the_validation_split(bundle: Bundle, tiny_run: Path) -> None:
    manifest = read_manifest(tiny_run.parent / "pictures")
    data = select(manifest, read_taxonomy("origin-8"), split="val")
    batch = bundle.preprocess.apply_all(open_image(manifest.picture(row), reduce_to=64) for row in data.rows)
    outputs = Runtime(bundle, threads=1).run(batch)
    # Twelve pictures are too few for thresholds, and for a temperature that makes answers surer.
    fitted = fit_temperature(outputs.logits, data.targets)
    assert bundle.temperature == pytest.approx(max(1.0, fitted), rel=1e-3)
    assert (bundle.thresholds.confidence, bundle.thresholds.family) == (0.0, 0.0)
    assert bundle.metrics["val_pictures"] == 12
    probabilities = softmax(outputs.logits, temperature=bundle.temperature)
    right = probabilities.argmax(1) == data.targets
    assert bundle.metrics["val_top1"] == pytest.approx(right.mean())
    assert bundle.policy is not None
    artists = cluster_artists([manifest.column("artist")[row] for row in data.rows])
    assert bundle.policy.sets.masses == pytest.approx(
        fit_policy(probabilities, data.targets, taxonomy=bundle.taxonomy, artists=artists).sets.masses, abs=1e-4
    )
    assert not (sigmoid(outputs.painting) < bundle.thresholds.painting - 1e-6).any()  # 1 % of 12 is none


def test_a_bundle_that_exists_is_not_overwritten(bundle: Bundle, tiny_run: Path) -> None:
    before = {file: file.read_bytes() for file in bundle.folder.iterdir()}
    with pytest.raises(OutputExistsError, match="overwrites nothing") as caught:
        export_run(tiny_run, out=bundle.folder, name="tiny-2")
    assert caught.value.path == bundle.folder / "bundle.json"
    assert {file: file.read_bytes() for file in bundle.folder.iterdir()} == before


def test_a_graph_of_the_users_is_not_overwritten(tiny_run: Path, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        export_run(tiny_run, out=tmp_path, name="tiny-1")
    assert (tmp_path / "model.onnx").read_bytes() == b"mine"


def test_a_run_that_is_not_finished_is_said(run: Path, tmp_path: Path) -> None:
    (run / "model.pt").unlink()
    with pytest.raises(InputError, match=r"is not finished: it has no model\.pt; continue it with the same smn train"):
        export_run(run, out=tmp_path / "bundle", name="tiny-1")
    assert not (tmp_path / "bundle").exists()


def test_a_folder_that_is_no_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is not a run: it has no run\.json"):
        export_run(tmp_path, out=tmp_path / "bundle", name="tiny-1")


@pytest.mark.usefixtures("ready_graph")
def test_a_manifest_that_has_moved_can_be_named(run: Path, tiny_run: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(tiny_run.parent / "pictures", moved)
    text = (run / "run.json").read_text()
    (run / "run.json").write_text(text.replace(str((tiny_run.parent / "pictures").resolve()), "/gone"))
    with pytest.raises(InputError, match="/gone"):
        export_run(run, out=tmp_path / "bundle", name="tiny-1")
    bundle = export_run(run, out=tmp_path / "bundle", name="tiny-1", manifest=moved)
    assert read_bundle(tmp_path / "bundle").metrics["agreement_files"] == bundle.metrics["agreement_files"] == 12


def test_a_manifest_of_other_data_is_refused(run: Path, tmp_path: Path, make_painted_set: SetMaker) -> None:
    other = make_painted_set(tmp_path / "other", splits={"train": 6, "val": 3}, first=70)
    with pytest.raises(InputError, match=r"is not the data that .* was trained on; name the right one with --manifest"):
        export_run(run, out=tmp_path / "bundle", name="tiny-1", manifest=other)
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize("damage", [5.0, float("nan")])
def test_a_damaged_graph_leaves_no_bundle(
    tiny_run: Path, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: float
) -> None:
    def write_damaged(_: Any, file: Path, **__: Any) -> None:
        graph = onnx.load(bundle.model_file)
        (bias,) = (tensor for tensor in graph.graph.initializer if tensor.name.endswith("head.bias"))
        values = numpy_helper.to_array(bias).copy()
        values[0] += damage
        bias.CopyFrom(numpy_helper.from_array(values, bias.name))
        onnx.save(graph, file)

    monkeypatch.setattr(exporter, "write_graph", write_damaged)
    with pytest.raises(AgreementError, match=r"differ by .* but at most 0\.001 is allowed.*report"):
        export_run(tiny_run, out=tmp_path / "bundle", name="tiny-1")
    assert list((tmp_path / "bundle").iterdir()) == []


def test_a_graph_that_does_not_load_leaves_no_bundle(
    tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporter, "write_graph", lambda _, file, **__: file.write_bytes(b"no graph"))
    with pytest.raises(BundleError, match="cannot be loaded"):
        export_run(tiny_run, out=tmp_path / "bundle", name="tiny-1")
    assert list((tmp_path / "bundle").iterdir()) == []


@pytest.mark.usefixtures("ready_graph")
def test_a_stopped_export_does_not_stand_in_its_own_way(tiny_run: Path, tmp_path: Path) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_run(tiny_run, out=tmp_path / "bundle", name="tiny-1", progress=stop)
    assert list((tmp_path / "bundle").iterdir()) == []
    assert export_run(tiny_run, out=tmp_path / "bundle", name="tiny-1").labels
    assert read_bundle(tmp_path / "bundle").name == "tiny-1"


def test_a_colour_model_is_measured_and_not_exported(tmp_path: Path, make_painted_set: SetMaker) -> None:
    pictures = make_painted_set(tmp_path / "pictures", splits={"train": 1, "val": 1}, side=32)
    run = train(read_recipe("colour-1"), pictures, out=tmp_path / "run")
    with pytest.raises(InputError, match=r"is of kind colour, whose models have no ONNX graph .*: smn evaluate "):
        export_run(run, out=tmp_path / "bundle", name="colour-1-1")
    assert not (tmp_path / "bundle").exists()


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


def test_the_temperature_may_come_from_other_pictures(
    exported: Path, make_painted_set, tiny_run: Path, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    other, pictures = make_painted_set(tmp_path / "other", splits={"test": 6}, first=300), tiny_run.parent / "pictures"
    table = read_manifest(other).table
    every = [f"{movement}|realism" for movement in table["movement"].to_pylist()]
    write_manifest(table.append_column("accepted", pa.array(every)), other, replace=True)
    arguments = ["calibrate", str(exported), "--manifest", str(pictures), "--temperature-from", str(other)]
    result = CliRunner().invoke(main, [*arguments, "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    before, after = read_bundle(exported), read_bundle(tmp_path / "out")
    assert after.temperature != pytest.approx(before.temperature)
    assert after.metrics["temperature_pictures"] == 24
    assert after.metrics["val_top1"] == before.metrics["val_top1"]
    assert after.metrics["agreement_files"] == before.metrics["agreement_files"]


def test_a_calibration_is_taken_over(exported: Path, tmp_path: Path) -> None:
    (tmp_path / "measured").mkdir()
    shutil.copy(exported / "model.onnx", tmp_path / "measured" / "model.onnx")
    bundle = read_bundle(exported)
    metrics = {**bundle.metrics, "val_top1": 0.25, "agreement_files": 1}
    write_bundle(replace(bundle, folder=tmp_path / "measured", name="measured", temperature=3.0, metrics=metrics))
    arguments = ["calibrate", str(exported), "--calibrated-by", str(tmp_path / "measured")]
    result = CliRunner().invoke(main, [*arguments, "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    after = read_bundle(tmp_path / "out")
    assert (after.name, after.temperature, after.metrics["calibrated_by"]) == (bundle.name, 3.0, "measured")
    assert after.metrics["val_top1"] == 0.25  # belongs to the calibration
    assert after.metrics["agreement_files"] == bundle.metrics["agreement_files"]  # belongs to the network


def test_a_calibration_of_another_preprocessing_is_refused(exported: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    shutil.copy(exported / "model.onnx", tmp_path / "other" / "model.onnx")
    bundle = read_bundle(exported)
    write_bundle(replace(bundle, folder=tmp_path / "other", preprocess=replace(bundle.preprocess, jpeg=75)))
    with pytest.raises(InputError, match=r"differs from .* in its labels, networks or preprocessing"):
        copy_calibration(exported, tmp_path / "other", out=tmp_path / "out")


@pytest.mark.parametrize("given", [[], ["--manifest", "m", "--calibrated-by", "b"]])
def test_calibrate_wants_pictures_or_a_bundle(given: list[str], exported: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["calibrate", str(exported), *given, "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "either --manifest" in result.output


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
