"""Surrealism: an empty plain under a graded sky, floating balls, a melting watch and long shadows."""

from __future__ import annotations

import numpy as np

from smn.examples.brush import varnish, weave
from smn.examples.fields import Array, blur, mix, noise, plane, ramp, ridge, smoothstep, tone, tones
from smn.examples.shapes import Points, ellipse, mask, points, rectangle, spline
from smn.examples.solids import Light, ball

SKIES = (
    ("2f6f9f 7fb4c4 e8dca0 f4c878", "b8905a", "7a5a3a"),
    ("1f3f6f 5f7fa8 d8a888 f4d08a", "c09a70", "6a4a40"),
    ("2a6a78 8ab8a8 f0e4b0 f8d890", "c8a868", "80603a"),
    ("3a5f9a 98b4d0 f0d8c0 f0b890", "a88868", "5f4a48"),
)


def _plain(rng: np.random.Generator, size: tuple[int, int], horizon: float, palette: tuple[str, str, str]) -> Array:
    """Sky, thin clouds, a far cliff lit by low sun and bare ground fading to the horizon."""
    width, height = size
    shape = (height, width)
    _, ys = plane(shape)
    scene = ramp(ys, (0, horizon * 0.5, horizon * 0.88, horizon), tones(palette[0]))
    clouds = noise(rng, shape, width / 3, octaves=6, stretch=3.2)
    scene = mix(scene, tone("fff6e4"), smoothstep(0.6, 0.85, clouds) * smoothstep(horizon, 0.1, ys) * 0.6)
    side = rng.choice([-1, 1])
    far = (
        np.clip((np.linspace(0, 1, width) - 0.58) * 2.4, 0, 1)
        if side > 0
        else np.clip((0.42 - np.linspace(0, 1, width)) * 2.4, 0, 1)
    )
    crest = horizon - 0.13 * far**0.5 * (0.7 + 0.35 * ridge(rng, width, width / 9, octaves=6)) * (far > 0)
    below = (ys > crest[None, :]) & (ys < horizon)
    strata = noise(rng, shape, width / 10, octaves=5, stretch=0.4)
    cliff = ramp(strata, (0.2, 0.5, 0.8), tones("6a4a38 b88a58 f0cc88"))
    scene = np.where(below[..., None], cliff, scene)
    depth = np.clip((ys - horizon) / (1 - horizon), 0, 1)
    ground = ramp(
        depth,
        (0, 0.25, 1),
        np.stack([mix(tone(palette[1]), tones(palette[0])[3], 0.6), tone(palette[1]), tone(palette[2])]),
    )
    grit = noise(rng, shape, width / 10, octaves=6, stretch=6) - 0.5
    ground = ground * (1 + 0.3 * grit * depth)[..., None]
    return np.where((ys > horizon)[..., None], ground, scene).astype(np.float32)


def _cast(scene: Array, outline: Points, size: tuple[int, int], strength: float, softness: float) -> Array:
    """Darken a softened polygon, cooler in the shade."""
    cover = blur(mask(size, outline), softness)
    return mix(scene, scene * tone("4a4658") * 1.1, cover * strength)


def _mirrorball(
    scene: Array, centre: tuple[float, float], r: float, *, sky: Array, ground: Array, light: Light
) -> None:
    """A polished ball that mirrors the sky above and the plain below."""
    height, width = scene.shape[:2]
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    dx, dy = (xs - centre[0]) / r, (ys - centre[1]) / r
    bend = dy + 0.12 * dx**2
    skin = ramp(
        bend,
        (-1, -0.25, 0.0, 0.06, 0.4, 1),
        np.stack([sky[0], sky[1], sky[3] * 1.05, ground * 0.55, ground * 0.9, ground * 0.5]),
    )
    ball(scene, centre, (r, r), skin, Light(light.towards, ambient=0.42, bounce=0.15), gloss=90, sheen=0.9)


def _dial_warp(spots: Points, edge: float, sag: float) -> Points:
    """A disc (n, 2) of radius 1 laid on a table that ends at ``edge``: beyond it, the disc hangs and melts."""
    x, y = spots[:, 0], spots[:, 1]
    over = np.clip(y - edge, 0, None)
    flat = np.minimum(y, edge) * 0.42
    drop = flat + over * (0.85 + 0.3 * sag) + sag * over**2 * (0.2 + 0.25 * np.sin(x * 2.5 + 0.6))
    narrow = x * (1 - 0.16 * over) + 0.1 * sag * over * np.sin(over * 3) + np.where(y < edge, -0.18 * (edge - y), 0)
    return np.stack([narrow, drop], 1)


