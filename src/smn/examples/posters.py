"""Art nouveau and pop art: flat colours inside an outline, printed."""

from __future__ import annotations

import numpy as np

from smn.examples.shapes import Points, Sheet, ellipse, mask, points, rectangle, spline, trace, transform
from smn.examples.textures import Array, mix, noise, paper, smoothstep, tone, tones

INK = tone("3a2418")
# Ground, panel, halo, halo ornament, hair shade, hair, hair light, robe, leaf, bloom.
PALETTES = (
    "e8dcb8 b8c0a0 d8b46a 8a6a3a 6a2f1a a8522a d89a52 7a8f88 6f8a5f f0e0d0",
    "ecdcc0 c0a890 c8a060 7a4f3a 2f2420 5a3a2a 946a44 a8685a 7a8858 e8b8a0",
    "e4dcc4 9fb0a8 d4c084 6a7a6a 8a5a1a c89038 ecc878 6a6f94 5f8070 e8d8e4",
    "ead8b4 c4b888 b88a58 5f5a3a 4a1f1a 8a3424 c86a42 55706a 7f8a4a f4e4bc",
)
SKIN = tone("f2d4b4")
# The head in profile, in units of the face's height.
PROFILE = trace(
    "0.36,-0.08 0.24,0.03 0.175,0.15 0.165,0.27 0.195,0.345 0.155,0.43 0.09,0.54 "
    "0.085,0.575 0.125,0.6 0.165,0.612 0.155,0.645 0.12,0.68 0.13,0.705 0.165,0.718 "
    "0.14,0.74 0.14,0.772 0.178,0.8 0.17,0.835 0.165,0.88 0.195,0.935 0.26,0.96 0.36,0.94 "
    "0.46,0.91 0.5,0.98 0.5,1.12 0.44,1.27 0.28,1.4 0.08,1.5 -0.1,1.66"
)
NAPE = trace("1.5,2.2 1.16,1.6 0.94,1.38 0.86,1.2 0.86,0.9 0.9,0.4 0.7,-0.1")
THROAT = trace("0.34,0.95 0.47,0.905 0.72,0.74 0.74,0.92 0.6,1.02 0.51,1.06 0.46,0.95")
ROBE = trace("-0.5,2.4 -0.24,1.74 0,1.62 0.3,1.76 0.62,1.7 1,1.5 1.3,1.58 1.7,2.4")
LIPS = trace("0.166,0.66 0.125,0.685 0.137,0.706 0.165,0.718 0.146,0.738 0.152,0.76 0.184,0.75 0.222,0.715 0.195,0.68")


def whiplash(start: tuple[float, float], angle: float, length: float, bend: float, curl: float) -> Points:
    """A curve (60, 2) whose turning grows along it: ``bend`` and ``curl`` in radians over its ``length``."""
    along = np.linspace(0, 1, 60)
    turn = angle + bend * along + curl * along**3
    steps = np.stack([np.cos(turn), np.sin(turn)], 1) * length / 60
    return np.asarray(np.cumsum(steps, axis=0) + start)


def _lily(sheet: Sheet, foot: tuple[float, float], r: float, turn: float, bloom: Array) -> None:
    """A lily seen from the side with recurved petals; pixels and radians."""
    at = transform(foot, r, turn=turn)
    line = max(0.8, r * 0.04)
    side = trace("0,0.05 -0.1,-0.5 -0.45,-0.82 -0.85,-0.72 -0.62,-0.55 -0.36,-0.2")
    for flip in (1, -1):
        sheet.shape(at(spline(side * (flip, 1), closed=True, steps=8)), bloom * 0.93, INK, line)
    middle = trace("0,0.12 -0.3,-0.4 -0.22,-0.85 0,-1.1 0.22,-0.85 0.3,-0.4")
    for stamen in (-0.3, -0.1, 0.12, 0.32):
        sheet.stroke(at(spline(points((0, -0.3), (stamen * 0.6, -0.9), (stamen, -1.2)), steps=6)), INK, line * 0.8)
        sheet.disc(tuple(at(points((stamen, -1.2)))[0]), r * 0.06, tone("c87a2a"))
    sheet.shape(at(spline(middle, closed=True, steps=8)), bloom, INK, line)
    for vein in (-0.09, 0.0, 0.09):
        sheet.stroke(
            at(spline(points((vein * 0.3, 0), (vein, -0.45), (vein * 0.8, -0.85)), steps=6)), bloom * 0.72, line * 0.7
        )


