"""Chooses, on validation data, where answers change their outcome."""

import numpy as np
from numpy.typing import NDArray

from smn.precision import find_threshold

Floats = NDArray[np.float64]


def choose_confidence(confidence: Floats, right: NDArray[np.bool_], *, precision: float) -> float:
    """The lowest confidence above which at least a share ``precision`` of the answers is right.

    Args:
        confidence: (N,), 0..1, of each best answer.
        right: (N,), whether it was right.
        precision: wanted share of right answers, 0..1.

    Returns:
        A threshold in 0..1; 1, which hardly an answer reaches, where no threshold reaches the precision.
    """
    found = find_threshold(confidence, right, precision=precision)
    return 1.0 if found is None else found


def choose_painting(scores: Floats, *, refused: float) -> float:
    """The painting score (0..1) below which at most a share ``refused`` (0..1) of real paintings' scores (N,) lies."""
    return float(np.quantile(scores, refused, method="lower"))
