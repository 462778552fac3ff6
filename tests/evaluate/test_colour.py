from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smn.evaluate.colour import average_colour, convert_to_lab, read_colours
from smn.manifest import read_manifest

from .conftest import Row


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 255, 255), (100.0, 0.0, 0.0)),
        ((0, 0, 0), (0.0, 0.0, 0.0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 255, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((119, 119, 119), (50.03, 0.0, 0.0)),
    ],
)
def test_known_colours(rgb: tuple[int, int, int], lab: tuple[float, float, float]) -> None:
    np.testing.assert_allclose(convert_to_lab(np.array(rgb, dtype=np.uint8)), lab, atol=0.02)


def test_mean_colour_of_two_halves() -> None:
    pixels = np.zeros((64, 64, 3), dtype=np.uint8)
    pixels[:32] = 255
    np.testing.assert_allclose(average_colour(Image.fromarray(pixels)), [50, 0, 0], atol=0.01)


def test_unreadable_pictures_have_no_colour(make_manifest: Callable[..., Path]) -> None:
    manifest = read_manifest(make_manifest("few", [Row("realism"), Row("realism")], broken=1))
    seen: list[tuple[str, int, int]] = []
    colours = read_colours(manifest, np.arange(2), title="few", on_progress=lambda *said: seen.append(said))
    assert np.isnan(colours[0]).all()
    assert colours[1][1] < -40  # green
    assert seen == [("few", 1, 2), ("few", 2, 2)]
