"""Cubism: a still life with a guitar, broken into overlapping facets of ochre, umber and grey."""

from __future__ import annotations

import numpy as np

from smn.examples.brush import Brush, Canvas, Jitter, varnish, weave
from smn.examples.fields import Array, as_image, mix, noise, plane, ramp, tone, tones, unit
from smn.examples.shapes import Points, Sheet, ellipse, mask, points, rectangle, spline, trace

PALETTES = (
    "2b2118 5a4128 8a6638 b8925a d8bf8e 9a968a 6a6a66",
    "221f1e 4a4238 7a6a50 a8926a ccb994 8f9496 5a646a",
    "2a1c14 6a3f22 9a6a34 c89a58 e0c898 7f8a80 4f5a58",
)
INK = "1c1712"


def _guitar(sheet: Sheet, centre: tuple[float, float], scale: float, turn: float, inks: Array) -> None:
    """A guitar seen flat, its neck along ``turn``; ``scale`` is the length of its body in pixels."""
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])

    def at(outline: Points) -> Points:
        return np.asarray(outline @ spin * scale + centre)

    upper = trace("-0.52,0 -0.48,0.27 -0.28,0.38 -0.05,0.3 0.1,0.2 0.26,0.26 0.42,0.22 0.48,0")
    body = spline(np.concatenate([upper, upper[-2:0:-1] * (1, -1)]), closed=True)
    ink = tone(INK)
    sheet.shape(at(np.add(body, (0.02, 0.04))), inks[1], ink, scale * 0.01)
    sheet.shape(at(body), inks[3], ink, scale * 0.012)
    sheet.fill(at(body * (0.9, 0.86)), inks[4])
    sheet.shape(at(rectangle(0.3, -0.045, 1.15, 0.045)), inks[0], ink, scale * 0.008)
    sheet.shape(at(points((1.13, -0.06), (1.38, -0.09), (1.38, 0.09), (1.13, 0.06))), inks[1], ink, scale * 0.01)
    sheet.shape(at(ellipse((0.13, 0), (0.115, 0.115))), ink, inks[1], scale * 0.02)
    sheet.shape(at(rectangle(-0.32, -0.11, -0.27, 0.11)), inks[0], ink, scale * 0.008)
    for string in np.linspace(-0.034, 0.034, 5):
        sheet.stroke(at(points((-0.3, string * 1.7), (1.15, string))), inks[4] * 1.05, scale * 0.005)
    for peg in (1.18, 1.25, 1.32):
        for side in (-0.12, 0.12):
            sheet.disc(tuple(at(points((peg, side)))[0]), scale * 0.022, ink)


def _bottle(sheet: Sheet, x: float, base: float, tall: float, *, glass: Array, label: Array) -> None:
    """A wine bottle with a label; pixels."""
    half = points((0.06, -1), (0.06, -0.72), (0.13, -0.62), (0.15, -0.5), (0.15, 0))
    outline = np.concatenate([half, half[::-1] * (-1, 1)]) * tall + (x, base)
    ink = tone(INK)
    sheet.shape(outline, glass, ink, tall * 0.012)
    sheet.fill(rectangle(x + tall * 0.05, base - tall * 0.5, x + tall * 0.1, base - tall * 0.05), glass * 1.5)
    sheet.shape(
        rectangle(x - tall * 0.15, base - tall * 0.38, x + tall * 0.15, base - tall * 0.14), label, ink, tall * 0.008
    )
    sheet.shape(ellipse((x, base - tall), (tall * 0.065, tall * 0.02)), ink, ink, 1)


