"""Impressionism and neo-impressionism: light on water, in loose dabs and in divided dots."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from smn.examples.shapes import Points, ellipse, mask, points, spline
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
    scatter,
    shifted,
    smoothstep,
    tone,
    tones,
    unit,
    varnish,
    vary,
    weave,
)

# Each mood: four sky colours from the zenith down, bank, tree shade, tree light, water tint, sun.
MOODS = (
    ("6fa3d8 a5c6e6 dfe3e6 f6e3c4", "8fa7b5", "2f5b4a", "a9bd57", "5f93bd", "fff4c8"),
    ("7c86b8 b9a3c4 efb9a0 fbd98f", "8a83ab", "3d4a6b", "c08a5a", "7d86b5", "ff9a4a"),
    ("7f9fb0 9fb6bd c3c6bd e6cfae", "8098a8", "3c5a68", "8fa79a", "6f93a6", "ff7a33"),
)


def _sky(rng: np.random.Generator, size: tuple[int, int], colours: Array, horizon: float) -> Array:
    shape = (size[1], size[0])
    _, ys = plane(shape)
    base = ramp(ys, (0, horizon * 0.45, horizon * 0.8, horizon), colours)
    clouds = noise(rng, shape, size[0] / 4, octaves=5, stretch=2.2)
    billow = smoothstep(0.5, 0.78, clouds) * smoothstep(horizon, horizon * 0.4, ys)
    shaded = mix(base, tone("b9b4cc"), 0.4 * smoothstep(0.45, 0.6, np.roll(clouds, -size[1] // 30, axis=0)))
    return mix(shaded, tone("fff3e2"), billow * 0.9)


def plume(rng: np.random.Generator, base: tuple[float, float], height: float, girth: float) -> Points:
    """The ragged outline (n, 2) of a poplar standing on ``base``; lengths in pixels."""
    along = np.linspace(0, 1, 14)
    half = girth * np.sin(np.pi * np.clip(along * 0.86 + 0.12, 0, 1)) ** 0.7 * (1.1 - 0.6 * along)
    left = np.stack([base[0] - half * rng.uniform(0.7, 1.25, 14), base[1] - along * height], 1)
    right = np.stack([base[0] + half * rng.uniform(0.7, 1.25, 14), base[1] - along * height], 1)
    return spline(np.concatenate([left, right[::-1]]), closed=True, steps=4)


def _trees(rng: np.random.Generator, size: tuple[int, int], horizon: float) -> tuple[Array, Array]:
    """A row of poplars dwindling to one side: coverage and sunlight on them, each (height, width)."""
    width, height = size
    count, side = int(rng.integers(5, 9)), rng.choice([-1, 1])
    near = rng.uniform(0.06, 0.16)
    cover, light = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
    for index in range(count):
        far = index / count
        x = near + 0.62 * (1 - (1 - far) ** 1.6)
        x = (x if side > 0 else 1 - x) * width
        tall = height * horizon * (0.86 - 0.55 * far) * rng.uniform(0.88, 1.08)
        girth = width * (0.045 - 0.022 * far) * rng.uniform(0.85, 1.2)
        tree = mask(size, plume(rng, (x, height * horizon + 2), tall, girth), factor=1)
        across = (np.arange(width, dtype=np.float32)[None, :] - x) / girth
        cover = np.maximum(cover, tree)
        light = np.where(tree > 0.5, np.clip(0.5 - 0.5 * across * side, 0, 1), light)
    return blur(cover, 1.5), light


def _mirror(rng: np.random.Generator, scene: Array, horizon: float) -> Array:
    """The scene with everything below ``horizon`` (0..1) replaced by its rippled reflection."""
    height, width = scene.shape[:2]
    line = int(height * horizon)
    depth = np.arange(height - line, dtype=np.float32)[:, None]
    sway = noise(rng, (height - line, width), width / 6, octaves=5, stretch=4) - 0.5
    source = line - 1 - depth * line / max(height - line, 1) * 0.98 + sway * depth * 0.5
    rows = np.clip(source, 0, line - 1).astype(int)
    shift = (noise(rng, (height - line, 8), height / 24, octaves=3)[:, :1] - 0.5) * width * 0.06
    columns = np.clip(np.arange(width)[None, :] + shift * np.minimum(1, depth / 30), 0, width - 1).astype(int)
    out = scene.copy()
    out[line:] = scene[rows, columns]
    return out


def _sailing_boat(
    size: tuple[int, int], scene: Array, at: tuple[float, float], scale: float, *, sail: Array, hull: Array
) -> Array:
    """A small boat with two sails; ``at`` is the middle of the waterline and ``scale`` its length, pixels."""
    x, y = at
    body = points((-0.5, -0.1), (0.5, -0.12), (0.38, 0.04), (-0.36, 0.04)) * scale + (x, y)
    main = points((0.02, -0.16), (0.04, -1.25), (0.3, -0.9), (0.46, -0.2)) * scale + (x, y)
    jib = points((-0.02, -0.18), (0.0, -1.1), (-0.42, -0.2)) * scale + (x, y)
    scene = mix(scene, sail, mask(size, main, jib))
    return mix(scene, hull, mask(size, body))


def _lilies(rng: np.random.Generator, size: tuple[int, int], scene: Array, horizon: float) -> Array:
    """Drifts of lily pads with a few blossoms in the near water."""
    width, height = size
    pads, lit, petals = [], [], []
    for _ in range(int(rng.integers(4, 7))):
        x, y = rng.uniform(-0.05, 1.05) * width, rng.uniform(horizon + 0.2, 1.02) * height
        for _ in range(int(rng.integers(7, 14))):
            near = (y / height - horizon) / (1 - horizon)
            px, py = x + rng.normal(0, 0.09) * width, y + rng.normal(0, 0.018) * height
            radius = width * 0.035 * near * rng.uniform(0.6, 1.2)
            pads.append(ellipse((px, py), (radius, radius * 0.3), count=16))
            lit.append(ellipse((px - radius * 0.15, py - radius * 0.08), (radius * 0.75, radius * 0.18), count=16))
            if rng.random() < 0.24:
                petals.append(ellipse((px, py - radius * 0.2), (radius * 0.3, radius * 0.24), count=12))
    scene = mix(scene, tone("4f7f63"), mask(size, *pads) * 0.85)
    scene = mix(scene, tone("9dbb84"), mask(size, *lit) * 0.75)
    return mix(scene, tone("fbd5de"), mask(size, *petals)) if petals else scene


def _water_view(rng: np.random.Generator, size: tuple[int, int], mood: int) -> tuple[Array, Array, float]:
    """The motif, the trees' coverage, and the horizon (0..1)."""
    width, height = size
    sky, bank, shade, light, water, sun = MOODS[mood]
    horizon = rng.uniform(0.44, 0.54)
    xs, ys = plane((height, width))
    scene = _sky(rng, size, tones(sky), horizon)
    centre = rng.uniform(0.55, 0.8), horizon * rng.uniform(0.5, 0.75)
    away = np.hypot((xs - centre[0]) * width / height, ys - centre[1])
    scene = mix(scene, tone(sun), 0.6 * np.exp(-((away / 0.22) ** 2)))
    scene = mix(scene, tone(sun), smoothstep(0.036, 0.03, away))
    hill = horizon - 0.05 - 0.04 * ridge(rng, width, width / 3)
    scene = mix(scene, tone(bank), smoothstep(-0.004, 0.008, ys - hill[None, :]) * 0.85)
    grass = mix(tone(shade), tone(light), 0.55)
    scene = mix(scene, grass, smoothstep(horizon - 0.035, horizon - 0.02, ys + 0.012 * ridge(rng, width, 30)[None, :]))
    trees, lit = _trees(rng, size, horizon)
    dapple = np.clip(lit * 0.8 + noise(rng, (height, width), 16, octaves=2) - 0.35, 0, 1)
    leaf = mix(np.broadcast_to(tone(shade), scene.shape), tone(light), dapple)
    scene = _mirror(rng, mix(scene, leaf, trees * 0.95), horizon)
    below = smoothstep(horizon, horizon + 0.01, ys)
    scene = mix(scene, tone(water), below * (0.22 + 0.35 * smoothstep(horizon, 1.1, ys)))
    glints = noise(rng, (height, width), height / 14, octaves=3, stretch=7)
    scene = mix(scene, mix(tone(sun), tone("ffffff"), 0.3), below * smoothstep(0.66, 0.82, glints) * 0.6)
    path = np.exp(-(((xs - centre[0]) * 16) ** 2)) * smoothstep(0.5, 0.6, glints)
    return mix(scene, tone(sun), below * path * 0.95), trees, horizon


