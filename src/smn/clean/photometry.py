"""Size, shape, light, sharpness, detail and colour of one picture, as scores."""

import cv2
import numpy as np
from numpy.typing import NDArray

from smn.clean.view import Reading, View

_WHOLE = 200  # pixels of the shorter side from which a picture is no longer tiny at all
_COLOURED = 8.0  # CIELAB units of colour spread from which a picture is surely in colour
_ENOUGH = 96  # pixels of the shorter side from which colour is counted
_TINTED = 25.0  # CIELAB units from grey; sepia and paper stay below, a canvas of one colour does not


def score_size(view: View) -> Reading:
    """The shorter side against 200 pixels."""
    return Reading(min(1.0, min(view.width, view.height) / _WHOLE))


def score_aspect(view: View) -> Reading:
    """The shorter side over the longer one (CleanVision's ``odd_aspect_ratio``)."""
    return Reading(min(view.width, view.height) / max(view.width, view.height))


def score_darkness(view: View) -> Reading:
    """The 99th percentile of brightness, 0..1 (CleanVision's ``dark``): 0 where even the lights are black."""
    return Reading(float(np.percentile(_brightness(view), 99)))


def score_lightness(view: View) -> Reading:
    """One less the 1st percentile of brightness, 0..1: 0 where even the darkest spots are white.

    CleanVision's ``light`` takes the 5th, which calls every drawing on white paper washed out.
    """
    return Reading(1.0 - float(np.percentile(_brightness(view), 1)))


def score_sharpness(view: View) -> Reading:
    """What a further blur takes away: one less the blur of Crete et al. 2007, "The Blur Effect".

    It compares the differences between neighbouring pixels before and after a mean over nine pixels. A blurred picture
    has little to lose. The measure does not depend on contrast, so flat colour with clean edges is sharp.
    """
    grey = view.fine.astype(np.float32)
    return Reading(min(_lost_by_blur(grey), _lost_by_blur(grey.T)))


def score_information(view: View) -> Reading:
    """A tenth of the entropy, in bits, of all red, green and blue values (CleanVision's ``low_information``)."""
    counts = np.concatenate([np.bincount(view.rgb[..., channel].ravel(), minlength=256) for channel in range(3)])
    shares = counts[counts > 0] / counts.sum()
    return Reading(min(1.0, -float((shares * np.log2(shares)).sum()) / 10))


def score_colour(view: View) -> Reading:
    """The spread of colour (CIELAB a and b) that lightness does not explain, against 8 units.

    A grey picture has none, nor has a sepia one: its tint is a function of lightness. Evidence ``tint`` is how far the
    mean colour is from grey, which tells the two apart.
    """
    step = max(1, min(view.grey.shape) // _ENOUGH)
    lab = cv2.cvtColor(np.ascontiguousarray(view.rgb[::step, ::step], dtype=np.float32) / 255, cv2.COLOR_RGB2LAB)
    light, colour = lab[..., 0].ravel() / 100, lab[..., 1:].reshape(-1, 2)
    terms = np.stack([np.ones_like(light), light, light**2, light**3], axis=1)
    fitted, *_ = np.linalg.lstsq(terms.T @ terms, terms.T @ colour, rcond=None)
    rest = colour - terms @ fitted
    spread = float(np.sqrt((rest**2).sum(axis=1).mean()))
    tint = float(np.hypot(*colour.mean(axis=0)))
    return Reading(min(1.0, max(spread, tint - _TINTED) / _COLOURED), {"tint": tint})


def _brightness(view: View) -> NDArray[np.float32]:
    """(n,), perceived brightness 0..1 of every pixel: the root of a weighted mean of squares, as in CleanVision."""
    squares = view.rgb.reshape(-1, 3).astype(np.float32) ** 2
    return np.asarray(np.sqrt(squares @ np.array([0.241, 0.691, 0.068])) / 255, dtype=np.float32)


def _lost_by_blur(grey: NDArray[np.float32]) -> float:
    """Share of the vertical differences that a vertical mean over nine pixels takes away, 0..1; 1 without any."""
    blurred = cv2.blur(grey, (1, 9))
    before = np.abs(np.diff(grey, axis=0))
    lost = np.maximum(0.0, before - np.abs(np.diff(blurred, axis=0)))
    total = float(before.sum())
    return float(lost.sum()) / total if total > 0 else 1.0
