"""Finds every pair of near hashes among many, without comparing all with all."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smn.clean.scores import Progress
from smn.errors import InputError

Hashes = NDArray[np.uint64]
Ints = NDArray[np.int64]

_BITS = 256
_CHUNK = 1 << 19  # candidates compared at once: some 50 MB of working memory
_MOST_FLIPS = 3
_TRY, _LOOKUP, _COMPARISON = 1000.0, 1.0, 0.7  # what a flip, a bucket and a candidate cost, in proportion


class Pairs(NamedTuple):
    """Pairs of near hashes.

    Args:
        left: (P,), row numbers.
        right: (P,), row numbers; in `near_pairs` each is greater than its left one.
        distance: (P,), how many of 256 bits differ.
    """

    left: Ints
    right: Ints
    distance: NDArray[np.int16]


class _Side(NamedTuple):
    """Hashes without repetition, and for each the first row that has it."""

    hashes: Hashes
    row: Ints


@dataclass(frozen=True)
class _Plan:
    """How 256 bits are cut: into ``bands``, each looked up with up to ``flips`` of its bits changed."""

    bands: tuple[NDArray[np.int64], ...]
    flips: int


def near_pairs(hashes: Hashes, *, radius: int, most: int = 5_000_000, progress: Progress | None = None) -> Pairs:
    """All pairs of rows whose hashes differ in at most ``radius`` bits, where equal hashes count as one.

    Multi-index hashing, Norouzi, Punjani and Fleet, "Fast search in Hamming space with multi-index hashing" (2012):
    cut into m bands, two hashes within the radius agree in some band up to floor(radius / m) bits, so that only hashes
    in the same or neighbouring buckets of a band are compared. It is exact.

    Time is m * b * (N + C), where b is the number of ways to change floor(radius / m) bits of a band and C the number
    of pairs that share a bucket: about N * N / 2 ** (256 / m) for even bits, more for real ones, and at worst, where
    all hashes are close to each other, N * N. Memory is some 100 MB, 200 bytes a hash, and 18 bytes a pair.

    Args:
        hashes: (N, 4), 256 bits a row. Rows with equal hashes are linked to the first of them, at distance 0, and
            only that first one is paired with others: 50,000 equal rows make 49,999 pairs.
        radius: 0..255 bits.
        most: beyond so many pairs only those are kept that hold the groups together with the least distances, a
            minimum spanning forest, so that memory stays bounded where half a set looks alike.
        progress: called after each band.

    Returns:
        The pairs, each once, sorted by left and right row.

    Raises:
        InputError: the hashes have another shape or type, or the radius is out of range.

    Example:
        >>> near_pairs(np.array([[0, 0, 0, 1], [0, 0, 0, 3]], dtype=np.uint64), radius=1).distance
        array([1], dtype=int16)
    """
    _check(hashes, radius)
    unique, first, inverse = np.unique(hashes, axis=0, return_index=True, return_inverse=True)
    side = _Side(unique, first.astype(np.int64))
    stands_for = first[inverse.reshape(-1)]
    later = np.flatnonzero(stands_for != np.arange(len(hashes)))
    found = [Pairs(stands_for[later].astype(np.int64), later, np.zeros(len(later), np.int16))]
    count = len(later)
    for pairs in _search(side, None, radius, progress):
        found.append(pairs)
        count += len(pairs.left)
        if count > most + len(hashes):
            found = [_thin(_joined(found), len(hashes))]
            count = len(found[0].left)
    return _joined(found)


def near_pairs_between(hashes: Hashes, others: Hashes, *, radius: int, progress: Progress | None = None) -> Pairs:
    """As `near_pairs`, between the rows of one table and those of another.

    Args:
        hashes: (N, 4); equal ones are represented by the first.
        others: (M, 4), likewise.
        radius: 0..255 bits.
        progress: called after each band.

    Returns:
        The pairs of distinct hashes, ``left`` counting rows of ``hashes`` and ``right`` those of ``others``.

    Raises:
        InputError: the hashes have another shape or type, or the radius is out of range.
    """
    _check(hashes, radius)
    _check(others, radius)
    sides = [_Side(*np.unique(table, axis=0, return_index=True)) for table in (hashes, others)]
    return _joined(list(_search(sides[0], sides[1], radius, progress)))


def _check(hashes: Hashes, radius: int) -> None:
    if hashes.ndim != 2 or hashes.shape[1] != _BITS // 64 or hashes.dtype != np.uint64:
        raise InputError(
            f"Hashes of shape {hashes.shape} and type {hashes.dtype} cannot be searched; give (N, 4) of uint64."
        )
    if not 0 <= radius < _BITS:
        raise InputError(f"A radius of {radius} bits cannot be searched; choose one from 0 to {_BITS - 1}.")


def _search(left: _Side, right: _Side | None, radius: int, progress: Progress | None) -> Iterator[Pairs]:
    """Pairs of distinct hashes, or with two sides of any, in chunks, each pair once."""
    other = left if right is None else right
    if not len(left.row) or not len(other.row):
        return
    plan = _choose_plan(left.hashes, other.hashes, radius)
    masks = [_mask(band) for band in plan.bands]
    for number, band in enumerate(plan.bands):
        flips = tuple(_flip_masks(len(band), plan.flips))
        keys, other_keys = _keys(left.hashes, band), None if right is None else _keys(right.hashes, band)
        for candidates in _candidates(keys, other_keys, flips):
            i, j, distance = _near(left.hashes, other.hashes, *candidates, radius)
            new = _not_seen(left.hashes[i] ^ other.hashes[j], masks[:number], plan.flips)
            a, b = left.row[i[new]], other.row[j[new]]
            if right is None:
                a, b = np.minimum(a, b), np.maximum(a, b)
            if len(a):
                yield Pairs(a, b, distance[new])
        if progress is not None:
            progress("Comparing hashes", number + 1, len(plan.bands))


def _choose_plan(left: Hashes, right: Hashes, radius: int) -> _Plan:
    """The number of flips whose bands promise the least work, judged by the buckets of a few bands."""
    # Neighbouring bits of a picture's hash agree often; mixed, every band has its share of independent ones.
    order = np.random.default_rng(256).permutation(_BITS)
    # One band without bits compares all with all, which is best for few hashes and wide radii.
    nothing = _Plan((order[:0],), 0)
    plans = [(_TRY + _COMPARISON * len(left) * len(right), nothing)]
    for flips in range(_MOST_FLIPS + 1):
        bands = tuple(np.sort(band) for band in np.array_split(order, radius // (flips + 1) + 1))
        if max(map(len, bands)) > 64:
            bands = tuple(np.sort(band) for band in np.array_split(order, 4))
        tries = sum(1 for _ in _flip_masks(max(map(len, bands)), flips))
        shared = np.mean([_shared_buckets(_keys(left, band), _keys(right, band)) for band in bands[:3]])
        work = len(bands) * tries * (_TRY + _LOOKUP * len(left) + _COMPARISON * float(shared))
        plans.append((work, _Plan(bands, flips)))
        if radius <= flips:
            break
    return min(plans, key=lambda plan: plan[0])[1]


def _shared_buckets(left: Hashes, right: Hashes) -> float:
    keys, counts = np.unique(left, return_counts=True)
    others, other_counts = np.unique(right, return_counts=True)
    _, here, there = np.intersect1d(keys, others, assume_unique=True, return_indices=True)
    return float(counts[here].astype(np.float64) @ other_counts[there])


def _mask(band: NDArray[np.int64]) -> Hashes:
    mask = np.zeros(_BITS // 64, np.uint64)
    for bit in band.tolist():
        mask[bit // 64] |= np.uint64(1) << np.uint64(bit % 64)
    return mask


def _keys(hashes: Hashes, band: NDArray[np.int64]) -> Hashes:
    """(N,), the band's bits of each hash as one number."""
    keys = np.zeros(len(hashes), np.uint64)
    for place, bit in enumerate(band.tolist()):
        keys |= ((hashes[:, bit // 64] >> np.uint64(bit % 64)) & np.uint64(1)) << np.uint64(place)
    return keys


def _flip_masks(width: int, flips: int) -> Iterator[np.uint64]:
    """Every way to change up to ``flips`` of ``width`` bits."""
    for count in range(flips + 1):
        for places in combinations(range(width), count):
            yield np.uint64(sum(1 << place for place in places))


def _candidates(left: Hashes, right: Hashes | None, flips: tuple[np.uint64, ...]) -> Iterator[tuple[Ints, Ints]]:
    """Rows whose keys differ by one of the flips, in chunks; without ``right``, each pair of rows once."""
    ours = _Buckets.of(left)
    theirs = ours if right is None else _Buckets.of(right)
    for flip in flips:
        wanted = ours.keys ^ flip
        place = np.minimum(np.searchsorted(theirs.keys, wanted), len(theirs.keys) - 1)
        here = np.flatnonzero(theirs.keys[place] == wanted)
        if right is None and flip:
            here = here[ours.keys[here] < wanted[here]]
        for i, j in _expand(ours, theirs, here, place[here]):
            if right is None and not flip:
                ordered = i < j
                yield i[ordered], j[ordered]
            else:
                yield i, j


@dataclass(frozen=True)
class _Buckets:
    """Rows by key: bucket b has key ``keys[b]`` and rows ``rows[starts[b] : starts[b] + sizes[b]]``."""

    keys: Hashes
    rows: Ints
    starts: Ints
    sizes: Ints

    @classmethod
    def of(cls, keys: Hashes) -> "_Buckets":
        rows = np.argsort(keys, kind="stable")
        unique, starts, sizes = np.unique(keys[rows], return_index=True, return_counts=True)
        return cls(unique, rows, starts, sizes)


def _expand(ours: _Buckets, theirs: _Buckets, here: Ints, there: Ints) -> Iterator[tuple[Ints, Ints]]:
    """The product of each pair of buckets, at most `_CHUNK` pairs of rows at once, however large a bucket is."""
    ends = np.cumsum(ours.sizes[here] * theirs.sizes[there])
    for start in range(0, int(ends[-1]) if len(ends) else 0, _CHUNK):
        number = np.arange(start, min(start + _CHUNK, int(ends[-1])))
        first, last = np.searchsorted(ends, number[[0, -1]], side="right")
        cut = np.clip(ends[first : last + 1], start, number[-1] + 1)
        bucket = np.repeat(np.arange(first, last + 1), np.diff(cut, prepend=start))
        size = theirs.sizes[there[bucket]]
        within = number - (ends[bucket] - ours.sizes[here[bucket]] * size)
        yield (
            ours.rows[ours.starts[here[bucket]] + within // size],
            theirs.rows[theirs.starts[there[bucket]] + within % size],
        )


def _near(left: Hashes, right: Hashes, i: Ints, j: Ints, radius: int) -> tuple[Ints, Ints, NDArray[np.int16]]:
    """Those of the candidates that are within the radius, and their distances."""
    distance = np.zeros(len(i), np.int16)
    for word in range(_BITS // 64):
        distance += np.bitwise_count(left[i, word] ^ right[j, word])
        if word:  # half of the bits tell most strangers apart
            kept = distance <= radius
            i, j, distance = i[kept], j[kept], distance[kept]
    return i, j, distance


def _not_seen(difference: Hashes, masks: list[Hashes], flips: int) -> Ints:
    """Which pairs have no earlier band in which they would have been found."""
    new = np.arange(len(difference))
    for mask in masks:
        new = new[np.bitwise_count(difference[new] & mask).sum(axis=1) > flips]
    return new


def _joined(found: list[Pairs]) -> Pairs:
    if not found:
        return Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int16))
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
