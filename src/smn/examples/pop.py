"""Pop art: repeated silkscreen panels with Ben-Day dots, thick outlines and colours off register."""

from __future__ import annotations

import numpy as np

from smn.examples.brush import paper
from smn.examples.fields import Array, mix, noise, smoothstep, tone, tones
from smn.examples.shapes import Points, Sheet, ellipse, mask, points, spline, trace

# One panel each: ground, second ground, skin, dots, hair or petal, lips or accent, lens.
PALETTES = (
    "ffd800 ff8a00 ffe3cf f0554a 1a1a1a e4002b 0090d8",
    "00a6dc 0068b8 ffd9cc f2607a ffe100 e4002b f23a90",
    "f2308a b8006a fff0c0 f58a3a 2a2a90 d80032 00b0a0",
    "00b488 007a6a ffe6dc e85a70 e03a1a c0102a ffd800",
    "f04a24 c02010 fff0d8 f07a50 fff07a e4002b 1f3fb0",
    "7a4fd0 4a20a0 ffe0d0 f0688a ff8a1a f0106a 00c0e0",
)
INK = tone("141414")
Layer = tuple[Points, int | None, float]


def _face() -> list[Layer]:
    """A woman in sunglasses: outlines in a unit square, each with its palette place and line weight."""
    back = spline(
        trace(
            "0.5,0.06 0.3,0.09 0.17,0.24 0.13,0.45 0.1,0.66 0.02,0.76 0.2,0.78 0.5,0.7 0.8,0.78 "
            "0.98,0.74 0.9,0.64 0.87,0.44 0.83,0.23 0.7,0.09"
        ),
        closed=True,
    )
    shoulder = spline(points((0.41, 0.7), (0.41, 0.84), (0.36, 0.885), (0.2, 0.93), (0.13, 1.04)))
    neck = np.concatenate([shoulder, shoulder[::-1] * (-1, 1) + (1, 0)])
    face = spline(
        trace(
            "0.5,0.2 0.33,0.24 0.26,0.4 0.27,0.56 0.34,0.7 0.44,0.795 0.5,0.81 0.56,0.795 0.66,0.7 "
            "0.73,0.56 0.74,0.4 0.67,0.24"
        ),
        closed=True,
    )
    fringe = spline(
        trace(
            "0.38,0.15 0.22,0.22 0.2,0.42 0.24,0.5 0.29,0.37 0.4,0.31 0.56,0.24 0.6,0.2 0.68,0.3 "
            "0.75,0.4 0.77,0.5 0.81,0.4 0.77,0.22 0.62,0.14"
        ),
        closed=True,
    )
    left = spline(
        points((0.25, 0.39), (0.36, 0.38), (0.47, 0.41), (0.46, 0.49), (0.38, 0.54), (0.29, 0.51)), closed=True
    )
    right = left * (-1, 1) + (1, 0)
    bridge = spline(points((0.46, 0.43), (0.5, 0.415), (0.54, 0.43)), steps=6)
    upper = points((0.39, 0.69), (0.45, 0.662), (0.5, 0.675), (0.55, 0.662), (0.61, 0.69))
    lips = np.concatenate(
        [
            spline(upper, steps=6),
            spline(points((0.61, 0.69), (0.56, 0.735), (0.5, 0.75), (0.44, 0.735), (0.39, 0.69)), steps=6),
        ]
    )
    mouth = spline(points((0.39, 0.69), (0.46, 0.697), (0.5, 0.692), (0.54, 0.697), (0.61, 0.69)), steps=5)
    nose = spline(points((0.52, 0.52), (0.545, 0.59), (0.525, 0.615), (0.485, 0.61)), steps=6)
    glint = points((0.3, 0.4), (0.345, 0.4), (0.31, 0.5), (0.285, 0.49))
    beads = [ellipse((x, y), (0.034, 0.04)) for x, y in ((0.245, 0.66), (0.755, 0.66))]
    return [
        (back, 4, 1.0), (neck, 2, 0.9), (face, 2, 0.9), (fringe, 4, 0.8), (left, 6, 1.3), (right, 6, 1.3),
        (bridge, None, 1.4), (glint, 7, 0.0), (np.add(glint, (0.23, 0)), 7, 0.0), (lips, 5, 0.9), (mouth, None, 0.8),
        (nose, None, 0.8), (beads[0], 0, 0.9), (beads[1], 0, 0.9),
    ]  # fmt: skip


def _flower() -> list[Layer]:
    """A big flat hibiscus with a leaf."""
    layers: list[Layer] = []
    stem = points((0.52, 0.5), (0.55, 0.75), (0.5, 1.02), (0.56, 1.02), (0.61, 0.75), (0.56, 0.5))
    leaf = spline(points((0.57, 0.9), (0.66, 0.72), (0.88, 0.68), (0.96, 0.74), (0.84, 0.86), (0.7, 0.92)), closed=True)
    layers += [
        (stem, 6, 0.9),
        (leaf, 6, 0.9),
        (spline(points((0.58, 0.9), (0.72, 0.8), (0.92, 0.74)), steps=6), None, 0.6),
    ]
    centre = np.array([0.5, 0.42])
    for index in range(5):
        angle = index * 2 * np.pi / 5 - 1.5
        way, side = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        knots = [
            (0.04, 0.03),
            (0.2, 0.17),
            (0.36, 0.16),
            (0.4, 0.06),
            (0.37, -0.01),
            (0.41, -0.08),
            (0.34, -0.17),
            (0.18, -0.14),
            (0.04, -0.03),
        ]
        petal = np.array([centre + way * along + side * across for along, across in knots])
        layers.append((spline(petal, closed=True, steps=6), 2 if index % 2 else 5, 1.0))
        for across in (-0.05, 0.05):
            vein = np.array([centre + way * along + side * across * along * 4 for along in (0.1, 0.2, 0.27)])
            layers.append((spline(vein, steps=5), None, 0.5))
    layers.append((ellipse((0.5, 0.42), (0.085, 0.085)), 0, 1.1))
    return layers + [
        (ellipse((0.5 + dx, 0.42 + dy), (0.014, 0.014), count=16), 4, 0.5)
        for dx, dy in ((-0.03, -0.02), (0.03, -0.01), (0, 0.035))
    ]


