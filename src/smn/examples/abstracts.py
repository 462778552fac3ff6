"""Abstraction without gesture: floating fields, near-empty canvases and hard geometry."""

from __future__ import annotations

import numpy as np

from smn.examples.brush import varnish, weave
from smn.examples.fields import Array, mix, noise, plane, ridge, smoothstep, tone, tones, unit
from smn.examples.shapes import Sheet, ellipse, mask, points, rectangle

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


def _martin(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """Pale washes ruled with pencil."""
    width, height = size
    washes = ("ecd8d0 d8e0e4 f0e8d4", "dce4e8 ece6dc c8d8e0", "f0e0b8 e8ece8 f0d0c0")
    inks, rows = tones(washes[int(rng.integers(0, 3))]), int(rng.integers(5, 12))
    pattern = [0, 2, 1, 2] if rng.random() < 0.5 else [0, 1]
    sheet, edge = Sheet(size, tone("f0ebe0")), height * 0.05
    pitch = (height - 2 * edge) / rows
    for row in range(rows):
        top = edge + row * pitch
        sheet.fill(rectangle(edge, top, width - edge, top + pitch), inks[pattern[row % len(pattern)]])
    for row in range(rows + 1):
        for offset in (0.0, 0.16) if rows < 9 else (0.0,):
            y = edge + row * pitch + offset * pitch
            if y < height - edge + 1:
                xs = np.linspace(edge, width - edge, 40)
                shake = ridge(rng, 40, 9) * 0.5
                sheet.stroke(np.stack([xs, y + shake], 1), tone("8f8a86"), max(0.35, 0.7 * unit(size)))
    scene = sheet.colours()
    shape = (height, width)
    wash = noise(rng, shape, width / 5, octaves=5, stretch=3) - 0.5
    return np.asarray(scene * (1 + 0.045 * wash)[..., None], dtype=np.float32)


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
    """Bands, ruled washes or a single shape, and almost nothing else: (height, width, 3)."""
    scene = (_martin, _nested, _panels)[int(rng.choice(3, p=(0.35, 0.3, 0.35)))](rng, size)
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