def _glass_and_paper(
    rng: np.random.Generator, sheet: Sheet, middle: tuple[float, float], span: float, inks: Array
) -> None:
    """A newspaper headed JOU and a footed glass standing on it; ``span`` in pixels."""
    turn = rng.uniform(-0.4, 0.2)
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])

    def at(outline: Points) -> Points:
        return np.asarray(outline @ spin * span + middle)

    ink = tone(INK)
    sheet.shape(at(rectangle(-0.6, -0.4, 0.6, 0.4)), mix(inks[4], tone("f0e8d4"), 0.5), ink, span * 0.01)
    bold = span * 0.06
    sheet.stroke(at(spline(points((-0.36, -0.3), (-0.36, -0.1), (-0.42, -0.03), (-0.5, -0.09)))), ink, bold)
    sheet.stroke(at(ellipse((-0.13, -0.17), (0.11, 0.14))), ink, bold, closed=True)
    sheet.stroke(at(spline(points((0.14, -0.3), (0.14, -0.1), (0.24, -0.02), (0.34, -0.1), (0.34, -0.3)))), ink, bold)
    for line in np.arange(0.08, 0.38, 0.055):
        for column in (-0.52, 0.05):
            sheet.stroke(
                at(points((column, line), (column + rng.uniform(0.3, 0.48), line))), inks[5] * 0.7, span * 0.02
            )
    cup = trace("0.5,-0.75 0.82,-0.75 0.77,-0.42 0.68,-0.36 0.68,-0.18 0.8,-0.12 0.52,-0.12 0.64,-0.18")
    cup = np.concatenate([cup, points((0.64, -0.36), (0.55, -0.42))])
    sheet.shape(at(cup), inks[5], ink, span * 0.015)
    sheet.shape(at(ellipse((0.66, -0.75), (0.16, 0.04))), inks[4], ink, span * 0.012)


def _motif(rng: np.random.Generator, size: tuple[int, int], inks: Array) -> Array:
    """The still life before it is broken: (height, width, 3)."""
    width, height = size
    w = min(width, height * 1.25)
    sheet = Sheet(size, inks[2], factor=2)
    sheet.fill(rectangle(0, 0, width, height * 0.45), inks[6])
    sheet.shape(ellipse((width * 0.5, height * 0.72), (width * 0.44, height * 0.25)), inks[1], tone(INK), 2)
    for plank in np.linspace(0.5, 0.95, 9):
        wave = np.linspace(0.08, 0.92, 30)
        grain = np.stack([wave * width, (plank + 0.012 * np.sin(wave * 30 + plank * 40)) * height], 1)
        sheet.stroke(grain, inks[0], 1.2)
    _bottle(
        sheet,
        width * rng.uniform(0.26, 0.36),
        height * 0.72,
        w * rng.uniform(0.42, 0.5),
        glass=inks[6] * 0.7,
        label=inks[4],
    )
    _glass_and_paper(rng, sheet, (width * rng.uniform(0.6, 0.68), height * 0.72), w * 0.28, inks)
    _guitar(
        sheet, (width * rng.uniform(0.42, 0.5), height * rng.uniform(0.5, 0.58)), w * 0.4, rng.uniform(-1.2, -0.7), inks
    )
    return sheet.colours()


def _facet(rng: np.random.Generator, axes: Points, centre: Points, reach: float) -> Points:
    """A triangle or quadrilateral with its sides along two of the picture's few axes."""
    first, second = rng.choice(axes, 2, replace=False)
    one = np.array([np.cos(first), np.sin(first)]) * reach * rng.uniform(0.5, 1.2)
    two = np.array([np.cos(second), np.sin(second)]) * reach * rng.uniform(0.3, 0.9)
    corners = np.stack(
        [centre - one - two, centre + one - two * 0.8, centre + one * 0.8 + two, centre - one * 0.7 + two]
    )
    return corners[: 3 if rng.random() < 0.3 else 4]


