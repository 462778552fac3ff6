"""Baroque: fruit, pewter and glass on a ledge, lit from one side out of darkness."""

from __future__ import annotations

import numpy as np

from smn.examples.brush import Brush, Canvas, Jitter, edges, varnish, weave
from smn.examples.fields import Array, blur, mix, noise, plane, ramp, ridge, smoothstep, tone, tones, unit
from smn.examples.shapes import mask, points, spline, trace
from smn.examples.solids import Light, ball, shadow, vessel


def _room(rng: np.random.Generator, size: tuple[int, int], ledge: float) -> Array:
    """A brown wall catching some light on the far side, and a stone ledge whose top starts at ``ledge``."""
    width, height = size
    xs, ys = plane((height, width))
    plaster = noise(rng, (height, width), width / 3, octaves=5)
    glow = np.exp(-(((xs - rng.uniform(0.75, 0.9)) / 0.42) ** 2) - ((ys - 0.35) / 0.4) ** 2)
    wall = ramp(glow * 0.9 + (plaster - 0.5) * 0.3, (0, 0.4, 1), tones("120d09 33241a 74583a"))
    front = ledge + 0.16
    stone = noise(rng, (height, width), width / 8, octaves=5, stretch=2)
    fall = np.clip(1.15 - xs * 0.85, 0.15, 1)
    top = ramp(stone, (0.2, 0.8), tones("3c2c1b 7a5f3f")) * fall[..., None]
    face = ramp(stone, (0.2, 0.8), tones("150f09 31241a")) * (0.4 + 0.6 * fall[..., None])
    scene = np.where((ys > ledge)[..., None], top, wall)
    scene = np.where((ys > front)[..., None], face, scene)
    lip = np.exp(-(((ys - front) * 180) ** 2)) * fall
    return np.asarray(scene + 0.16 * lip[..., None] * tone("e0c090"), dtype=np.float32)


def _napkin(rng: np.random.Generator, size: tuple[int, int], scene: Array, x: float, ledge: float) -> None:
    """A white cloth lying on the ledge and falling over its front in folds, in place."""
    width, height = size
    xs, ys = plane((height, width))
    knots = points((x - 0.13, ledge + 0.05), (x, ledge + 0.03), (x + 0.15, ledge + 0.06), (x + 0.19, ledge + 0.15))
    hem = points((x + 0.15, ledge + 0.25), (x + 0.08, ledge + 0.33), (x, ledge + 0.27), (x - 0.08, ledge + 0.34))
    outline = np.concatenate([knots, hem, points((x - 0.17, ledge + 0.17))]) * (width, height)
    cover = blur(mask(size, spline(outline, closed=True)), 1.2)
    warp = noise(rng, (height, width), width / 5, octaves=3)
    spread = (xs - x) * (1 + 1.2 * np.clip(ys - ledge - 0.15, 0, 1))
    folds = np.sin(spread * 62 + warp * 11) * 0.5 + np.sin(spread * 27 - warp * 7 + ys * 16) * 0.5
    relief = np.where(ys < ledge + 0.16, 0.75 + 0.16 * folds, 0.42 + 0.42 * folds)
    cloth = ramp(blur(relief.astype(np.float32), width / 320), (0, 0.4, 1), tones("1d1711 8d7c66 f4ead6"))
    fall = np.clip(1.2 - xs * 0.75, 0.25, 1)[..., None]
    scene[:] = mix(scene, cloth * fall, cover)


def _jug(scene: Array, foot: tuple[float, float], tall: float, metal: Array, light: Light) -> None:
    """A lidded jug with its handle to the right; ``foot`` and ``tall`` in pixels."""
    x, base = foot
    shadow(scene, (x + tall * 0.34, base), (tall * 0.5, tall * 0.09), 0.75)
    grip = spline(points((x + 0.14, -0.85), (x + 0.36, -0.8), (x + 0.4, -0.55), (x + 0.22, -0.34)) - (x, 0), steps=40)
    for px, py in (grip * tall + (x, base)).tolist():
        ball(scene, (px, py), (tall * 0.03, tall * 0.03), metal, light, sheen=0.08)
    shape = np.array([0.15, 0.16, 0.14, 0.13, 0.14, 0.2, 0.26, 0.285, 0.27, 0.22, 0.16, 0.15, 0.19, 0.2])
    vessel(scene, x, (base - tall, base), (shape * tall).astype(np.float32), metal, light=light, gloss=14, sheen=0.75)
    ball(scene, (x, base - tall), (tall * 0.16, tall * 0.05), metal, light, sheen=0.4)
    ball(scene, (x, base - tall * 1.06), (tall * 0.03, tall * 0.03), metal, light, sheen=0.8)


