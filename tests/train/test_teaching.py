"""A network that learns from what a bundle answers."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from smn.bundle import Bundle, read_bundle
from smn.confidence.calibration import softmax
from smn.errors import BundleError, InputError
from smn.export import export_run
from smn.export.opening import load_network, open_runs
from smn.images import open_image
from smn.manifest import read_manifest
from smn.movements import read_taxonomy
from smn.preprocess import PreprocessSpec
from smn.runtime import Runtime
from smn.train import Recipe, read_recipe
from smn.train.run import read_run, train
from smn.train.targets import as_probabilities
from smn.train.teaching import Teacher, teach_batches
from trained_runs import StoppedError, same, stop_in, weights

SetMaker = Callable[..., Path]
BundleMaker = Callable[..., Bundle]
ORIGIN = read_taxonomy("origin-8")


@pytest.fixture(scope="module")
def taught_by(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return export_run(tiny_run, out=tmp_path_factory.mktemp("teacher") / "bundle", name="large-1")


@pytest.fixture
def recipe(tiny_recipe: dict[str, Any], taught_by: Bundle) -> Recipe:
    tiny_recipe["model"] |= {"levels": [0, 1]}
    tiny_recipe["finetune"] |= {"epochs": 2, "teacher": str(taught_by.folder), "distillation": 0.5}
    return Recipe.from_dict(tiny_recipe, where="tiny")


def test_targets_are_partly_what_the_teacher_answers(taught_by: Bundle, pictures: Path) -> None:
    teacher = Teacher(str(taught_by.folder), taxonomy=ORIGIN, spec=taught_by.preprocess)
    manifest = read_manifest(pictures)
    batch = taught_by.preprocess.apply_all(open_image(manifest.picture(row)) for row in range(3))
    said = softmax(Runtime(taught_by).run(batch).logits, temperature=taught_by.temperature)
    images, labels = torch.from_numpy(batch), torch.tensor([1, 0, 3])
    sure = np.eye(8)[labels]
    blended = torch.full((3, 8), 1 / 8)
    for given, known in ((labels, sure), (blended, blended.numpy())):
        for share in (0.0, 0.25, 1.0):
            # A batch in the order of the channels' last is the same batch.
            turned = images.contiguous(memory_format=torch.channels_last)
            ((shown, targets),) = teach_batches([(turned, given)], teacher, share=share)
            assert shown is turned
            expected = (1 - share) * known + share * said
            np.testing.assert_allclose(as_probabilities(targets, 8).numpy(), expected, atol=1e-5)


def test_the_student_follows_the_teacher_against_the_labels(
    make_tiny_bundle: BundleMaker, pictures: Path, tmp_path: Path
) -> None:
    """The teacher finds everything cubist, and a quarter of the labels agree."""
    teacher = make_tiny_bundle(taxonomy="origin-8", hues={"cubism": (0.0, 0.0, 0.0)})
    recipe = read_recipe("cnn-small").with_settings({
        "taxonomy": "origin-8", "model.size": 32, "model.widths": [4], "finetune.epochs": 4, "finetune.batch_size": 4,
        "finetune.learning_rate": 3e-2, "finetune.head_learning_rate": 3e-2, "finetune.ema_decay": 0.0,
        "finetune.teacher": str(teacher.folder), "finetune.distillation": 1.0,
    })  # fmt: skip
    run = train(recipe, pictures, out=tmp_path / "run")
    network, manifest = load_network(open_runs([run])[0]), read_manifest(pictures)
    batch = teacher.preprocess.apply_all(open_image(manifest.picture(row)) for row in range(len(manifest)))
    with torch.inference_mode():
        said = network(torch.from_numpy(batch))[0].argmax(1)
    assert set(said.tolist()) == {ORIGIN.label_ids.index("cubism")}


def test_a_teacher_of_other_labels_is_refused(make_tiny_bundle: BundleMaker) -> None:
    other = make_tiny_bundle()
    with pytest.raises(InputError, match=r"answers in taxonomy smn-25, but the recipe learns origin-8; .*choose"):
        Teacher(str(other.folder), taxonomy=ORIGIN, spec=other.preprocess)


def test_a_teacher_of_other_pictures_is_refused(taught_by: Bundle) -> None:
    with pytest.raises(InputError, match=r"size=64.*size=32.*set model\.size"):
        Teacher(str(taught_by.folder), taxonomy=ORIGIN, spec=PreprocessSpec(size=32))


def test_a_folder_without_a_bundle_is_said(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"is not a bundle: it has no bundle\.json"):
        Teacher(str(tmp_path), taxonomy=ORIGIN, spec=PreprocessSpec())


def test_default_is_the_bundle_inside_the_package() -> None:
    """With the recipe's backbone, size and labels, as the packaged recipe asks for it."""
    from smn.train.building import build_network

    recipe = read_recipe("lite0-distilled")
    taxonomy = read_taxonomy(recipe.taxonomy)
    spec = build_network(recipe.model, classes=len(taxonomy.labels), pretrained=False).spec
    teacher = Teacher(recipe.finetune.teacher, taxonomy=taxonomy, spec=spec)
    assert teacher.describe()["name"] == read_bundle().name
    assert teacher.describe()["data"] == read_bundle().data


def test_a_stopped_run_ends_as_one_that_was_not(recipe: Recipe, pictures: Path, tmp_path: Path) -> None:
    whole = train(recipe, pictures, out=tmp_path / "whole")
    with pytest.raises(StoppedError):
        train(recipe, pictures, out=tmp_path / "run", progress=stop_in("finetune", 3))
    assert same(weights(train(recipe, pictures, out=tmp_path / "run")), weights(whole))
    alone = recipe.with_settings({"finetune.teacher": "", "finetune.distillation": 0.0})
    assert not same(weights(train(alone, pictures, out=tmp_path / "alone")), weights(whole))


def test_a_run_and_its_bundle_tell_who_taught(
    recipe: Recipe, taught_by: Bundle, pictures: Path, tiny_run: Path, tmp_path: Path
) -> None:
    run = train(recipe, pictures, out=tmp_path / "run")
    teacher = {"name": "large-1", "sha256": taught_by.model_sha256, "data": dict(taught_by.data)}
    assert read_run(run).teacher == teacher
    assert "teacher" not in read_run(tiny_run).to_dict()
    small = export_run(run, out=tmp_path / "small", name="small-1")
    assert small.data["teachers"] == [teacher]
    assert "teachers" not in taught_by.data
    # What is shipped learns from another bundle than what is measured, and takes over its calibration all the same.
    moved = tmp_path / "moved"
    shutil.copytree(taught_by.folder, moved)
    shipped = train(
        recipe.with_settings({"finetune.teacher": str(moved)}), pictures, out=tmp_path / "shipped", everything=True
    )
    calibrated = export_run(shipped, out=tmp_path / "shipped-bundle", name="small-1", calibrated_by=small.folder)
    assert calibrated.temperature == small.temperature


def test_another_teacher_in_the_same_place_does_not_continue_a_run(
    recipe: Recipe, taught_by: Bundle, pictures: Path, tmp_path: Path
) -> None:
    place = tmp_path / "bundle"
    shutil.copytree(taught_by.folder, place)
    recipe = recipe.with_settings({"finetune.teacher": str(place)})
    train(recipe, pictures, out=tmp_path / "run")
    known = json.loads((place / "bundle.json").read_text(encoding="utf-8"))
    (place / "bundle.json").write_text(json.dumps(known | {"name": "large-2"}), encoding="utf-8")
    with pytest.raises(InputError, match="holds a run with another teacher; choose another --out"):
        train(recipe, pictures, out=tmp_path / "run")
