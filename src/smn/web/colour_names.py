"""Names of colours, so that a palette can be read."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from smn.explain.explanation import Swatch

COLOURS = {
    "black": "#14120F", "dark-grey": "#4A4A4A", "grey": "#858585", "light-grey": "#C2C2C0", "white": "#F5F4F0",
    "cream": "#EFE3C2", "beige": "#CDB38F", "ochre": "#C08A2E", "brown": "#7A4B26", "dark-brown": "#3B2516",
    "rust": "#A9502B", "red": "#C8202B", "dark-red": "#6E1420", "pink": "#E3A2A6", "orange": "#E37B22",
    "yellow": "#EBCB3C", "olive": "#6F6A2E", "light-green": "#9CC08A", "green": "#3F8A45", "dark-green": "#1F3D2B",
    "turquoise": "#3FA6A0", "light-blue": "#9DBFDD", "blue": "#2F63B0", "dark-blue": "#1B2A55", "grey-blue": "#6F8497",
    "grey-green": "#8FA69E", "violet": "#7A55A0", "mauve": "#B0A5C0", "purple": "#6A2A5C",
}  # fmt: skip
"""A colour ``#RRGGBB`` for each name; the page's texts have the names, as ``colour.ID``."""


def name_colour(colour: str) -> str:
    """The id of the nearest of `COLOURS` to a colour ``#RRGGBB``, by CIE 1976 distance in Lab."""
    distances = np.linalg.norm(_reference() - _to_lab([colour]), axis=1)
    return list(COLOURS)[int(distances.argmin())]


def name_palette(palette: Sequence[Swatch]) -> dict[str, float]:
    """The share, 0..1, of each colour's id in a palette, the commonest first."""
    shares: dict[str, float] = {}
    for swatch in palette:
        name = name_colour(swatch.colour)
        shares[name] = shares.get(name, 0.0) + swatch.share
    return dict(sorted(shares.items(), key=lambda one: -one[1]))


@cache
def _reference() -> NDArray[np.float64]:
    return _to_lab(list(COLOURS.values()))


def _to_lab(colours: Sequence[str]) -> NDArray[np.float64]:
    from skimage.color import rgb2lab

    parts = [[int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)] for colour in colours]
    return np.asarray(rgb2lab(np.array(parts)[None])[0], dtype=np.float64)
