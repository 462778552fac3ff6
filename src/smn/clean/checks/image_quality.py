"""The checks of a single picture: size, shape, light, sharpness, detail, colour, borders and frames."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

LONGER = 512
"""The longer side, in pixels, at which borders, light and colour are measured; smaller pictures are not enlarged."""

SHORTER = 192
"""The shorter side, in pixels, at which blur is measured."""

SIDES = ("top", "right", "bottom", "left")

_PLAIN = 14.0  # values 0..255 by which the pixels of a margin may differ from its colour
_MAX_DEPTH = 0.35  # share of a side up to which margins and frames are looked for
_MIN_DEPTH = 0.015  # share of a side below which a margin is ignored
_MIN_FRAME, _MAX_FRAME = 0.04, 0.25  # share of the shorter side that a frame takes
_EDGE = 9.0  # values 0..255 across a frame's edge
_FULL_SIDE = 200  # pixels of the shorter side from which the score of size is 1
_COLOURED = 8.0  # CIELAB units of colour spread from which the score of colour is 1
_COLOUR_SIDE = 96  # pixels of the shorter side that colour is sampled at, at least
_TINTED = 25.0  # CIELAB units from grey; sepia and paper stay below, a canvas of one colour does not


@dataclass(frozen=True)
class ImageScore:
    """One check's score of one picture.

    Args:
        score: 0, surely a fault, to 1, surely none.
        evidence: numbers that explain it, by name.
    """

    score: float
    evidence: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class View:
    """One picture at fixed scales, so that scores of pictures of any size compare.

    Args:
        width: of the whole picture, in pixels.
        height: of the whole picture, in pixels.
        rgb: (h, w, 3), the picture with a longer side of at most `LONGER` pixels.
        grey: (h, w), its luma.
        fine: (h', w'), luma with a shorter side of at most `SHORTER` pixels.
    """

    width: int
    height: int
    rgb: NDArray[np.uint8]
    grey: NDArray[np.uint8]
    fine: NDArray[np.uint8]


def make_view(image: Image.Image) -> View:
    """The view of an upright RGB picture."""
    reduced = _reduce(image, LONGER / max(image.size))
    grey = reduced.convert("L")
    fine = _reduce(grey, SHORTER / min(grey.size))
    return View(*image.size, rgb=np.asarray(reduced), grey=np.asarray(grey), fine=np.asarray(fine))


def _reduce(image: Image.Image, scale: float) -> Image.Image:
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)


def score_size(view: View) -> ImageScore:
    """The shorter side against 200 pixels."""
    return ImageScore(min(1.0, min(view.width, view.height) / _FULL_SIDE))


def score_aspect(view: View) -> ImageScore:
    """The shorter side over the longer one (CleanVision's ``odd_aspect_ratio``)."""
    return ImageScore(min(view.width, view.height) / max(view.width, view.height))


def score_darkness(view: View) -> ImageScore:
    """The 99th percentile of brightness, 0..1 (CleanVision's ``dark``): 0 where even the lights are black."""
    return ImageScore(float(np.percentile(_brightness(view), 99)))


def score_lightness(view: View) -> ImageScore:
    """1 minus the 1st percentile of brightness, 0..1: 0 where even the darkest spots are white.

    CleanVision's ``light`` takes the 5th, which flags every drawing on white paper.
    """
    return ImageScore(1.0 - float(np.percentile(_brightness(view), 1)))


def score_sharpness(view: View) -> ImageScore:
    """What a further blur removes: 1 minus the blur of Crete et al. 2007, "The Blur Effect".

    It compares the differences between neighbouring pixels before and after a mean over nine pixels; those of a blurred
    picture hardly change. The measure does not depend on contrast, so flat colour with clean edges is sharp.
    """
    grey = view.fine.astype(np.float32)
    return ImageScore(min(_lost_by_blur(grey), _lost_by_blur(grey.T)))


def score_information(view: View) -> ImageScore:
    """A tenth of the entropy, in bits, of all red, green and blue values (CleanVision's ``low_information``)."""
    counts = np.concatenate([np.bincount(view.rgb[..., channel].ravel(), minlength=256) for channel in range(3)])
    shares = counts[counts > 0] / counts.sum()
    return ImageScore(min(1.0, -float((shares * np.log2(shares)).sum()) / 10))


def score_colour(view: View) -> ImageScore:
    """The standard deviation of colour (CIELAB a and b) that lightness does not explain, against 8 units.

    A grey picture has none, nor has a sepia one: its tint is a function of lightness. Evidence ``tint`` is how far the
    mean colour is from grey, which distinguishes the two.
    """
    step = max(1, min(view.grey.shape) // _COLOUR_SIDE)
    lab = cv2.cvtColor(np.ascontiguousarray(view.rgb[::step, ::step], dtype=np.float32) / 255, cv2.COLOR_RGB2LAB)
    light, colour = lab[..., 0].ravel() / 100, lab[..., 1:].reshape(-1, 2)
    terms = np.stack([np.ones_like(light), light, light**2, light**3], axis=1)
    fitted, *_ = np.linalg.lstsq(terms.T @ terms, terms.T @ colour, rcond=None)
    rest = colour - terms @ fitted
    spread = float(np.sqrt((rest**2).sum(axis=1).mean()))
    tint = float(np.hypot(*colour.mean(axis=0)))
    return ImageScore(min(1.0, max(spread, tint - _TINTED) / _COLOURED), {"tint": tint})


def _brightness(view: View) -> NDArray[np.float32]:
    """(n,), perceived brightness 0..1 of every pixel: the root of a weighted mean of squares, as in CleanVision."""
    squares = view.rgb.reshape(-1, 3).astype(np.float32) ** 2
    return np.asarray(np.sqrt(squares @ np.array([0.241, 0.691, 0.068])) / 255, dtype=np.float32)


def _lost_by_blur(grey: NDArray[np.float32]) -> float:
    """Share of the vertical differences that a vertical mean over nine pixels removes, 0..1; 1 without any."""
    blurred = cv2.blur(grey, (1, 9))
    before = np.abs(np.diff(grey, axis=0))
    lost = np.maximum(0.0, before - np.abs(np.diff(blurred, axis=0)))
    total = float(before.sum())
    return float(lost.sum()) / total if total > 0 else 1.0


@dataclass(frozen=True)
class Margin:
    """The plain margin on one side.

    Args:
        depth: pixels; 0 where there is none.
        step: share of the margin's inner edge at which the picture differs from it, 0..1. A painted sky or wall ends
            gradually; a margin ends along its whole length at once.
    """

    depth: int
    step: float


def score_border(view: View) -> ImageScore:
    """Plain margins that end in a straight step, on two sides or more. Evidence: each margin's share of its side."""
    margins = find_margins(view.rgb)
    height, width = view.grey.shape
    shares = {side: margin.depth / (height if side in ("top", "bottom") else width) for side, margin in margins.items()}
    strengths = sorted(
        (margin.step * min(1.0, shares[side] / (2 * _MIN_DEPTH)) for side, margin in margins.items()), reverse=True
    )
    return ImageScore(1.0 - strengths[1], {side: round(share, 4) for side, share in shares.items()})


def find_margins(rgb: NDArray[np.uint8]) -> dict[str, Margin]:
    """The plain margin on each side of a picture (h, w, 3)."""
    sides = {side: np.rot90(rgb, turns) for turns, side in enumerate(SIDES)}
    depths = {side: _plain_depth(turned) for side, turned in sides.items()}
    found = {}
    for number, (side, turned) in enumerate(sides.items()):
        # After the turn, the next side lies at the right and the one before at the left.
        before, after = depths[SIDES[number - 1]], depths[SIDES[(number + 1) % 4]]
        depth = depths[side]
        within = turned[:, before : turned.shape[1] - after]
        found[side] = Margin(depth, _step(within, depth) if depth else 0.0)
    return found


def _plain_depth(turned: NDArray[np.uint8]) -> int:
    """Number of rows at the top that are all of one colour; 0 where they are too few or do not end."""
    reach = int(turned.shape[0] * _MAX_DEPTH)
    shortest = max(2, math.ceil(_MIN_DEPTH * turned.shape[0]))
    colour = np.median(turned[: max(2, reach // 20)].reshape(-1, 3), axis=0)
    # The outermost row or two are often cut unevenly. Few rows are enough to reject most pictures.
    first = 0 if _are_plain(turned[:2], colour).all() else 2
    if not _are_plain(turned[first : first + shortest], colour).all():
        return 0
    ends = np.flatnonzero(~_are_plain(turned[first : reach + 1], colour))
    depth = int(ends[0]) + first if len(ends) else 0
    return depth if depth >= shortest else 0


def _are_plain(rows: NDArray[np.uint8], colour: NDArray[np.float64]) -> NDArray[np.bool_]:
    """For each of the rows (h, w, 3), whether nearly all of it is of that colour."""
    apart = _furthest(rows.astype(np.float32), colour)
    return np.asarray((apart <= _PLAIN).mean(axis=1) >= 0.97)


def _furthest(pixels: NDArray[np.float32], colour: NDArray[np.float64]) -> NDArray[np.float32]:
    """(h, w), by how much the channel that differs most differs from a colour, 0..255."""
    red, green, blue = (np.abs(pixels[..., channel] - np.float32(colour[channel])) for channel in range(3))
    return np.asarray(np.maximum(np.maximum(red, green), blue))


def _step(within: NDArray[np.uint8], depth: int) -> float:
    """The share of the edge at which the picture just inside differs from the margin just outside."""
    if within.shape[1] < 4:
        return 0.0
    reach = max(2, round(0.015 * within.shape[0]))
    outside = np.median(within[:depth].reshape(-1, 3), axis=0)
    inside = within[depth : depth + reach].astype(np.float32)
    return float((_furthest(inside, outside).max(axis=0) > 2 * _PLAIN).mean())


def score_frame(view: View) -> ImageScore:
    """Straight edges along all four sides at about one depth, inside of any plain margin, around similar bands.

    The edges of a frame's mouldings run the whole length of the picture with one sign of the gradient; painted edges
    do not. The score is 1 minus the edge coverage of the weakest side times the similarity of the four bands outside
    of it. Evidence ``depth`` is the share of the shorter side that the frame takes.
    """
    margins = find_margins(view.rgb)
    height, width = view.grey.shape
    top, right, bottom, left = (margins[side].depth for side in SIDES)
    inner = view.rgb[top : height - bottom, left : width - right]
    grey = view.grey[top : height - bottom, left : width - right].astype(np.float32)
    shorter = min(grey.shape)
    if shorter < 32:
        return ImageScore(1.0, {"depth": 0.0})
    lines = [_edge_lines(np.rot90(grey, turns), shorter) for turns in range(4)]
    first = round(_MIN_FRAME * shorter)
    covers = [
        min(float(line[int(depth / 1.5) : int(depth * 1.5) + 1].max()) for line in lines)
        for depth in range(first, len(lines[0]))
    ]
    depth = first + int(np.argmax(covers))
    alike = _alike([np.rot90(inner, turns)[:depth, depth:-depth] for turns in range(4)])
    return ImageScore(1.0 - max(covers) * alike, {"depth": round(depth / shorter, 4)})


def _edge_lines(grey: NDArray[np.float32], shorter: int) -> NDArray[np.float32]:
    """(d,), edge coverage of each line near the top, beyond that of the picture's texture, 0..1."""
    reach, middle = int(shorter * _MAX_FRAME), grey.shape[0] // 2
    lean = max(1, round(0.005 * shorter))
    cover = _edge_cover(grey[: reach + 3], corner=reach // 2, lean=lean)
    usual = float(np.median(_edge_cover(grey[middle - reach // 4 : middle + reach // 4], corner=reach // 2, lean=lean)))
    return np.asarray((cover - usual).clip(0) / max(1.0 - usual, 1e-6), dtype=np.float32)


def _edge_cover(rows: NDArray[np.float32], *, corner: int, lean: int) -> NDArray[np.float32]:
    """For each line of ``rows``, the share of it with an edge of one sign: dark to light, or light to dark, 0..1.

    Args:
        rows: (h, w).
        corner: pixels left out at both ends.
        lean: pixels by which a line may be off the horizontal.
    """
    across = rows[2:, corner : rows.shape[1] - corner] - rows[:-2, corner : rows.shape[1] - corner]
    near = np.ones((2 * lean + 1, 1), np.uint8)
    rising, falling = cv2.dilate(across, near) > _EDGE, cv2.erode(across, near) < -_EDGE
    return np.asarray(np.maximum(rising.mean(axis=1), falling.mean(axis=1)), dtype=np.float32)


def _alike(bands: list[NDArray[np.uint8]]) -> float:
    """Similarity in colour of four bands, 0..1; light from one side makes those of a frame differ somewhat."""
    colours = np.array([np.median(band.reshape(-1, 3), axis=0) for band in bands])
    apart = np.abs(colours[:, None] - colours[None]).max()
    return float(np.clip(1.5 - apart / 100, 0, 1))


PICTURE_CHECKS: Mapping[str, Callable[[View], ImageScore]] = {
    "tiny": score_size,
    "odd_aspect": score_aspect,
    "dark": score_darkness,
    "light": score_lightness,
    "blurred": score_sharpness,
    "low_information": score_information,
    "greyscale": score_colour,
    "border": score_border,
    "frame": score_frame,
}
"""The function that scores each check. `smn.clean.measurements` adds ``broken``, which needs no picture."""

EVIDENCE: Mapping[str, tuple[str, ...]] = {
    "greyscale": ("tint",),
    "border": ("top", "right", "bottom", "left"),
    "frame": ("depth",),
}
"""The numbers that explain a score, by check."""


def value_names() -> tuple[str, ...]:
    """Names of the values of `score_picture`: the checks, and their evidence as ``check.evidence``."""
    return (*PICTURE_CHECKS, *(f"{check}.{name}" for check, names in EVIDENCE.items() for name in names))


def score_picture(image: Image.Image) -> dict[str, float]:
    """Every score and piece of evidence, by `value_names`, of one upright RGB picture of at least 16 pixels a side."""
    view = make_view(image)
    values: dict[str, float] = {}
    for check, score in PICTURE_CHECKS.items():
        result = score(view)
        values[check] = result.score
        values |= {f"{check}.{name}": result.evidence[name] for name in EVIDENCE.get(check, ())}
    return {name: values[name] for name in value_names()}
