"""What surrounds a painting in its photograph: plain margins, and frames."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from smn.clean.view import Reading, View

SIDES = ("top", "right", "bottom", "left")

_PLAIN = 14.0  # values 0..255 by which the pixels of a margin may differ from its colour
_DEEPEST = 0.35  # share of a side up to which margins and frames are looked for
_LEAST = 0.015  # share of a side below which a margin is a sliver
_NARROWEST, _WIDEST = 0.04, 0.25  # share of the shorter side that a frame takes
_EDGE = 9.0  # values 0..255 across a frame's edge


@dataclass(frozen=True)
class Margin:
    """The plain margin on one side.

    Args:
        depth: pixels; 0 where there is none.
        step: how much of the picture's edge stands out from the margin, 0..1. A painted sky or wall gives way little by
            little; a margin ends along its whole length at once.
    """

    depth: int
    step: float


def score_border(view: View) -> Reading:
    """Plain margins that end in a straight step, on two sides or more. Evidence: each margin's share of its side."""
    margins = find_margins(view.rgb)
    height, width = view.grey.shape
    shares = {side: margin.depth / (height if side in ("top", "bottom") else width) for side, margin in margins.items()}
    strengths = sorted(
        (margin.step * min(1.0, shares[side] / (2 * _LEAST)) for side, margin in margins.items()), reverse=True
    )
    return Reading(1.0 - strengths[1], {side: round(share, 4) for side, share in shares.items()})


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
    """Rows at the top that are all of one colour, or 0 where they are too few or do not end."""
    reach = int(turned.shape[0] * _DEEPEST)
    least = max(2, math.ceil(_LEAST * turned.shape[0]))
    colour = np.median(turned[: max(2, reach // 20)].reshape(-1, 3), axis=0)
    # The outermost row or two are often cut unevenly. Most pictures have no margin, which few rows tell.
    first = 0 if _are_plain(turned[:2], colour).all() else 2
    if not _are_plain(turned[first : first + least], colour).all():
        return 0
    ends = np.flatnonzero(~_are_plain(turned[first : reach + 1], colour))
    depth = int(ends[0]) + first if len(ends) else 0
    return depth if depth >= least else 0


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


def score_frame(view: View) -> Reading:
    """Straight edges along all four sides at about one depth, inside of any plain margin, around bands that are alike.

    A frame's mouldings run the whole length of the picture, from light to dark or from dark to light all along, which
    paint does not. The score is one less how far the weakest side has such an edge, less again where the four bands
    outside of it differ in colour. Evidence ``depth`` is the share of the shorter side that the frame takes.
    """
    margins = find_margins(view.rgb)
    height, width = view.grey.shape
    top, right, bottom, left = (margins[side].depth for side in SIDES)
    inner = view.rgb[top : height - bottom, left : width - right]
    grey = view.grey[top : height - bottom, left : width - right].astype(np.float32)
    shorter = min(grey.shape)
    if shorter < 32:
        return Reading(1.0, {"depth": 0.0})
    lines = [_edge_lines(np.rot90(grey, turns), shorter) for turns in range(4)]
    first = round(_NARROWEST * shorter)
    covers = [
        min(float(line[int(depth / 1.5) : int(depth * 1.5) + 1].max()) for line in lines)
        for depth in range(first, len(lines[0]))
    ]
    depth = first + int(np.argmax(covers))
    alike = _alike([np.rot90(inner, turns)[:depth, depth:-depth] for turns in range(4)])
    return Reading(1.0 - max(covers) * alike, {"depth": round(depth / shorter, 4)})


def _edge_lines(grey: NDArray[np.float32], shorter: int) -> NDArray[np.float32]:
    """(d,), how far each line near the top is an edge along its whole length, beyond what texture is, 0..1."""
    reach, middle = int(shorter * _WIDEST), grey.shape[0] // 2
    lean = max(1, round(0.005 * shorter))
    cover = _edge_cover(grey[: reach + 3], corner=reach // 2, lean=lean)
    usual = float(np.median(_edge_cover(grey[middle - reach // 4 : middle + reach // 4], corner=reach // 2, lean=lean)))
    return np.asarray((cover - usual).clip(0) / max(1.0 - usual, 1e-6), dtype=np.float32)


def _edge_cover(rows: NDArray[np.float32], *, corner: int, lean: int) -> NDArray[np.float32]:
    """For each line of ``rows``, the share of it at which the picture turns lighter, or darker if that is more, 0..1.

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
    """How alike four bands are in colour, 1 alike to 0 not; light from one side makes a frame's differ somewhat."""
    colours = np.array([np.median(band.reshape(-1, 3), axis=0) for band in bands])
    apart = np.abs(colours[:, None] - colours[None]).max()
    return float(np.clip(1.5 - apart / 100, 0, 1))