def _glass(scene: Array, foot: tuple[float, float], tall: float, wine: Array, light: Light) -> None:
    """A stemmed glass half full of wine; ``foot`` and ``tall`` in pixels."""
    x, base = foot
    clear = tone("6a6a58")
    shadow(scene, (x + tall * 0.25, base), (tall * 0.32, tall * 0.06), 0.5)
    ball(scene, (x, base - tall * 0.01), (tall * 0.17, tall * 0.035), clear * 0.7, light, sheen=0.5)
    stem = np.array([0.03, 0.02, 0.035, 0.02, 0.03, 0.06], np.float32) * tall
    vessel(scene, x, (base - tall * 0.45, base), stem, clear, light=light, sheen=0.8, opacity=0.8)
    bowl = np.array([0.155, 0.18, 0.195, 0.19, 0.165, 0.11, 0.03], np.float32) * tall
    vessel(scene, x, (base - tall, base - tall * 0.42), bowl, clear * 0.45, light=light, sheen=0.35, opacity=0.4)
    vessel(
        scene, x, (base - tall * 0.76, base - tall * 0.43), bowl[2:] * 0.95, wine, light=light, sheen=0.5, opacity=0.93
    )
    ball(scene, (x, base - tall * 0.76), (tall * 0.185, tall * 0.03), wine * 1.6, light, sheen=0.1)
    for dx, dy, rx, ry in ((-0.09, -0.86, 0.014, 0.07), (-0.1, -0.62, 0.016, 0.05), (0.13, -0.8, 0.006, 0.08)):
        ball(
            scene,
            (x + dx * tall, base + dy * tall),
            (rx * tall, ry * tall),
            tone("fff8e0"),
            Light(ambient=0.7),
            sheen=0,
        )


def _grapes(rng: np.random.Generator, scene: Array, top: tuple[float, float], span: float, light: Light) -> None:
    """A bunch of grapes hanging down from ``top``; ``span`` is its width in pixels."""
    x, y = top
    dark = rng.random() < 0.6
    skins = tones("3a1a3a 52203f 2a1a40 6a2f3a" if dark else "8a8a3a a09a48 6f7a2f b0a860")
    shadow(scene, (x + span * 0.2, y + span * 0.25), (span * 0.8, span * 0.5), 0.7)
    spots = []
    for _ in range(46):
        down = rng.beta(1.3, 1.9)
        spots.append((x + rng.uniform(-0.5, 0.5) * span * (1 - 0.72 * down), y + down * span * 0.95))
    for px, py in rng.permutation(spots).tolist():
        r = span * rng.uniform(0.088, 0.108)
        shadow(scene, (px + r * 0.3, py + r * 0.4), (r, r), 0.55)
        ball(scene, (px, py), (r, r * 1.06), skins[int(rng.integers(0, 4))], light, gloss=50, sheen=0.75, glow=0.75)


def _fruit(
    rng: np.random.Generator, scene: Array, middle: tuple[float, float], r: float, kind: str, *, light: Light
) -> None:
    """One fruit resting with its ``middle`` at x, y; ``r`` is its radius in pixels."""
    x, y = middle
    height, width = scene.shape[:2]
    shape = (height, width)
    shadow(scene, (x + r * 0.6, y + r * 0.72), (r * 1.25, r * 0.5), 0.85)
    mottle = noise(rng, shape, r * 1.3, octaves=4, stretch=0.5)
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    blush = smoothstep(-0.8, 0.7, (xs - x) / r * 0.7 - (ys - y) / r * 0.5 + (mottle - 0.5) * 2.2)
    if kind == "lemon":
        rind = ramp(noise(rng, shape, max(2.0, r * 0.12), octaves=2), (0.1, 0.9), tones("d8aa1a f4d44c"))
        ball(scene, (x + r * 1.22, y - r * 0.1), (r * 0.26, r * 0.2), rind, light, sheen=0.2)
        ball(scene, (x, y), (r * 1.3, r * 0.94), rind, light, turn=-0.12, gloss=18, sheen=0.3)
    elif kind == "orange":
        rind = ramp(noise(rng, shape, max(2.0, r * 0.1), octaves=2), (0.1, 0.9), tones("d0700f ee8f2c"))
        ball(scene, (x, y), (r, r * 0.97), rind, light, gloss=16, sheen=0.3)
    else:
        codes = {"apple": "9a1f14 c8402a d8a848", "peach": "a83a24 d8803a ecb868", "pear": "7a6a1f b09838 d0b050"}
        skin = ramp(blush, (0, 0.5, 1), tones(codes[kind]))
        if kind == "pear":
            ball(scene, (x + r * 0.1, y - r * 0.95), (r * 0.52, r * 0.75), skin, light, turn=0.15, sheen=0.1)
        shine = 0.12 if kind == "peach" else 0.5
        ball(scene, (x, y), (r * 1.03, r * 0.95), skin, light, gloss=26, sheen=shine)
        tip = -r * 1.65 if kind == "pear" else -r * 0.78
        shadow(scene, (x + r * 0.08, y + tip * 0.95), (r * 0.28, r * 0.1), 0.6)
        stalk = spline(
            points((x + r * 0.08, y + tip), (x + r * 0.12, y + tip - r * 0.25), (x + r * 0.25, y + tip - r * 0.42))
        )
        for px, py in stalk.tolist():
            ball(scene, (px, py), (max(1.2, r * 0.05),) * 2, tone("6a4a24"), light, sheen=0)


