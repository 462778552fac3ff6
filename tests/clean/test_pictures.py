"""All checks of one picture, on everything that a picture may be."""

import numpy as np
import pytest
from PIL import Image

from smn.clean.pictures import PICTURE_CHECKS, score_picture, value_names

SIZES = [(16, 16), (16, 3000), (3000, 16), (17, 300), (64, 64), (900, 700)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["noise", "flat", "black", "white", "stripes"])
def test_every_score_of_every_picture_is_a_number_from_0_to_1(size: tuple[int, int], kind: str) -> None:
    width, height = size
    pixels = {
        "noise": lambda: np.random.default_rng(0).integers(0, 256, (height, width, 3)),
        "flat": lambda: np.full((height, width, 3), 120),
        "black": lambda: np.zeros((height, width, 3)),
        "white": lambda: np.full((height, width, 3), 255),
        "stripes": lambda: np.tile((np.arange(width) // 3 % 2 * 255)[None, :, None], (height, 1, 3)),
    }[kind]()
    values = score_picture(Image.fromarray(pixels.astype(np.uint8)))
    assert tuple(values) == value_names()
    for name, value in values.items():
        assert np.isfinite(value), name
        assert value >= 0, name
        assert value <= 1 or name not in PICTURE_CHECKS, name


def test_the_same_picture_gives_the_same_scores(paintings: tuple[Image.Image, ...]) -> None:
    assert score_picture(paintings[0]) == score_picture(paintings[0].copy())
