"""A network that learns from what a bundle answers."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from smn.bundle import Bundle, read_bundle
from smn.bundle.runtime import Runtime
from smn.confidence.calibration import softmax
from smn.errors import BundleError, InputError, ManifestError, RecipeError
from smn.examples import paint
from smn.export import export_run
from smn.export.opening import load_network, open_runs
from smn.images import open_image
from smn.images.preprocess import PreprocessSpec
from smn.manifest import Manifest, read_manifest
from smn.movements import read_taxonomy
from smn.train import Recipe, read_recipe
from smn.train.batches import as_probabilities
from smn.train.distillation import FOLDS, Teacher, distill_batches, predict_held_out, split_artists
from smn.train.run import read_run, train
from smn.train.selection import TrainingData, select
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
            ((shown, targets),) = distill_batches([(turned, given)], teacher, share=share)
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
    from smn.train.factory import build_network

    recipe = read_recipe("lite0-distilled")
    taxonomy = read_taxonomy(recipe.taxonomy)
    spec = build_network(recipe.model, classes=len(taxonomy.labels), pretrained=False).spec
    teacher = Teacher(recipe.finetune.teacher, taxonomy=taxonomy, spec=spec)
    assert teacher.describe()["name"] == read_bundle().name
    assert teacher.describe()["data"] == read_bundle().data


def test_a_teacher_sees_pictures_encoded_as_it_would_in_prediction() -> None:
    images = [paint(movement, seed=0, size=(300, 240)) for movement in ("cubism", "ukiyo-e")]
    default = read_bundle()
    plain = replace(default.preprocess, jpeg=0)
    assert default.preprocess.jpeg
    teacher = Teacher("default", taxonomy=default.taxonomy, spec=plain)
    logits = Runtime(default).run(default.preprocess.apply_all(images)).logits
    said = teacher.predict(torch.from_numpy(plain.apply_all(images)))
    np.testing.assert_allclose(said, softmax(logits, temperature=default.temperature), atol=1e-5)


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


@pytest.fixture
def crossfit_recipe(tiny_recipe: dict[str, Any]) -> Recipe:
    tiny_recipe["model"] |= {"levels": [0, 1], "size": 32}
    tiny_recipe["head"]["crossfit"] = 0.5
    tiny_recipe["finetune"] |= {"epochs": 1, "crossfit": 0.5}
    return Recipe.from_dict(tiny_recipe, where="tiny")


@pytest.fixture
def by_artists(pictures: Path) -> Callable[[list[str | None]], TrainingData]:
    """The training pictures, by other artists."""

    def by_artists(artists: list[str | None]) -> TrainingData:
        import pyarrow as pa

        manifest = read_manifest(pictures)
        data = select(manifest, read_taxonomy("origin-8"), split="train")
        names: list[str | None] = [None] * len(manifest)
        for row, artist in zip(data.rows, artists, strict=True):
            names[row] = artist
        table = manifest.table
        place = table.column_names.index("artist")
        table = table.set_column(place, "artist", pa.array(names, pa.string()))
        return TrainingData(Manifest(manifest.file, table), data.rows, data.targets)

    return by_artists


def test_every_row_and_every_artist_is_in_one_part(by_artists: Callable[..., TrainingData]) -> None:
    data = by_artists(["A", "a", "B", "B", None, None, "C", "D"])
    parts = split_artists(data, seed=0)
    assert len(parts) == FOLDS
    assert np.array_equal(np.sum(parts, axis=0), np.ones(8))
    assert all(part.any() for part in parts)
    for part in parts:
        assert part[0] == part[1]
        assert part[2] == part[3]
    many = [split_artists(data, seed=seed) for seed in range(9)]
    assert all(np.array_equal(one, other) for one, other in zip(parts, many[0], strict=True))
    assert any(not np.array_equal(parts[0], other[0]) for other in many)
    # Rows whose artist is unknown are by several, as far as anybody knows.
    assert any(not np.array_equal(part[4], part[5]) for other in many for part in other)


def test_fewer_artists_than_parts_are_a_part_each(by_artists: Callable[..., TrainingData]) -> None:
    assert len(split_artists(by_artists(["A"] * 4 + ["B"] * 4), seed=0)) == 2
    with pytest.raises(ManifestError, match=r"all 8 training pictures are by one artist.* or set head\.crossfit"):
        split_artists(by_artists(["A"] * 8), seed=0)


def test_nobody_answers_for_an_artist_they_have_seen(by_artists: Callable[..., TrainingData], tmp_path: Path) -> None:
    """A "head" that gives the rows it was fitted on probability 1 of label 0, and others of label 1."""
    data = by_artists(["A", "A", "B", "C", "D", "E", "F", "G"])
    views = torch.eye(8)[None].repeat(3, 1, 1)
    places, first = [], nn.Linear(8, 2, bias=False)

    def fit_head(head: nn.Module, rows: torch.Tensor, folder: Path) -> nn.Module:
        assert head is not first
        places.append(folder)
        assert isinstance(head, nn.Linear)
        seen = torch.zeros(8)
        seen[rows] = 1.0
        head.weight.data = 50.0 * torch.stack([seen, 1.0 - seen])
        return head

    before = first.weight.detach().clone()
    answers = predict_held_out(first, views, data, fit_head=fit_head, run=tmp_path, seed=0)
    torch.testing.assert_close(answers, torch.tensor([[0.0, 1.0]]).repeat(8, 1))
    assert torch.equal(first.weight, before)
    assert len(set(places)) == FOLDS


def test_answers_stand_in_the_order_of_the_rows_and_are_means_over_views(
    by_artists: Callable[..., TrainingData], tmp_path: Path
) -> None:
    data = by_artists(["A", "B", "C", "D", "E", "F", "G", "H"])
    views = torch.randn(2, 8, 4, generator=torch.Generator().manual_seed(0))
    answers = predict_held_out(nn.Identity(), views, data, fit_head=lambda head, *_: head, run=tmp_path, seed=0)
    torch.testing.assert_close(answers, views.softmax(2).mean(0))


def test_the_head_and_the_network_learn_from_them(crossfit_recipe: Recipe, pictures: Path, tmp_path: Path) -> None:
    whole = weights(train(crossfit_recipe, pictures, out=tmp_path / "both"))
    assert sorted(path.name for path in (tmp_path / "both" / "crossfit").iterdir()) == ["0", "1", "2", "3", "4"]
    phases = [json.loads(line)["phase"] for line in (tmp_path / "both" / "metrics.jsonl").read_text().splitlines()]
    assert phases == ["head", "head", "finetune"]
    for section in ("head", "finetune"):
        other = crossfit_recipe.with_settings({f"{section}.crossfit": 0.0})
        assert not same(weights(train(other, pictures, out=tmp_path / section)), whole)
    none = crossfit_recipe.with_settings({"head.crossfit": 0.0, "finetune.crossfit": 0.0})
    assert not (train(none, pictures, out=tmp_path / "none") / "crossfit").exists()


@pytest.mark.parametrize(("phase", "count"), [("crossfit", 9), ("head", 5), ("finetune", 1)])
def test_a_stopped_crossfitted_run_ends_as_one_that_was_not(
    crossfit_recipe: Recipe, pictures: Path, tmp_path: Path, phase: str, count: int
) -> None:
    """Stopped in the third of five heads, in the second epoch of the head, in the first of the network."""
    told: list[str] = []

    def stop(what: str, *_: int) -> None:
        told.append(what)
        if told.count(phase) == count:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(crossfit_recipe, pictures, out=tmp_path / "run", progress=stop)
    again: list[str] = []
    train(crossfit_recipe, pictures, out=tmp_path / "run", progress=lambda what, *_: again.append(what))
    whole: list[str] = []
    train(crossfit_recipe, pictures, out=tmp_path / "whole", progress=lambda what, *_: whole.append(what))
    assert same(weights(tmp_path / "run"), weights(tmp_path / "whole"))
    assert again.count("crossfit") < whole.count("crossfit")


def test_without_a_head_nobody_can_answer(crossfit_recipe: Recipe) -> None:
    with pytest.raises(RecipeError, match=r"head\.crossfit is 0\.5 .* set head\.epochs above 0, or both to 0"):
        crossfit_recipe.with_settings({"head.epochs": 0})
