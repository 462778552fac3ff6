"""Romanticism: a tiny figure before mountains in mist, or a small ship in a great storm."""

from __future__ import annotations

import numpy as np

from smn.examples.brush import Brush, Canvas, Jitter, varnish, weave
from smn.examples.fields import Array, blur, mix, noise, plane, ramp, ridge, smoothstep, tone, tones, unit
from smn.examples.shapes import Points, ellipse, mask, points, rectangle, spline, under


def _peaks(rng: np.random.Generator, width: int, cell: float, sharp: float) -> Array:
    """A mountain skyline, (width,) in about 0..1; ``sharp`` 0..1 turns rolling hills into crags."""
    rolling = 0.5 + 0.5 * ridge(rng, width, cell)
    crags = 1 - np.abs(ridge(rng, width, cell * 0.8, octaves=6))
    return (rolling * (1 - sharp) + crags * sharp).astype(np.float32)


def _wanderer(x: float, foot: float, tall: float) -> list[tuple[Points, str]]:
    """A man in a frock coat seen from behind, leaning on a cane; lengths in pixels."""

    def at(*pairs: tuple[float, float]) -> Points:
        return points(*pairs) * tall + (x, foot)

    legs = at((-0.1, -0.42), (-0.13, 0), (-0.04, 0), (-0.01, -0.3), (0.08, 0.01), (0.17, -0.01), (0.08, -0.42))
    coat = spline(
        at(
            (-0.04, -0.84),
            (0.06, -0.84),
            (0.14, -0.74),
            (0.12, -0.5),
            (0.19, -0.28),
            (0.06, -0.3),
            (-0.02, -0.24),
            (-0.16, -0.28),
            (-0.11, -0.52),
            (-0.15, -0.74),
        ),
        closed=True,
        steps=5,
    )
    arm = at((0.1, -0.76), (0.23, -0.55), (0.27, -0.44), (0.23, -0.43), (0.16, -0.54), (0.08, -0.66))
    cane = at((0.245, -0.47), (0.265, -0.47), (0.345, 0.03), (0.33, 0.03))
    head = ellipse((x + 0.005 * tall, foot - 0.92 * tall), (0.055 * tall, 0.07 * tall))
    hair = ellipse((x + 0.012 * tall, foot - 0.945 * tall), (0.068 * tall, 0.062 * tall))
    return [(legs, "16171a"), (cane, "1a140e"), (coat, "1c2a26"), (arm, "1f302b"), (head, "8a6048"), (hair, "5a3a20")]


