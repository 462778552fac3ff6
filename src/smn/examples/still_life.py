"""Still lifes: baroque fruit and pewter lit from one side, and a cubist guitar broken into facets."""

from __future__ import annotations

import numpy as np

from smn.examples.shapes import (
    Light,
    Points,
    Sheet,
    ball,
    ellipse,
    mask,
    points,
    rectangle,
    shadow,
    spline,
    trace,
    transform,
    vessel,
)
from smn.examples.textures import (
    Array,
    Brush,
    Canvas,
    Jitter,
    as_image,
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
        spot, radii = (x + dx * tall, base + dy * tall), (rx * tall, ry * tall)
        ball(scene, spot, radii, tone("fff8e0"), Light(ambient=0.7), sheen=0)


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


PALETTES = (
    "2b2118 5a4128 8a6638 b8925a d8bf8e 9a968a 6a6a66",
    "221f1e 4a4238 7a6a50 a8926a ccb994 8f9496 5a646a",
    "2a1c14 6a3f22 9a6a34 c89a58 e0c898 7f8a80 4f5a58",
)
INK = "1c1712"


def _guitar(sheet: Sheet, centre: tuple[float, float], scale: float, turn: float, inks: Array) -> None:
    """A guitar seen flat, its neck along ``turn``; ``scale`` is the length of its body in pixels."""
    at = transform(centre, scale, turn=turn)
    upper = trace("-0.52,0 -0.48,0.27 -0.28,0.38 -0.05,0.3 0.1,0.2 0.26,0.26 0.42,0.22 0.48,0")
    body = spline(np.concatenate([upper, upper[-2:0:-1] * (1, -1)]), closed=True)
    ink = tone(INK)
    sheet.shape(at(np.add(body, (0.02, 0.04))), inks[1], ink, scale * 0.01)
    sheet.shape(at(body), inks[3], ink, scale * 0.012)
    sheet.fill(at(body * (0.9, 0.86)), inks[4])
    sheet.shape(at(rectangle(0.3, -0.045, 1.15, 0.045)), inks[0], ink, scale * 0.008)
    sheet.shape(at(trace("1.13,-0.06 1.38,-0.09 1.38,0.09 1.13,0.06")), inks[1], ink, scale * 0.01)
    sheet.shape(at(ellipse((0.13, 0), (0.115, 0.115))), ink, inks[1], scale * 0.02)
    sheet.shape(at(rectangle(-0.32, -0.11, -0.27, 0.11)), inks[0], ink, scale * 0.008)
    for string in np.linspace(-0.034, 0.034, 5):
        sheet.stroke(at(points((-0.3, string * 1.7), (1.15, string))), inks[4] * 1.05, scale * 0.005)
    for peg in (1.18, 1.25, 1.32):
        for side in (-0.12, 0.12):
            sheet.disc(tuple(at(points((peg, side)))[0]), scale * 0.022, ink)


def _bottle(sheet: Sheet, x: float, base: float, tall: float, *, glass: Array, label: Array) -> None:
    """A wine bottle with a label; pixels."""
    half = trace("0.06,-1 0.06,-0.72 0.13,-0.62 0.15,-0.5 0.15,0")
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
    at = transform(middle, span, turn=turn)
    ink = tone(INK)
    sheet.shape(at(rectangle(-0.6, -0.4, 0.6, 0.4)), mix(inks[4], tone("f0e8d4"), 0.5), ink, span * 0.01)
    bold = span * 0.06
    sheet.stroke(at(spline(trace("-0.36,-0.3 -0.36,-0.1 -0.42,-0.03 -0.5,-0.09"))), ink, bold)
    sheet.stroke(at(ellipse((-0.13, -0.17), (0.11, 0.14))), ink, bold, closed=True)
    sheet.stroke(at(spline(trace("0.14,-0.3 0.14,-0.1 0.24,-0.02 0.34,-0.1 0.34,-0.3"))), ink, bold)
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
    at, tall = width * rng.uniform(0.26, 0.36), w * rng.uniform(0.42, 0.5)
    _bottle(sheet, at, height * 0.72, tall, glass=inks[6] * 0.7, label=inks[4])
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
