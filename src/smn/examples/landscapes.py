"""Landscapes: romanticism, post-impressionism and fauvism."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from smn.examples.shapes import Points, ellipse, mask, points, rectangle, spline, trace, transform, under
from smn.examples.textures import (
    Array,
    Brush,
    Canvas,
    Jitter,
    blur,
    edges,
    mix,
    noise,
    plane,
    ramp,
    ridge,
    smoothstep,
    tone,
    tones,
    unit,
    varnish,
    weave,
)


def _peaks(rng: np.random.Generator, width: int, cell: float, sharp: float) -> Array:
    """A mountain skyline, (width,) in about 0..1; ``sharp`` 0..1 turns rolling hills into crags."""
    rolling = 0.5 + 0.5 * ridge(rng, width, cell)
    crags = 1 - np.abs(ridge(rng, width, cell * 0.8, octaves=6))
    return (rolling * (1 - sharp) + crags * sharp).astype(np.float32)


def _wanderer(x: float, foot: float, tall: float) -> list[tuple[Points, str]]:
    """A man in a frock coat seen from behind, leaning on a cane; lengths in pixels."""

    def at(outline: str) -> Points:
        return trace(outline) * tall + (x, foot)

    legs = at("-0.1,-0.42 -0.13,0 -0.04,0 -0.01,-0.3 0.08,0.01 0.17,-0.01 0.08,-0.42")
    coat = at(
        "-0.04,-0.84 0.06,-0.84 0.14,-0.74 0.12,-0.5 0.19,-0.28 0.06,-0.3 "
        "-0.02,-0.24 -0.16,-0.28 -0.11,-0.52 -0.15,-0.74"
    )
    coat = spline(coat, closed=True, steps=5)
    arm = at("0.1,-0.76 0.23,-0.55 0.27,-0.44 0.23,-0.43 0.16,-0.54 0.08,-0.66")
    cane = at("0.245,-0.47 0.265,-0.47 0.345,0.03 0.33,0.03")
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
    at = transform(keel, tall, turn=heel)
    hull = spline(trace("-0.5,-0.14 -0.2,-0.08 0.25,-0.09 0.55,-0.2 0.42,0.06 -0.4,0.07"), closed=True)
    masts = [rectangle(-0.19, -1.0, -0.17, 0), rectangle(0.15, -0.9, 0.17, 0), trace("0.5,-0.16 0.85,-0.34 0.5,-0.19")]
    sails = [
        trace("-0.34,-0.86 -0.02,-0.9 0.03,-0.6 -0.33,-0.56"),
        trace("-0.36,-0.52 0.02,-0.55 0.05,-0.2 -0.34,-0.2"),
    ]
    sails += [trace("0.06,-0.76 0.3,-0.78 0.36,-0.48 0.06,-0.46"), trace("0.3,-0.6 0.8,-0.32 0.36,-0.24")]
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
        if index == 2:
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


# Sky from above to the horizon, glow, star or sun, hills, near field, tree.
NIGHT = ("16265f 2a4a9c 5f8fc4 b9cfae", "f6e27a", "fff1a0", "2b4a86", "3f6f5a", "12241f")
DAY = ("3f86c4 6fb0d4 b4d8c8 eee6a0", "ffe27a", "ffcf2e", "5f7fb0", "d9a530", "23452f")
DUSK = ("2f5f78 5f9a8a c4c878 f4b84a", "ffd95a", "ff9f2a", "4f5f8f", "b8722e", "1f2f2a")


def _swirl(rng: np.random.Generator, shape: tuple[int, int], centres: list[tuple[float, float, float]]) -> Array:
    """A direction (radians) at every pixel: a drift from side to side, wound about each x, y, radius."""
    height, width = shape
    xs, ys = plane(shape)
    xs = xs * width / height
    sway = rng.uniform(0, 6)
    across, down = np.ones(shape, np.float32), 0.45 * np.sin(xs * 5 + sway + ys * 3).astype(np.float32)
    for x, y, radius in centres:
        dx, dy = xs - x * width / height, ys - y
        pull = 4.5 * np.exp(-((np.hypot(dx, dy) / radius) ** 2)) / (np.hypot(dx, dy) + 0.02)
        across, down = across - dy * pull, down + dx * pull
    return np.asarray(np.arctan2(down, across), dtype=np.float32)


def _heaven(
    rng: np.random.Generator, shape: tuple[int, int], palette: tuple[str, ...], horizon: float
) -> tuple[Array, Array]:
    """A sky of rolling light with haloed stars, or one great sun, and the direction of its strokes."""
    height, width = shape
    xs, ys = plane(shape)
    night = palette is NIGHT
    scene = ramp(
        ys + 0.06 * (noise(rng, shape, width / 3) - 0.5), np.linspace(0, horizon, 4).tolist(), tones(palette[0])
    )
    centres = []
    bodies = int(rng.integers(6, 10)) if night else 1
    for index in range(bodies):
        big = index == 0
        x = rng.uniform(0.62, 0.9) if big else (index - 0.5 + rng.uniform(-0.3, 0.3)) / (bodies - 1) * 0.95
        y = horizon * (rng.uniform(0.22, 0.4) if big else rng.uniform(0.1, 0.78))
        radius = (0.1 if night else 0.15) if big else rng.uniform(0.028, 0.055)
        away = np.hypot((xs - x) * width / height, ys - y) / radius
        rings = 0.75 + 0.25 * np.cos(away * 5.2)
        scene = mix(scene, tone(palette[1]), np.exp(-((away / 1.25) ** 2)) * rings)
        scene = mix(scene, tone(palette[2]), smoothstep(0.5, 0.36, away))
        centres.append((x, y, radius * 1.5))
    roll = rng.uniform(0.3, 0.5), horizon * rng.uniform(0.45, 0.6)
    centres += [(*roll, 0.16), (roll[0] + 0.14, roll[1] + 0.06, 0.11)]
    turn = _swirl(rng, shape, centres)
    away = np.hypot((xs - roll[0]) * width / height, ys - roll[1])
    spin = np.arctan2(ys - roll[1], (xs - roll[0]) * width / height)
    arms = (0.5 + 0.5 * np.cos(2 * spin - away * 34)) * np.exp(-((away / 0.2) ** 2))
    scene = mix(scene, mix(tone(palette[1]), tone("e8f0e0"), 0.6), 0.75 * arms)
    return scene, turn


def _flame(rng: np.random.Generator, foot: tuple[float, float], tall: float, girth: float) -> Points:
    """The licking outline (n, 2) of a cypress, lengths in pixels."""
    along = np.linspace(0, 1, 11)
    bend = 0.25 * girth * np.sin(along * 7 + rng.uniform(0, 6))
    half = girth * (1 - along) ** 0.65 * (0.75 + 0.4 * np.sin(along * 9 + rng.uniform(0, 6)) ** 2)
    left = np.stack([foot[0] + bend - half, foot[1] - along * tall], 1)
    right = np.stack([foot[0] + bend + half * 0.9, foot[1] - along * tall], 1)
    return spline(np.concatenate([left, right[::-1]]), closed=True, steps=5)


def _village(
    rng: np.random.Generator,
    size: tuple[int, int],
    scene: Array,
    base: float,
    lamp: Array,
    *,
    inks: Array,
    scale: float,
) -> Array:
    """A few houses and a steeple on the line ``base`` (0..1); ``inks`` are three walls, two roofs, a spire."""
    width, height = size
    u, x = width / 640 * scale, rng.uniform(0.42, 0.5) * width
    for index in range(int(rng.integers(7, 11))):
        wide, tall = rng.uniform(20, 36) * u, rng.uniform(12, 20) * u
        y = base * height + rng.uniform(-4, 14) * u
        wall, roof = inks[index % 3], inks[3 + index % 2]
        scene = mix(scene, wall, mask(size, rectangle(x, y - tall, x + wide, y)))
        gable = points((x - 3 * u, y - tall), (x + wide * 0.5, y - tall * 1.75), (x + wide + 3 * u, y - tall))
        scene = mix(scene, roof, mask(size, gable))
        pane = rectangle(x + wide * 0.35, y - tall * 0.72, x + wide * 0.6, y - tall * 0.25)
        scene = mix(scene, lamp, mask(size, pane))
        if index == 2:
            spire = points((x + wide, y), (x + wide + 5 * u, y - 74 * u), (x + wide + 10 * u, y))
            scene = mix(scene, inks[5], mask(size, spire))
        x += wide * rng.uniform(0.8, 1.4)
    return scene


def post_impressionism(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """A turning sky over hills, a village and a cypress, in long thick strokes: (height, width, 3)."""
    width, height = size
    shape, u = (height, width), unit(size)
    palette = (NIGHT, DAY, DUSK)[int(rng.choice(3, p=(0.5, 0.3, 0.2)))]
    horizon = rng.uniform(0.6, 0.68)
    xs, ys = plane(shape)
    scene, angles = _heaven(rng, shape, palette, horizon)
    crests = [horizon - 0.04 - 0.07 * ridge(rng, width, width / 2.2, octaves=3)]
    crests.append(horizon + 0.06 + 0.03 * ridge(rng, width, 200))
    hue = (mix(tone(palette[3]), tone("8fb0d8"), 0.25), tone(palette[4]))
    for index, crest in enumerate(crests):
        below = ys - crest[None, :]
        slope = np.arctan(np.gradient(crest) * height)[None, :] + 0.35 * np.sin(xs * 9 + index)
        folds = 0.5 + 0.5 * np.sin(below * 60 + noise(rng, shape, width / 5) * 9)
        body = mix(np.broadcast_to(hue[index], scene.shape), hue[index] * 0.55, folds * 0.75)
        body = mix(body, tone(palette[1]), 0.3 * (folds < 0.25))
        scene = np.where((below > 0)[..., None], body, scene).astype(np.float32)
        angles = np.where(below > 0, slope, angles).astype(np.float32)
    houses = tones("8fa0b8 b8b090 6f86a8 8a4a3a 3f5074 4a5a7a")
    land = scene
    scene = _village(rng, size, scene, horizon + 0.08, tone(palette[2]), inks=houses, scale=1.25)
    built = (np.abs(scene - land).sum(axis=-1) > 0.02).astype(np.float32)
    foot = rng.uniform(0.1, 0.24) * width
    trees = [_flame(rng, (foot, height * 1.02), height * rng.uniform(0.82, 0.95), width * 0.062)]
    trees.append(_flame(rng, (foot + width * 0.085, height * 1.02), height * rng.uniform(0.45, 0.6), width * 0.04))
    cypress = mask(size, *trees)
    lick = 0.5 + 0.5 * np.sin(xs * 95 + 9 * np.sin(ys * 11))
    scene = mix(scene, mix(np.broadcast_to(tone(palette[5]), scene.shape), tone("5a6f3a"), lick * 0.6), cypress)
    angles = np.where(cypress > 0.5, 1.5 + 0.5 * np.sin(ys * 14 + xs * 6), angles).astype(np.float32)
    canvas = Canvas(mix(scene * 0.8, tone("8a7a5a"), 0.3))
    play = Jitter(hue=0.16, chroma=0.25, light=0.13, angle=0.07)
    canvas.lay(rng, Brush(rng, 36 * u, 7.5 * u, ragged=0.25), scene, angles, coverage=2.6, jitter=play)
    canvas.lay(rng, Brush(rng, 22 * u, 4.6 * u), scene, angles, coverage=2.4, jitter=play, where=edges(scene, 12))
    canvas.lay(rng, Brush(rng, 9 * u, 4 * u), scene, 0.0, coverage=3, jitter=play, where=built * (cypress < 0.5))
    return varnish(rng, canvas.lit(0.75, softness=0.5 * u), 0.12)


def _fauve_ground(rng: np.random.Generator, size: tuple[int, int], horizon: float) -> tuple[Array, Array]:
    """Sky, sea, hills and shore in pure patches, with the direction of the strokes."""
    shape = (size[1], size[0])
    xs, ys = plane(shape)
    skies = ("ffd23a ff9f6a ffc0c8 7fd0c0", "3fb0c8 8fe0c0 ffe86a ffb0b0", "f7a0b8 ffd86a ff8a3a fff0c0")
    waters = ("1f6fd0 17a89a ff7fa8 f4f0e0", "0f8f8a 2f5fd8 b04ac8 ffe0a0", "3f4fd0 12a0c0 e84a6a 9fe0c8")
    patches = noise(rng, shape, size[0] / 2, octaves=2, stretch=2.2)
    stops = (0.3, 0.45, 0.58, 0.72)
    scene = _flats(patches + (ys - horizon * 0.5) * 0.6, stops, tones(skies[int(rng.integers(0, 3))]))
    ripple = noise(rng, shape, size[1] / 8, octaves=2, stretch=5)
    sea = _flats(ripple, (0.3, 0.5, 0.66, 0.76), tones(waters[int(rng.integers(0, 3))]))
    scene = np.where((ys > horizon)[..., None], sea, scene)
    for lift, code in ((0.16, "3f4fc8 7a4fc0 e0609a"), (0.06, "2f3fa8 1f9a6a 8fc83a")):
        crest = horizon - lift - 0.07 * ridge(rng, size[0], size[0] / 2.5, octaves=3)
        body = _flats(noise(rng, shape, size[0] / 4, octaves=2, stretch=1.6), (0.3, 0.5, 0.7), tones(code))
        inside = (ys > crest[None, :]) & (ys < horizon + 0.01)
        scene = np.where(inside[..., None], body, scene)
    bank = horizon + 0.27 + 0.08 * np.cos(xs * 3.4 + rng.uniform(0, 6))
    field = noise(rng, shape, size[0] / 3, octaves=2, stretch=2)
    sand = _flats(field, (0.3, 0.45, 0.62, 0.74), tones("d8383a ff8a3a ffc04a f48fb8"))
    scene = np.where((ys > bank)[..., None], sand, scene)
    turn = np.where(ys > bank, 0.5 * np.cos(xs * 5), np.where(ys > horizon, 0.0, 0.5 * np.sin(xs * 6 + ys * 5) - 0.2))
    return scene.astype(np.float32), turn.astype(np.float32)


def _flats(field: Array, stops: tuple[float, ...], colours: Array) -> Array:
    """The nearest of ``colours`` along a field, with no mixing between them."""
    limits = [(low + high) / 2 for low, high in pairwise(stops)]
    return np.asarray(colours[np.digitize(field, limits)], dtype=np.float32)


def _fauve_trees(rng: np.random.Generator, size: tuple[int, int], scene: Array, turn: Array) -> tuple[Array, Array]:
    """Leaning trunks in red and blue with foliage in slabs of green, orange and violet."""
    width, height = size
    side = rng.choice([-1, 1])
    for index in range(int(rng.integers(2, 4))):
        x = (0.08 + 0.19 * index + rng.uniform(-0.03, 0.05)) * width
        x = x if side > 0 else width - x
        foot, top = height * (1.03 - 0.07 * index), height * rng.uniform(0.14, 0.24)
        lean = side * rng.uniform(0.02, 0.12) * width
        trunk = spline(points((x, foot), (x + lean * 0.1, foot * 0.6 + top * 0.4), (x + lean, top)), steps=8)
        thick = np.linspace(0.034, 0.016, len(trunk))[:, None] * width * np.array([[1.0, 0.0]])
        pole = mask(size, np.concatenate([trunk - thick, (trunk + thick)[::-1]]))
        lit = mask(size, np.concatenate([trunk - thick * 0.7, (trunk + thick * 0.1)[::-1]]))
        inks = tones("2a2f8a 7a2f9a 1f4f8a")[index % 3], tones("e8303a ff7a2a d83a8a")[index % 3]
        clumps = []
        for blob in range(9):
            cx, cy = x + lean + rng.normal(0, 0.07) * width, top + rng.normal(0, 0.055) * height
            angle = np.arange(7) * 0.9
            knots = rng.uniform(0.75, 1.2, 7)[:, None] * np.stack([np.cos(angle), 0.62 * np.sin(angle)], 1)
            outline = spline(knots * width * rng.uniform(0.05, 0.085) + (cx, cy), closed=True, steps=5)
            clumps.append((mask(size, outline), tones("0f6a5a 1f5fb8 0f9a4a 7fc83a ffb02a")[blob // 2]))
        scene = mix(mix(scene, inks[0], pole), inks[1], lit)
        turn = np.where(pole > 0.4, 1.4, turn)
        for leaf, green in clumps:
            scene = mix(scene, green, leaf)
            turn = np.where(leaf > 0.5, rng.uniform(-0.9, 0.3), turn)
    return scene, turn.astype(np.float32)


def _fauve_boats(
    rng: np.random.Generator, size: tuple[int, int], scene: Array, turn: Array, horizon: float
) -> tuple[Array, Array]:
    """Fishing boats under sail, and the strokes standing up along the sails."""
    width, height = size
    for index in range(int(rng.integers(3, 6))):
        x, y = rng.uniform(0.15, 0.95) * width, (horizon + rng.uniform(0.03, 0.2)) * height
        long = width * rng.uniform(0.09, 0.13)
        hull = trace("-0.6,-0.14 0.6,-0.2 0.4,0.1 -0.4,0.1") * long + (x, y)
        sail = trace("0.06,-0.2 0.06,-1.3 0.7,-0.35") * long + (x, y)
        mast = rectangle(x - long * 0.05, y - long * 1.4, x + long * 0.05, y)
        inks = tones("e8302a ffd020 f4f0e0 2f3fb8")
        scene = mix(scene, inks[(index + 2) % 4], mask(size, sail))
        turn = np.where(mask(size, sail, mast) > 0.4, 1.35, turn)
        scene = mix(mix(scene, inks[index % 2], mask(size, hull)), tone("1f1f5a"), mask(size, mast))
    return scene, turn.astype(np.float32)


def fauvism(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """A harbour through trees in violent unmixed colour, bare canvas between strokes: (height, width, 3)."""
    u, horizon = unit(size), rng.uniform(0.42, 0.52)
    scene, turn = _fauve_ground(rng, size, horizon)
    houses = tones("f8d0b0 ff9ab0 ffe070 e8402a f07a2a 7a3fb0")
    scene = _village(rng, size, scene, horizon, tone("2a3f9a"), inks=houses, scale=1.7)
    scene, turn = _fauve_boats(rng, size, scene, turn, horizon)
    scene, turn = _fauve_trees(rng, size, scene, turn)
    canvas = Canvas(mix(np.broadcast_to(tone("f0e6d0"), scene.shape), scene, 0.55))
    play = Jitter(hue=0.14, chroma=0.2, light=0.06, angle=0.16)
    canvas.lay(rng, Brush(rng, 38 * u, 14 * u, ragged=0.3), scene, turn, coverage=2.0, jitter=play)
    canvas.lay(rng, Brush(rng, 17 * u, 7 * u), scene, turn, coverage=2.4, jitter=play, where=edges(scene, 12))
    return varnish(rng, weave(rng, canvas.lit(0.6, softness=0.7 * u), 0.035), 0.15)
