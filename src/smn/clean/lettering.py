"""Lettering: watermarks, captions and pages of print, found as rows of small shapes of one colour and one height."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from smn.clean.view import Reading, View

_HEIGHTS = (0.025, 0.14)  # of letters, as shares of the picture's shorter side
_LEAST_HEIGHT = 6  # pixels; smaller letters cannot be told from texture
_CONTRAST = 22.0  # values 0..255 by which a stroke differs from what is around it
_SURE = 14  # letters in a line that make lettering for certain
_LONGER = 420  # pixels of the longer side to which a picture is brought, down or at most twice up
_SHADES = 30.0  # values 0..255 between letters of a line
_VARIETY = 0.25  # standard deviation of the letters' widths over their mean; the bars of a fence have none
_TRIED = 20  # lines that are looked at for variety
_MOST = 600  # shapes that are compared; a picture with more is texture all over


@dataclass(frozen=True)
class Shapes:
    """N shapes that could be letters.

    Args:
        boxes: (N, 4), left, top, width, height in pixels.
        shades: (N,), mean grey of their pixels, 0..255.
    """

    boxes: NDArray[np.float64]
    shades: NDArray[np.float64]


def score_text_overlay(view: View) -> Reading:
    """One less the letters of the best line against 14. Evidence ``letters`` is their number.

    Strokes are what a morphological top-hat finds, lighter or darker than their surroundings; shapes of like height,
    shade and level in close succession are a line. Only horizontal lines of Latin-like letters count, so the columns
    of a woodblock print do not.
    """
    scale = min(2.0, _LONGER / max(view.grey.shape))
    resized = cv2.resize(view.grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    grey = np.asarray(resized, dtype=np.uint8)
    letters = max(_best_line(_find_shapes(shades)) for shades in (grey, 255 - grey))
    return Reading(1.0 - min(1.0, letters / _SURE), {"letters": round(letters, 1)})


def _find_shapes(grey: NDArray[np.uint8]) -> Shapes:
    """Connected strokes that are lighter than their surroundings, of the size of letters."""
    shorter = min(grey.shape)
    low, high = max(_LEAST_HEIGHT, _HEIGHTS[0] * shorter), _HEIGHTS[1] * shorter
    side = max(5, round(0.04 * shorter)) | 1
    kernel = np.ones((side, side), np.uint8)
    hat = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, kernel)
    # Against the strongest stroke near by: else small letters grow together at their soft edges.
    strokes = (hat > _CONTRAST) & (hat > 0.6 * cv2.dilate(hat, kernel))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(strokes.astype(np.uint8), connectivity=8)
    boxes, areas = stats[:, :4].astype(np.float64), stats[:, cv2.CC_STAT_AREA]
    wide, tall = boxes[:, 2], boxes[:, 3]
    fits = (tall >= low) & (tall <= high) & (wide >= 0.1 * tall) & (wide <= 1.8 * tall)
    fits &= (areas >= 0.2 * wide * tall) & (areas <= 0.95 * wide * tall)
    fits[0] = False
    chosen = np.flatnonzero(fits)
    chosen = chosen[np.argsort(-areas[chosen], kind="stable")[:_MOST]]
    shades = np.bincount(labels.ravel(), weights=grey.ravel(), minlength=count)[chosen] / areas[chosen]
    return Shapes(boxes[chosen], shades)


def _best_line(shapes: Shapes) -> float:
    """How many letters the best horizontal line of like shapes has, less where they are as even as a fence.

    Each shape joins the longest line that ends just left of it; so the work grows with the square of their number.
    """
    order = np.argsort(shapes.boxes[:, 0])
    left, top, wide, tall = shapes.boxes[order].T
    follows = _can_follow(left, top, wide, tall, shapes.shades[order])
    length, before = np.ones(len(left), dtype=np.int64), np.full(len(left), -1)
    for here in range(len(left)):
        ends = np.flatnonzero(follows[here, :here])
        if len(ends):
            before[here] = ends[np.argmax(length[ends])]
            length[here] = 1 + length[before[here]]
    best = 0.0
    for last in np.argsort(-length)[:_TRIED]:
        line, at = [], last
        while at >= 0:
            line.append(at)
            at = before[at]
        variety = float(wide[line].std() / wide[line].mean())
        best = max(best, len(line) * min(1.0, variety / _VARIETY))
    return best


def _can_follow(
    left: NDArray[np.float64],
    top: NDArray[np.float64],
    wide: NDArray[np.float64],
    tall: NDArray[np.float64],
    shades: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """(N, N), whether the shape of the row could be the next letter after that of the column."""
    base, gap = top + tall, left[:, None] - (left + wide)
    higher, lower = np.maximum(tall[:, None], tall), np.minimum(tall[:, None], tall)
    follows = (gap > -0.25 * lower) & (gap < 1.1 * lower)
    follows &= (np.abs(base[:, None] - base) <= 0.2 * lower) | (np.abs(top[:, None] - top) <= 0.12 * lower)
    follows &= higher <= 1.6 * lower
    follows &= np.abs(shades[:, None] - shades) <= _SHADES
    return np.asarray(follows)