def _side_panel(rng: np.random.Generator, sheet: Sheet, box: tuple[float, float, float, float], inks: Array) -> None:
    """An upright panel of lilies on whiplash stems; ``box`` is left, top, right, bottom in pixels."""
    left, top, right, bottom = box
    wide, tall = right - left, bottom - top
    sheet.fill(rectangle(*box), inks[1])
    stems = []
    for index, share in enumerate((0.5, 0.28, 0.74)):
        way = 1 if index % 2 else -1
        x, reach = left + share * wide, tall * (0.8, 0.58, 0.44)[index] * rng.uniform(0.92, 1.05)
        sway = np.linspace(0, 1, 60)
        bow = np.sin(sway * np.pi * 1.6) * wide * 0.13 * way
        stems.append(np.stack([x + bow * (1 - 0.3 * sway), bottom - sway * reach], 1))
    for index in range(5):
        foot, way = (left + wide * rng.uniform(0.25, 0.75), bottom), 1 if index % 2 else -1
        blade = whiplash(
            foot, -np.pi / 2 - way * 0.12, tall * rng.uniform(0.22, 0.42), way * 0.3, way * rng.uniform(0.4, 1.3)
        )
        thick = np.sin(np.linspace(0.25, 1, 60) * np.pi)[:, None] * wide * 0.05
        aside = np.stack([-np.gradient(blade[:, 1]), np.gradient(blade[:, 0])], 1)
        aside /= np.hypot(aside[:, :1], aside[:, 1:]) + 1e-9
        leaf = np.concatenate([blade - aside * thick, (blade + aside * thick)[::-1]])
        sheet.shape(leaf, inks[8] * (0.85 + 0.08 * index), INK, max(0.8, wide * 0.01))
    for stem in stems:
        sheet.stroke(stem, INK, wide * 0.045)
        sheet.stroke(stem, inks[8], wide * 0.025)
    for index, stem in enumerate(stems):
        x, y = stem[-1]
        _lily(sheet, (float(x), float(y)), wide * (0.42, 0.34, 0.3)[index], rng.uniform(-0.3, 0.3), inks[9])
    for ink, width in ((INK, 0.05), (inks[2], 0.03)):
        sheet.stroke(rectangle(*box), ink, wide * width, closed=True)


def _halo(rng: np.random.Generator, sheet: Sheet, centre: tuple[float, float], r: float, inks: Array) -> None:
    """A disc ringed with ornament: beads, petals or stars; pixels."""
    x, y = centre
    line = r * 0.012
    ring = (INK, inks[2], INK, inks[3], INK, inks[2], INK, mix(inks[2], inks[0], 0.45))
    for radius, ink in zip((1.0, 0.985, 0.95, 0.94, 0.765, 0.755, 0.725, 0.715), ring, strict=True):
        sheet.disc(centre, r * radius, ink)
    count, kind = int(rng.integers(18, 27)), int(rng.integers(0, 3))
    for index in range(count):
        angle = index * 2 * np.pi / count
        px, py = x + np.cos(angle) * r * 0.852, y + np.sin(angle) * r * 0.852
        if kind == 0:
            sheet.disc((px, py), r * 0.075, INK)
            sheet.disc((px, py), r * 0.064, inks[0])
            sheet.disc((px, py), r * 0.03, inks[7])
        elif kind == 1:
            for petal in range(5):
                turn = petal * 2 * np.pi / 5 + angle
                spot = (px + np.cos(turn) * r * 0.036, py + np.sin(turn) * r * 0.036)
                sheet.shape(ellipse(spot, (r * 0.036, r * 0.026), turn=turn, count=20), inks[9], INK, line * 0.7)
            sheet.disc((px, py), r * 0.02, tone("c87a2a"))
        else:
            star = ellipse((px, py), (r * 0.08, r * 0.08), turn=angle, count=12)
            star[1::2] = (star[1::2] - (px, py)) * 0.42 + (px, py)
            sheet.shape(star, inks[0], INK, line * 0.7)
    for index in range(72):
        angle = index * 2 * np.pi / 72
        way = np.array([np.cos(angle), np.sin(angle)])
        sheet.stroke(np.stack([way * r * 0.3, way * r * 0.7]) + centre, inks[2], [line * 0.3, line * 1.2])


