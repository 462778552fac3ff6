"""Telling a canvas from the frame and the paper around it."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from smn.canvas import find_canvas
from smn.examples import paint

WHOLE = (300, 260)


def framed(*borders: tuple[int, tuple[int, int, int]]) -> tuple[np.ndarray, int]:
    """A painting in borders, the innermost first, and how wide they are together."""
    picture = paint("impressionism", seed=3, size=WHOLE)
    for wide, colour in borders:
        picture = ImageOps.expand(picture, wide, fill=colour)
    return np.asarray(picture), sum(wide for wide, _ in borders)


def corners_of(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64)


@pytest.mark.parametrize(
    "borders",
    [[(20, (60, 40, 30))], [(25, (235, 232, 226)), (15, (176, 141, 72))], [(3, (20, 20, 20)), (24, (190, 150, 90))]],
)
def test_frame_and_paper_are_left_out(borders: list[tuple[int, tuple[int, int, int]]]) -> None:
    pixels, wide = framed(*borders)
    found = find_canvas(pixels, corners_of(pixels))
    expected = np.array([[0, 0], [WHOLE[0], 0], WHOLE, [0, WHOLE[1]]]) + wide
    assert np.abs(found - expected).max() < 7


def test_without_a_frame_hardly_anything_is_lost() -> None:
    pixels = np.asarray(paint("impressionism", seed=3, size=WHOLE))
    found = find_canvas(pixels, corners_of(pixels))
    assert np.abs(found - corners_of(pixels)).max() < 6


def test_an_even_picture_is_left_whole() -> None:
    pixels = np.asarray(Image.new("RGB", WHOLE, (120, 130, 90)))
    assert np.abs(find_canvas(pixels, corners_of(pixels)) - corners_of(pixels)).max() < 3
