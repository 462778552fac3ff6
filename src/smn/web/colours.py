"""One accent for the page, taken from the painting where it can be read."""

import colorsys
from collections.abc import Sequence

PAPER = {"light": "#FAF8F4", "dark": "#17181A"}
"""The page's background, by theme."""

INK = {"light": "#1D1B18", "dark": "#ECE8E1"}
"""Its text, by theme."""

FALLBACK = {"light": "#8A4B2D", "dark": "#D99A78"}
"""The accent where the painting has none."""

READABLE = 4.5
"""Contrast that text needs (WCAG 2.2, AA)."""

_COLOURFUL = 0.25
"""Saturation, 0..1, below which a colour is too grey for an accent."""


def measure_contrast(one: str, other: str) -> float:
    """How much two colours ``#RRGGBB`` differ in brightness, 1..21 (WCAG 2.2, contrast ratio)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def choose_accent(palette: Sequence[str], *, theme: str) -> str:
    """The most colourful colour of a palette that can be read on the page, darkened or lightened a little if need be.

    Args:
        palette: ``#RRGGBB``, commonest first.
        theme: ``light`` or ``dark``.
    """
    chosen = sorted(palette, key=_saturation, reverse=True)
    for colour in chosen:
        if _saturation(colour) < _COLOURFUL:
            break
        red, green, blue = _parts(colour)
        hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
        # A fifth of the way at most, so that it is still the painting's colour.
        for step in range(5):
            moved = light - 0.05 * step if theme == "light" else light + 0.05 * step
            tried = _write(*colorsys.hls_to_rgb(hue, min(max(moved, 0.0), 1.0), saturation))
            if measure_contrast(tried, PAPER[theme]) >= READABLE:
                return tried
    return FALLBACK[theme]


def choose_ink(colour: str) -> str:
    """Which ink, black or white, is read better on a colour ``#RRGGBB``; one of them always can be read."""
    return max(("#000000", "#FFFFFF"), key=lambda ink: measure_contrast(ink, colour))


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _write(red: float, green: float, blue: float) -> str:
    return "#{:02X}{:02X}{:02X}".format(*(round(255 * part) for part in (red, green, blue)))


def _saturation(colour: str) -> float:
    parts = _parts(colour)
    return 0.0 if max(parts) == 0 else (max(parts) - min(parts)) / max(parts)


def _luminance(colour: str) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
