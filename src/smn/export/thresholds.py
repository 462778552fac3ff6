"""Chooses, on validation data, where answers change their outcome."""

import numpy as np
from numpy.typing import NDArray

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
    order = np.argsort(-confidence, kind="stable")
    falling = confidence[order]
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # A threshold takes all answers of one confidence or none: only the last of equals can be one.
    share[:-1][falling[:-1] == falling[1:]] = -1.0
    enough = np.flatnonzero(share >= precision)
    return float(falling[enough[-1]]) if len(enough) else 1.0


def choose_painting(scores: Floats, *, refused: float) -> float:
    """The painting score (0..1) below which at most a share ``refused`` (0..1) of real paintings' scores (N,) lies."""
    return float(np.quantile(scores, refused, method="lower"))