def _leaf(rng: np.random.Generator, scene: Array, stalk: tuple[float, float], r: float, turn: float) -> None:
    """A vine leaf, half in light; ``r`` is its length in pixels."""
    x, y = stalk
    height, width = scene.shape[:2]
    knots = trace("0,0 0.35,-0.32 0.5,-0.2 0.72,-0.28 1,0 0.7,0.24 0.5,0.16 0.3,0.3")
    knots = knots * rng.uniform(0.85, 1.15, knots.shape)
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    cover = blur(mask((width, height), spline(knots, closed=True) @ spin * r + (x, y)), 0.7)
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    side = (-(xs - x) * np.sin(turn) + (ys - y) * np.cos(turn)) / r
    vein = np.exp(-((side * 40) ** 2)) + 0.4 * smoothstep(
        0.8, 1, np.sin(((xs - x) * np.cos(turn) + np.abs(side) * r * -1.2) / r * 40)
    )
    lit = smoothstep(0.12, -0.2, side) * 0.7 + 0.15 + 0.2 * vein
    scene[:] = mix(scene, ramp(lit, (0, 0.5, 1), tones("10150a 3f4a1c 94954a")), cover)


def _craquelure(rng: np.random.Generator, shape: tuple[int, int], cell: float) -> Array:
    """Fine crack lines, (height, width) in 0..1, meeting as they do in old varnish; ``cell`` in pixels."""
    cracks = np.zeros(shape, dtype=np.float32)
    for stretch in (1.6, 0.6):
        field = noise(rng, shape, cell, octaves=3, stretch=stretch)
        slope = np.hypot(*np.gradient(field)) + 1e-4
        for level in (0.38, 0.52, 0.66):
            cracks = np.maximum(cracks, np.clip(1 - np.abs(field - level) / slope / 0.7, 0, 1))
    return (cracks * smoothstep(0.45, 0.7, noise(rng, shape, cell * 5, octaves=2))).astype(np.float32)


def baroque(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """A still life in chiaroscuro under brown varnish: (height, width, 3)."""
    width, height = size
    w, u, light = float(min(width, height * 1.25)), unit(size), Light(towards=(-0.6, -0.55, 0.62), ambient=0.07)
    ledge = rng.uniform(0.6, 0.65)
    scene = _room(rng, size, ledge)
    left, mid = rng.uniform(0.2, 0.27) * width, rng.uniform(0.42, 0.5) * width
    base = (ledge + 0.055) * height
    metal = tones("8a7a62 9a6a38 7a7a78")[int(rng.integers(0, 3))]
    _jug(scene, (left, base), w * rng.uniform(0.36, 0.42), metal, light)
    glass = mid + rng.uniform(0.2, 0.27) * width
    _glass(scene, (glass, base), w * rng.uniform(0.3, 0.36), tones("6a0f14 8a6a1a")[int(rng.integers(0, 2))], light)
    _napkin(rng, size, scene, (left / width + 0.08), ledge)
    _leaf(rng, scene, (mid - w * 0.02, base - w * 0.1), w * 0.15, -2.4)
    _leaf(rng, scene, (mid + w * 0.1, base - w * 0.1), w * 0.14, -0.6)
    kinds = rng.permutation(["apple", "peach", "orange", "pear", "apple"])
    for index, (dx, dy) in enumerate(((-0.05, -0.085), (0.06, -0.1), (0.2, 0.0))):
        spot = mid + dx * w, base + dy * w + w * 0.03
        _fruit(rng, scene, spot, w * rng.uniform(0.062, 0.072), str(kinds[index]), light=light)
    _fruit(rng, scene, (mid - w * 0.12, base + w * 0.025), w * 0.07, str(kinds[3]), light=light)
    _grapes(rng, scene, (mid + w * 0.07, base - w * 0.02), w * rng.uniform(0.19, 0.23), light)
    _fruit(rng, scene, (left + w * rng.uniform(0.0, 0.05), base + w * 0.045), w * 0.052, "lemon", light=light)
    scene = np.clip(scene, 0, 1).astype(np.float32)
    canvas = Canvas(scene)
    play = Jitter(hue=0.03, chroma=0.1, light=0.035, angle=0.4)
    flow = ridge(rng, width, width / 3)[None, :] + np.zeros((height, 1), np.float32) + 0.9
    canvas.lay(
        rng, Brush(rng, 15 * u, 5 * u, opacity=0.7), scene, flow, coverage=1.8, jitter=play, where=1 - edges(scene, 40)
    )
    painted = mix(canvas.lit(0.2, softness=u), scene, 0.5)
    painted = weave(rng, painted, 0.03) * (1 - 0.13 * _craquelure(rng, (height, width), 22 * u)[..., None])
    if rng.random() < 0.35:
        painted = painted[:, ::-1]
    return varnish(rng, np.clip(painted * 1.12, 0, 1).astype(np.float32), 0.7)