def _mountains(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """Ridges dissolving in mist under a pale sky, with the wanderer on a dark crag."""
    width, height = size
    shape = (height, width)
    xs, ys = plane(shape)
    skies = ("6f88a8 a8b4c0 e8d8c4 f6e4c0", "5f7090 b08f98 efb48a fbe0a8", "7a94a4 b8c4c4 dcdccc f0e8d4")
    sky = tones(skies[int(rng.integers(0, len(skies)))])
    glow_x = rng.uniform(0.3, 0.7)
    clouds = noise(rng, shape, width / 3, octaves=6, stretch=2.4)
    scene = ramp(ys + 0.25 * (clouds - 0.5), (0, 0.2, 0.42, 0.55), sky)
    scene = mix(scene, tone("fff4dc"), smoothstep(0.52, 0.8, clouds) * 0.65)
    scene = mix(scene, sky[0] * 0.8, smoothstep(0.45, 0.2, clouds) * 0.4)
    scene = mix(scene, sky[3], np.asarray(0.6 * np.exp(-(((xs - glow_x) / 0.3) ** 2) - ((ys - 0.45) / 0.16) ** 2)))
    mist, layers = mix(sky[3], tone("eef0ee"), 0.4), int(rng.integers(5, 7))
    for index in range(layers):
        near = index / (layers - 1)
        peak = _peaks(rng, width, width * (0.5 - 0.25 * near), 0.35 + 0.5 * near)
        crest = 0.45 + 0.36 * near - (0.17 - 0.04 * near) * peak
        below = ys - crest[None, :]
        rock = mix(mix(sky[0], mist, 0.45), tone("39424a"), near**1.2 * 0.9)
        light = noise(rng, shape, width / 9, octaves=5, stretch=0.9)
        steep = np.clip(np.gradient(crest) * width * 0.25, -1, 1)[None, :]
        body = rock * (1 + (light - 0.5) * 0.55 * (0.3 + near) - 0.16 * steep)[..., None]
        veil = smoothstep(0.01, 0.14, below + 0.05 * (noise(rng, shape, width / 4, stretch=3) - 0.5))
        scene = np.where((below > 0)[..., None], mix(body, mist, veil * 0.96), scene).astype(np.float32)
        wisps = noise(rng, shape, width / 3, octaves=5, stretch=4)
        fog = smoothstep(0.48, 0.72, wisps) * np.exp(-(((below - 0.06) / 0.08) ** 2)) * 0.85
        scene = mix(scene, mix(mist, tone("ffffff"), 0.35), fog)
    return _crag(rng, size, scene)


def _crag(rng: np.random.Generator, size: tuple[int, int], scene: Array) -> Array:
    """The dark rock in front with the figure on top of it."""
    width, height = size
    shape = (height, width)
    xs, ys = plane(shape)
    middle, top = rng.uniform(0.36, 0.64), rng.uniform(0.64, 0.7)
    away = np.abs(np.linspace(0, 1, width) - middle)
    steps = 0.035 * ridge(rng, width, width / 7, octaves=6) * np.clip(away * 9, 0, 1)
    crest = top + 0.95 * away**1.25 - 0.06 * np.exp(-((away / 0.05) ** 2)) + steps + 0.04
    rock = mask(size, under(crest * height, size))
    grain = noise(rng, shape, width / 9, octaves=6, stretch=0.7)
    relief = np.gradient(blur(grain, 1.0), axis=1) * width * 0.018 - np.gradient(grain, axis=0) * width * 0.008
    rim = np.exp(-np.clip(ys - crest[None, :], 0, 1) * 26)
    body = ramp(np.clip(0.32 + relief + 0.3 * rim, 0, 1), (0, 0.5, 1), tones("0f0e10 2e2a28 8a7760"))
    scene = mix(scene, body, rock)
    tall = height * rng.uniform(0.16, 0.19)
    for outline, code in _wanderer(middle * width, (top + 0.002) * height, tall):
        cover = mask(size, outline, factor=3)
        light = tone(code) * (1.15 + 0.9 * np.clip((middle - xs) * 9, -0.5, 0.9))[..., None]
        scene = mix(scene, light.astype(np.float32), cover)
    return scene


def _ship(size: tuple[int, int], scene: Array, keel: tuple[float, float], tall: float, heel: float) -> Array:
    """A two-master running under torn sails, heeled by ``heel`` radians; lengths in pixels."""
    turn = np.array([[np.cos(heel), np.sin(heel)], [-np.sin(heel), np.cos(heel)]])

    def at(outline: Points) -> Points:
        return np.asarray(outline @ turn * tall + keel)

    hull = spline(
        points((-0.5, -0.14), (-0.2, -0.08), (0.25, -0.09), (0.55, -0.2), (0.42, 0.06), (-0.4, 0.07)), closed=True
    )
    masts = [
        rectangle(-0.19, -1.0, -0.17, 0),
        rectangle(0.15, -0.9, 0.17, 0),
        points((0.5, -0.16), (0.85, -0.34), (0.5, -0.19)),
    ]
    sails = [
        points((-0.34, -0.86), (-0.02, -0.9), (0.03, -0.6), (-0.33, -0.56)),
        points((-0.36, -0.52), (0.02, -0.55), (0.05, -0.2), (-0.34, -0.2)),
        points((0.06, -0.76), (0.3, -0.78), (0.36, -0.48), (0.06, -0.46)),
        points((0.3, -0.6), (0.8, -0.32), (0.36, -0.24)),
    ]
    scene = mix(scene, tone("2a1f18"), mask(size, *(at(mast) for mast in masts), factor=3))
    scene = mix(scene, tone("e8d4a8"), mask(size, *(at(sail) for sail in sails)) * 0.9)
    return mix(scene, tone("221812"), mask(size, at(hull), factor=3))


def _storm(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """Waves and cloud wound round a burst of light, with a small ship against it."""
    width, height = size
    shape = (height, width)
    xs, ys = plane(shape)
    cx, cy = rng.uniform(0.4, 0.68), rng.uniform(0.28, 0.38)
    dx, dy = (xs - cx) * width / height, ys - cy
    away, spin = np.hypot(dx, dy * 1.25), np.arctan2(dy, dx)
    swirl = noise(rng, shape, width / 3, octaves=6, stretch=1.8)
    arms = 0.5 + 0.5 * np.sin(spin * 2 + away * 9 + swirl * 9)
    glow = np.exp(-away * 2.6) + 0.22 * (arms - 0.5) + 0.7 * (swirl - 0.5)
    palettes = ("1a222c 46525c a08a68 f0d08a fff2cc", "1c1a20 5a4448 b8704a f4b860 fff0c0")
    scene = ramp(glow, (-0.05, 0.2, 0.48, 0.75, 1), tones(palettes[int(rng.integers(0, 2))]))
    placed = False
    for index in range(6):
        near = index / 5
        swell = np.abs(ridge(rng, width, width * (0.22 + 0.22 * near), octaves=2))
        chop = ridge(rng, width, width * 0.05, octaves=4)
        tilt = 0.06 * np.sin(np.linspace(0, 5, width) + rng.uniform(0, 6)) * (0.4 + near)
        crest = cy + 0.13 + 0.42 * near**1.2 + (0.03 + 0.11 * near) * swell + tilt + 0.006 * chop
        below = ys - crest[None, :]
        sheen = np.exp(-(((xs - cx) / 0.2) ** 2)) * (1 - 0.55 * near)
        veins = noise(rng, shape, width / 9, octaves=5, stretch=2.2)
        water = ramp(below + 0.16 * (veins - 0.5), (-0.02, 0.05, 0.16, 0.3), tones("8a9a86 4a6466 22343a 121c22"))
        water = mix(water, tone("f0cc8c"), sheen * smoothstep(0.14, 0, below) * 0.7)
        lace = 1 - np.abs(noise(rng, shape, width / 14, octaves=4, stretch=2.6) - 0.5) * 9
        foam = np.clip(lace, 0, 1) * np.exp(-np.clip(below, 0, 1) * 12) + np.exp(-np.clip(below, 0, 1) * 130)
        water = mix(water, tone("e4dfc8"), np.clip(foam, 0, 1) * (0.35 + 0.4 * near))
        scene = mix(scene, water, smoothstep(-0.003, 0.004, below))
        spray = smoothstep(0.52, 0.8, noise(rng, shape, width / 14, octaves=5, stretch=1.5))
        peaks = smoothstep(0.35, 0.05, swell)[None, :]
        scene = mix(scene, tone("eee8d4"), spray * peaks * np.exp(-((below / 0.03) ** 2)) * 0.85)
        if index == 2 and not placed:
            x = cx + rng.uniform(-0.12, 0.12)
            y = float(crest[int(x * width)]) + 0.02
            scene = _ship(
                size, scene, (x * width, y * height), height * rng.uniform(0.15, 0.19), rng.uniform(-0.3, 0.3)
            )
    return scene


def romanticism(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """The small human thing before the great indifferent one: (height, width, 3)."""
    width, height = size
    u, at_sea = unit(size), bool(rng.random() < 0.4)
    scene = np.clip(_storm(rng, size) if at_sea else _mountains(rng, size), 0, 1).astype(np.float32)
    flow = (noise(rng, (height, width), width / 3, octaves=3) - 0.5) * (5 if at_sea else 2.5)
    canvas = Canvas(scene)
    play = Jitter(hue=0.03, chroma=0.1, light=0.03, angle=0.3)
    down, right = np.gradient(scene.mean(axis=-1))
    calm = 1 - np.clip(blur(np.hypot(down, right), 1.5 * u) * 25, 0, 1)
    canvas.lay(rng, Brush(rng, 20 * u, 7 * u, opacity=0.75), scene, flow, coverage=1.5, jitter=play, where=calm)
    painted = mix(canvas.lit(0.3, softness=u), scene, 0.35)
    return varnish(rng, weave(rng, painted, 0.03), 0.55)
