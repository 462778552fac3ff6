"""Views of pictures, the statistics of a network's layers, and their cache."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from smn.feature_cache import FILE_NAME
from smn.manifest import Manifest, read_manifest
from smn.models import Classifier, build_classifier
from smn.preprocess import Fit, PreprocessSpec
from smn.progress import Progress
from smn.train import Recipe, feature_extraction
from smn.train.feature_extraction import cached_statistics, describe_features, open_view, statistics
from trained_runs import StoppedError

SIDE = 32


@pytest.fixture(scope="module")
def manifest(pictures: Path) -> Manifest:
    return read_manifest(pictures)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_extraction, "_BATCH", 4)


@pytest.fixture
def extract(tmp_path: Path, model: Classifier, manifest: Manifest, recipe: Recipe) -> Callable[..., np.ndarray]:
    def extract(
        of: Manifest = manifest, folder: str = "cache", progress: Progress = lambda *_: None, view: int = 1
    ) -> np.ndarray:
        return cached_statistics(
            model, of, recipe=recipe, spec=PreprocessSpec(SIDE), rows=range(len(of)), view=view,
            cache=tmp_path / folder, progress=progress,
        )  # fmt: skip

    return extract


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pictures that were opened, by SHA-256."""
    seen: list[str] = []

    def counting(manifest: Manifest, row: int, **more: Any) -> Any:
        seen.append(manifest.column("sha256")[row])
        return open_view(manifest, row, **more)

    monkeypatch.setattr(feature_extraction, "open_view", counting)
    return seen


def stop_after(count: int) -> Progress:
    def progress(what: str, done: int, total: int) -> None:
        if done >= count:
            raise StoppedError(what)

    return progress


@pytest.mark.parametrize("view", [0, 1])
def test_cached_features_are_those_computed_directly(
    extract: Callable[..., np.ndarray], model: Classifier, manifest: Manifest, recipe: Recipe, view: int
) -> None:
    parts = statistics(model, manifest, recipe=recipe, spec=PreprocessSpec(SIDE), rows=range(12), view=view)
    direct = np.concatenate([values for _, values in parts])
    assert np.array_equal(extract(view=view), direct)  # as they are computed
    assert np.array_equal(extract(view=view), direct)  # as they are read


def test_progress_is_told(extract: Callable[..., np.ndarray]) -> None:
    told: list[tuple[str, int, int]] = []
    extract(progress=lambda *what: told.append(what))
    assert told == [("features, view 1", done, 12) for done in (4, 8, 12)]


