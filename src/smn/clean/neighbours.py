"""Which pictures lie closest in style: candidates for being the same, found without opening one."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smn.clean.scores import Floats, Progress

_AXES = 256
_ROWS_AN_AXIS = 8  # fewer would make of each row an axis of its own, and every row as far from every other
_FEW = 512  # rows that are too few to learn a space from, and few enough to look at all their neighbours
_LEARNT_FROM = 20_000
_BLOCK = 1024
_CLIP = 5.0  # standard deviations


class Neighbours(NamedTuple):
    """Pairs of rows that resemble each other.

    Args:
        left: (P,), row numbers.
        right: (P,), row numbers, each greater than its left one.
        similarity: (P,), cosine between their whitened embeddings, -1..1.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    similarity: Floats


def nearest_neighbours(
    embedding: NDArray[np.float16], *, count: int = 5, floor: float = 0.4, progress: Progress | None = None
) -> Neighbours:
    """Each row's nearest rows, as far as they are near at all.

    Embeddings are standardised and whitened, that is turned to their principal axes and scaled to equal spread there,
    because the few axes on which style varies most would otherwise drown what is a picture's own (Jegou & Chum,
    "Negative evidences and co-occurrences in image retrieval", 2012). The space is learnt from the rows themselves;
    fewer than 512 rows are only standardised, and every row names its ``count`` nearest ones, however far.

    Time is N * N * 256 multiplications in blocks: seconds for 10,000 rows, minutes for 100,000. Memory is 1 kB a row.

    Args:
        embedding: (N, D); rows of zeros stand for pictures that could not be read and have no neighbours.
        count: the most neighbours that a row names; it may be named by others besides.
        floor: the least cosine, for 512 rows or more.
        progress: called after each block.

    Returns:
        Each pair once, sorted by left and right row.
    """
    rows = np.flatnonzero(embedding.any(axis=1))
    points = _whiten(embedding, rows)
    near = np.linalg.norm(points, axis=1) > 0
    rows, points = rows[near], points[near]
    floor = floor if len(rows) >= _FEW else -np.inf
    found: dict[tuple[int, int], float] = {}
    count = min(count, len(rows) - 1)
    for start in range(0, len(rows) if count > 0 else 0, _BLOCK):
        block = points[start : start + _BLOCK] @ points.T
        own = np.arange(len(block))
        block[own, start + own] = -np.inf
        nearest = np.argpartition(-block, count - 1, axis=1)[:, :count]
        cosine = np.take_along_axis(block, nearest, axis=1)
        for here, there in np.argwhere(cosine >= floor).tolist():
            ends = sorted((int(rows[start + here]), int(rows[nearest[here, there]])))
            found[ends[0], ends[1]] = float(cosine[here, there])
        if progress is not None:
            progress("Finding neighbours", min(start + _BLOCK, len(rows)), len(rows))
    pairs = sorted(found)
    left, right = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return Neighbours(left, right, np.array([found[pair] for pair in pairs], dtype=np.float32))


def _whiten(embedding: NDArray[np.float16], rows: NDArray[np.int64]) -> Floats:
    """(len(rows), at most 256) of length 1, or 0 where a row is like the mean."""
    if not len(rows):
        return np.zeros((0, 1), np.float32)
    sample = embedding[rows[:: max(1, len(rows) // _LEARNT_FROM)]]
    mean, spread = sample.mean(axis=0, dtype=np.float32), sample.std(axis=0, dtype=np.float32) + 1e-6

    def standardise(values: NDArray[np.float16]) -> Floats:
        return np.asarray(((values - mean) / spread).clip(-_CLIP, _CLIP), np.float32)

    few = len(rows) < _FEW
    axes = np.eye(sample.shape[1], dtype=np.float32) if few else _principal_axes(standardise(sample))
    blocks = [standardise(embedding[rows[start : start + 4096]]) @ axes for start in range(0, len(rows), 4096)]
    points = np.concatenate(blocks)
    return np.asarray(points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-6), np.float32)


def _principal_axes(values: Floats) -> Floats:
    """(D, K), the axes of greatest spread, each divided by its spread."""
    from scipy.linalg import eigh  # type: ignore[import-untyped]

    count, width = values.shape
    wanted = min(_AXES, max(2, count // _ROWS_AN_AXIS), width, count)
    if count < width:  # the smaller of two equivalent problems
        spread, turned = eigh(values @ values.T / count, subset_by_index=(count - wanted, count - 1))
        axes = values.T @ turned / np.sqrt(np.maximum(spread * count, 1e-12))
    else:
        spread, axes = eigh(values.T @ values / count, subset_by_index=(width - wanted, width - 1))
    kept = spread > max(float(spread[-1]), 1e-9) * 1e-6
    return np.asarray(axes[:, kept] / np.sqrt(spread[kept]), np.float32)
