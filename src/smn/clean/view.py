"""A picture made ready for the checks that look at it alone: measured at fixed scales, so that scores compare."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LONGER = 512
"""The longer side, in pixels, of what layout is looked for in; smaller pictures stay as they are."""

SHORTER = 192
"""The shorter side, in pixels, at which blur is measured."""


@dataclass(frozen=True)
class Reading:
    """What one check says of one picture.

    Args:
        score: 0, surely a fault, to 1, surely none.
        evidence: numbers that explain it, by name.
    """

    score: float
    evidence: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class View:
    """One picture at the scales that the checks need.

    Args:
        width: of the whole picture, in pixels.
        height: of the whole picture, in pixels.
        rgb: (h, w, 3), the picture with a longer side of at most `LONGER` pixels.
        grey: (h, w), its luma.
        fine: (h', w'), luma with a shorter side of at most `SHORTER` pixels.
    """

    width: int
    height: int
    rgb: NDArray[np.uint8]
    grey: NDArray[np.uint8]
    fine: NDArray[np.uint8]


def make_view(image: Image.Image) -> View:
    """The view of an upright RGB picture."""
    reduced = _reduce(image, LONGER / max(image.size))
    grey = reduced.convert("L")
    fine = _reduce(grey, SHORTER / min(grey.size))
    return View(*image.size, rgb=np.asarray(reduced), grey=np.asarray(grey), fine=np.asarray(fine))


def _reduce(image: Image.Image, scale: float) -> Image.Image:
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)