def _locks(rng: np.random.Generator, at: Points, r: float) -> list[tuple[Points, float, int]]:
    """Strands of hair as paths with a thickness (pixels) and a tone 0..2; ``at`` is the crown, ``r`` the head."""
    strands = []
    for index in range(30):
        share = index / 29
        start = (
            at + np.array([0.1 + 0.25 * np.sin(share * np.pi), -0.2 + 0.85 * share]) * r + rng.normal(0, 0.02, 2) * r
        )
        angle = -0.42 + 1.75 * share + rng.normal(0, 0.1)
        length = r * rng.uniform(1.5, 2.5)
        bend = rng.uniform(0.5, 1.5) * (1 if share < 0.75 else -0.5)
        curl = rng.choice([-1, 1], p=(0.35, 0.65)) * rng.uniform(1.5, 5.0)
        path = whiplash((float(start[0]), float(start[1])), angle, length, bend, curl)
        strands.append((path, r * rng.uniform(0.09, 0.17), int(rng.integers(0, 3))))
    order = rng.permutation(len(strands))
    return [strands[int(index)] for index in order]


def _draw_lock(sheet: Sheet, path: Points, thick: float, ink: Array, light: Array) -> None:
    profile = np.array([0.6, 1.0, 0.85, 0.6, 0.4, 0.22, 0.08])
    sheet.stroke(path, INK, (profile * thick + thick * 0.16).tolist())
    sheet.stroke(path, ink, (profile * thick).tolist())
    aside = np.stack([-np.gradient(path[:, 1]), np.gradient(path[:, 0])], 1)
    aside /= np.hypot(aside[:, :1], aside[:, 1:]) + 1e-9
    taper = np.interp(np.linspace(0, 1, len(path)), np.linspace(0, 1, len(profile)), profile)[:, None] * thick
    sheet.stroke((path - aside * taper * 0.22)[4:-8], light, [thick * 0.04, thick * 0.12, thick * 0.03])
    sheet.stroke((path + aside * taper * 0.2)[4:-8], INK, [thick * 0.03, thick * 0.06, thick * 0.03])


def _head(rng: np.random.Generator, sheet: Sheet, origin: Points, r: float, inks: Array) -> None:
    """A woman in profile to the left with flowers in streaming hair; ``r`` is the height of her face, pixels."""
    at = transform(origin, r)
    line = r * 0.018
    for path, thick, place in _locks(rng, at(points((0.62, 0.1)))[0], r):
        _draw_lock(sheet, path, thick, inks[4 + place], inks[6])
    profile, nape = spline(PROFILE, steps=8), NAPE
    sheet.fill(at(np.concatenate([profile, points((-0.3, 2.2)), nape])), SKIN)
    sheet.fill(at(spline(THROAT, closed=True)), tone("e0ae8c"))
    sheet.stroke(at(spline(nape[2:5])), INK, line)
    sheet.stroke(at(profile), INK, [line * 0.8, line * 1.3, line])
    sheet.shape(at(spline(ROBE)), inks[7], INK, line)
    for fold in np.linspace(0.0, 1.2, 7):
        start = tuple(at(points((fold, 1.78)))[0])
        sheet.stroke(whiplash(start, 1.9 - fold * 0.7, r * 0.6, 0.3, 0.5), INK, [line * 0.5, line, line * 0.4])
    _features(sheet, origin, r, inks[4])
    _coiffure(rng, sheet, origin, r, inks)
    for x, y, size in ((0.5, -0.04, 0.15), (0.7, 0.1, 0.18), (0.84, 0.32, 0.15)):
        _rose(rng, sheet, origin + np.array([x, y]) * r, size * r, inks)


