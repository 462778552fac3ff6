"""Views of pictures, the statistics of a network's layers, and their cache."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from smn.errors import RecipeError
from smn.examples import paint
from smn.feature_cache import FILE_NAME
from smn.images.preprocess import Fit, PreprocessSpec
from smn.manifest import Manifest, read_manifest
from smn.models import Classifier, build_classifier
from smn.progress import Progress
from smn.train import Recipe, feature_extraction
from smn.train.feature_extraction import _CHANGES, augment, cached_statistics, describe_features, open_view, statistics
from smn.train.recipe import AugmentSettings, read_recipe
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


CHANGES = ("margin", "crop", "flip", "colour", "grey", "blur", "rescale", "jpeg")
NOTHING = replace(AugmentSettings(), **dict.fromkeys(CHANGES, 0.0))
EVERYTHING = replace(AugmentSettings(), **dict.fromkeys(CHANGES, 1.0))


@pytest.fixture(scope="module")
def painting() -> Image.Image:
    return paint("impressionism", seed=3, size=(160, 128))


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and one.tobytes() == other.tobytes()


def test_the_sweep_sees_every_change() -> None:
    assert tuple(_CHANGES) == CHANGES
    assert set(CHANGES) <= {entry.name for entry in fields(AugmentSettings)}


def test_the_same_seed_gives_the_same_view(painting: Image.Image) -> None:
    one, other = (augment(painting, EVERYTHING, seed=(0, 1, 2)) for _ in range(2))
    assert same(one, other)


@pytest.mark.parametrize("seed", [(1, 1, 2), (0, 2, 2), (0, 1, 3)])
def test_another_run_view_or_row_gives_another_view(painting: Image.Image, seed: tuple[int, ...]) -> None:
    assert not same(augment(painting, EVERYTHING, seed=(0, 1, 2)), augment(painting, EVERYTHING, seed=seed))


def test_the_picture_given_stays_as_it_is(painting: Image.Image) -> None:
    before = painting.tobytes()
    augment(painting, EVERYTHING, seed=(5,))
    assert painting.tobytes() == before


@given(
    width=st.integers(16, 300),
    height=st.integers(16, 300),
    seed=st.tuples(st.integers(0, 2**32), st.integers(0, 2000)),
    crop_area=st.floats(0, 1),
    aspect=st.floats(0, 3),
    colour_strength=st.floats(0, 1),
    rescale_to=st.integers(1, 400),
    jpeg_quality=st.integers(1, 95),
)
@settings(max_examples=60, deadline=None)
def test_any_size_stays_a_picture(width: int, height: int, seed: tuple[int, ...], **settings: float) -> None:
    ramp = np.arange(width * height * 3, dtype=np.uint32).reshape(height, width, 3)
    image = Image.fromarray((ramp % 251).astype(np.uint8))
    view = augment(image, replace(EVERYTHING, **settings), seed=seed)
    assert view.mode == "RGB"
    assert min(view.size) >= 1
    # A margin adds at most 8 % of the shorter side to each edge.
    assert view.width <= width + 0.16 * min(width, height)
    assert view.height <= height + 0.16 * min(width, height)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_probability_0_everywhere_is_the_identity(painting: Image.Image, seed: int) -> None:
    assert same(augment(painting, NOTHING, seed=(seed,)), painting)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seed", range(3))
def test_each_change_alone_changes_the_picture(painting: Image.Image, change: str, seed: int) -> None:
    view = augment(painting, replace(NOTHING, **{change: 1.0}), seed=(seed,))
    assert view.mode == "RGB"
    assert not same(view, painting)


def test_what_each_change_does(painting: Image.Image) -> None:
    def alone(change: str, **more: float) -> Image.Image:
        return augment(painting, replace(NOTHING, **{change: 1.0}, **more), seed=(1,))

    pixels = np.asarray(painting, dtype=int)
    assert np.array_equal(np.asarray(alone("flip")), pixels[:, ::-1])
    grey = np.asarray(alone("grey"))
    assert np.array_equal(grey[..., 0], grey[..., 1])
    assert np.array_equal(grey[..., 0], grey[..., 2])
    assert alone("margin").width > painting.width
    assert min(alone("rescale", rescale_to=40).size) in range(40, 128)
    blurred = np.asarray(alone("blur"), dtype=int)
    assert np.abs(np.diff(blurred, axis=1)).mean() < np.abs(np.diff(pixels, axis=1)).mean()
    cropped = alone("crop", crop_area=0.3, aspect=0.0)
    assert 0.25 < cropped.width * cropped.height / (painting.width * painting.height) < 1
    assert abs(alone("colour", colour_strength=0.5).resize((1, 1)).getpixel((0, 0))[0] - pixels[..., 0].mean()) > 2
    worse, better = (alone("jpeg", jpeg_quality=quality) for quality in (1, 95))
    errors = [np.abs(np.asarray(view, dtype=int) - pixels).mean() for view in (worse, better)]
    assert errors[0] > errors[1] > 0


@pytest.mark.parametrize("count", [1, 3])
def test_randaugment_is_repeatable_and_draws_from_its_own_seed(painting: Image.Image, count: int) -> None:
    drawn = replace(NOTHING, randaugment=count, magnitude=15)
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    views = [augment(painting, drawn, seed=(0, 1, row)) for row in range(8)]
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(2)
    assert all(same(view, augment(painting, drawn, seed=(0, 1, row))) for row, view in enumerate(views))
    assert sum(not same(view, painting) for view in views) >= 5  # some of its changes leave a picture as it is
    assert len({view.tobytes() for view in views}) >= 5
    assert {(view.size, view.mode) for view in views} == {(painting.size, "RGB")}


def test_randaugment_comes_on_top_of_the_other_changes(painting: Image.Image) -> None:
    plain = augment(painting, EVERYTHING, seed=(0, 1, 2))
    on_top = [augment(painting, replace(EVERYTHING, randaugment=2, magnitude=size), seed=(0, 1, 2)) for size in (5, 25)]
    assert all(view.size == plain.size and not same(view, plain) for view in on_top)
    assert not same(*on_top)


@pytest.mark.parametrize("settings", [EVERYTHING, replace(EVERYTHING, randaugment=2)])
def test_switched_off_the_picture_stays_whatever_the_rest_says(
    painting: Image.Image, settings: AugmentSettings
) -> None:
    assert augment(painting, replace(settings, on=False), seed=(0, 1, 2)) is painting


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("randaugment", -1, "0 or more"),
        ("randaugment", 1.5, "of type int"),
        ("magnitude", 31, "from 0 to 30"),
        ("magnitude", -1, "from 0 to 30"),
        ("on", 1, "of type bool"),
    ],
)
def test_settings_out_of_range_are_said(name: str, value: object, allowed: str) -> None:
    with pytest.raises(RecipeError, match=rf"augment\.{name} is {value}; it must be {allowed}"):
        read_recipe("cnn-small").with_settings({f"augment.{name}": value})


def test_the_ends_of_the_ranges_are_allowed() -> None:
    for ends in ({"randaugment": 0, "magnitude": 0}, {"randaugment": 9, "magnitude": 30}, {"on": False}):
        changed = read_recipe("cnn-small").with_settings({f"augment.{name}": at for name, at in ends.items()})
        assert ends.items() <= vars(changed.augment).items()


def test_a_picture_smaller_than_the_rescaling_keeps_its_size(painting: Image.Image) -> None:
    view = augment(painting, replace(NOTHING, rescale=1.0, rescale_to=500), seed=(0,))
    assert same(view, painting)


def test_copies_change_pixels_and_keep_the_shape_of_the_picture(painting: Image.Image) -> None:
    copying = replace(NOTHING, rounds=3, webp=0.5, sharpen=0.5, noise=0.5)
    views = [augment(painting, copying, seed=(seed,)) for seed in range(40)]
    unchanged = sum(same(view, painting) for view in views)
    assert 0 < unchanged < 20  # no round is as likely as one, two or three
    for view in views:
        assert view.mode == "RGB"
        assert view.width / view.height == pytest.approx(painting.width / painting.height, rel=0.05)
        small = np.asarray(view.resize((8, 8), Image.Resampling.BOX), dtype=float)
        assert np.abs(small - np.asarray(painting.resize((8, 8), Image.Resampling.BOX), dtype=float)).mean() < 12


def test_without_rounds_the_settings_of_copies_do_nothing(painting: Image.Image) -> None:
    assert same(augment(painting, replace(NOTHING, webp=1.0, sharpen=1.0, noise=1.0), seed=(3,)), painting)