def _lips() -> list[Layer]:
    """An open mouth with teeth, lipstick and a shine."""
    upper = spline(
        points((0.06, 0.48), (0.24, 0.3), (0.4, 0.2), (0.5, 0.26), (0.6, 0.2), (0.76, 0.3), (0.94, 0.48)), steps=8
    )
    lower = spline(
        points((0.94, 0.48), (0.8, 0.68), (0.62, 0.79), (0.5, 0.81), (0.38, 0.79), (0.2, 0.68), (0.06, 0.48)), steps=8
    )
    above = spline(points((0.14, 0.475), (0.34, 0.42), (0.5, 0.44), (0.66, 0.42), (0.86, 0.475)), steps=8)
    below = spline(points((0.86, 0.475), (0.7, 0.57), (0.5, 0.61), (0.3, 0.57), (0.14, 0.475)), steps=8)
    teeth = np.concatenate(
        [above[6:-6], spline(points((0.76, 0.5), (0.64, 0.535), (0.5, 0.545), (0.36, 0.535), (0.24, 0.5)), steps=6)]
    )
    layers: list[Layer] = [
        (np.concatenate([upper, lower]), 5, 1.3),
        (np.concatenate([above, below]), 4, 1.0),
        (teeth, 7, 0.6),
    ]
    layers += [(points((x, 0.44), (x, 0.53)), None, 0.45) for x in (0.36, 0.43, 0.5, 0.57, 0.64)]
    for dx in (0.0, 0.22):
        shine = points((0.36 + dx, 0.68), (0.45 + dx, 0.7), (0.44 + dx, 0.735), (0.36 + dx, 0.715))
        layers.append((spline(shine, closed=True, steps=5), 7, 0.0))
    return [*layers, (spline(points((0.68, 0.3), (0.76, 0.36), (0.8, 0.41)), steps=5), None, 0.7)]


def _dots(shape: tuple[int, int], pitch: float, radius: float | Array) -> Array:
    """A lattice of round dots at 45 degrees: (height, width) in 0..1; ``radius`` as a share of the pitch."""
    ys, xs = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    first, second = (xs + ys) / pitch / 1.4142, (xs - ys) / pitch / 1.4142
    away = np.hypot(first - np.round(first), second - np.round(second))
    edge = 0.5 / pitch
    return np.asarray(np.clip((radius - away) / (2 * edge) + 0.5, 0, 1), dtype=np.float32)


def _panel(rng: np.random.Generator, size: tuple[int, int], layers: list[Layer], codes: str) -> Array:
    """One printed panel, (height, width, 3)."""
    width, height = size
    inks = np.concatenate([tones(codes), tones("fbf6ea")])
    span = min(width, height) * 1.0
    corner = np.array([(width - span) / 2, height - span])
    pitch = max(2.6, span / 34)
    shape = (height, width)
    _, ys = np.mgrid[0:height, 0:width].astype(np.float32)[::-1]
    fade = 0.12 + 0.42 * (1 - ys / height)
    scene = mix(np.broadcast_to(inks[0], (*shape, 3)), inks[1], _dots(shape, pitch * 1.25, fade))
    slip = rng.normal(0, 0.006, 2) * span
    screen = _dots(shape, pitch, 0.33)
    fills = scene
    line = Sheet(size, tone("ffffff"), factor=3)
    weight = span * 0.0125
    for outline, place, heavy in layers:
        drawn = outline * span + corner
        if place is not None:
            cover = mask(size, drawn + slip, factor=3)
            flat = np.broadcast_to(inks[place], fills.shape)
            if place == 2:
                flat = mix(flat, inks[3], screen)
            fills = mix(fills, flat, cover)
            line.fill(drawn, tone("ffffff"))
        if heavy:
            line.stroke(drawn, tone("000000"), weight * heavy, closed=place is not None)
    key = 1 - line.colours()[..., 0]
    worn = 1 - 0.35 * smoothstep(0.66, 0.8, noise(rng, shape, span / 12, octaves=4))
    return mix(fills, INK, key * worn)


def pop_art(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """The same picture printed over and over in clashing colours: (height, width, 3)."""
    width, height = size
    subject = (_face, _flower, _lips)[int(rng.choice(3, p=(0.5, 0.25, 0.25)))]
    columns, rows = ((2, 2), (3, 2))[int(rng.random() < 0.3)]
    if height > width:
        columns, rows = rows, columns
    gap = max(1, round(min(width, height) * 0.012))
    scene = np.broadcast_to(tone("f4efe2"), (height, width, 3)).copy()
    order, layers = rng.permutation(len(PALETTES)), subject()
    for index in range(columns * rows):
        left, right = (round(width * (index % columns + part) / columns) for part in (0, 1))
        top, bottom = (round(height * (index // columns + part) / rows) for part in (0, 1))
        left, top, right, bottom = left + gap, top + gap, right - gap, bottom - gap
        scene[top:bottom, left:right] = _panel(rng, (right - left, bottom - top), layers, PALETTES[order[index]])
    ink = noise(rng, (height, width), width / 5, octaves=6)
    return paper(rng, np.clip(scene * (1 + 0.05 * (ink[..., None] - 0.5)), 0, 1).astype(np.float32), 0.025)
