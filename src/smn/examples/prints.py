"""Ukiyo-e: woodblock views of a cone and a great wave, flat colour inside key-lines."""

from __future__ import annotations

import numpy as np

from smn.examples.shapes import Points, Sheet, ellipse, mask, points, rectangle, spline, trace
from smn.examples.textures import Array, as_image, blur, mix, noise, paper, plane, ramp, ridge, smoothstep, tone, tones

INK = tone("1c2a44")
FOAM = tone("f2ead6")


def _bokashi(rng: np.random.Generator, size: tuple[int, int], low: float) -> Array:
    """The graded sky: a dark wiped band at the top, pale middle, warm near the horizon at ``low`` (0..1)."""
    width, height = size
    _, ys = plane((height, width))
    skies = (
        "27406a 8aa8b8 e8dfc4 efd2a4",
        "3a4a5a a8a898 e4d8b8 e6c698",
        "8a3f3a e0a07a f0dcb4 f2e4c2",
        "1f4a78 5f92b0 dfe0c8 f0dcb8",
    )
    field = ys / low + 0.02 * (noise(rng, (height, width), width / 2, octaves=2) - 0.5)
    return ramp(field, (0, 0.2, 0.62, 1), tones(skies[int(rng.integers(0, len(skies)))]))


def _cone(x: float, base: float, tall: float, wide: float) -> Points:
    """The outline of the mountain with its two long concave slopes; pixels."""
    run = np.linspace(0, 1, 24)
    slope = run**1.65
    left = np.stack([x - wide * (1.05 - run * 0.965), base - tall * slope], 1)
    right = np.stack([x + wide * (0.085 + (1 - run[::-1]) * 1.05), base - tall * slope[::-1]], 1)
    crown = points(
        (x - 0.03 * wide, base - tall * 1.012),
        (x + 0.02 * wide, base - tall * 0.985),
        (x + 0.055 * wide, base - tall * 1.01),
    )
    return np.concatenate([left, crown, right])


def _snow(rng: np.random.Generator, x: float, base: float, tall: float, wide: float, *, reach: float) -> Points:
    """The snow cap with streaks running down to ``reach`` (share of the height), pixels."""
    streaks = int(rng.integers(7, 10))
    edge = []
    for index in range(2 * streaks + 1):
        across = index / (2 * streaks) * 2 - 1
        down = reach * (rng.uniform(0.62, 1.0) if index % 2 else rng.uniform(0.28, 0.45))
        down = min(down, reach * 0.9 if abs(across) > 0.9 else 1)
        level = (1 - down) ** (1 / 1.65)
        half = wide * (1.05 - level * 0.965)
        edge.append((x + across * half * 0.985, base - tall * (1 - down)))
    cap = _cone(x, base, tall, wide)
    upper = cap[(cap[:, 1] < base - tall * (1 - reach * 0.3))]
    return np.concatenate([upper, np.array(edge)[::-1]])


def _sardine_clouds(rng: np.random.Generator, sheet: Sheet, low: float) -> None:
    """Rows of flat lens-shaped clouds above ``low`` (0..1)."""
    width, height = sheet.size
    for row in range(int(rng.integers(6, 10))):
        y = (0.12 + row * 0.055) * height * low / 0.6
        x = rng.uniform(-0.1, 0.2) * width
        while x < width * 1.1:
            long, thick = width * rng.uniform(0.04, 0.14), height * rng.uniform(0.005, 0.011)
            if rng.random() < 0.55:
                lens = np.linspace(0, np.pi, 14)
                top = np.stack([x + long * lens / np.pi, y - thick * np.sin(lens) ** 0.7], 1)
                sheet.fill(np.concatenate([top, top[::-1] * (1, 0) + (0, y + thick * 0.5)]), FOAM)
            x += long * rng.uniform(0.9, 1.8)


