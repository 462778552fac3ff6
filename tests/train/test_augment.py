"""Augmentation: repeatable, harmless to the form, and each change by itself visible."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from smn.errors import RecipeError
from smn.examples import paint
from smn.train.augment import _CHANGES, augment
from smn.train.recipe import AugmentSettings, read_recipe

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
