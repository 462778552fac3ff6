import numpy as np
import pytest
from PIL import Image

from smn.evaluate.baselines import convert_to_lab as convert_without_scikit_image
from smn.examples import list_examples, paint
from smn.models.palette import COLOURS, SIDE, cluster_colours, convert_to_lab, extract_palette, find_typical_palettes

RED, BLUE = (53.24, 80.09, 67.20), (32.30, 79.19, -107.86)


def stripes(*parts: tuple[tuple[int, int, int], int]) -> Image.Image:
    """Columns of one colour each, 320 pixels in all."""
    pixels = np.concatenate([np.full((64, width, 3), colour, dtype=np.uint8) for colour, width in parts], axis=1)
    return Image.fromarray(pixels)


def test_evaluation_converts_to_the_same_colours() -> None:
    picture = paint("fauvism", size=(SIDE, SIDE))
    own = convert_without_scikit_image(np.asarray(picture))
    np.testing.assert_allclose(convert_to_lab(picture), own, atol=0.02)


def test_a_palette_has_the_colours_and_their_shares_the_largest_first() -> None:
    palette = extract_palette(stripes(((255, 0, 0), 80), ((0, 0, 255), 240)), colours=2)
    np.testing.assert_allclose(palette, [[*BLUE, 0.75], [*RED, 0.25]], atol=0.05)


def test_a_picture_of_one_colour_repeats_it_with_share_nought() -> None:
    palette = extract_palette(Image.new("RGB", (20, 30), (255, 0, 0)))
    np.testing.assert_allclose(palette[:, :3], [RED] * COLOURS, atol=0.05)
    assert palette[:, 3].tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("movement", list_examples())
def test_every_painting_has_a_palette(movement: str) -> None:
    palette = extract_palette(paint(movement, size=(80, 64)))
    assert palette.shape == (COLOURS, 4)
    assert (palette[:, 0] >= 0).all()
    assert (palette[:, 0] <= 100.01).all()
    assert (np.diff(palette[:, 3]) <= 0).all()
    assert palette[:, 3].sum() == pytest.approx(1.0)


def test_the_same_picture_has_the_same_palette() -> None:
    picture = paint("cubism", size=(80, 64))
    np.testing.assert_array_equal(extract_palette(picture, seed=3), extract_palette(picture, seed=3))


def test_weights_count_as_copies_and_weight_nought_as_absence() -> None:
    values = np.array([[10.0, 0, 0], [90.0, 0, 0], [50.0, 99, 99]])
    clusters = cluster_colours(values, colours=2, weights=np.array([1.0, 3.0, 0.0]))
    np.testing.assert_allclose(clusters, [[90, 0, 0, 0.75], [10, 0, 0, 0.25]])


def test_typical_palettes_are_of_a_label_s_own_pictures() -> None:
    dark, light = np.array([[10.0, 0, 0, 0.6], [20, 0, 0, 0.4]]), np.array([[90.0, 0, 0, 1.0], [90, 0, 0, 0.0]])
    typical = find_typical_palettes(np.stack([dark, dark, light]), np.array([0, 0, 2]), classes=3, colours=2)
    np.testing.assert_allclose(typical[0], dark)
    np.testing.assert_allclose(typical[2], light)
    assert np.isnan(typical[1]).all()
