"""Tells a canvas from the frame and the paper around it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Corners = NDArray[np.float64]

_SIDE = 240
"""Side of the square that a framed painting is turned into, to be looked at, in pixels."""

_DEEPEST = 0.26
"""How much of the framed painting frame and paper may take on each side, as a share."""

_STEP = 9.0
"""The smallest step of colour across the inner edge of a frame, in units of CIELAB scaled to 0..255."""

_STRAIGHT = 0.62
"""The share of a side along which there must be such a step at the same depth."""

_EVEN = 6.0
"""How far, in the middle, colours along a frame lie from its colour; along a canvas they lie further apart."""


def find_canvas(pixels: NDArray[np.uint8], corners: Corners) -> Corners:
    """The corners of the canvas inside a framed painting, or those given where no frame is seen.

    The framed painting is turned into a square. Along a frame, and along paper, colours are even; where they cease
    to be, the canvas has begun. It begins at the innermost straight step of colour before that, so that mouldings do
    not count.

    Args:
        pixels: (h, w, 3), RGB.
        corners: (4, 2), of the framed painting in it, clockwise from the upper left.

    Returns:
        (4, 2), a little inside the edge that was found.
    """
    import cv2

    goal = np.array([[0, 0], [_SIDE, 0], [_SIDE, _SIDE], [0, _SIDE]], dtype=np.float32)
    turn = cv2.getPerspectiveTransform(corners.astype(np.float32), goal)
    square = cv2.warpPerspective(pixels, turn, (_SIDE, _SIDE), flags=cv2.INTER_AREA)
    lab = cv2.cvtColor(cv2.GaussianBlur(square, (0, 0), 0.8), cv2.COLOR_RGB2LAB).astype(np.float32)
    depths = _agree([_find_depth(side) for side in _sides(lab)])
    left, top, right, bottom = (depth + 1.5 for depth in (depths[3], depths[0], depths[1], depths[2]))
    inner = np.array(
        [[left, top], [_SIDE - right, top], [_SIDE - right, _SIDE - bottom], [left, _SIDE - bottom]], dtype=np.float32
    )
    back: Any = cv2.perspectiveTransform(inner[None], np.linalg.inv(turn))
    return np.asarray(back[0], dtype=np.float64)


def _sides(lab: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """The picture turned so that its upper, right, lower and left side is above, in turn."""
    return [np.rot90(lab, quarter) for quarter in range(4)]


def _find_depth(lab: NDArray[np.float32]) -> float:
    """How deep below the upper side the canvas begins, in pixels; 0 where nothing tells it from the canvas."""
    deepest = int(_DEEPEST * _SIDE)
    middle = lab[: deepest + 4, int(0.15 * _SIDE) : int(0.85 * _SIDE)]
    uneven = np.median(np.linalg.norm(middle - np.median(middle, axis=1, keepdims=True), axis=2), axis=1)
    busy = np.convolve(uneven > _EVEN, np.ones(4), mode="valid") == 4
    end = int(np.argmax(busy)) if busy.any() else deepest
    share = (np.linalg.norm(middle[4:] - middle[:-4], axis=2) > _STEP).mean(axis=1)  # at row + 2
    steps = [row for row in range(len(share)) if share[row] >= _STRAIGHT and row <= end + 2]
    # A step blurs over several rows; what counts is the middle of the innermost ones.
    last = [row for at, row in enumerate(steps) if steps[-1] - row == len(steps) - 1 - at]
    return float(np.mean(last)) + 2.0 if last else 0.0


def _agree(depths: list[float]) -> list[float]:
    """The depths, those that stray far from the others put right: a frame is about as wide on all sides."""
    known = [depth for depth in depths if depth > 0]
    if len(known) < 2:
        return [0.0] * 4
    usual = float(np.median(known))
    return [depth if 0.5 * usual <= depth <= 1.7 * usual else usual for depth in depths]
