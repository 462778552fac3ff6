"""Chooses, on validation data, where answers change their outcome."""

from collections.abc import Sequence

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


def choose_painting(scores: Floats, *, refused: float, sources: Sequence[str | None] | None = None) -> float:
    """The painting score below which at most a share of real paintings lies, the mean over where they come from.

    A visitor's picture comes from none of the sources; were each painting to count the same, the largest would decide.

    Args:
        scores: (N,), 0..1, of real paintings.
        refused: the share, 0..1.
        sources: (N,), where each painting comes from; without them all come from one.

    Returns:
        One of the scores.
    """
    _, groups = np.unique([source or "" for source in sources or [""] * len(scores)], return_inverse=True)
    counts = np.bincount(groups)
    weights = 1.0 / (len(counts) * counts[groups])
    order = np.argsort(scores, kind="stable")
    below = np.cumsum(weights[order]) - weights[order]
    # The smallest score has nothing below it, so there always is one; rounding must not cost one.
    return float(scores[order][below <= refused + 1e-9].max())
