"""Abstract expressionism: skeins of poured paint and broad sweeps of a loaded brush."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from smn.examples.brush import Brush, Canvas, Jitter, varnish, weave
from smn.examples.fields import Array, as_array, as_image, blur, mix, noise, smoothstep, tone, tones, unit
from smn.examples.shapes import Points, Sheet, ellipse, mask, rectangle, spline

POURED = (
    "d8cbb0 17161a f2efe6 8f9296 b8562a 2f5f7a c89a3a",
    "cfc4ac 1a1816 ece6d8 6f8a86 8a2a24 d8a83a 4a5a6a",
    "e0d8c6 141418 f6f2e8 a8a49a d8b02a c03a2a 2a4a8a",
)
SWEPT = (
    "ece4d4 16151a e8b8a0 c8442e e8c048 4f7fa8 f6f2ea",
    "e4dac8 1c1a1e 6f8f7a d8702e f0d8b0 2f4f8a f2ece0",
    "efe8dc 121216 d88a9a e8a030 3f6f6a b8342e fbf6ee",
)


def _toss(rng: np.random.Generator, size: tuple[int, int]) -> Points:
    """One looping throw of the arm across and past the canvas, (n, 2) in pixels."""
    width, height = size
    count = int(rng.integers(7, 13))
    start = rng.uniform(-0.1, 1.1, 2)
    heading = rng.uniform(0, 6.28) + np.cumsum(rng.normal(0.5 * rng.choice([-1, 1]), 0.95, count))
    reach = rng.uniform(0.08, 0.26, count)[:, None]
    path = start + np.cumsum(np.stack([np.cos(heading), np.sin(heading)], 1) * reach, axis=0)
    path = np.where(path < -0.15, -0.3 - path, np.where(path > 1.15, 2.3 - path, path))
    return spline(path * (width, height), steps=22)


def _pour(rng: np.random.Generator, sheets: tuple[Sheet, Sheet], path: Points, ink: Array, thick: float) -> None:
    """A skein of poured paint, swelling where the hand slows, with drops beside it."""
    colour, relief = sheets
    speed = np.hypot(*np.gradient(path, axis=0).T)
    slow = np.clip(np.median(speed) / (speed + 1e-6), 0.3, 2.2)
    swell = slow * (0.65 + 0.9 * np.abs(np.sin(np.cumsum(rng.normal(0, 0.35, len(path))))))
    widths = (thick * swell).tolist()
    colour.stroke(path, ink, widths)
    relief.stroke(path, np.full(3, rng.uniform(0.55, 0.95), np.float32), widths)
    for _ in range(int(rng.integers(3, 13))):
        spot = path[int(rng.integers(0, len(path)))] + rng.normal(0, 7 * thick, 2)
        radius = thick * rng.uniform(0.2, 0.9) ** 1.5
        colour.disc((float(spot[0]), float(spot[1])), radius, ink)
        relief.disc((float(spot[0]), float(spot[1])), radius, np.full(3, 0.8, np.float32))


def _drips(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """An all-over web of poured lines on raw canvas."""
    u, inks = unit(size), tones(POURED[int(rng.integers(0, len(POURED)))])
    shape = (size[1], size[0])
    stain = smoothstep(0.48, 0.72, noise(rng, shape, size[0] / 5, octaves=5))
    ground = mix(np.broadcast_to(inks[0], (*shape, 3)), inks[3], stain * 0.35)
    sheets = Sheet(size, as_image(ground), factor=2), Sheet(size, tone("404040"), factor=2)
    plan = [1] * 18 + [3] * 18 + [4] * 9 + [2] * 22 + [5] * 9 + [6] * 10 + [1] * 20 + [2] * 18 + [3] * 8 + [1] * 8
    for index, place in enumerate(plan):
        thick = (3.0 if index < 40 else 1.7) * u * rng.uniform(0.35, 1.6)
        _pour(rng, sheets, _toss(rng, size), inks[place], max(0.5, thick))
    for _ in range(int(260 * min(1.0, u))):
        spot = rng.uniform(0, 1, 2) * size
        place, radius = int(rng.integers(1, 7)), rng.exponential(1.3) * u
        sheets[0].disc((float(spot[0]), float(spot[1])), radius, inks[place])
    down, right = np.gradient(blur(sheets[1].colours()[..., 0], u))
    slope = np.asarray(np.clip(down + right, -0.4, 0.4))
    lit = sheets[0].colours() * (1 - 0.7 * slope[..., None])
    return weave(rng, np.clip(lit, 0, 1).astype(np.float32), 0.05)


def _sweep(rng: np.random.Generator, scene: Array, relief: Array, path: Points, *, wide: float, ink: Array) -> None:
    """A loaded house-painter's brush dragged along ``path``: bristle streaks that run dry; in place."""
    height, width = relief.shape
    steps = np.gradient(path, axis=0)
    normal = np.stack([-steps[:, 1], steps[:, 0]], 1) / (np.hypot(steps[:, 0], steps[:, 1])[:, None] + 1e-6)
    hairs = max(6, int(wide * 1.5))
    load = noise(rng, (hairs, 3), max(2.0, hairs / 7), octaves=4)[:, 1]
    dry = np.linspace(0, 1, len(path)) ** 1.6
    shade = Image.new("L", (width, height), 0)
    body = Image.new("L", (width, height), 0)
    draws = ImageDraw.Draw(shade), ImageDraw.Draw(body)
    for index in range(hairs):
        across = (index / (hairs - 1) - 0.5) * wide
        hair = path + normal * across
        stop = int(len(path) * np.clip(0.55 + 0.75 * load[index] + rng.normal(0, 0.07), 0.2, 1))
        skip = rng.random(len(path)) < np.clip(dry * (1.15 - load[index]) * 1.1 - 0.2, 0, 0.9)
        start = int(rng.integers(0, 3))
        run: list[tuple[float, float]] = []
        for spot, gone in zip(hair[start:stop].tolist(), skip[start:stop].tolist(), strict=True):
            if not gone:
                run.append((spot[0], spot[1]))
            elif len(run) > 1:
                _hair(draws, run, load[index])
                run = []
        if len(run) > 1:
            _hair(draws, run, load[index])
    cover = blur(as_array(shade), 0.6)
    bristle = as_array(body)
    tinted = ink * (0.86 + 0.28 * bristle)[..., None]
    scene[:] = mix(scene, tinted.astype(np.float32), np.clip(cover * 1.25, 0, 1))
    relief[:] = np.where(cover > 0.3, 0.2 + 0.8 * bristle, relief)