def _shatter(rng: np.random.Generator, size: tuple[int, int], motif: Array, inks: Array) -> Array:
    """Lay facets over the motif, each seeing it displaced, with one dark edge fading into its neighbour."""
    width, height = size
    w = min(width, height * 1.25)
    axes = rng.uniform(0, 0.35) + np.array([0.15, 0.6, 1.05, 1.5, 2.1, 2.6])
    scene, (ys, xs) = motif.copy(), np.mgrid[0:height, 0:width].astype(np.float32)
    count = int(rng.integers(60, 76))
    for index in range(count):
        far = 1 - index / count
        spread = np.array([0.2 + 0.16 * far, 0.2 + 0.12 * far]) * (width, height)
        centre = np.array([0.5, 0.53]) * (width, height) + rng.normal(0, 1, 2) * spread
        outline = _facet(rng, axes, centre, w * (0.07 + 0.15 * far))
        low = np.clip(outline.min(axis=0).astype(int) - 2, 0, (width - 1, height - 1))
        high = np.clip(outline.max(axis=0).astype(int) + 3, 1, (width, height))
        if (high - low < 2).any():
            continue
        box = (slice(low[1], high[1]), slice(low[0], high[0]))
        local = (int(high[0] - low[0]), int(high[1] - low[1]))
        cover = mask(local, outline - low)
        turn, zoom = rng.normal(0, 0.22), rng.uniform(0.8, 1.25)
        dx, dy = (xs[box] - centre[0]) * zoom, (ys[box] - centre[1]) * zoom
        shift = rng.normal(0, 0.035, 2) * w
        columns = np.clip(centre[0] + dx * np.cos(turn) - dy * np.sin(turn) + shift[0], 0, width - 1).astype(int)
        rows = np.clip(centre[1] + dx * np.sin(turn) + dy * np.cos(turn) + shift[1], 0, height - 1).astype(int)
        edge = outline[1] - outline[0]
        normal = np.array([-edge[1], edge[0]]) / (np.hypot(*edge) + 1e-6)
        side = float(np.sign((outline[2] - outline[0]) @ normal)) or 1.0
        away = ((xs[box] - outline[0][0]) * normal[0] + (ys[box] - outline[0][1]) * normal[1]) * side
        away = np.clip(away / (abs((outline[2] - outline[0]) @ normal) + 1e-6), 0, 1)
        tint = inks[int(rng.choice([1, 2, 3, 3, 4, 4, 5, 6]))]
        body = mix(motif[rows, columns], np.broadcast_to(tint, (*cover.shape, 3)), rng.uniform(0.2, 0.6))
        dark = rng.random() < 0.6
        shade = (0.5 + 0.62 * away**0.7) if dark else (1.3 - 0.5 * away)
        veil = cover * (0.95 - rng.uniform(0.1, 0.75) * away)
        scene[box] = mix(scene[box], body * shade[..., None], veil.astype(np.float32))
    return scene


def _contours(rng: np.random.Generator, size: tuple[int, int], scene: Array, inks: Array) -> Array:
    """Broken straight and curved lines drawn back over the facets."""
    width, height = size
    w, sheet = min(width, height * 1.25), Sheet(size, as_image(scene), factor=2)
    axes = rng.uniform(0, 0.4) + np.array([0.1, 0.65, 1.1, 1.55, 2.2])
    for _ in range(15):
        start = np.array([0.5, 0.52]) * (width, height) + rng.normal(0, 0.2, 2) * (width, height)
        angle, long = float(rng.choice(axes)), w * rng.uniform(0.06, 0.18)
        path = np.stack([start, start + np.array([np.cos(angle), np.sin(angle)]) * long])
        ink = tone(INK) if rng.random() < 0.7 else inks[4] * 1.08
        sheet.stroke(path, ink, [w / 380, w / 800])
    for _ in range(5):
        centre = np.array([0.5, 0.53]) * (width, height) + rng.normal(0, 0.14, 2) * (width, height)
        ring = ellipse((float(centre[0]), float(centre[1])), (w * rng.uniform(0.03, 0.1),) * 2, turn=rng.uniform(0, 6))
        sheet.stroke(ring[: int(rng.integers(18, 44))], tone(INK), [w / 300, w / 500])
    return sheet.colours()


def cubism(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """A guitar, a bottle and a newspaper seen from several sides at once: (height, width, 3)."""
    width, height = size
    u = unit(size)
    inks = tones(PALETTES[int(rng.integers(0, len(PALETTES)))])
    scene = _contours(rng, size, _shatter(rng, size, _motif(rng, size, inks), inks), inks)
    xs, ys = plane((height, width))
    away = np.hypot((xs - 0.5) * 1.05, ys - 0.52) + 0.2 * (noise(rng, (height, width), width / 4) - 0.5)
    rim = ramp(noise(rng, (height, width), width / 5), (0.2, 0.8), np.stack([inks[5], inks[4]]))
    scene = mix(scene, rim, np.clip((away - 0.46) * 4.5, 0, 0.85).astype(np.float32))
    canvas = Canvas(scene)
    play = Jitter(hue=0.05, chroma=0.15, light=0.08, angle=0.15)
    patches = 0.35 + 0.65 * (noise(rng, (height, width), width / 6) > 0.5)
    brush = Brush(rng, 13 * u, 5.5 * u, opacity=0.6)
    canvas.lay(rng, brush, scene, 0.05, coverage=1.8, jitter=play, where=patches.astype(np.float32))
    painted = mix(canvas.lit(0.45, softness=0.6 * u), scene, 0.3)
    painted = np.clip((painted - 0.42) * 1.2 + 0.45, 0, 1).astype(np.float32)
    return varnish(rng, weave(rng, painted, 0.035), 0.4)
