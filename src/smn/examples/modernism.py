"""Surrealism, abstract expressionism, color field, geometric abstraction and minimalism."""

from __future__ import annotations

import numpy as np

from smn.examples.shapes import Light, Points, Sheet, ball, ellipse, mask, points, rectangle, spline, trace
from smn.examples.textures import (
    Array,
    as_image,
    blur,
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
    palette = SKIES[int(rng.integers(0, len(SKIES)))]
    horizon = rng.uniform(0.46, 0.58)
    light = Light(towards=(-0.75, -0.35, 0.55), ambient=0.16, bounce=0.22)
    scene = _plain(rng, size, horizon, palette)
    scene = _floaters(rng, size, scene, horizon, palette=palette, light=light)
    figure = rng.uniform(0.72, 0.92) * width, (horizon + 0.055) * height, height * 0.06
    for outline, code in _distant_figure(*figure):
        scene = (
            _cast(scene, outline, size, 0.6, 1.0) if not code else mix(scene, tone(code), mask(size, outline, factor=3))
        )
    if rng.random() < 0.5:
        scene = np.asarray(scene[:, ::-1])
    return varnish(rng, weave(rng, np.clip(scene, 0, 1).astype(np.float32), 0.018), 0.3)


def _distant_figure(x: float, foot: float, tall: float) -> list[tuple[Points, str]]:
    """A small far figure in a coat and hat with a long shadow (the outline without a colour)."""
    coat = trace("-0.09,-0.78 0.09,-0.78 0.15,0 -0.15,0") * tall + (x, foot)
    long = trace("-0.1,0 0.1,-0.02 2.6,0.2 2.5,0.3") * tall + (x, foot)
    head = ellipse((x, foot - 0.87 * tall), (0.075 * tall, 0.09 * tall), count=24)
    hat = trace("-0.15,-0.92 0.15,-0.92 0.08,-0.95 0.07,-1.06 -0.07,-1.06 -0.08,-0.95") * tall + (x, foot)
    return [(long, ""), (coat, "2a2530"), (head, "c89a78"), (hat, "1f1a22")]


POURED = (
    "d8cbb0 17161a f2efe6 8f9296 b8562a 2f5f7a c89a3a",
    "cfc4ac 1a1816 ece6d8 6f8a86 8a2a24 d8a83a 4a5a6a",
    "e0d8c6 141418 f6f2e8 a8a49a d8b02a c03a2a 2a4a8a",
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


def _pour_web(rng: np.random.Generator, size: tuple[int, int]) -> Array:
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


def abstract_expressionism(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """An all-over web of poured skeins: (height, width, 3)."""
    return varnish(rng, _pour_web(rng, size), 0.12)


# Ground, then the fields from the top.
FIELDS = (
    "8a1f14 e8702a f0a83a c8302a",
    "1f2438 3a5a9a 7a2a3a 14161f",
    "c86a1a f4c83a f09a28 e04a24",
    "3a1420 8a2438 d8502e 1c1018",
    "2a3f34 4f7a5a d8c88a 1f2a3a",
    "d8a8a0 e8d0a8 c04a40 f0b070",
)


def color_field(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """Two or three soft-edged rectangles breathing on a stained ground: (height, width, 3)."""
    width, height = size
    shape = (height, width)
    xs, ys = plane(shape)
    inks = tones(FIELDS[int(rng.integers(0, len(FIELDS)))])
    ground = inks[0] * (0.9 + 0.25 * noise(rng, shape, width / 2, octaves=5))[..., None]
    scene = ground.astype(np.float32)
    bands = 2 if rng.random() < 0.4 else 3
    cuts = np.cumsum(rng.uniform(0.6, 1.5, bands))
    cuts = 0.06 + 0.88 * np.concatenate([[0], cuts / cuts[-1]])
    inset = rng.uniform(0.06, 0.09)
    for index in range(bands):
        top, bottom = cuts[index] + 0.016, cuts[index + 1] - 0.016
        wobble = [0.008 * ridge(rng, n, n / 4) for n in (width, width, height, height)]
        feather = rng.uniform(0.014, 0.026)
        fray = 0.022 * (noise(rng, shape, width / 18, octaves=5, stretch=1.6) - 0.5)
        sides = [ys - top + wobble[0][None, :], bottom - ys + wobble[1][None, :]]
        sides += [xs - inset + wobble[2][:, None], 1 - inset - xs + wobble[3][:, None]]
        crowd = np.sum([np.exp(-np.clip(side, -0.3, 0.5) * 70) for side in sides], axis=0)
        edge = (-np.log(crowd) / 70 + fray).astype(np.float32)
        cover = smoothstep(-feather, feather, edge)
        ink = inks[1 + index % 3]
        brushed = (
            noise(rng, shape, width / 6, octaves=6, stretch=2.5)
            - 0.5
            + 0.5 * (noise(rng, shape, width / 9, octaves=4, stretch=0.4) - 0.5)
        )
        cloud = noise(rng, shape, width / 2, octaves=4) - 0.5
        depth = np.clip(0.9 + 0.22 * brushed + 0.35 * cloud, 0, 1)
        bloom = np.exp(-np.clip(edge, 0, 1) * 22)
        body = ink * (1 + 0.16 * brushed + 0.22 * cloud)[..., None] + 0.05 * bloom[..., None]
        scene = mix(scene, body.astype(np.float32), (cover * depth).astype(np.float32))
    return weave(rng, np.clip(scene, 0, 1).astype(np.float32), 0.045)


def _nested(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """Even bands of one dark paint with slips of raw canvas between them."""
    width, height = size
    paint = tones("1b1a1c 24282e 2a2220 3a3f44 1f2f4a")[int(rng.integers(0, 5))]
    sheet = Sheet(size, tone("c8bca4"))
    count, slip = int(rng.integers(7, 12)), 1.9 * unit(size)
    pitch = min(width, height) / 2 / count
    slanted = rng.random() < 0.4
    for index in range(count):
        inset = index * pitch
        if slanted:
            share = 1.0 - index / count
            for trim, ink in ((0.0, tone("c8bca4")), (slip / min(size) * 2, paint)):
                across, down = width / 2 * (share - trim), height / 2 * (share - trim)
                turned = points((0, -down), (across, 0), (0, down), (-across, 0))
                sheet.fill(turned * 1.08 + (width / 2, height / 2), ink)
        else:
            sheet.fill(rectangle(inset, inset, width - inset, height - inset), tone("c8bca4"))
            sheet.fill(rectangle(inset + slip, inset + slip, width - inset - slip, height - inset - slip), paint)
    scene = sheet.colours()
    brushed = noise(rng, (height, width), pitch / 2, octaves=3, stretch=3) - 0.5
    painted = scene.mean(axis=-1) < 0.45
    return np.asarray(scene * (1 + (0.03 + 0.15 * painted) * brushed)[..., None], dtype=np.float32)


def _panels(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """One or two flat shapes on a bare field."""
    width, height = size
    w = min(width, height * 1.25)
    pairs = ("f0ece2 c8342a", "ece8dc 1f4f9a", "f2d23a 1c1c1e", "e8e4da 1d1c1e", "d8dcd8 2f6f5a", "f0e4dc e8782a")
    ground, ink = tones(pairs[int(rng.integers(0, len(pairs)))])
    kind, lift = int(rng.integers(0, 4)), rng.uniform(0.25, 0.6)
    if kind == 0:
        shape_of = [rectangle(0, height * lift, width, height)]
    elif kind == 1:
        left = width * rng.uniform(0.1, 0.4)
        shape_of = [rectangle(left, height * 0.14, left + w * 0.5, height * 0.14 + w * 0.5)]
    elif kind == 2:
        first, gap = width * rng.uniform(0.12, 0.3), width * rng.uniform(0.12, 0.3)
        thick = width * rng.uniform(0.04, 0.12)
        shape_of = [rectangle(x, -2, x + thick, height + 2) for x in (first, first + thick + gap)]
    else:
        shape_of = [
            points(
                (0, height * lift),
                (width, height * (lift - rng.uniform(0.1, 0.3))),
                (width, height + 1),
                (0, height + 1),
            )
        ]
    brushed = noise(rng, (height, width), w / 12, octaves=5, stretch=4) - 0.5
    fields = np.broadcast_to(ground, (height, width, 3)) * (1 + 0.035 * brushed)[..., None]
    body = ink * (1 + 0.05 * brushed)[..., None]
    return mix(fields.astype(np.float32), body.astype(np.float32), mask(size, *shape_of, factor=3))


def minimalism(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """Bands or a single shape, and almost nothing else: (height, width, 3)."""
    scene = (_nested if rng.random() < 0.45 else _panels)(rng, size)
    xs, ys = plane((size[1], size[0]))
    lamp = 1.02 - 0.1 * ((xs - 0.4) ** 2 + (ys - 0.3) ** 2)
    return weave(rng, np.clip(scene * lamp[..., None], 0, 1).astype(np.float32), 0.04)


def _grid(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """Black bars on white with a few fields of primary colour."""
    width, height = size
    w = min(width, height)
    sheet = Sheet(size, tone("efeae0"))

    def cuts(count: int) -> list[float]:
        inner = np.sort(rng.permutation(np.linspace(0.1, 0.9, 9))[:count] + rng.uniform(-0.03, 0.03, count))
        return [0.0, *inner.tolist(), 1.0]

    columns, rows = cuts(int(rng.integers(3, 6))), cuts(int(rng.integers(3, 5)))
    cells = [(i, j) for i in range(len(columns) - 1) for j in range(len(rows) - 1)]
    area = np.array([(columns[i + 1] - columns[i]) * (rows[j + 1] - rows[j]) for i, j in cells])
    chosen = rng.choice(len(cells), size=min(len(cells), int(rng.integers(4, 7))), replace=False, p=area / area.sum())
    inks = tones("c8261e 1f3f94 f0c420 c8261e 1c1c1e d8d4cc")
    for index, cell in enumerate(sorted(chosen.tolist(), key=lambda c: -area[c])):
        i, j = cells[cell]
        sheet.fill(
            rectangle(columns[i] * width, rows[j] * height, columns[i + 1] * width, rows[j + 1] * height),
            inks[index % 6],
        )
    bar = w * rng.uniform(0.016, 0.026)
    for cut in columns[1:-1]:
        sheet.fill(rectangle(cut * width - bar / 2, 0, cut * width + bar / 2, height), tone("191819"))
    for cut in rows[1:-1]:
        sheet.fill(rectangle(0, cut * height - bar / 2, width, cut * height + bar / 2), tone("191819"))
    return sheet.colours()


def _wedges(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """Circles, wedges and tilted bars hung on a diagonal."""
    width, height = size
    w = min(width, height * 1.25)
    sheet = Sheet(size, tones("ece3ce e8dcc4 f0e8d8")[int(rng.integers(0, 3))])
    inks = tones("1b1a1c c4301f 1f4a86 e8b830 d86a2a 8a8478 2f6a5a")
    lean = rng.uniform(-0.9, -0.4)
    way, side = np.array([np.cos(lean), np.sin(lean)]), np.array([-np.sin(lean), np.cos(lean)])
    heart = np.array([width * rng.uniform(0.34, 0.44), height * rng.uniform(0.4, 0.5)])
    big = w * rng.uniform(0.19, 0.25)
    sheet.disc((float(heart[0]), float(heart[1])), big * 1.12, mix(inks[3], tone("f4e8c8"), 0.55))
    sheet.disc((float(heart[0]), float(heart[1])), big, inks[int(rng.choice([0, 1, 2]))])
    sheet.disc((float(heart[0] + big * 0.15), float(heart[1] - big * 0.1)), big * 0.55, inks[int(rng.choice([3, 4]))])
    tip = heart + way * big * 0.2
    wedge = np.stack([tip, tip + way * w * 0.62 + side * w * 0.2, tip + way * w * 0.62 - side * w * 0.03])
    sheet.fill(wedge, inks[1])
    for _ in range(int(rng.integers(8, 13))):
        at = heart + way * w * rng.normal(0.05, 0.32) + side * w * rng.normal(0.06, 0.2)
        across = rng.random() < 0.3
        long, thick = w * rng.uniform(0.08, 0.36), w * rng.uniform(0.008, 0.045)
        one, two = (side, way) if across else (way, side)
        bar = np.stack(
            [
                at - one * long / 2 - two * thick / 2,
                at + one * long / 2 - two * thick / 2,
                at + one * long / 2 + two * thick / 2,
                at - one * long / 2 + two * thick / 2,
            ]
        )
        sheet.fill(bar, inks[int(rng.integers(0, 7))])
    for _ in range(int(rng.integers(4, 8))):
        at = rng.uniform(0.1, 0.9, 2) * size
        radius = w * rng.uniform(0.012, 0.055)
        sheet.disc((float(at[0]), float(at[1])), radius, inks[int(rng.integers(0, 7))])
        if rng.random() < 0.5:
            sheet.disc((float(at[0]), float(at[1])), radius * 0.55, inks[int(rng.integers(0, 7))])
    for index in range(3):
        ring = ellipse((float(heart[0]), float(heart[1])), (big * (1.35 + 0.14 * index),) * 2, turn=lean + 0.6)
        sheet.stroke(ring[: 26 - 4 * index], inks[0], w / 260)
    for index in range(5):
        start = heart - way * w * 0.3 + side * w * (0.26 + 0.022 * index)
        sheet.stroke(np.stack([start, start + way * w * 0.5]), inks[0], w / 330)
    return sheet.colours()


def geometric_abstraction(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """A primary grid, or circles and wedges, hand-painted and slightly aged: (height, width, 3)."""
    width, height = size
    scene = _grid(rng, size) if rng.random() < 0.5 else _wedges(rng, size)
    shape = (height, width)
    brushed = noise(rng, shape, width / 14, octaves=5, stretch=2.5) - 0.5
    brushed += 0.6 * (noise(rng, shape, width / 18, octaves=4, stretch=0.4) - 0.5)
    scene = scene * (1 + 0.07 * brushed)[..., None] + 0.012 * brushed[..., None]
    return varnish(rng, weave(rng, np.clip(scene, 0, 1).astype(np.float32), 0.03), 0.22)
