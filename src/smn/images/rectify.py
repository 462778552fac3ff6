"""Finds a painting on a wall, and gives it straight and without wall and frame.

Classical vision: what differs from the wall is outlined, the outline is made a quadrilateral, its sides are refined,
and its claim is weighed: are its sides edges, is there wall all around, is something seen inside? Where that is
doubtful the picture is left alone, because most pictures are scans that need nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Corners = NDArray[np.float64]
"""(4, 2): x, y of a quadrilateral's corners, clockwise from the upper left."""

SIDE = 288
"""Longer side, in pixels, of the copy in which paintings are looked for."""

SURE = 0.5
"""The confidence, 0..1, from which a painting counts as found; chosen so that clean scans are left alone."""

_SMALLEST, _LARGEST = 0.05, 0.85
"""Share of the picture that a painting with its frame may take."""

_STEP = 14.0
"""A difference of colour, in units of CIELAB scaled to 0..255, that counts as an edge or as another thing than wall."""

_WALL = 0.5
"""The share of the picture's border, at least, that must be wall; most scans end here, after a millisecond or two."""

_SIDE = 240
"""Side of the square that a framed painting is turned into, to be looked at, in pixels."""

_DEEPEST = 0.26
"""How much of the framed painting frame and paper may take on each side, as a share."""

_CANVAS_STEP = 9.0
"""The smallest step of colour across the inner edge of a frame, in units of CIELAB scaled to 0..255."""

_STRAIGHT = 0.62
"""The share of a side along which there must be such a step at the same depth."""

_EVEN = 6.0
"""How far, in the middle, colours along a frame lie from its colour; along a canvas they lie further apart."""


class Rectify(StrEnum):
    """When a painting in a photograph is straightened."""

    AUTO = "auto"
    """Where one is surely found."""
    ON = "on"
    """Where anything like one is found."""
    OFF = "off"
    """Never."""


@dataclass(frozen=True)
class Found:
    """A painting in a picture.

    Args:
        corners: (4, 2), of the painting without its frame, as shares of the picture's width and height, clockwise from
            its upper left corner.
        confidence: 0..1.
    """

    corners: Corners
    confidence: float

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """The corners as plain numbers, with 4 decimals."""
        return tuple((round(float(x), 4), round(float(y), 4)) for x, y in self.corners)


def warm_up() -> None:
    """Let OpenCV make its tables for CIELAB, a tenth of a second, before the first picture waits for them."""
    import cv2

    cv2.cvtColor(np.zeros((1, 1, 3), np.uint8), cv2.COLOR_RGB2LAB)


def find_painting(image: Image.Image, *, min_confidence: float = SURE) -> Found | None:
    """Look for a painting on a wall.

    Args:
        image: an upright RGB picture of any size; it is looked at with 288 pixels on its longer side.
        min_confidence: 0..1, below which there is none; 0 takes the likeliest quadrilateral, if there is any.
    """
    import cv2

    scale = SIDE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    pixels = np.asarray(image.resize(size, Image.Resampling.BOX, reducing_gap=2.0))
    colours = cv2.cvtColor(cv2.medianBlur(pixels, 3), cv2.COLOR_RGB2LAB)
    plane, share = _fit_wall(colours)
    if share < _WALL and min_confidence > 0:
        return None
    lab = colours.astype(np.float32)
    wall, edges = _distance_to_wall(lab, plane), _edges(lab)
    weighed = [(_weigh(corners, wall, edges), corners) for corners in _outline(wall, edges)]
    (confidence, _), best = max(weighed, key=lambda one: one[0], default=((0.0, 0.0), None))
    if best is None or confidence < min_confidence:
        return None
    inner = find_canvas(pixels, best)
    # An even field on an even ground is a picture by itself, unless it hangs askew.
    confidence = min(confidence, max(_ramp(_detail(inner, edges), 0.2, 0.4), _ramp(_tilt(best), 1.5, 4.0)))
    if confidence < min_confidence:
        return None
    return Found(np.clip(inner / np.array(size), 0.0, 1.0), round(confidence, 3))


def straighten(image: Image.Image, found: Found) -> Image.Image:
    """A found painting, seen from the front; its sides are as long as the longer ones in the photograph."""
    import cv2

    corners = found.corners * np.array(image.size)
    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    width, height = (max(8, round(float(max(sides[at], sides[at + 2])))) for at in (0, 1))
    goal = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    turn = cv2.getPerspectiveTransform(corners.astype(np.float32), goal)
    pixels = cv2.warpPerspective(np.asarray(image), turn, (width, height), flags=cv2.INTER_AREA)
    return Image.fromarray(pixels)