def impressionism(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """A river with poplars, water lilies or boats, in broken colour: (height, width, 3)."""
    width, height = size
    u, mood = unit(size), int(rng.integers(0, len(MOODS)))
    scene, trees, horizon = _water_view(rng, size, mood)
    if mood == 0:
        scene = _lilies(rng, size, scene, horizon)
    for _ in range(int(rng.integers(1, 3))):
        at = rng.uniform(0.3, 0.7) * width, (horizon + rng.uniform(0.06, 0.22)) * height
        hull, sail = tone("33405e"), mix(tone(MOODS[mood][5]), tone("fff8ee"), 0.75)
        scene = _sailing_boat(size, scene, at, width * rng.uniform(0.05, 0.09), sail=sail, hull=hull)
    _, ys = plane((height, width))
    water = smoothstep(horizon - 0.01, horizon + 0.01, ys)
    drift = (noise(rng, (height, width), width / 2, octaves=2) - 0.5) * 2.2
    angles = np.where(trees > 0.4, 1.35 + drift * 0.4, drift - 0.35) * (1 - water)
    ground = mix(scene, tone("cbb79a"), 0.55)
    canvas = Canvas(ground)
    play = Jitter(hue=0.22, chroma=0.28, light=0.075, angle=0.22)
    canvas.lay(rng, Brush(rng, 36 * u, 12 * u), scene, angles, coverage=2.2, jitter=play)
    canvas.lay(rng, Brush(rng, 20 * u, 7 * u), scene, angles, coverage=1.3, jitter=play)
    canvas.lay(rng, Brush(rng, 11 * u, 4 * u), scene, angles, coverage=2.6, jitter=play, where=edges(scene, 9))
    return varnish(rng, weave(rng, canvas.lit(0.5, softness=0.6 * u), 0.02), 0.18)


def _harbour(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """A calm bay with sails, far hills and an umbrella pine, lit low and golden."""
    width, height = size
    xs, ys = plane((height, width))
    horizon = rng.uniform(0.46, 0.56)
    skies = ("8fb4e0 c4cfe8 f7dcc0 ffe39a", "7f9be0 c9b0e0 ffc4a8 ffe07a", "79c0d8 b5dde0 f4efc0 ffdf90")
    colours = tones(skies[int(rng.integers(0, len(skies)))])
    sun = rng.uniform(0.35, 0.65), horizon - rng.uniform(0.06, 0.14)
    away = np.hypot((xs - sun[0]) * width / height, ys - sun[1])
    wave = ys + 0.02 * np.sin(xs * 9 + rng.uniform(0, 6)) + 0.05 * away
    scene = ramp(wave, (0, horizon * 0.4, horizon * 0.75, horizon), colours)
    scene = mix(scene, tone("fff6b8"), np.exp(-((away / 0.16) ** 2)) * 0.9)
    for depth, code in ((0.09, "a9a8dd"), (0.05, "7f8fcf")):
        crest = horizon - depth - depth * 0.6 * ridge(rng, width, width / 2.5, octaves=3)
        scene = mix(scene, tone(code), (ys > crest[None, :]) * 0.85)
    sea = ramp(ys, (horizon, horizon + 0.12, 1), tones("d8dcc8 6fa8d0 2f62b4"))
    bands = noise(rng, (height, width), height / 9, octaves=3, stretch=9)
    glow = np.exp(-((xs - sun[0]) ** 2) * 22) * smoothstep(0.42, 0.62, bands)
    sea = mix(mix(sea, tone("ffd98a"), glow * 0.9), tone("8f7fd0"), smoothstep(0.55, 0.7, bands) * 0.4)
    scene = np.where((ys > horizon)[..., None], sea, scene)
    for _ in range(int(rng.integers(3, 6))):
        y = horizon + rng.uniform(0.02, 0.3) ** 1.2
        long = width * (0.04 + 0.28 * (y - horizon))
        x = rng.uniform(0.1, 0.9) * width
        sail = tones("ff9a4e ffe9b8 f07a5a fff4dc")[int(rng.integers(0, 4))]
        scene = _sailing_boat(size, scene, (x, y * height), long, sail=sail, hull=tone("3a3f8c"))
        reflected = mask(size, ellipse((x + long * 0.1, y * height + long * 0.5), (long * 0.3, long * 0.45)))
        scene = mix(scene, sail, reflected * smoothstep(0.4, 0.6, bands) * 0.8)
    return scene


def _pine(rng: np.random.Generator, size: tuple[int, int], scene: Array) -> Array:
    """An umbrella pine and a strip of shore in front, violet in shade and orange in light."""
    width, height = size
    side = rng.choice([-1, 1])
    xs, ys = plane((height, width))
    foot = rng.uniform(0.12, 0.2)
    x = (foot if side > 0 else 1 - foot) * width
    lean = side * width * 0.05
    shore = 0.84 + 0.12 * (xs if side > 0 else 1 - xs) + 0.012 * np.sin(xs * 14)
    sand = ramp(noise(rng, (height, width), 40), (0.3, 0.5, 0.7), tones("7d6fc0 e0a060 f6d080"))
    scene = mix(scene, sand, (ys > shore).astype(np.float32))
    trunk = spline(points((x, height), (x + lean * 0.2, height * 0.66), (x + lean, height * 0.3)), steps=10)
    thick = np.linspace(0.022, 0.009, len(trunk))[:, None] * width * np.array([[1.0, 0.0]])
    scene = mix(scene, tone("6a3f8a"), mask(size, np.concatenate([trunk - thick, (trunk + thick)[::-1]])))
    crowns, lights, limbs = [], [], []
    for index in range(22):
        spread = rng.triangular(-0.19, 0.0, 0.19)
        cx = x + lean + (spread + side * 0.06) * width
        cy = height * (0.17 + 1.6 * spread**2 + rng.uniform(-0.06, 0.06))
        radius = width * rng.uniform(0.028, 0.055)
        crowns.append(ellipse((cx, cy), (radius * 1.35, radius * 0.7)))
        lights.append(ellipse((cx + side * radius * 0.3, cy - radius * 0.22), (radius * 0.9, radius * 0.34)))
        if index % 4 == 0:
            fork = trunk[-1 - index % 9]
            limbs.append(points((fork[0] - 2, fork[1]), (cx, cy), (fork[0] + 2, fork[1] + 4)))
    scene = mix(scene, tone("6a3f8a"), mask(size, *limbs))
    scene = mix(scene, tone("23568f"), mask(size, *crowns))
    gold = smoothstep(0.5, 0.62, noise(rng, (height, width), width / 20, octaves=2))
    leaf = mix(np.broadcast_to(tone("4f9a4a"), scene.shape), tone("d8c850"), gold)
    return mix(scene, leaf, mask(size, *lights) * 0.9)


def divided(rng: np.random.Generator, colours: Array) -> Array:
    """Colours (n, 3) split as a divisionist would: mostly nearby hues, some complements, some pure light."""
    count = len(colours)
    out = vary(rng, colours, Jitter(hue=0.42, chroma=0.35, light=0.09))
    chance = rng.random(count)
    warm, cool = tone("ff9c3a"), tone("3f58c8")
    light = colours.mean(axis=1, keepdims=True)
    flat, around = np.ones(count, np.float32), np.full(count, np.pi, np.float32)
    opposite = shifted(colours, around, flat, flat)
    out = np.where((chance < 0.1)[:, None], mix(opposite, tone("f0b080"), 0.25), out)
    spark = np.where(light > 0.5, warm, cool)
    out = np.where(((chance > 0.1) & (chance < 0.2))[:, None], mix(out, spark, 0.4), out)
    return np.clip(out, 0, 1).astype(np.float32)


def _dots(rng: np.random.Generator, canvas: Canvas, scene: Array, diameter: float, coverage: float) -> None:
    """Dot the whole canvas; ``diameter`` in pixels."""
    height, width = canvas.shape
    span = max(2, round(diameter))
    stamps = []
    for index in range(6):
        big = Image.new("L", (span * 8, span * 8), 0)
        ImageDraw.Draw(big).ellipse(
            (index % 3 * 4, index % 2 * 5, span * 8 - 1 - index % 2 * 5, span * 8 - 1), fill=245
        )
        stamps.append(big.rotate(index * 30).reduce(8))
    rows, columns = scatter(rng, canvas.shape, int(coverage * height * width / span**2))
    inks = (divided(rng, scene[rows, columns]) * 255).astype(int).tolist()
    picks = rng.integers(0, 6, len(rows)).tolist()
    heights = rng.integers(110, 235, len(rows)).tolist()
    for row, column, ink, pick, tall in zip(rows.tolist(), columns.tolist(), inks, picks, heights, strict=True):
        corner = (column - span // 2, row - span // 2)
        canvas.image.paste(tuple(ink), corner, stamps[pick])
        canvas.relief.paste(tall, corner, stamps[pick])


def neo_impressionism(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """A sunlit bay in dots of divided colour on a cream ground: (height, width, 3)."""
    u = unit(size)
    scene = _harbour(rng, size)
    scene = _pine(rng, size, scene)
    canvas = Canvas(mix(np.broadcast_to(tone("efe3c8"), scene.shape), scene, 0.4))
    _dots(rng, canvas, scene, 7.0 * u, 1.4)
    _dots(rng, canvas, scene, 5.0 * u, 1.4)
    return varnish(rng, weave(rng, canvas.lit(0.3, softness=0.5 * u), 0.02), 0.12)
