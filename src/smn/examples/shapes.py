"""Shapes with crisp edges (splines, masks, a supersampled sheet), and solids in light."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from smn.examples.textures import Array, as_array, byte_colour, mix, smoothstep, tone

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


def transform(at: Points | tuple[float, float], scale: float, *, turn: float = 0.0) -> Callable[[Points], Points]:
    """Moves outlines (n, 2): turned by ``turn`` radians, scaled, and shifted to ``at``."""
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return lambda outline: np.asarray(outline @ spin * scale + at)


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


@dataclass(frozen=True)
class Light:
    """A light and how surfaces answer it.

    ``towards`` points at the light (x right, y down, z to the viewer); the rest are fractions of full white.
    """

    towards: tuple[float, float, float] = (-0.62, -0.62, 0.48)
    colour: str = "fff0d0"
    ambient: float = 0.05
    bounce: float = 0.12

    def direction(self) -> Array:
        """The unit vector towards the light, (3,)."""
        vector = np.array(self.towards, dtype=np.float32)
        return (vector / np.linalg.norm(vector)).astype(np.float32)

    def shade(self, normal: Array, colour: Array, *, gloss: float, sheen: float) -> Array:
        """Lit colours (h, w, 3) of a surface with unit normals (h, w, 3); ``gloss`` is the exponent."""
        direction = self.direction()
        facing = normal @ direction
        lambert = smoothstep(-0.12, 1.0, facing)
        halfway = direction + np.array([0, 0, 1], dtype=np.float32)
        halfway = halfway / np.linalg.norm(halfway)
        spot = np.clip(normal @ halfway, 0, 1) ** gloss * sheen
        rebound = np.clip(normal[..., 1] * 0.7 + normal[..., 0] * 0.4, 0, 1) ** 2 * self.bounce
        lit = colour * (self.ambient + lambert + rebound)[..., None] * tone(self.colour)
        return np.asarray(lit + spot[..., None] * tone(self.colour), dtype=np.float32)


def _window(scene: Array, left: float, top: float, right: float, bottom: float) -> tuple[slice, slice]:
    height, width = scene.shape[:2]
    rows = slice(int(np.clip(top, 0, height)), int(np.clip(bottom + 1, 0, height)))
    return rows, slice(int(np.clip(left, 0, width)), int(np.clip(right + 1, 0, width)))


def ball(
    scene: Array,
    centre: tuple[float, float],
    radii: tuple[float, float],
    colour: Array,
    light: Light,
    *,
    turn: float = 0.0,
    gloss: float = 30.0,
    sheen: float = 0.5,
    glow: float = 0.0,
) -> None:
    """Paint an ellipsoid into ``scene``; lengths in pixels, ``turn`` in radians.

    ``colour`` is (3,) or a skin for the whole scene (height, width, 3); ``glow`` lets light through to the
    far side, as in a grape.
    """
    reach = max(radii) + 2
    rows, columns = _window(scene, centre[0] - reach, centre[1] - reach, centre[0] + reach, centre[1] + reach)
    patch = scene[rows, columns]
    if patch.size == 0:
        return
    ys, xs = np.mgrid[rows, columns].astype(np.float32) + 0.5
    dx, dy = xs - centre[0], ys - centre[1]
    along = (dx * np.cos(turn) + dy * np.sin(turn)) / radii[0]
    across = (-dx * np.sin(turn) + dy * np.cos(turn)) / radii[1]
    square = along**2 + across**2
    depth = np.sqrt(np.clip(1 - square, 0, 1))
    nx = along * np.cos(turn) - across * np.sin(turn)
    ny = along * np.sin(turn) + across * np.cos(turn)
    normal = np.stack([nx, ny, depth], axis=-1)
    skin = colour[rows, columns] if colour.ndim == 3 else np.broadcast_to(colour, patch.shape)
    shaded = light.shade(normal.astype(np.float32), skin, gloss=gloss, sheen=sheen)
    if glow:
        through = np.clip(-(normal @ light.direction()) + 0.25, 0, 1) * np.clip(1.2 - square, 0, 1)
        shaded = shaded + skin * (through * glow)[..., None]
    cover = smoothstep(1.0, 1.0 - 3.0 / max(2.0, min(radii)), np.sqrt(square))
    scene[rows, columns] = mix(patch, shaded, cover)


def vessel(
    scene: Array,
    axis: float,
    heights: tuple[float, float],
    profile: Array,
    colour: Array,
    *,
    light: Light,
    gloss: float = 24.0,
    sheen: float = 0.6,
    opacity: float = 1.0,
) -> None:
    """Paint a turned vessel: ``profile`` (n,) radii from top to bottom between two ``heights``, in pixels."""
    top, bottom = heights
    widest = float(profile.max())
    rows, columns = _window(scene, axis - widest - 2, top, axis + widest + 2, bottom)
    patch = scene[rows, columns]
    if patch.size == 0:
        return
    ys, xs = np.mgrid[rows, columns].astype(np.float32) + 0.5
    place = np.clip((ys[:, :1] - top) / (bottom - top), 0, 1)
    turned = spline(np.stack([np.linspace(0, 1, len(profile)), profile], 1), steps=10)
    radius = np.interp(place, turned[:, 0], turned[:, 1]).astype(np.float32)
    flare = np.gradient(radius[:, 0])[:, None] if len(radius) > 1 else radius * 0
    side = (xs - axis) / np.maximum(radius, 0.5)
    depth = np.sqrt(np.clip(1 - side**2, 0, 1))
    normal = np.stack([side, np.broadcast_to(-flare, side.shape), depth], axis=-1)
    normal = normal / np.linalg.norm(normal, axis=-1, keepdims=True)
    shaded = light.shade(normal.astype(np.float32), np.broadcast_to(colour, patch.shape), gloss=gloss, sheen=sheen)
    cover = np.clip((1 - np.abs(side)) * np.maximum(radius, 0.5), 0, 1) * opacity
    scene[rows, columns] = mix(patch, shaded, cover.astype(np.float32))


def shadow(
    scene: Array, centre: tuple[float, float], radii: tuple[float, float], strength: float, *, turn: float = 0.0
) -> None:
    """Darken a soft ellipse of the scene; lengths in pixels, ``strength`` 0..1."""
    reach = max(radii) * 2.2
    rows, columns = _window(scene, centre[0] - reach, centre[1] - reach, centre[0] + reach, centre[1] + reach)
    ys, xs = np.mgrid[rows, columns].astype(np.float32) + 0.5
    dx, dy = xs - centre[0], ys - centre[1]
    along = (dx * np.cos(turn) + dy * np.sin(turn)) / radii[0]
    across = (-dx * np.sin(turn) + dy * np.cos(turn)) / radii[1]
    scene[rows, columns] *= 1 - strength * np.exp(-((along**2 + across**2) ** 1.5))[..., None]