def _fit_wall(lab: NDArray[Any]) -> tuple[NDArray[np.float64], float]:
    """The wall's colour as a plane (3, 3) through most of the picture's border, and the share of it that is wall."""
    terms, border = _list_terms(*lab.shape[:2])
    known, seen = terms[:, border], lab.reshape(-1, 3)[border].T.astype(np.float64)
    off = _lengths(seen - np.median(seen, axis=1, keepdims=True))
    for _ in range(5):  # what does not fit is a shadow, a floor, or another picture's frame
        used = known * (off <= max(5.0, float(np.quantile(off, 0.65))))
        plane, *_ = np.linalg.lstsq(used @ known.T, used @ seen.T, rcond=None)  # a thin picture has no one solution
        off = _lengths(seen - plane.T @ known)
    return np.asarray(plane, dtype=np.float64), float((off < _STEP).mean())


@lru_cache(maxsize=16)
def _list_terms(height: int, width: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """For each pixel of a picture: 1, x and y from its middle, as shares (3, height * width); and which are border."""
    y, x = np.mgrid[0:height, 0:width]
    terms = np.stack([np.ones(x.shape), x / width - 0.5, y / height - 0.5]).reshape(3, -1)
    band = max(2, round(0.02 * max(height, width)))
    border = (x < band) | (x >= width - band) | (y < band) | (y >= height - band)
    return terms, np.flatnonzero(border)


def _distance_to_wall(lab: NDArray[np.float32], plane: NDArray[np.float64]) -> NDArray[np.float32]:
    """How far each pixel's colour is from the wall's (h, w)."""
    height, width = lab.shape[:2]
    terms, _ = _list_terms(height, width)
    return _lengths(lab.reshape(-1, 3).T - plane.T @ terms).reshape(height, width).astype(np.float32)


def _lengths(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """The lengths (N,) of vectors (3, N)."""
    return np.asarray(np.sqrt(np.einsum("ij,ij->j", vectors, vectors)))


def _edges(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """The step of colour across each pixel (h, w): the largest of lightness and the two colours."""
    import cv2

    smooth = cv2.GaussianBlur(lab, (0, 0), 1.0)
    along = cv2.Sobel(smooth, cv2.CV_32F, 1, 0) / 4
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1) / 4
    squares = along**2 + down**2
    largest = np.maximum(np.maximum(squares[..., 0], squares[..., 1]), squares[..., 2])  # far faster than max(axis=2)
    return np.asarray(np.sqrt(largest) * 2, dtype=np.float32)


def _outline(wall: NDArray[np.float32], edges: NDArray[np.float32]) -> Iterator[Corners]:
    """Quadrilaterals that may be paintings: around what is not wall, and around what edges enclose."""
    import cv2

    area = wall.size
    otsu, _ = cv2.threshold(np.clip(wall, 0, 255).astype(np.uint8), 0, 255, cv2.THRESH_OTSU)
    masks: list[Any] = [(wall > level).astype(np.uint8) for level in (_STEP, 1.7 * _STEP, max(_STEP, float(otsu)))]
    masks += [cv2.dilate((edges > level).astype(np.uint8), np.ones((3, 3), np.uint8)) for level in (_STEP, 2.0 * _STEP)]
    closing = np.ones((5, 5), np.uint8)
    for mask in masks:
        closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, closing)
        closed = cv2.morphologyEx(closed, cv2.MORPH_OPEN, closing)
        contours, _ = cv2.findContours(closed, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        for contour in contours:
            if not _SMALLEST * area <= cv2.contourArea(contour) <= _LARGEST * area:
                continue
            corners = _four_corners(contour)
            if corners is not None:
                yield corners


def _four_corners(contour: Any) -> Corners | None:
    """The quadrilateral that a contour is, its sides fitted to the contour's points; None if it is none."""
    import cv2

    hull = cv2.convexHull(contour)
    around = cv2.arcLength(hull, closed=True)
    rough = next(
        (
            found[:, 0].astype(np.float64)
            for share in (0.02, 0.03, 0.045, 0.06, 0.08)
            if len(found := cv2.approxPolyDP(hull, share * around, closed=True)) == 4
        ),
        None,
    )
    if rough is None or cv2.contourArea(contour) < 0.8 * cv2.contourArea(rough.astype(np.float32)):
        return None
    corners = _fit_sides(_in_order(rough), contour[:, 0].astype(np.float64))
    if corners is None or not cv2.isContourConvex(corners.astype(np.float32)) or not _is_like_a_rectangle(corners):
        return None
    return corners


def _in_order(corners: Corners) -> Corners:
    """Corners clockwise, as seen, from the upper left one on."""
    centre = corners.mean(0)
    turned = corners[np.argsort(np.arctan2(*(corners - centre).T[::-1]))]
    return np.roll(turned, -int(np.argmin(turned.sum(1))), axis=0)


def _fit_sides(corners: Corners, points: NDArray[np.float64]) -> Corners | None:
    """Corners where lines through the contour's points beside each side meet; None where they do not."""
    lines = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = end - start
        length = float(np.linalg.norm(along))
        normal = np.array([-along[1], along[0]]) / max(length, 1e-9)
        share = (points - start) @ along / max(length**2, 1e-9)
        near = points[(np.abs((points - start) @ normal) < 0.04 * length + 2) & (share > 0.06) & (share < 0.94)]
        if len(near) < 8:
            return None
        centre = np.median(near, axis=0)
        spread = np.linalg.svd(near - near.mean(0), full_matrices=False)[2]
        lines.append((near.mean(0) if len(near) > 30 else centre, spread[0]))
    met = [_meet(lines[at - 1], lines[at]) for at in range(4)]
    return None if any(point is None for point in met) else np.array(met)


def _meet(one: tuple[Corners, Corners], other: tuple[Corners, Corners]) -> Corners | None:
    system = np.column_stack([one[1], -other[1]])
    if abs(np.linalg.det(system)) < 0.2:  # nearly parallel
        return None
    return np.asarray(one[0] + one[1] * np.linalg.solve(system, other[0] - one[0])[0])


def _is_like_a_rectangle(corners: Corners) -> bool:
    """Whether a rectangle seen at up to some 45 degrees can look so: by its angles and by its opposite sides."""
    sides = np.roll(corners, -1, axis=0) - corners
    lengths = np.linalg.norm(sides, axis=1)
    if lengths.min() < 12 or max(lengths) > 6 * min(lengths):
        return False
    cosines = [sides[at] @ sides[at - 1] / (lengths[at] * lengths[at - 1]) for at in range(4)]
    opposite = [min(lengths[at], lengths[at + 2]) / max(lengths[at], lengths[at + 2]) for at in (0, 1)]
    return bool(np.abs(cosines).max() < 0.5 and min(opposite) > 0.5)


def _weigh(corners: Corners, wall: NDArray[np.float32], edges: NDArray[np.float32]) -> tuple[float, float]:
    """How sure a quadrilateral is a painting on a wall, 0..1: the worst of what speaks for it; and the mean of that."""
    import cv2

    inside = np.zeros(wall.shape, np.uint8)
    cv2.fillConvexPoly(inside, np.round(corners).astype(np.int32), 1)
    near = cv2.dilate(inside, np.ones((5, 5), np.uint8)).astype(bool)
    height, width = wall.shape
    if (corners < 3).any() or (corners > np.array([width, height]) - 4).any() or near.all():
        return 0.0, 0.0  # a side that the picture's own edge may have made tells nothing
    all_around = float((wall[~near] < _STEP).mean())
    far, touching = (cv2.dilate(inside, np.ones((wide, wide), np.uint8)).astype(bool) for wide in (21, 7))
    ring = far & ~touching
    close = float((edges[ring] < _STEP).mean()) if ring.any() else 0.0
    other = float((wall[inside.astype(bool)] > _STEP).mean())
    support = min(_support(corners, edges))
    claims = [
        _ramp(all_around, 0.3, 0.6), _ramp(close, 0.75, 1.0), _ramp(other, 0.3, 0.6), _ramp(support, 0.5, 0.9),
    ]  # fmt: skip
    return min(claims), sum(claims) / len(claims)


def _detail(corners: Corners, edges: NDArray[np.float32]) -> float:
    """The share of a canvas, 0..1, in which something is seen."""
    import cv2

    inside = np.zeros(edges.shape, np.uint8)
    inner = corners.mean(0) + 0.85 * (corners - corners.mean(0))
    cv2.fillConvexPoly(inside, np.round(inner).astype(np.int32), 1)
    seen = edges[inside.astype(bool)]
    return float((seen > 0.6 * _STEP).mean()) if len(seen) else 0.0


def _tilt(corners: Corners) -> float:
    """How far the sides lie from upright and level, in degrees, at most."""
    sides = np.roll(corners, -1, axis=0) - corners
    return float(np.abs((np.degrees(np.arctan2(sides[:, 1], sides[:, 0])) + 45) % 90 - 45).max())


def _support(corners: Corners, edges: NDArray[np.float32]) -> list[float]:
    """The share of each side along which there is an edge, within two pixels."""
    import cv2

    strong = cv2.dilate(edges, np.ones((5, 5), np.uint8))
    shares = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        points = start + (end - start) * np.linspace(0.04, 0.96, 48)[:, None]
        x, y = np.round(points).astype(int).T
        there = (x >= 0) & (x < edges.shape[1]) & (y >= 0) & (y < edges.shape[0])
        shares.append(float((strong[y[there], x[there]] > 0.6 * _STEP).sum() / len(points)))
    return shares


def _ramp(value: float, low: float, high: float) -> float:
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))


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
    share = (np.linalg.norm(middle[4:] - middle[:-4], axis=2) > _CANVAS_STEP).mean(axis=1)  # at row + 2
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
