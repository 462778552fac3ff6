"""Photographers' charts: a row of small, even patches of different colours beside the painting."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from smn.clean.view import Reading, View

_FLAT = 10.0  # values 0..255 by which neighbouring pixels of a patch may differ
_SMALLEST, _LARGEST = 0.012, 0.12  # side of a patch as a share of the picture's longer side
_NEAR_EDGE = 0.22  # share of the picture within which a chart's middle lies
_APART = 24.0  # values 0..255 between the colours of neighbouring patches
_SURE = 10  # patches in a row that make a chart for certain


@dataclass(frozen=True)
class Patches:
    """N flat rectangles.

    Args:
        boxes: (N, 4), left, top, width, height in pixels.
        colours: (N, 3), their mean colours, 0..255.
    """

    boxes: NDArray[np.float64]
    colours: NDArray[np.float64]


def score_colour_chart(view: View) -> Reading:
    """One less a tenth of the longest row of patches near an edge. Evidence ``patches`` is its length."""
    patches = _find_patches(view.rgb)
    height, width = view.grey.shape
    longest = max(
        _longest_row(patches, along=0, extent=height),
        _longest_row(patches, along=1, extent=width),
    )
    return Reading(1.0 - min(1.0, longest / _SURE), {"patches": float(longest)})


def _find_patches(rgb: NDArray[np.uint8]) -> Patches:
    """Flat regions that fill their bounding boxes, of the size of a chart's patches."""
    smooth = cv2.medianBlur(np.ascontiguousarray(rgb), 3)
    change = cv2.morphologyEx(smooth, cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8)).max(axis=2)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((change <= _FLAT).astype(np.uint8), connectivity=4)
    boxes, areas = stats[:, :4].astype(np.float64), stats[:, cv2.CC_STAT_AREA]
    longer = max(rgb.shape[:2])
    low, high = max(3.0, _SMALLEST * longer), _LARGEST * longer
    sides = boxes[:, 2:]
    fits = (sides.min(axis=1) >= low) & (sides.max(axis=1) <= high) & (areas >= 0.8 * sides.prod(axis=1))
    fits &= sides.max(axis=1) <= 2.5 * sides.min(axis=1)
    fits[0] = False  # the background of connectedComponents
    chosen = np.flatnonzero(fits)
    if not len(chosen):
        return Patches(np.zeros((0, 4)), np.zeros((0, 3)))
    flat = labels.ravel()
    sums = [np.bincount(flat, weights=rgb[..., channel].ravel(), minlength=count)[chosen] for channel in range(3)]
    return Patches(boxes[chosen], np.stack(sums, axis=1) / areas[chosen, None])


def _longest_row(patches: Patches, *, along: int, extent: int) -> int:
    """Patches in the longest row (``along`` 0) or column (1) near an edge of a picture of that height or width.

    The patches of a row are of one size, stand at one level and at even distances, and neighbours differ in colour.
    """
    across = 1 - along
    start, size = patches.boxes[:, along], patches.boxes[:, 2 + along]
    level = patches.boxes[:, across] + patches.boxes[:, 2 + across] / 2
    near = np.minimum(level, extent - level) <= _NEAR_EDGE * extent
    best = 0
    for first in np.flatnonzero(near):
        tall = patches.boxes[first, 2 + across]
        mates = near & (np.abs(level - level[first]) <= 0.25 * tall)
        mates &= (np.abs(patches.boxes[:, 2 + across] - tall) <= 0.3 * tall) & (
            np.abs(size - size[first]) <= 0.35 * size[first]
        )
        rows = np.flatnonzero(mates & (start >= start[first]))
        best = max(best, _even_run(patches, rows[np.argsort(start[rows])], along=along))
    return best


def _even_run(patches: Patches, rows: NDArray[np.int64], *, along: int) -> int:
    """How many of these patches, in their order from the first, follow each other evenly in different colours."""
    centres = patches.boxes[rows, along] + patches.boxes[rows, 2 + along] / 2
    pitch, length, missing = 0.0, 1, 0
    for number in range(1, len(rows)):
        step = float(centres[number] - centres[number - 1])
        pitch = pitch or step
        if step > 2.2 * patches.boxes[rows[0], 2 + along] and number == 1:
            return 1
        beats = round(step / pitch)
        if not 1 <= beats <= 2 or abs(step - beats * pitch) > 0.3 * pitch:
            break
        missing += beats - 1
        if missing > 2 or np.abs(patches.colours[rows[number]] - patches.colours[rows[number - 1]]).max() < _APART:
            break
        length += 1
    return length
