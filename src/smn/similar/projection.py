"""From a network's embedding to the short vectors that works are compared by."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

DIMENSIONS = 128
"""Length of a vector in an index: longer ones find no more (docs/similar.md)."""

_LEAST = 1e-6


@dataclass(frozen=True)
class Projection:
    """Principal components, weighed between all alike and as they vary, then brought to length 1.

    Dividing each component by the root of its deviation keeps the strongest, which tell bright from dark, from
    outvoting the others, and the weakest, which are noise, small.

    Args:
        mean: (D,), of the embeddings.
        matrix: (D, d).
    """

    mean: Floats
    matrix: Floats

    def apply(self, embeddings: Floats) -> Floats:
        """Vectors (N, d) of length 1 for embeddings (N, D)."""
        vectors = (embeddings - self.mean) @ self.matrix
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _LEAST))


def fit_projection(embeddings: Floats, *, dimensions: int = DIMENSIONS) -> Projection:
    """The projection for some works.

    Args:
        embeddings: (N, D), of all or of enough of them.
        dimensions: how many components to keep at most, d; no more than N or D can be had.
    """
    values = embeddings.astype(np.float64)
    mean = values.mean(axis=0)
    variances, directions = np.linalg.eigh(np.cov(values, rowvar=False).reshape(len(mean), len(mean)))
    kept = np.argsort(-variances, kind="stable")[: min(dimensions, len(embeddings))]
    weights = np.clip(variances[kept], _LEAST, None) ** -0.25
    # Kept with 16 bits, so that whoever reads the index projects as whoever wrote it.
    matrix = (directions[:, kept] * weights).astype(np.float16).astype(np.float32)
    return Projection(mean.astype(np.float16).astype(np.float32), matrix)