def test_the_second_time_the_cache_answers(
    extract: Callable[..., np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(*_: object, **__: object) -> Iterator[tuple[int, np.ndarray]]:
        raise AssertionError("The features were computed although they lie in the cache.")

    first = extract()
    assert [file.name for file in (tmp_path / "cache").iterdir()] == [FILE_NAME]
    monkeypatch.setattr(feature_extraction, "statistics", forbid)
    assert np.array_equal(extract(), first)
    with pytest.raises(AssertionError, match="were computed"):
        extract(view=2)


def test_a_changed_manifest_computes_only_what_is_missing(
    extract: Callable[..., np.ndarray], reordered: Callable[..., Manifest], opened: list[str], manifest: Manifest
) -> None:
    names = manifest.column("sha256")
    before = [5, 0, 7, 2, 11, 3]
    old = extract(reordered(before, "before"))
    opened.clear()
    after = [1, 11, 5, 9, 0, 7, 3]  # row 2 was dropped, 1 and 9 are new, and the order is another
    new = extract(reordered(after, "after"))
    assert sorted(opened) == sorted([names[1], names[9]])
    whole = extract(folder="whole")
    assert np.array_equal(old, whole[before])
    assert np.array_equal(new, whole[after])


def test_a_picture_that_stands_twice_is_computed_once(
    extract: Callable[..., np.ndarray], opened: list[str], manifest: Manifest
) -> None:
    table = manifest.table.take([3, 1, 3])
    found = extract(Manifest(manifest.file, table))
    assert len(opened) == 2
    assert np.array_equal(found[0], found[2])
    assert not np.array_equal(found[0], found[1])


@pytest.mark.parametrize("batches", [1, 2])
def test_interrupted_it_continues_to_the_same_result(
    extract: Callable[..., np.ndarray], opened: list[str], manifest: Manifest, batches: int
) -> None:
    whole = extract(folder="whole")
    with pytest.raises(StoppedError):
        extract(progress=stop_after(4 * batches))
    opened.clear()
    told: list[int] = []
    resumed = extract(progress=lambda _, done, __: told.append(done))
    assert sorted(opened) == sorted(manifest.column("sha256")[4 * batches :])
    assert told == [*range(4 * batches + 4, 13, 4)]
    assert np.array_equal(resumed, whole)


def test_damaged_features_are_computed_anew(
    extract: Callable[..., np.ndarray], tmp_path: Path, opened: list[str], manifest: Manifest
) -> None:
    whole = extract()
    damaged = manifest.column("sha256")[6:]
    with closing(sqlite3.connect(tmp_path / "cache" / FILE_NAME)) as database, database:
        for content in damaged:
            database.execute("UPDATE features SET value = zeroblob(length(value)) WHERE picture = ?", (content,))
    opened.clear()
    assert np.array_equal(extract(), whole)
    assert sorted(opened) == sorted(damaged)


def test_two_at_once_do_not_spoil_each_other(extract: Callable[..., np.ndarray], opened: list[str]) -> None:
    whole = extract(folder="whole")
    inner: list[np.ndarray] = []

    def start_another(what: str, done: int, total: int) -> None:
        if done == 4:
            inner.append(extract())

    assert np.array_equal(extract(progress=start_another), whole)
    assert np.array_equal(inner[0], whole)
    opened.clear()
    assert np.array_equal(extract(), whole)
    assert not opened


def test_the_facts_change_with_whatever_changes_the_features(model: Classifier, recipe: Recipe) -> None:
    torch.manual_seed(1)
    others_weights = build_classifier("lite0", levels=(0, 1), classes=3, pretrained=False)[0]
    other_levels = build_classifier("lite0", levels=(0, 2), classes=3, pretrained=False)[0]
    spec = PreprocessSpec(SIDE)
    base: dict[str, Any] = {"model": model, "recipe": recipe, "spec": spec, "view": 1}
    changes: list[dict[str, Any]] = [
        {},
        {"model": others_weights},
        {"model": other_levels},
        {"spec": PreprocessSpec(SIDE + 1)},
        {"spec": PreprocessSpec(SIDE, Fit.CROP)},
        {"spec": PreprocessSpec(SIDE, mean=(0.4, 0.5, 0.5))},
        {"recipe": replace(recipe, augment=replace(recipe.augment, blur=0.9))},
        {"recipe": replace(recipe, seed=1)},
        {"view": 2},
        {"view": 0},
    ]
    seen = [describe_features(**{**base, **change}).id for change in changes]
    assert len(set(seen)) == len(changes) == 10


def test_the_facts_stay_with_what_does_not(model: Classifier, recipe: Recipe) -> None:
    others = [
        recipe,
        replace(recipe, name="other", description="Other."),
        replace(recipe, model=replace(recipe.model, dropout=0.9)),
        replace(recipe, head=replace(recipe.head, epochs=9, learning_rate=1.0)),
        replace(recipe, finetune=replace(recipe.finetune, epochs=9)),
        replace(recipe, answers=replace(recipe.answers, precision=0.9)),
    ]
    spec = PreprocessSpec(SIDE)
    assert len({describe_features(model, recipe=one, spec=spec, view=1).id for one in others}) == 1
    # The picture itself is not augmented.
    augmented = replace(recipe, augment=replace(recipe.augment, blur=0.9), seed=3)
    assert len({describe_features(model, recipe=one, spec=spec, view=0).id for one in (recipe, augmented)}) == 1


def test_another_version_is_computed_anew(
    extract: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch, opened: list[str]
) -> None:
    extract()
    monkeypatch.setattr(feature_extraction, "VERSION", feature_extraction.VERSION + 1)
    opened.clear()
    extract()
    assert len(opened) == 12


def test_views_are_pixels_of_the_network_s_size(manifest: Manifest, recipe: Recipe) -> None:
    views = [open_view(manifest, 0, recipe=recipe, spec=PreprocessSpec(32), view=view) for view in (0, 0, 1, 1, 2)]
    assert {(view.shape, view.dtype.name) for view in views} == {((32, 32, 3), "uint8")}
    assert np.array_equal(views[0], views[1])
    assert np.array_equal(views[2], views[3])
    assert not np.array_equal(views[0], views[2])
    assert not np.array_equal(views[2], views[4])


def test_statistics_are_those_of_the_model_row_by_row(
    manifest: Manifest, recipe: Recipe, model: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feature_extraction, "_BATCH", 4)
    spec, rows = PreprocessSpec(32), [7, 2, 9, 0, 5]
    parts = list(statistics(model, manifest, recipe=recipe, spec=spec, rows=rows, view=0))
    assert [start for start, _ in parts] == [0, 4]
    pixels = np.stack([open_view(manifest, row, recipe=recipe, spec=spec, view=0) for row in rows])
    with torch.inference_mode():
        expected = model.eval().statistics(torch.from_numpy(spec.normalise(pixels))).numpy()
    found = np.concatenate([values for _, values in parts])
    assert found.shape == (len(rows), model.width)
    # bfloat16 keeps three figures; a wrong row would be far off.
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.999
    np.testing.assert_allclose(found, expected, rtol=0.1, atol=0.05)


def test_a_view_depends_on_the_picture_and_not_on_its_row(
    manifest: Manifest, recipe: Recipe, reordered: Callable[..., Manifest]
) -> None:
    order = [5, 3, 0, 11]
    other = reordered(order)
    for view in (0, 1, 7):
        for row, number in enumerate(order):
            one = open_view(manifest, number, recipe=recipe, spec=PreprocessSpec(32), view=view)
            assert np.array_equal(open_view(other, row, recipe=recipe, spec=PreprocessSpec(32), view=view), one)
