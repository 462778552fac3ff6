"""Finds pictures that look like nothing else in their movement."""

import numpy as np
from numpy.typing import NDArray

from smn.calibration import sigmoid

Features = NDArray[np.float32]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LEAST_NEIGHBOURS = 20
"""A row with fewer pictures of its movement by other artists is not judged."""

_NEAREST = 10
_CUTOFF = 3.5  # deviations at which the score is 0.5
_NORMAL = 1.4826  # standard deviation of a normal distribution, in median absolute deviations
_MOST = 5_000  # pictures of a movement that distances are measured to
_CHUNK = 512


def measure_outliers(features: Features, given: Integers, groups: Integers, *, seed: int) -> tuple[Floats, Floats]:
    """How far each picture is from the rest of its movement.

    The distance of a picture is the mean of those to the ten nearest pictures of the same movement *by other artists*,
    because nobody resembles an artist like himself. It is compared, on a logarithmic scale, with the distances of the
    movement's other pictures by the modified z-score (Iglewicz & Hoaglin 1993), which a few outliers do not move, so
    that an even movement such as Ukiyo-e and a mixed one such as Pop Art have about as many findings.

    Args:
        features: (M, C), as from `smn.clean.features.reduce_embedding`.
        given: (M,), labels.
        groups: (M,), equal where the artist is the same.
        seed: decides which 5,000 pictures of a larger movement are measured against.

    Returns:
        Scores (M,), 0..1 and 0.5 at 3.5 deviations, and deviations (M,); both NaN where there are too few others.
    """
    rng = np.random.default_rng(seed)
    deviations = np.full(len(given), np.nan)
    for label in np.unique(given):
        rows = np.flatnonzero(given == label)
        others = rows if len(rows) <= _MOST else np.sort(rng.choice(rows, _MOST, replace=False))
        distance = _distances(features, groups, rows=rows, others=others)
        known = np.isfinite(distance)
        if known.any():
            logarithm = np.log(np.maximum(distance[known], 1e-6))
            middle = np.median(logarithm)
            spread = max(_NORMAL * float(np.median(np.abs(logarithm - middle))), 1e-6)
            deviations[rows[known]] = (logarithm - middle) / spread
    return sigmoid(_CUTOFF - deviations), deviations


def _distances(features: Features, groups: Integers, *, rows: Integers, others: Integers) -> Floats:
    """The mean distance (len(rows),) to the nearest others of another group; NaN where there are too few."""
    there = features[others]
    lengths = np.einsum("ij,ij->i", there, there)
    distances = np.full(len(rows), np.nan)
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        here = features[part]
        squares = np.einsum("ij,ij->i", here, here)[:, None] + lengths - 2.0 * here @ there.T
        own = groups[part][:, None] == groups[others]
        squares[own] = np.inf
        enough = (~own).sum(axis=1) >= LEAST_NEIGHBOURS
        nearest = np.partition(squares[enough], _NEAREST - 1, axis=1)[:, :_NEAREST] if enough.any() else squares[enough]
        distances[start : start + _CHUNK][enough] = np.sqrt(np.clip(nearest, 0.0, None)).mean(axis=1)
    return distances