def _features(sheet: Sheet, origin: Points, r: float, brow: Array) -> None:
    """Cheek, lips, a lowered eyelid, eyebrow and nostril; ``brow`` is a colour."""
    at = transform(origin, r)
    line = r * 0.018
    sheet.fill(at(ellipse((0.33, 0.6), (0.075, 0.055), turn=-0.3)), mix(SKIN, tone("e08a70"), 0.45))
    sheet.fill(at(spline(LIPS, closed=True, steps=5)), tone("c0584a"))
    sheet.stroke(at(trace("0.163,0.717 0.2,0.712 0.238,0.716")), INK, line * 0.7)
    lid = spline(trace("0.228,0.368 0.265,0.402 0.31,0.41 0.365,0.385"))
    sheet.stroke(at(lid), INK, [line * 0.5, line * 1.5, line * 0.5])
    for dx, dy in ((0.236, 0.392), (0.26, 0.412), (0.29, 0.42)):
        sheet.stroke(at(points((dx, dy - 0.012), (dx - 0.026, dy + 0.026))), INK, line * 0.6)
    sheet.stroke(at(spline(trace("0.23,0.335 0.285,0.318 0.36,0.345"))), INK, line * 0.45)
    arch = spline(trace("0.195,0.27 0.26,0.232 0.34,0.235 0.41,0.275"))
    sheet.stroke(at(arch), brow, [line * 0.7, line * 1.8, line * 0.6])
    sheet.stroke(at(spline(trace("0.158,0.585 0.172,0.562 0.195,0.572 0.192,0.597"))), INK, line * 0.6)


def _coiffure(rng: np.random.Generator, sheet: Sheet, origin: Points, r: float, inks: Array) -> None:
    """The hair drawn back from the brow over the ear, in combed bands."""
    brow = spline(trace("0.3,-0.03 0.36,0.1 0.45,0.24 0.53,0.42 0.62,0.64 0.76,0.84 0.92,0.95"))
    crown = spline(trace("0.27,-0.06 0.38,-0.2 0.62,-0.27 0.9,-0.14 1.06,0.16 1.12,0.52 1.08,0.8 0.95,0.96"))
    sheet.shape(np.concatenate([brow, crown[::-1]]) * r + origin, inks[5], INK, r * 0.02)
    share = np.linspace(0, 1, 40)
    first, last = (
        np.stack([np.interp(share, np.linspace(0, 1, len(path)), path[:, i]) for i in (0, 1)], 1)
        for path in (brow, crown)
    )
    for index, blend in enumerate(np.linspace(0.06, 0.94, 17)):
        band = first * (1 - blend) + last * blend
        ink = (INK, inks[4], inks[6])[index % 3]
        thick = [r * 0.004, r * (0.03 if index % 3 else 0.012), r * 0.004]
        sheet.stroke(band * r + origin + rng.normal(0, 0.004 * r, 2), ink, thick)


def _rose(rng: np.random.Generator, sheet: Sheet, at: Points, r: float, inks: Array) -> None:
    """A many-petalled flower for the hair; pixels."""
    for ring, (reach, count) in enumerate(((1.0, 7), (0.68, 6), (0.38, 4))):
        for index in range(count):
            turn = index * 2 * np.pi / count + ring * 0.5 + rng.normal(0, 0.08)
            spot = (float(at[0] + np.cos(turn) * r * reach * 0.55), float(at[1] + np.sin(turn) * r * reach * 0.55))
            petal = ellipse(spot, (r * reach * 0.52, r * reach * 0.4), turn=turn, count=28)
            sheet.shape(petal, inks[9] * (0.9 + 0.05 * ring), INK, max(0.7, r * 0.05))
    sheet.disc((float(at[0]), float(at[1])), r * 0.2, tone("c8862f"))


