"""Pairs of rows that may show the same picture, so few that each can be looked at."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smn.clean.neighbours import nearest_neighbours
from smn.clean.scores import Measured, Progress
from smn.dataset.fingerprint import work_key
from smn.errors import InputError

RADIUS = 32
"""Bits in which the hashes of two candidates may differ."""

_HASHES = 5  # pairs of near hashes a row, beyond which only those are kept that hold the groups together
_WORKS = 10  # pairs of one artist and title: some titles stand for a whole series
_BITS = 256
_BLOCK = 1 << 20  # pairs of hashes compared at once: some 30 MB of working memory

Hashes = NDArray[np.uint64]
Ints = NDArray[np.int64]


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


def find_candidates(
    measured: Measured, *, held_out: Measured | None = None, progress: Progress | None = None
) -> dict[tuple[int, int], int | None]:
    """Pairs of near hashes, of near neighbours in style, and of one artist and title.

    Hashes find other sizes, qualities and colours; neighbours find crops, mirror images and photographs; titles find
    what looks quite different. Pictures without a hash, see `smn.clean.perceptual`, are left to the others. A row costs
    eleven pairs at most on average, besides those of titles, however much alike the pictures are.

    Args:
        measured: the N rows.
        held_out: M rows more, numbered from N on. Pairs among them are left out.
        progress: see `Progress`.

    Returns:
        By pair of rows, the lower first, the distance of their hashes; None where it is beyond `RADIUS`. Sorted.
    """
    parts = [measured] if held_out is None else [measured, held_out]
    hashes = np.concatenate([part.hashes for part in parts])
    rows = np.flatnonzero(hashes.any(axis=1) & np.concatenate([part.readable for part in parts]))
    pairs: dict[tuple[int, int], int | None] = {}
    near = near_pairs(hashes[rows], radius=RADIUS, most=_HASHES * len(rows), progress=progress)
    for left, right, distance in zip(rows[near.left].tolist(), rows[near.right].tolist(), near.distance, strict=True):
        pairs[left, right] = int(distance)
    alike = nearest_neighbours(np.concatenate([part.embedding for part in parts]), progress=progress)
    for left, right in zip(alike.left.tolist(), alike.right.tolist(), strict=True):
        pairs.setdefault((left, right), None)
    for pair in same_works(parts):
        pairs.setdefault(pair, None)
    return {pair: pairs[pair] for pair in sorted(pairs) if pair[0] < len(measured)}


def same_works(parts: Sequence[Measured]) -> list[tuple[int, int]]:
    """Pairs of readable rows, numbered through all parts, of one artist and title; ten of a title at most."""
    works: dict[str, list[int]] = defaultdict(list)
    row = 0
    for part in parts:
        columns = (part.manifest.column("artist"), part.manifest.column("title"), part.readable)
        for artist, title, readable in zip(*columns, strict=True):
            key = work_key(artist, title)
            if key is not None and readable:
                works[key].append(row)
            row += 1
    return [pair for same in works.values() for pair in list(combinations(same, 2))[:_WORKS]]


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
        block = rest[: max(1, _BLOCK // len(rest))]
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
