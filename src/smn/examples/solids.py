"""Round things in light: balls, turned vessels and the shadows they cast, painted in place into a scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smn.examples.fields import Array, mix, smoothstep, tone
from smn.examples.shapes import spline


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