def _watch(rng: np.random.Generator, size: tuple[int, int], scene: Array, at: tuple[float, float], r: float) -> Array:
    """A soft watch hung over an edge at ``at``; ``r`` in pixels."""
    edge, sag = rng.uniform(-0.25, 0.05), rng.uniform(0.5, 0.9)
    lift = edge * 0.42

    def place(outline: Points) -> Points:
        return np.asarray((_dial_warp(outline, edge, sag) - (0, lift)) * r + at)

    angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], 1)
    rim, face = place(ring * 1.1), place(ring * 0.95)
    scene = _cast(scene, np.add(rim, (r * 0.16, r * 0.12)), size, 0.75, r * 0.05)
    _, ys = np.mgrid[0 : size[1], 0 : size[0]][::-1].astype(np.float32)
    depth = (ys - at[1]) / r
    gold = ramp(depth, (-0.4, -0.05, 0.1, 0.8, 2), tones("e8c878 fff0b8 c8923a 8a5a1a c89a4a"))
    dial = ramp(depth, (-0.4, -0.06, 0.03, 0.3, 1.8), tones("b8d0dc eaf4f4 9fbccc d8e8ec 7f9cb0"))
    scene = mix(scene, gold, mask(size, rim, factor=3))
    scene = mix(scene, dial, mask(size, face, factor=3))
    inks = []
    for hour in range(12):
        turn = hour * np.pi / 6
        out = np.array([np.cos(turn), np.sin(turn)])
        aside = np.array([-out[1], out[0]]) * (0.035 if hour % 3 else 0.055)
        span = np.linspace(0.7, 0.88, 6)[:, None] * out
        inks.append(place(np.concatenate([span - aside, (span + aside)[::-1]])))
    for turn, long, thick in ((rng.uniform(0, 6.28), 0.45, 0.06), (rng.uniform(0, 6.28), 0.66, 0.04)):
        out = np.array([np.cos(turn), np.sin(turn)])
        aside = np.array([-out[1], out[0]]) * thick
        span = np.linspace(-0.12, long, 14)[:, None] * out
        inks.append(place(np.concatenate([span - aside, (span + aside * 0.2)[::-1]])))
    return mix(scene, tone("22242c"), mask(size, *inks, factor=3) * 0.92)


def _block(size: tuple[int, int], scene: Array, corner: tuple[float, float], wide: float, tall: float) -> Array:
    """A bare plinth, its top and two sides; pixels."""
    left, top = corner
    roof = points(
        (left, top),
        (left + wide * 0.16, top - wide * 0.15),
        (left + wide * 1.16, top - wide * 0.15),
        (left + wide, top),
    )
    flank = points(
        (left + wide, top),
        (left + wide * 1.16, top - wide * 0.15),
        (left + wide * 1.16, top + tall - wide * 0.06),
        (left + wide, top + tall),
    )
    long = points(
        (left + wide, top + tall),
        (left + wide * 1.16, top + tall - wide * 0.06),
        (left + wide * 3.4, top + tall * 0.9),
        (left + wide * 3.2, top + tall * 1.03),
    )
    scene = _cast(scene, long, size, 0.75, wide * 0.03)
    xs, ys = plane((size[1], size[0]))
    fade = np.clip((ys * size[1] - top) / tall, 0, 1)
    front = ramp(fade, (0, 1), tones("c08a58 7f5436"))
    scene = mix(scene, front, mask(size, rectangle(left, top, left + wide, top + tall)))
    scene = mix(scene, ramp(fade, (0, 1), tones("5a3a30 3f2a28")), mask(size, flank))
    return mix(scene, ramp(xs, (0, 1), tones("f4d098 d8a468")), mask(size, roof))


def _dead_tree(
    rng: np.random.Generator, size: tuple[int, int], scene: Array, foot: tuple[float, float], tall: float
) -> Array:
    """A leafless tree with its long shadow; lengths in pixels."""
    limbs: list[Points] = []

    def grow(start: Points, angle: float, length: float, thick: float, order: int) -> None:
        way = np.cumsum(rng.normal(0, 0.14, 6)) + angle
        steps = np.stack([np.cos(way), np.sin(way)], 1) * length / 6
        path = spline(np.concatenate([start[None], start + np.cumsum(steps, axis=0)]), steps=5)
        aside = np.stack([-np.sin(np.full(len(path), angle)), np.cos(np.full(len(path), angle))], 1)
        width = np.linspace(thick, thick * (0.55 if order < 2 else 0.15), len(path))[:, None]
        limbs.append(np.concatenate([path - aside * width, (path + aside * width)[::-1]]))
        if order < 2:
            for fork in (-0.7, 0.55):
                at = path[-1 if order == 0 else int(rng.integers(12, len(path)))]
                grow(at, angle + fork * rng.uniform(0.6, 1.3), length * 0.62, thick * 0.5, order + 1)

    grow(np.array(foot), -np.pi / 2, tall * 0.5, tall * 0.028, 0)
    for limb in limbs:
        rise = foot[1] - limb[:, 1]
        flat = np.stack([limb[:, 0] + rise * 1.9, foot[1] + rise * 0.1], 1)
        scene = _cast(scene, flat, size, 0.6, tall * 0.008)
    return mix(scene, tone("3f2e26"), mask(size, *limbs, factor=3))


