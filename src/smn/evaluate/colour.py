"""A picture's mean colour, in a space where distances are roughly what the eye sees."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.evaluate.metrics import Floats, Ints
from smn.manifest import Manifest
from smn.reading import Failure, OnProgress, read_pictures

_SIDE = 64
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = _TO_XYZ.sum(axis=1)


def convert_to_lab(pixels: NDArray[np.uint8]) -> Floats:
    """Pixels (..., 3) in sRGB, 0..255, as CIELAB (..., 3): lightness 0..100, a (green to red) and b (blue to yellow).

    The sRGB transfer function and matrix of IEC 61966-2-1 and the CIE 1976 formulas, with D65 as white.
    """
    encoded = pixels / 255.0
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    relative = linear @ _TO_XYZ.T / _WHITE
    cut = (6.0 / 29.0) ** 3
    bent = np.where(relative > cut, np.cbrt(relative), relative / (3.0 * (6.0 / 29.0) ** 2) + 4.0 / 29.0)
    x, y, z = np.moveaxis(bent, -1, 0)
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def average_colour(image: Image.Image) -> Floats:
    """The mean colour (3,) of an RGB picture in CIELAB, taken at 64 x 64 pixels."""
    small = image.resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return np.asarray(convert_to_lab(np.asarray(small, dtype=np.uint8)).mean(axis=(0, 1)))


def read_colours(manifest: Manifest, rows: Ints, *, title: str = "", on_progress: OnProgress | None = None) -> Floats:
    """The mean colours (N, 3) of the pictures of N rows, in CIELAB; NaN where a picture cannot be read."""
    unknown = np.full(3, np.nan)
    pictures = read_pictures(manifest, rows, average_colour, reduce_to=_SIDE, title=title, on_progress=on_progress)
    return np.array([unknown if isinstance(one, Failure) else one for one in pictures]).reshape(-1, 3)
