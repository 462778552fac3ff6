"""The cache of features: used, continued, and never taken for another's."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from smn.manifest import Manifest, read_manifest, write_manifest
from smn.models import Classifier, build_classifier
from smn.preprocess import Fit, PreprocessSpec
from smn.train import Recipe, features
from smn.train.features import cache_key, cached_statistics, open_view, statistics

SIDE = 32


class StoppedError(Exception):
    """What a test raises in place of a kill."""


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory, make_painted_set: Callable[..., Path]) -> Manifest:
    return read_manifest(make_painted_set(tmp_path_factory.mktemp("pictures") / "set", splits={"train": 3}))


@pytest.fixture(scope="module")
def model() -> Classifier:
    torch.manual_seed(0)
    return build_classifier("lite0", levels=(0, 1), classes=3, pretrained=False)[0]


@pytest.fixture
def recipe(tiny_recipe: dict[str, Any]) -> Recipe:
    tiny_recipe["model"] |= {"levels": [0, 1], "size": SIDE}
    return Recipe.from_dict(tiny_recipe, where="tiny")


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "_BATCH", 4)


@pytest.fixture
def extract(
    tmp_path: Path, model: Classifier, manifest: Manifest, recipe: Recipe, small_batches: None
) -> Callable[..., np.ndarray]:
    def extract(cache: str = "cache", progress: features.Progress = lambda *_: None, view: int = 1) -> np.ndarray:
        return cached_statistics(
            model,
            manifest,
            recipe=recipe,
            spec=PreprocessSpec(SIDE),
            rows=range(len(manifest)),
            view=view,
            cache=tmp_path / cache,
            progress=progress,
        )

    return extract


def forbid(*_: object, **__: object) -> Iterator[tuple[int, np.ndarray]]:
    raise AssertionError("The features were computed although they lie in the cache.")


def stop_after(count: int) -> features.Progress:
    def progress(what: str, done: int, total: int) -> None:
        if done >= count:
            raise StoppedError(what)

    return progress


def test_views_are_pixels_of_the_network_s_size(manifest: Manifest, recipe: Recipe) -> None:
    views = [open_view(manifest, 0, recipe=recipe, spec=PreprocessSpec(SIDE), view=view) for view in (0, 0, 1, 1, 2)]
    assert {(view.shape, view.dtype.name) for view in views} == {((SIDE, SIDE, 3), "uint8")}
    assert np.array_equal(views[0], views[1])
    assert np.array_equal(views[2], views[3])
    assert not np.array_equal(views[0], views[2])
    assert not np.array_equal(views[2], views[4])


def test_statistics_are_those_of_the_model_row_by_row(
    manifest: Manifest, recipe: Recipe, model: Classifier, small_batches: None
) -> None:
    spec, rows = PreprocessSpec(SIDE), [7, 2, 9, 0, 5]
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


def test_progress_is_told(extract: Callable[..., np.ndarray]) -> None:
    told: list[tuple[str, int, int]] = []
    extract(progress=lambda *what: told.append(what))
    assert told == [("features, view 1", done, 12) for done in (4, 8, 12)]


def test_the_second_time_the_cache_answers(
    extract: Callable[..., np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = extract()
    (file,) = (tmp_path / "cache").iterdir()
    written = file.stat().st_mtime_ns
    monkeypatch.setattr(features, "statistics", forbid)
    assert np.array_equal(extract(), first)
    assert file.stat().st_mtime_ns == written
    with pytest.raises(AssertionError, match="were computed"):
        extract(view=2)


@pytest.mark.parametrize("batches", [1, 2])
def test_interrupted_it_continues_to_the_same_result(
    extract: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, batches: int
) -> None:
    whole = extract("whole")
    with pytest.raises(StoppedError):
        extract(progress=stop_after(4 * batches))
    assert not [file for file in (tmp_path / "cache").glob("*.npy") if not file.name.endswith(".partial.npy")]
    opened: list[int] = []

    def counting(manifest: Manifest, row: int, **more: Any) -> Any:
        opened.append(row)
        return open_view(manifest, row, **more)

    monkeypatch.setattr(features, "open_view", counting)
    resumed = extract()
    assert sorted(opened) == list(range(4 * batches, 12))
    assert np.array_equal(resumed, whole)
    assert [file.suffix for file in (tmp_path / "cache").iterdir()] == [".npy"]


def test_a_note_of_progress_without_its_features_counts_for_nothing(
    extract: Callable[..., np.ndarray], tmp_path: Path
) -> None:
    whole = extract("whole")
    with pytest.raises(StoppedError):
        extract(progress=stop_after(4))
    (unfinished,) = (tmp_path / "cache").glob("*.partial.npy")
    unfinished.unlink()
    assert np.array_equal(extract(), whole)


def test_a_half_written_note_of_progress_is_ignored(extract: Callable[..., np.ndarray], tmp_path: Path) -> None:
    whole = extract("whole")
    with pytest.raises(StoppedError):
        extract(progress=stop_after(8))
    (note,) = (tmp_path / "cache").glob("*.done")
    note.with_name(note.name + ".partial").write_text("")
    assert np.array_equal(extract(), whole)


def test_the_key_changes_with_whatever_changes_the_features(manifest: Manifest, recipe: Recipe) -> None:
    rows = range(len(manifest))
    base = cache_key(manifest, recipe=recipe, rows=rows, view=1)
    others = [
        cache_key(manifest, recipe=replace(recipe, model=replace(recipe.model, **{name: value})), rows=rows, view=1)
        for name, value in (("backbone", "lite2"), ("levels", (0, 2)), ("size", SIDE + 1), ("fit", Fit.CROP))
    ]
    others += [
        cache_key(manifest, recipe=replace(recipe, augment=replace(recipe.augment, blur=0.9)), rows=rows, view=1),
        cache_key(manifest, recipe=replace(recipe, seed=1), rows=rows, view=1),
        cache_key(manifest, recipe=recipe, rows=rows, view=2),
        cache_key(manifest, recipe=recipe, rows=rows, view=0),
        cache_key(manifest, recipe=recipe, rows=rows[1:], view=1),
        cache_key(manifest, recipe=recipe, rows=rows[::-1], view=1),
    ]
    assert len({base, *others}) == 1 + len(others) == 11


def test_the_key_stays_with_what_does_not(manifest: Manifest, recipe: Recipe) -> None:
    rows = range(len(manifest))
    others = [
        replace(recipe, name="other", description="Other."),
        replace(recipe, model=replace(recipe.model, dropout=0.9)),
        replace(recipe, head=replace(recipe.head, epochs=9, learning_rate=1.0)),
        replace(recipe, finetune=replace(recipe.finetune, epochs=9)),
        replace(recipe, answers=replace(recipe.answers, precision=0.9)),
    ]
    assert {cache_key(manifest, recipe=other, rows=rows, view=1) for other in others} == {
        cache_key(manifest, recipe=recipe, rows=rows, view=1)
    }
    # The picture itself is not augmented.
    augmented = replace(recipe, augment=replace(recipe.augment, blur=0.9), seed=3)
    keys = [cache_key(manifest, recipe=one, rows=rows, view=0) for one in (recipe, augmented)]
    assert keys[0] == keys[1]


@pytest.mark.parametrize("change", ["another picture", "another order"])
def test_the_key_changes_with_the_data(manifest: Manifest, recipe: Recipe, tmp_path: Path, change: str) -> None:
    import pyarrow as pa

    rows = manifest.table.to_pylist()
    if change == "another picture":
        rows[1]["sha256"] = "0" * 64
    else:
        rows[1], rows[2] = rows[2], rows[1]
    table = pa.Table.from_pylist(rows, manifest.table.schema)
    other = read_manifest(write_manifest(table, tmp_path / "manifest.parquet"))
    keys = [cache_key(one, recipe=recipe, rows=range(12), view=1) for one in (manifest, other)]
    assert keys[0] != keys[1]
    # Rows that are not asked for do not matter.
    keys = [cache_key(one, recipe=recipe, rows=range(3, 12), view=1) for one in (manifest, other)]
    assert keys[0] == keys[1]