def _floaters(
    rng: np.random.Generator,
    size: tuple[int, int],
    scene: Array,
    horizon: float,
    *,
    palette: tuple[str, str, str],
    light: Light,
) -> Array:
    """Balls hanging over the plain, each above its shadow."""
    width, height = size
    w = min(width, height * 1.25)
    spots = rng.permutation([0.3, 0.42, 0.9, 0.82, 0.14])[: int(rng.integers(3, 6))]
    sky, ground = tones(palette[0]), tone(palette[1])
    for index, spot in enumerate(spots):
        r = w * (0.105 if index == 0 else rng.uniform(0.018, 0.05))
        x = (0.58 + 0.08 * rng.random() if index == 0 else float(spot)) * width
        y = (0.3 if index == 0 else rng.uniform(0.1, 0.45)) * height * horizon / 0.5
        floor = (horizon + rng.uniform(0.12, 0.3)) * height if index == 0 else (horizon + 0.05 + r / w * 2.4) * height
        scene = _cast(scene, ellipse((x + r * 2.2, floor), (r * 2.0, r * 0.26), turn=0.03), size, 0.7, r * 0.1)
        if index % 2 == 0:
            _mirrorball(scene, (x, y), r, sky=sky, ground=ground, light=light)
        else:
            ball(scene, (x, y), (r, r), tones("d8683a e8d8c0 6a8f8a c04a40")[index % 4], light, gloss=40, sheen=0.5)
    return scene


def surrealism(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """A dreamed plain, smoothly painted: (height, width, 3)."""
    width, height = size
    w = min(width, height * 1.25)
    palette = SKIES[int(rng.integers(0, len(SKIES)))]
    horizon = rng.uniform(0.46, 0.58)
    light = Light(towards=(-0.75, -0.35, 0.55), ambient=0.16, bounce=0.22)
    scene = _plain(rng, size, horizon, palette)
    tree = rng.uniform(0.4, 0.55) * width, (horizon + 0.06) * height
    scene = _dead_tree(rng, size, scene, tree, height * rng.uniform(0.3, 0.4))
    scene = _floaters(rng, size, scene, horizon, palette=palette, light=light)
    left, wide = rng.uniform(0.06, 0.16) * width, w * rng.uniform(0.26, 0.32)
    top = height * rng.uniform(0.68, 0.72)
    scene = _block(size, scene, (left, top), wide, height * 0.18)
    scene = _watch(rng, size, scene, (left + wide * 0.5, top), w * rng.uniform(0.085, 0.1))
    figure = rng.uniform(0.72, 0.92) * width, (horizon + 0.055) * height, height * 0.06
    for outline, code in _stranger(*figure):
        scene = (
            _cast(scene, outline, size, 0.6, 1.0) if not code else mix(scene, tone(code), mask(size, outline, factor=3))
        )
    if rng.random() < 0.5:
        scene = np.asarray(scene[:, ::-1])
    return varnish(rng, weave(rng, np.clip(scene, 0, 1).astype(np.float32), 0.018), 0.3)


def _stranger(x: float, foot: float, tall: float) -> list[tuple[Points, str]]:
    """A small far figure in a coat and hat with a long shadow (the outline without a colour)."""
    coat = points((-0.09, -0.78), (0.09, -0.78), (0.15, 0), (-0.15, 0)) * tall + (x, foot)
    long = points((-0.1, 0), (0.1, -0.02), (2.6, 0.2), (2.5, 0.3)) * tall + (x, foot)
    head = ellipse((x, foot - 0.87 * tall), (0.075 * tall, 0.09 * tall), count=24)
    hat = points((-0.15, -0.92), (0.15, -0.92), (0.08, -0.95), (0.07, -1.06), (-0.07, -1.06), (-0.08, -0.95)) * tall + (
        x,
        foot,
    )
    return [(long, ""), (coat, "2a2530"), (head, "c89a78"), (hat, "1f1a22")]