def _blossom(rng: np.random.Generator, sheet: Sheet, x: float, y: float, r: float) -> None:
    """One cherry blossom of five notched petals; pixels."""
    spin, petal_ink = rng.uniform(0, 6.28), tones("f6d8d8 f2bcc2 faeae2")[int(rng.integers(0, 3))]
    for index in range(5):
        angle = spin + index * 2 * np.pi / 5
        way, side = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        knots = [(0.1, 0), (0.55, 0.42), (1.0, 0.3), (0.86, 0), (1.0, -0.3), (0.55, -0.42)]
        petal = np.array([way * along + side * across for along, across in knots]) * r + (x, y)
        sheet.shape(spline(petal, closed=True, steps=4), petal_ink, tone("8a4a52"), r * 0.08)
    sheet.disc((x, y), r * 0.2, tone("b83a4a"))


def _branch(rng: np.random.Generator, sheet: Sheet) -> None:
    """A cherry branch reaching in from the upper right."""
    width, height = sheet.size
    w = min(width, height * 1.25)
    start = np.array([width * 1.02, height * rng.uniform(0.2, 0.34)])
    knots = start + np.cumsum(
        np.array([(0, 0), (-0.12, -0.03), (-0.13, 0.05), (-0.12, -0.05), (-0.1, 0.02)]) * w, axis=0
    )
    bough = spline(knots + rng.normal(0, 0.008, knots.shape) * w, steps=10)
    twigs = []
    for at in (8, 16, 24, 32):
        rise = np.array([-0.06, rng.choice([-0.09, 0.08])]) * w
        twigs.append(spline(np.stack([bough[at], bough[at] + rise * 0.5 + (0, w * 0.01), bough[at] + rise]), steps=8))
    for ink, extra in ((INK, 0.005), (tone("6a4a38"), 0.0)):
        sheet.stroke(bough, ink, [w * (0.026 + extra), w * (0.006 + extra)])
        for twig in twigs:
            sheet.stroke(twig, ink, [w * (0.008 + extra), w * (0.003 + extra)])
    for path in (bough, *twigs):
        for spot in path[6 :: max(3, len(path) // 6)]:
            for _ in range(2):
                x, y = spot + rng.normal(0, 0.018, 2) * w
                _blossom(rng, sheet, float(x), float(y), w * rng.uniform(0.015, 0.024))


def _mountain_view(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """The cone under sardine clouds, woods at its foot, a lake and a cherry branch."""
    width, height = size
    low, x = rng.uniform(0.66, 0.72), rng.uniform(0.34, 0.5) * width
    base, tall, wide = low * height, height * rng.uniform(0.46, 0.54), width * rng.uniform(0.46, 0.56)
    sheet = Sheet(size, as_image(_bokashi(rng, size, low)))
    _sardine_clouds(rng, sheet, low)
    scene = sheet.colours()
    _, ys = plane((height, width))
    slopes = ("3a2a3a a8503a c8764a 6a8058", "2a4464 4a78a0 8ab0b8 5a8068", "3a3a5a 7a6f9a c49aa0 5f8a70")
    grade = ramp((ys * height - base + tall) / tall, (0, 0.25, 0.72, 1), tones(slopes[int(rng.integers(0, 3))]))
    grain = noise(rng, (height, width), width / 24, octaves=3, stretch=9) - 0.5
    cone = _cone(x, base, tall, wide)
    scene = mix(scene, grade * (1 + 0.14 * grain[..., None]), mask(size, cone, factor=3))
    sheet = Sheet(size, as_image(scene))
    cap = _snow(rng, x, base, tall, wide, reach=rng.uniform(0.28, 0.42))
    sheet.fill(cap, FOAM)
    sheet.stroke(cone[1:-1], INK, [width / 640 * 1.3, width / 640 * 2.4, width / 640 * 1.3])
    for _ in range(int(width * 0.55)):
        tx = rng.uniform(0, width)
        depth = rng.uniform(0, 1) ** 1.6
        ty, size_of = base + height * 0.01 - height * 0.075 * depth, width * rng.uniform(0.004, 0.008)
        tree = points((tx - size_of, ty), (tx, ty - size_of * 3), (tx + size_of, ty))
        sheet.fill(tree, tones("2f5a4a 44705a 1f4040")[int(rng.integers(0, 3))])
    lake = ramp(ys, (low, low + 0.06, 1), tones("dfe0c4 8ab0b4 2a5484"))
    scene = mix(sheet.colours(), lake, smoothstep(low - 0.001, low + 0.002, ys))
    sheet = Sheet(size, as_image(scene))
    sheet.stroke(points((0, base), (width, base)), INK, width / 500)
    for _ in range(26):
        ry = low + (1 - low) * rng.uniform(0.08, 1) ** 1.1
        rx, long = rng.uniform(-0.1, 1.0), rng.uniform(0.05, 0.2)
        at = np.linspace(rx, rx + long, 14)
        line = np.stack([at * width, (ry + 0.003 * np.sin(at * 70)) * height], 1)
        sheet.stroke(line, INK if rng.random() < 0.5 else FOAM, [0.3, width / 420, 0.3])
    for _ in range(int(rng.integers(1, 4))):
        _boat(
            sheet,
            rng.uniform(0.2, 0.8) * width,
            (low + rng.uniform(0.08, 0.2)) * height,
            width * rng.uniform(0.06, 0.1),
            sail=True,
        )
    _branch(rng, sheet)
    return sheet.colours()


def _boat(sheet: Sheet, x: float, y: float, long: float, *, sail: bool) -> None:
    """A slender boat, under a square sail or with rowers bent over; pixels."""
    line = long * 0.022
    if sail:
        sheet.stroke(points((x, y), (x, y - long * 0.95)), INK, line)
        sheet.shape(
            points(
                (x - long * 0.26, y - long * 0.88),
                (x + long * 0.26, y - long * 0.9),
                (x + long * 0.3, y - long * 0.2),
                (x - long * 0.28, y - long * 0.18),
            ),
            FOAM,
            INK,
            line,
        )
        for part in (-0.1, 0.08):
            sheet.stroke(
                points((x + part * long, y - long * 0.88), (x + part * 1.1 * long, y - long * 0.2)),
                tone("a89878"),
                line * 0.7,
            )
    else:
        for part in np.linspace(-0.3, 0.3, 6):
            sheet.disc((x + part * long, y - long * 0.085), long * 0.035, FOAM)
            sheet.stroke(
                ellipse((x + part * long, y - long * 0.085), (long * 0.035,) * 2, count=14),
                INK,
                line * 0.6,
                closed=True,
            )
    hull = spline(
        points((-0.56, -0.16), (-0.3, -0.03), (0.1, -0.02), (0.6, -0.2), (0.3, 0.07), (-0.25, 0.08)),
        closed=True,
        steps=6,
    )
    sheet.shape(hull * long + (x, y), tone("c89a58"), INK, line)


def _claws(rng: np.random.Generator, sheet: Sheet, crest: Points, r: float, lean: float) -> None:
    """Foam along a crest (n, 2): scalloped masses and hooked fingers falling towards ``lean`` (radians)."""
    line = r * 0.07
    puffs: list[tuple[float, float, float]] = []
    hooks = []
    for index, (x, y) in enumerate(crest.tolist()):
        along = index / max(1, len(crest) - 1)
        puffs += [
            (x + rng.normal(0, 0.34) * r, y + rng.normal(-0.05, 0.26) * r, r * rng.uniform(0.12, 0.26))
            for _ in range(4)
        ]
        for _ in range(2):
            turn = lean + rng.normal(0, 0.3) - 0.5 * (1 - along)
            steps = np.linspace(0, 1, 9)
            curl = turn + steps**2 * rng.uniform(0.8, 1.9)
            path = np.cumsum(np.stack([np.cos(curl), np.sin(curl)], 1), axis=0) * r * rng.uniform(0.1, 0.2)
            hooks.append(np.add(path, (x + rng.normal(0, 0.2) * r, y + r * 0.1)))
    for ink, extra in ((INK, line), (FOAM, 0.0)):
        sheet.stroke(crest, ink, [r * 0.5 + 2 * extra, r * 0.75 + 2 * extra, r * 0.6 + 2 * extra])
        for hook in hooks:
            sheet.stroke(hook, ink, [r * 0.26 + 2 * extra, r * 0.16 + 2 * extra, r * 0.05 + 2 * extra])
        for x, y, radius in puffs:
            sheet.disc((x, y), radius + extra, ink)
    for x, y, radius in puffs[::5]:
        sheet.stroke(ellipse((x, y), (radius * 0.8, radius * 0.7))[8:36], tone("8fb0c4"), line * 0.9)


def _breaker(rng: np.random.Generator, sheet: Sheet, place: tuple[float, float, float], blues: Array) -> None:
    """A curling wave; ``place`` is its left foot x, y and its scale, in pixels."""
    x, y, scale = place

    def at(outline: Points) -> Points:
        return np.asarray(outline * scale + (x, y))

    outer = spline(
        trace("-0.75,0.4 -0.48,-0.05 -0.22,-0.36 0.02,-0.66 0.2,-0.82 0.42,-0.87 0.6,-0.78 0.7,-0.6 0.69,-0.5")
    )
    inner = spline(
        trace("0.66,-0.52 0.57,-0.62 0.45,-0.64 0.33,-0.54 0.27,-0.38 0.31,-0.2 0.46,-0.06 0.72,0 1.1,0.08 1.4,0.4")
    )
    body = np.concatenate([outer, inner, points((1.4, 0.8), (-0.75, 0.8))])
    sheet.fill(at(body), blues[0])
    share = np.linspace(0, 1, 90)
    along_outer = np.stack([np.interp(share, np.linspace(0, 1, len(outer)), outer[:, i]) for i in (0, 1)], 1)
    along_inner = np.stack([np.interp(share, np.linspace(0, 1, len(inner)), inner[::-1, i]) for i in (0, 1)], 1)
    for index, depth in enumerate(np.linspace(0.05, 0.84, 9)):
        left = along_inner * (1 - depth) + along_outer * depth
        right = along_inner * (1 - depth - 0.045) + along_outer * (depth + 0.045)
        sheet.fill(at(np.concatenate([left, right[::-1]])), blues[1 + index % 2])
    sheet.stroke(at(outer), INK, scale * 0.008)
    sheet.stroke(at(inner), INK, scale * 0.008)
    _claws(rng, sheet, at(inner[2:20][::3]), scale * 0.045, 1.5)
    _claws(rng, sheet, at(outer[40:][::3]), scale * 0.078, 1.0)
    for _ in range(44):
        spot = points((rng.uniform(0.45, 1.05), rng.normal(-0.62, 0.16)))
        dx, dy = at(spot)[0].tolist()
        sheet.disc((dx, dy), scale * rng.uniform(0.003, 0.009), FOAM)


def _swell(rng: np.random.Generator, sheet: Sheet, level: float, lift: float, blues: Array) -> None:
    """A nearer roll of water across the sheet with a foaming top; ``level`` and ``lift`` 0..1 of the height."""
    width, height = sheet.size
    at = np.linspace(-0.02, 1.02, 70)
    phase = rng.uniform(0, 6.28)
    crest = level - lift * (1 - np.abs(np.sin(at * 3.6 + phase))) ** 1.3
    line = np.stack([at, crest], 1) * (width, height)
    sheet.fill(np.concatenate([line, points((width * 1.02, height), (-0.02 * width, height))]), blues[0])
    for index, drop in enumerate((0.025, 0.06, 0.1, 0.15)):
        thick = 0.012 + 0.004 * index
        upper = np.add(line, (0, drop * height))
        sheet.fill(np.concatenate([upper, np.add(upper, (0, thick * height))[::-1]]), blues[1 + index % 2])
    sheet.stroke(line, INK, width / 300)
    peak = int(np.argmin(crest[8:-8])) + 8
    _claws(rng, sheet, line[max(0, peak - 9) : peak + 7 : 2], width * 0.022, 0.9)


def _wave_view(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """A great wave about to fall, boats under it, the small cone behind."""
    width, height = size
    low, w = 0.74, min(width, height * 1.25)
    blues = tones(("1f4478 3f74a4 a8c8cc", "1a3a66 30649c 8fb8c8", "24506a 4a8a96 b0d0c4")[int(rng.integers(0, 3))])
    sheet = Sheet(size, as_image(_bokashi(rng, size, low)))
    x, tall, wide = rng.uniform(0.66, 0.76) * width, w * rng.uniform(0.16, 0.2), w * 0.2
    base = low * height
    sheet.shape(_cone(x, base, tall, wide), tone("4a6484"), INK, width / 420)
    sheet.fill(_snow(rng, x, base, tall, wide, reach=0.55), FOAM)
    far = np.linspace(0, 1, 60)
    roll = np.stack([far * width, base - w * 0.02 * np.abs(np.sin(far * 9 + 1)) - w * 0.003], 1)
    sheet.shape(np.concatenate([roll, points((width, height), (0, height))]), blues[1], INK, width / 420)
    _boat(sheet, x - w * 0.08, base + w * 0.05, w * 0.22, sail=False)
    _breaker(rng, sheet, (width * rng.uniform(0.02, 0.08), height * 0.86, w * rng.uniform(0.66, 0.76)), blues)
    _swell(rng, sheet, 0.92, 0.12, blues)
    _boat(sheet, width * rng.uniform(0.74, 0.82), height * 0.89, w * 0.3, sail=False)
    _swell(rng, sheet, 1.0, 0.1, blues)
    return sheet.colours()


def _signature(rng: np.random.Generator, sheet: Sheet, x: float, y: float, span: float) -> None:
    """A title slip and a red seal, filled with brush marks that spell nothing; pixels."""
    slip, seal = (
        rectangle(x, y, x + span, y + span * 4.2),
        rectangle(x + span * 1.3, y + span * 2.8, x + span * 2.2, y + span * 4.2),
    )
    sheet.shape(slip, tone("efe0bc"), INK, span * 0.07)
    sheet.fill(seal, tone("b8342a"))
    for row in range(5):
        for _ in range(4):
            start = np.array(
                [x + span * rng.uniform(0.25, 0.75), y + span * (0.45 + row * 0.78 + rng.uniform(-0.2, 0.2))]
            )
            way = np.array([(0.45, 0.0), (0.0, 0.4), (0.3, 0.3), (-0.3, 0.3)][int(rng.integers(0, 4))]) * span * 0.7
            sheet.stroke(np.stack([start - way / 2, start + way / 2]), tone("22222a"), [span * 0.12, span * 0.05])
    for part in (0.25, 0.5, 0.75):
        top = y + span * (2.8 + 1.4 * part)
        sheet.stroke(points((x + span * 1.42, top), (x + span * 2.08, top)), FOAM, span * 0.08)
    sheet.stroke(points((x + span * 1.75, y + span * 2.95), (x + span * 1.75, y + span * 4.05)), FOAM, span * 0.08)


def ukiyo_e(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """A woodblock print with border, slip and seal on aged paper: (height, width, 3)."""
    width, height = size
    w = min(width, height * 1.25)
    margin = max(2, round(w * 0.03))
    inner = (width - 2 * margin, height - 2 * margin)
    view = _wave_view if rng.random() < 0.6 else _mountain_view
    scene = view(rng, inner)
    grain = noise(rng, (inner[1], inner[0]), inner[0] / 10, octaves=4, stretch=14) - 0.5
    scene = scene * (1 + 0.1 * grain[..., None] * (1 - scene.mean(axis=-1, keepdims=True)))
    sheet_ground = np.broadcast_to(tone("e9dcbe"), (height, width, 3)).copy()
    sheet_ground[margin : height - margin, margin : width - margin] = scene
    sheet = Sheet(size, as_image(sheet_ground))
    sheet.stroke(rectangle(margin, margin, width - margin, height - margin), INK, w / 300, closed=True)
    _signature(rng, sheet, margin + w * 0.025, margin + w * 0.03, w * 0.032)
    worn = mix(
        sheet.colours(),
        tone("e6d8b8"),
        0.06 + 0.05 * blur(ridge(rng, width, 90)[None, :] ** 2, 1)[0][None, :] * np.ones((height, 1), np.float32),
    )
    return paper(rng, worn, 0.05)
