import io
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from smn.errors import BundleError
from smn.images.preprocess import Fit, PreprocessSpec, Resample

triples = st.tuples(*[st.floats(0.05, 0.95)] * 3)
specs = st.builds(
    PreprocessSpec,
    size=st.integers(1, 64),
    fit=st.sampled_from(Fit),
    resample=st.sampled_from(Resample),
    mean=triples,
    std=triples,
    jpeg=st.just(0),
)
sides = st.integers(1, 120)
colours = st.tuples(*[st.integers(0, 255)] * 3)


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def stripes(width: int, height: int) -> Image.Image:
    """Three equal vertical stripes: red, green, blue."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    for channel in range(3):
        pixels[:, channel * width // 3 : (channel + 1) * width // 3, channel] = 255
    return Image.fromarray(pixels)


@given(specs, sides, sides)
@settings(max_examples=60)
def test_any_picture_becomes_the_input_that_the_spec_describes(spec: PreprocessSpec, width: int, height: int) -> None:
    values = spec.apply(noise(width, height))
    assert values.shape == (3, spec.size, spec.size)
    assert values.dtype == np.float32
    assert values.flags.c_contiguous
    low, high = ((bound - np.array(spec.mean)) / np.array(spec.std) for bound in (0, 1))
    assert (values >= low[:, None, None] - 1e-4).all()
    assert (values <= high[:, None, None] + 1e-4).all()


@given(specs, sides, sides, colours)
@settings(max_examples=60)
def test_one_colour_becomes_exactly_its_normalised_value(
    spec: PreprocessSpec, width: int, height: int, colour: tuple[int, int, int]
) -> None:
    values = spec.apply(Image.new("RGB", (width, height), colour))
    exact = (np.array(colour) / 255 - spec.mean) / spec.std
    np.testing.assert_allclose(values, np.broadcast_to(exact[:, None, None], values.shape), rtol=1e-5, atol=1e-5)


def test_normalise_takes_one_picture_or_many() -> None:
    spec, pixels = PreprocessSpec(size=4), np.random.default_rng(0).integers(0, 256, (2, 4, 4, 3), dtype=np.uint8)
    many = spec.normalise(pixels)
    assert many.shape == (2, 3, 4, 4)
    np.testing.assert_array_equal(many[1], spec.normalise(pixels[1]))
    np.testing.assert_array_equal(spec.apply_all([Image.fromarray(picture) for picture in pixels]), many)


def test_squash_shows_the_whole_picture_and_crop_its_middle() -> None:
    wide = stripes(90, 30)
    squashed = np.asarray(PreprocessSpec(size=30, fit=Fit.SQUASH).resize(wide))
    cropped = np.asarray(PreprocessSpec(size=30, fit=Fit.CROP).resize(wide))
    assert [tuple(squashed[15, at]) for at in (3, 15, 27)] == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    assert (cropped == (0, 255, 0)).all()


def test_crop_of_a_tall_picture_keeps_its_middle() -> None:
    tall = stripes(90, 30).transpose(Image.Transpose.ROTATE_90)
    assert (np.asarray(PreprocessSpec(size=30, fit=Fit.CROP).resize(tall)) == (0, 255, 0)).all()


def test_scaling_down_is_antialiased() -> None:
    checked = np.indices((64, 64)).sum(axis=0) % 2 * 255
    board = Image.fromarray(checked.astype(np.uint8)).convert("RGB")
    for resample in Resample:
        inside = np.asarray(PreprocessSpec(size=8, resample=resample).resize(board))[1:-1, 1:-1]
        np.testing.assert_allclose(inside, 127.5, atol=3)


def test_a_square_can_go_through_jpeg_before_the_network_sees_it() -> None:
    plain, encoded = PreprocessSpec(32), PreprocessSpec(32, jpeg=30)
    picture = noise(80, 60)
    stream = io.BytesIO()
    plain.resize(picture).save(stream, "JPEG", quality=30)
    np.testing.assert_array_equal(np.asarray(encoded.resize(picture)), np.asarray(Image.open(stream)))
    assert not np.array_equal(encoded.apply(picture), plain.apply(picture))
    assert "jpeg" not in plain.to_dict()
    again = PreprocessSpec.from_dict(json.loads(json.dumps(encoded.to_dict())), where="here")
    assert again == encoded
    with pytest.raises(BundleError, match="here: preprocessing has jpeg 96; it must be 0, for none, or from 1 to 95"):
        PreprocessSpec.from_dict({**plain.to_dict(), "jpeg": 96}, where="here")


@given(specs)
def test_a_spec_survives_the_way_through_json(spec: PreprocessSpec) -> None:
    assert PreprocessSpec.from_dict(spec.to_dict(), where="x") == spec
    assert PreprocessSpec.from_dict(json.loads(json.dumps(spec.to_dict())), where="x") == spec


@pytest.mark.parametrize(
    "change",
    [
        {"fit": "stretch"},
        {"resample": "lanczos"},
        {"size": 0},
        {"size": "many"},
        {"size": None},
        {"size": float("inf")},
        {"mean": [0.5, 0.5]},
        {"mean": 0.5},
        {"mean": [0.5, 0.5, float("nan")]},
        {"std": [0.5, 0.5, 0.0]},
        {"std": [0.5, 0.5, -1.0]},
        {"std": [float("nan"), 0.5, 0.5]},
        {"grey": True},
    ],
)
def test_an_unknown_key_or_value_names_the_file(change: dict[str, Any]) -> None:
    with pytest.raises(BundleError, match=r"^mine/bundle\.json: preprocessing"):
        PreprocessSpec.from_dict(PreprocessSpec().to_dict() | change, where="mine/bundle.json")


@pytest.mark.parametrize("key", PreprocessSpec().to_dict())
def test_a_missing_key_is_an_error_that_lists_the_keys(key: str) -> None:
    data = PreprocessSpec().to_dict()
    del data[key]
    with pytest.raises(BundleError, match=r"must have exactly \['fit', 'mean', 'resample', 'size', 'std'\]"):
        PreprocessSpec.from_dict(data, where="bundle.json")
