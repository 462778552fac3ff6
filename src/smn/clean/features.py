"""Makes the model's embedding small and even, so that linear models and distances can be had of it quickly."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

COMPONENTS = 256
_CHUNK = 4096  # rows that are held in double precision at once
_LEAST_SPREAD = 1e-4


def reduce_embedding(
    embedding: NDArray[np.float16], rows: NDArray[np.int64], *, components: int = COMPONENTS
) -> Floats:
    """Principal components of some rows' standardised features.

    Every feature is brought to mean 0 and deviation 1 over the rows, then the directions of the largest variance are
    kept (Pearson 1901). No label has a part in it. The result is divided by the largest component's deviation, so that
    the same strength of regularisation means the same whatever the number of features. Memory grows with rows times
    ``components``, not with rows times features.

    Args:
        embedding: (N, D), as in `smn.clean.scores.Measured`.
        rows: (M,), the rows to describe; at least one.
        components: how many directions to keep at most.

    Returns:
        (M, C) with C the smallest of ``components``, D and M.
    """
    features = embedding.shape[1]
    chunks = [rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK)]
    total, products = np.zeros(features), np.zeros((features, features))
    for chunk in chunks:
        values = embedding[chunk].astype(np.float64)
        total += values.sum(axis=0)
        products += values.T @ values
    mean = total / len(rows)
    covariance = products / len(rows) - np.outer(mean, mean)
    spread = np.sqrt(np.clip(np.diag(covariance), 0.0, None))
    # A feature that never changes says nothing; dividing by its rounding error would make it loud.
    scale = np.where(spread > _LEAST_SPREAD, 1.0 / np.maximum(spread, _LEAST_SPREAD), 0.0)
    variances, directions = np.linalg.eigh(covariance * np.outer(scale, scale))
    kept = np.argsort(-variances, kind="stable")[: min(components, len(rows))]
    largest = np.sqrt(max(float(variances[kept[0]]), _LEAST_SPREAD))
    projection = scale[:, None] * directions[:, kept] / largest
    reduced = [(embedding[chunk].astype(np.float64) - mean) @ projection for chunk in chunks]
    return np.concatenate(reduced).astype(np.float32)
