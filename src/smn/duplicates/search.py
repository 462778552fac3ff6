"""Pictures that may be the same, found without opening one: by near hashes, and by near features."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from smn.duplicates.hashing import SAME_BITS, Hashes
from smn.errors import InputError
from smn.progress import Progress

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
_BITS = 256
_PAIRS = 1 << 20  # pairs of hashes compared at once: some 30 MB of working memory

_AXES = 256
_ROWS_AN_AXIS = 8  # fewer would make of each row an axis of its own, and every row as far from every other
_FEW = 512  # rows that are too few to learn a space from, and few enough to look at all their neighbours
_LEARNT_FROM = 20_000
_BLOCK = 1024
_CLIP = 5.0  # standard deviations


class Pairs(NamedTuple):
    """Pairs of near hashes, sorted by left and right row.

    Args:
        left: (P,), row numbers.
        right: (P,), row numbers, each greater than its left one.
        distance: (P,), how many of 256 bits differ.
    """

    left: Ints
    right: Ints
    distance: NDArray[np.int16]


def near_pairs(hashes: Hashes, *, radius: int, most: int = 5_000_000, progress: Progress | None = None) -> Pairs:
    """All pairs of rows whose hashes differ in at most ``radius`` bits, where equal hashes count as one.

    Every hash is compared with every other one, a block of rows at a time: N * N / 2 popcounts of 256 bits. Memory is
    some 30 MB, or 20 bytes a hash if that is more, and 18 bytes a pair.

    Args:
        hashes: (N, 4), 256 bits a row. Rows with equal hashes are linked to the first of them, at distance 0, and
            only that first one is paired with others: 50,000 equal rows make 49,999 pairs.
        radius: 0..255 bits.
        most: beyond so many pairs only those are kept that hold the groups together with the least distances, a
            minimum spanning forest, so that memory stays bounded where half a set looks alike.
        progress: called after each block.

    Returns:
        The pairs, each once.

    Raises:
        InputError: the hashes have another shape or type, or the radius is out of range.

    Example:
        >>> near_pairs(np.array([[0, 0, 0, 1], [0, 0, 0, 3]], dtype=np.uint64), radius=1).distance
        array([1], dtype=int16)
    """
    if hashes.ndim != 2 or hashes.shape[1] != _BITS // 64 or hashes.dtype != np.uint64:
        raise InputError(
            f"Hashes of shape {hashes.shape} and type {hashes.dtype} cannot be searched; give (N, 4) of uint64."
        )
    if not 0 <= radius < _BITS:
        raise InputError(f"A radius of {radius} bits cannot be searched; choose one from 0 to {_BITS - 1}.")
    unique, first, inverse = np.unique(hashes, axis=0, return_index=True, return_inverse=True)
    stands_for = first[inverse.reshape(-1)]
    later = np.flatnonzero(stands_for != np.arange(len(hashes)))
    found = [Pairs(stands_for[later].astype(np.int64), later, np.zeros(len(later), np.int16))]
    count = len(later)
    for i, j, distance in _near_blocks(unique, radius, progress):
        left, right = first[i].astype(np.int64), first[j].astype(np.int64)
        found.append(Pairs(np.minimum(left, right), np.maximum(left, right), distance))
        count += len(i)
        if count > most + len(hashes):
            found = [_thin(_join(found), len(hashes))]
            count = len(found[0].left)
    return _join(found)


def _near_blocks(hashes: Hashes, radius: int, progress: Progress | None) -> Iterator[Pairs]:
    """Pairs of distinct hashes within the radius, a block of left rows at a time."""
    start = 0
    while start < len(hashes) - 1:
        rest = hashes[start:]
        block = rest[: max(1, _PAIRS // len(rest))]
        distance = np.zeros((len(block), len(rest)), np.int16)
        for word in range(_BITS // 64):
            distance += np.bitwise_count(block[:, word, None] ^ rest[None, :, word])
        i, j = np.nonzero(distance <= radius)
        i, j = i[i < j], j[i < j]
        yield Pairs(i + start, j + start, distance[i, j])
        start += len(block)
        if progress is not None:
            progress("Comparing hashes", min(start + 1, len(hashes)), len(hashes))


def _join(found: Sequence[Pairs]) -> Pairs:
    left, right, distance = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((right, left))
    return Pairs(left[order], right[order], distance[order])


def _thin(pairs: Pairs, rows: int) -> Pairs:
    """A minimum spanning forest of the pairs, Kruskal 1956, which has fewer than ``rows`` pairs."""
    from scipy.sparse import coo_array  # type: ignore[import-untyped]
    from scipy.sparse.csgraph import minimum_spanning_tree  # type: ignore[import-untyped]

    # A stored zero would count as no edge, so distances are raised by one on the way.
    weights = coo_array((pairs.distance.astype(np.int32) + 1, (pairs.left, pairs.right)), shape=(rows, rows))
    forest = minimum_spanning_tree(weights.tocsr()).tocoo()
    left, right = (np.asarray(index, dtype=np.int64) for index in (forest.row, forest.col))
    return Pairs(left, right, (np.asarray(forest.data) - 1).astype(np.int16))


class HashIndex:
    """Values by the picture that they belong to; of several the first one is found.

    A look-up compares the hash with all that are known.
    """

    def __init__(self) -> None:
        self._hashes = np.zeros((1024, _BITS // 64), np.uint64)
        self._values: list[Any] = []

    def add(self, known: Hashes | None, value: Any) -> None:
        """Remember a picture by its hash (4,); without one, or without structure, it cannot be recognised."""
        if known is None or not known.any():
            return
        if len(self._values) == len(self._hashes):
            self._hashes = np.concatenate([self._hashes, np.zeros_like(self._hashes)])
        self._hashes[len(self._values)] = known
        self._values.append(value)

    def find(self, wanted: Hashes | None) -> Any:
        """The value of the same picture, whose hash differs in `SAME_BITS` bits at most, or None."""
        if wanted is None or not wanted.any():
            return None
        distance = np.bitwise_count(self._hashes[: len(self._values)] ^ wanted).sum(axis=1)
        near = np.flatnonzero(distance <= SAME_BITS)
        return self._values[int(near[0])] if len(near) else None


def group_same(hashes: Hashes) -> Ints:
    """Which pictures are the same, directly or through others: equal numbers (N,) for them, -1 without a hash.

    The number is that of the group's first row. Every hash is compared with every other one, see `near_pairs`.

    Args:
        hashes: (N, 4); all zero where there is none.
    """
    known = np.flatnonzero(hashes.any(axis=1))
    first = np.full(len(hashes), -1, dtype=np.int64)
    first[known] = known

    def root(row: int) -> int:
        while first[row] != row:
            row = int(first[row])
        return row

    near = near_pairs(hashes[known], radius=SAME_BITS)
    for left, right in zip(known[near.left].tolist(), known[near.right].tolist(), strict=True):
        ends = sorted((root(left), root(right)))
        first[ends[1]] = ends[0]
    first[known] = [root(int(row)) for row in known]
    return first


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
