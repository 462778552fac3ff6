"""The cache of features: used, continued, grown, shared, and never taken for another's."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from smn import images, preprocess
from smn.manifest import Manifest, read_manifest
from smn.models import Classifier, backbones, build_classifier, classifier
from smn.preprocess import Fit, PreprocessSpec
from smn.train import Recipe, augment, cache, features
from smn.train.cache import cached_statistics, describe_features
from smn.train.featurefolder import hash_code
from smn.train.features import Progress, open_view, statistics
from trained_runs import StoppedError

SIDE = 32


@pytest.fixture(scope="module")
def manifest(pictures: Path) -> Manifest:
    return read_manifest(pictures)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "_BATCH", 4)


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

    monkeypatch.setattr(features, "open_view", counting)
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
    written = {file: file.stat().st_mtime_ns for file in (tmp_path / "cache").rglob("*")}
    assert sorted(file.suffix for file in written) == ["", ".index", ".json", ".values"]
    monkeypatch.setattr(cache, "statistics", forbid)
    assert np.array_equal(extract(), first)
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "cache").rglob("*")} == written
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


def test_a_torn_tail_is_computed_anew(
    extract: Callable[..., np.ndarray], tmp_path: Path, opened: list[str], manifest: Manifest
) -> None:
    whole = extract()
    (index,) = (tmp_path / "cache").rglob("*.index")
    values = index.with_suffix(".values")
    values.write_bytes(values.read_bytes()[: 6 * whole[0].nbytes + 9])
    opened.clear()
    assert np.array_equal(extract(), whole)
    assert sorted(opened) == sorted(manifest.column("sha256")[6:])


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
    seen = [repr(describe_features(**{**base, **change})) for change in changes]
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
    assert len({repr(describe_features(model, recipe=one, spec=spec, view=1)) for one in others}) == 1
    # The picture itself is not augmented.
    augmented = replace(recipe, augment=replace(recipe.augment, blur=0.9), seed=3)
    assert len({repr(describe_features(model, recipe=one, spec=spec, view=0)) for one in (recipe, augmented)}) == 1


def test_the_facts_of_statistics_are_those_from_before_the_kinds(model: Classifier, recipe: Recipe) -> None:
    """Another set of them would be another folder, and an evening of computing for nothing."""
    facts = describe_features(model, recipe=recipe, spec=PreprocessSpec(SIDE), view=0)
    # A CPU without bfloat16 says in what numbers it has computed; see test_precision.py.
    assert set(facts) - {"numbers"} == {"backbone", "levels", "weights", "preprocess", "code", "view"}
    assert (facts["backbone"], facts["levels"], facts["view"]) == ("lite0", [0, 1], 0)
    assert facts["code"] == hash_code(images, preprocess, augment, backbones, classifier, features)


def test_other_facts_have_another_folder(
    extract: Callable[..., np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract(view=0)
    extract(view=1)
    monkeypatch.setattr(cache, "hash_code", lambda *_: "another version of the code")
    extract(view=1)
    names = sorted(folder.name for folder in (tmp_path / "cache").iterdir())
    assert [name[:12] for name in names] == ["lite0-view0-", "lite0-view1-", "lite0-view1-"]
    assert "another version" in "".join(file.read_text() for file in (tmp_path / "cache").rglob("features.json"))