def _hair(draws: tuple[ImageDraw.ImageDraw, ImageDraw.ImageDraw], run: list[tuple[float, float]], load: float) -> None:
    draws[0].line(run, fill=255, width=2)
    draws[1].line(run, fill=int(60 + 190 * load), width=2)


def _runs(rng: np.random.Generator, scene: Array, path: Points, ink: Array, u: float) -> Array:
    """Thin paint running down from a sweep."""
    height, width = scene.shape[:2]
    runs = []
    for _ in range(int(rng.integers(2, 7))):
        x, y = path[int(rng.integers(0, len(path)))]
        long, thick = height * rng.uniform(0.03, 0.18), max(0.8, rng.uniform(1.0, 2.2) * u)
        runs.append(rectangle(x - thick * 0.5, y, x + thick * 0.5, y + long))
        runs.append(ellipse((x, y + long), (thick * 0.6, thick * 1.4), count=16))
    return mix(scene, ink, mask((width, height), *runs) * 0.85)


def _gestures(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """Broad black and coloured sweeps, scraped, run and splashed."""
    width, height = size
    u, inks = unit(size), tones(SWEPT[int(rng.integers(0, len(SWEPT)))])
    w = min(width, height * 1.25)
    shape = (height, width)
    ground = np.broadcast_to(inks[0], (*shape, 3)).astype(np.float32)
    canvas = Canvas(ground)
    patch = noise(rng, shape, width / 3, octaves=3)
    wash = mix(mix(ground, inks[2], smoothstep(0.5, 0.6, patch)), inks[6], smoothstep(0.42, 0.3, patch))
    flow = (noise(rng, shape, width / 2, octaves=2) - 0.5) * 7
    canvas.lay(
        rng,
        Brush(rng, 120 * u, 46 * u, ragged=0.6, opacity=0.8),
        wash,
        flow,
        coverage=2,
        jitter=Jitter(0.05, 0.15, 0.05),
    )
    scene, relief = as_array(canvas.image).copy(), as_array(canvas.relief).copy()
    order = [3, 5, 4, 2, 1, 6, 3, 1, 1, 4, 1]
    for place in order[: int(rng.integers(8, 12))]:
        start = rng.uniform(0.05, 0.95, 2)
        heading = np.arctan2(0.5 - start[1], 0.5 - start[0]) + rng.normal(0, 0.7)
        turns = heading + np.cumsum(rng.normal(0, 0.38, 4))
        path = start * size + np.cumsum(np.stack([np.cos(turns), np.sin(turns)], 1), axis=0) * w * rng.uniform(
            0.12, 0.24
        )
        path = spline(np.concatenate([start[None] * size, path]), steps=12)
        wide = w * (rng.uniform(0.05, 0.12) if place != 1 else rng.uniform(0.03, 0.13))
        _sweep(rng, scene, relief, path, wide=wide, ink=inks[place])
        if rng.random() < 0.6:
            scene = _runs(rng, scene, path, inks[place], u)
    sheet = Sheet(size, as_image(scene), factor=2)
    for _ in range(90):
        spot = rng.normal(0.5, 0.25, 2) * size
        sheet.disc((float(spot[0]), float(spot[1])), rng.exponential(1.6) * u, inks[int(rng.choice([1, 1, 3, 6]))])
    down, right = np.gradient(blur(relief, 0.6 * u))
    slope = np.asarray(np.clip(down + right, -0.4, 0.4))
    lit = sheet.colours() * (1 - 0.55 * slope[..., None])
    return weave(rng, np.clip(lit, 0, 1).astype(np.float32), 0.03)


def abstract_expressionism(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """Poured skeins or broad gestures: (height, width, 3)."""
    return varnish(rng, _drips(rng, size) if rng.random() < 0.5 else _gestures(rng, size), 0.12)