def art_nouveau(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """A decorative panel of a woman, a halo and lilies, as a colour lithograph: (height, width, 3)."""
    width, height = size
    inks = tones(PALETTES[int(rng.integers(0, len(PALETTES)))])
    w = float(min(width, height * 1.25))
    edge = w * 0.025
    sheet = Sheet(size, inks[0])
    sheet.shape(rectangle(edge, edge, width - edge, height - edge), mix(inks[1], inks[0], 0.5), INK, w / 260)
    r = min(height * 0.43, width * 0.4)
    centre = (width / 2, height * 0.45)
    _halo(rng, sheet, centre, r, inks)
    face = r * 0.78
    origin = np.array([centre[0] - face * 0.55, centre[1] - face * 0.52])
    _head(rng, sheet, origin, face, inks)
    panel = max((width / 2 - r) - edge * 1.2, 0.0)
    if panel > w * 0.06:
        for left in (edge * 1.2, width - edge * 1.2 - panel * 0.8):
            _side_panel(rng, sheet, (left, edge * 1.2, left + panel * 0.8, height - edge * 1.2), inks)
    frame = ((inks[0], edge * 2.2, 0.0), (INK, w / 220, edge * 0.5), (inks[2], w / 150, edge * 0.85),
             (INK, w / 320, edge * 1.15))  # fmt: skip
    for ink, thick, inset in frame:
        sheet.stroke(rectangle(inset, inset, width - inset, height - inset), ink, thick, closed=True)
    scene = sheet.colours()
    if rng.random() < 0.5:
        scene = np.asarray(scene[:, ::-1])
    wash = noise(rng, (height, width), w / 4, octaves=5)[..., None] - 0.5
    grain = rng.normal(0, 0.018, (height, width, 1)).astype(np.float32)
    return paper(rng, np.clip(scene * (1 + 0.1 * wash + grain), 0, 1).astype(np.float32), 0.05)


# One panel each: ground, second ground, skin, dots, hair or petal, lips or accent, lens.
PANELS = (
    "ffd800 ff8a00 ffe3cf f0554a 1a1a1a e4002b 0090d8",
    "00a6dc 0068b8 ffd9cc f2607a ffe100 e4002b f23a90",
    "f2308a b8006a fff0c0 f58a3a 2a2a90 d80032 00b0a0",
    "00b488 007a6a ffe6dc e85a70 e03a1a c0102a ffd800",
    "f04a24 c02010 fff0d8 f07a50 fff07a e4002b 1f3fb0",
    "7a4fd0 4a20a0 ffe0d0 f0688a ff8a1a f0106a 00c0e0",
)
BLACK = tone("141414")
Layer = tuple[Points, int | None, float]


def _face() -> list[Layer]:
    """A woman in sunglasses: outlines in a unit square, each with its palette place and line weight."""
    back = trace(
        "0.5,0.06 0.3,0.09 0.17,0.24 0.13,0.45 0.1,0.66 0.02,0.76 0.2,0.78 0.5,0.7 0.8,0.78 "
        "0.98,0.74 0.9,0.64 0.87,0.44 0.83,0.23 0.7,0.09"
    )
    back = spline(back, closed=True)
    shoulder = spline(trace("0.41,0.7 0.41,0.84 0.36,0.885 0.2,0.93 0.13,1.04"))
    neck = np.concatenate([shoulder, shoulder[::-1] * (-1, 1) + (1, 0)])
    face = trace(
        "0.5,0.2 0.33,0.24 0.26,0.4 0.27,0.56 0.34,0.7 0.44,0.795 0.5,0.81 0.56,0.795 0.66,0.7 "
        "0.73,0.56 0.74,0.4 0.67,0.24"
    )
    face = spline(face, closed=True)
    fringe = trace(
        "0.38,0.15 0.22,0.22 0.2,0.42 0.24,0.5 0.29,0.37 0.4,0.31 0.56,0.24 0.6,0.2 0.68,0.3 "
        "0.75,0.4 0.77,0.5 0.81,0.4 0.77,0.22 0.62,0.14"
    )
    fringe = spline(fringe, closed=True)
    left = spline(trace("0.25,0.39 0.36,0.38 0.47,0.41 0.46,0.49 0.38,0.54 0.29,0.51"), closed=True)
    right = left * (-1, 1) + (1, 0)
    bridge = spline(trace("0.46,0.43 0.5,0.415 0.54,0.43"), steps=6)
    upper = trace("0.39,0.69 0.45,0.662 0.5,0.675 0.55,0.662 0.61,0.69")
    lips = np.concatenate(
        [spline(upper, steps=6), spline(trace("0.61,0.69 0.56,0.735 0.5,0.75 0.44,0.735 0.39,0.69"), steps=6)]
    )
    mouth = spline(trace("0.39,0.69 0.46,0.697 0.5,0.692 0.54,0.697 0.61,0.69"), steps=5)
    nose = spline(trace("0.52,0.52 0.545,0.59 0.525,0.615 0.485,0.61"), steps=6)
    glint = trace("0.3,0.4 0.345,0.4 0.31,0.5 0.285,0.49")
    beads = [ellipse((x, y), (0.034, 0.04)) for x, y in ((0.245, 0.66), (0.755, 0.66))]
    return [
        (back, 4, 1.0), (neck, 2, 0.9), (face, 2, 0.9), (fringe, 4, 0.8), (left, 6, 1.3), (right, 6, 1.3),
        (bridge, None, 1.4), (glint, 7, 0.0), (np.add(glint, (0.23, 0)), 7, 0.0), (lips, 5, 0.9), (mouth, None, 0.8),
        (nose, None, 0.8), (beads[0], 0, 0.9), (beads[1], 0, 0.9)
    ]  # fmt: skip


def _flower() -> list[Layer]:
    """A big flat hibiscus with a leaf."""
    layers: list[Layer] = []
    stem = trace("0.52,0.5 0.55,0.75 0.5,1.02 0.56,1.02 0.61,0.75 0.56,0.5")
    leaf = spline(trace("0.57,0.9 0.66,0.72 0.88,0.68 0.96,0.74 0.84,0.86 0.7,0.92"), closed=True)
    layers += [(stem, 6, 0.9), (leaf, 6, 0.9), (spline(trace("0.58,0.9 0.72,0.8 0.92,0.74"), steps=6), None, 0.6)]
    centre = np.array([0.5, 0.42])
    for index in range(5):
        angle = index * 2 * np.pi / 5 - 1.5
        way, side = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        knots = trace("0.04,0.03 0.2,0.17 0.36,0.16 0.4,0.06 0.37,-0.01 0.41,-0.08 0.34,-0.17 0.18,-0.14 0.04,-0.03")
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
    upper = spline(trace("0.06,0.48 0.24,0.3 0.4,0.2 0.5,0.26 0.6,0.2 0.76,0.3 0.94,0.48"), steps=8)
    lower = spline(trace("0.94,0.48 0.8,0.68 0.62,0.79 0.5,0.81 0.38,0.79 0.2,0.68 0.06,0.48"), steps=8)
    above = spline(trace("0.14,0.475 0.34,0.42 0.5,0.44 0.66,0.42 0.86,0.475"), steps=8)
    below = spline(trace("0.86,0.475 0.7,0.57 0.5,0.61 0.3,0.57 0.14,0.475"), steps=8)
    teeth = np.concatenate([above[6:-6], spline(trace("0.76,0.5 0.64,0.535 0.5,0.545 0.36,0.535 0.24,0.5"), steps=6)])
    layers: list[Layer] = [
        (np.concatenate([upper, lower]), 5, 1.3),
        (np.concatenate([above, below]), 4, 1.0),
        (teeth, 7, 0.6),
    ]
    layers += [(points((x, 0.44), (x, 0.53)), None, 0.45) for x in (0.36, 0.43, 0.5, 0.57, 0.64)]
    for dx in (0.0, 0.22):
        shine = points((0.36 + dx, 0.68), (0.45 + dx, 0.7), (0.44 + dx, 0.735), (0.36 + dx, 0.715))
        layers.append((spline(shine, closed=True, steps=5), 7, 0.0))
    return [*layers, (spline(trace("0.68,0.3 0.76,0.36 0.8,0.41"), steps=5), None, 0.7)]


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
    return mix(fills, BLACK, key * worn)


def pop_art(rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """The same picture printed over and over in clashing colours: (height, width, 3)."""
    width, height = size
    subject = (_face, _flower, _lips)[int(rng.choice(3, p=(0.5, 0.25, 0.25)))]
    columns, rows = ((2, 2), (3, 2))[int(rng.random() < 0.3)]
    if height > width:
        columns, rows = rows, columns
    gap = max(1, round(min(width, height) * 0.012))
    scene = np.broadcast_to(tone("f4efe2"), (height, width, 3)).copy()
    order, layers = rng.permutation(len(PANELS)), subject()
    for index in range(columns * rows):
        left, right = (round(width * (index % columns + part) / columns) for part in (0, 1))
        top, bottom = (round(height * (index // columns + part) / rows) for part in (0, 1))
        left, top, right, bottom = left + gap, top + gap, right - gap, bottom - gap
        scene[top:bottom, left:right] = _panel(rng, (right - left, bottom - top), layers, PANELS[order[index]])
    ink = noise(rng, (height, width), width / 5, octaves=6)
    return paper(rng, np.clip(scene * (1 + 0.05 * (ink[..., None] - 0.5)), 0, 1).astype(np.float32), 0.025)
