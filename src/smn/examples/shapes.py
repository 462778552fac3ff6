"""Crisp shapes: splines, masks and a supersampled sheet for flat colour and contour."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from smn.examples.fields import Array, as_array, byte_colour

Points = npt.NDArray[np.float64]


def points(*pairs: tuple[float, float]) -> Points:
    """Corner points as an array (n, 2) of x, y."""
    return np.array(pairs, dtype=np.float64)


def trace(text: str) -> Points:
    """Corner points (n, 2) from a text of blank-separated ``x,y`` pairs, for outlines of many points."""
    return np.array([pair.split(",") for pair in text.split()], dtype=np.float64)


def spline(knots: Points, *, closed: bool = False, steps: int = 12) -> Points:
    """A smooth curve (m, 2) through ``knots`` (n, 2), Catmull-Rom, ``steps`` points to a span."""
    before, after = (knots[-1:], knots[:2]) if closed else (knots[:1], knots[-1:])
    ring = np.concatenate([before, knots, after])
    at = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    a, b, c, d = (ring[i : len(ring) - 3 + i, None, :] for i in range(4))
    curve = 0.5 * (2 * b + (c - a) * at + (2 * a - 5 * b + 4 * c - d) * at**2 + (3 * b - a - 3 * c + d) * at**3)
    flat = curve.reshape(-1, 2)
    return flat if closed else np.concatenate([flat, knots[-1:]])


def ellipse(centre: tuple[float, float], radii: tuple[float, float], *, turn: float = 0.0, count: int = 64) -> Points:
    """Points (count, 2) round an ellipse, its axes turned by ``turn`` radians."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    x, y = radii[0] * np.cos(angle), radii[1] * np.sin(angle)
    return np.stack(
        [centre[0] + x * np.cos(turn) - y * np.sin(turn), centre[1] + x * np.sin(turn) + y * np.cos(turn)], 1
    )


def rectangle(left: float, top: float, right: float, bottom: float) -> Points:
    """The four corners (4, 2) of an upright rectangle."""
    return points((left, top), (right, top), (right, bottom), (left, bottom))


def under(line: Array | Points, size: tuple[int, int]) -> Points:
    """The polygon below a line of y values, one to a pixel column: (width + 2, 2)."""
    width, height = size
    xs = np.linspace(0, width, len(line))
    body = np.stack([xs, np.asarray(line, dtype=np.float64)], 1)
    return np.concatenate([body, points((width, height), (0, height))])


def mask(size: tuple[int, int], *outlines: Points, factor: int = 2) -> Array:
    """Antialiased coverage (height, width) in 0..1 of the union of polygons; ``size`` (width, height)."""
    whole = np.zeros((size[1], size[0]), dtype=np.float32)
    corners = np.concatenate(outlines)
    low = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, size)
    high = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 1, 0, size)
    wide, tall = (high - low).tolist()
    if wide < 1 or tall < 1:
        return whole
    image = Image.new("L", (wide * factor, tall * factor), 0)
    draw = ImageDraw.Draw(image)
    for outline in outlines:
        draw.polygon([(x, y) for x, y in ((outline - low) * factor).tolist()], fill=255)
    whole[low[1] : high[1], low[0] : high[0]] = as_array(image.reduce(factor))
    return whole


class Sheet:
    """A drawing surface ``factor`` times finer than the picture; all coordinates are picture pixels."""

    def __init__(self, size: tuple[int, int], ground: Array | Image.Image, *, factor: int = 3) -> None:
        self.size, self.factor = size, factor
        fine = (size[0] * factor, size[1] * factor)
        if isinstance(ground, Image.Image):
            self.image = ground.resize(fine, Image.Resampling.BICUBIC)
        else:
            self.image = Image.new("RGB", fine, byte_colour(ground))
        self.draw = ImageDraw.Draw(self.image)

    def fill(self, outline: Points, colour: Array) -> None:
        """Fill a polygon (n, 2) flat."""
        self.draw.polygon([(x * self.factor, y * self.factor) for x, y in outline.tolist()], byte_colour(colour))

    def disc(self, centre: tuple[float, float], radius: float, colour: Array) -> None:
        """Fill a circle."""
        x, y, r = (part * self.factor for part in (*centre, radius))
        self.draw.ellipse((x - r, y - r, x + r, y + r), fill=byte_colour(colour))

    def stroke(self, path: Points, colour: Array, width: float | Sequence[float], *, closed: bool = False) -> None:
        """Draw along a path (n, 2) with a round pen; ``width`` in pixels, or several along the path."""
        if closed:
            path = np.concatenate([path, path[:1]])
        ink, fine = byte_colour(colour), path * self.factor
        profile = np.atleast_1d(np.asarray(width, dtype=np.float64)) * self.factor
        widths = np.interp(np.linspace(0, 1, len(fine)), np.linspace(0, 1, len(profile)), profile)
        joints = list(zip(fine.tolist(), widths.tolist(), strict=True))
        for (start, thick), (end, _) in pairwise(joints):
            self.draw.line((*start, *end), fill=ink, width=max(1, round(thick)))
        for (x, y), thick in joints:
            r = thick / 2
            if r > 1:
                self.draw.ellipse((x - r, y - r, x + r, y + r), fill=ink)

    def shape(self, outline: Points, colour: Array, contour: Array, width: float) -> None:
        """Fill a polygon and draw its contour, ``width`` pixels thick."""
        self.fill(outline, colour)
        self.stroke(outline, contour, width, closed=True)

    def colours(self) -> Array:
        """The finished drawing at picture size: (height, width, 3) in 0..1."""
        return as_array(self.image.reduce(self.factor))
