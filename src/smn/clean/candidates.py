"""Pairs of rows that may show the same picture, so few that each can be looked at."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from smn.clean.scores import Measured, Progress
from smn.duplicates.search import near_pairs, nearest_neighbours
from smn.manifest.identity import work_key

RADIUS = 32
"""Bits in which the hashes of two candidates may differ."""

_HASHES = 5  # pairs of near hashes a row, beyond which only those are kept that hold the groups together
_WORKS = 10  # pairs of one artist and title: some titles stand for a whole series


def find_candidates(
    measured: Measured, *, held_out: Measured | None = None, progress: Progress | None = None
) -> dict[tuple[int, int], int | None]:
    """Pairs of near hashes, of near neighbours in style, and of one artist and title.

    Hashes find other sizes, qualities and colours; neighbours find crops, mirror images and photographs; titles find
    what looks quite different. Pictures without a hash, see `smn.duplicates.hash_picture`, are left to the others. A
    row costs eleven pairs at most on average, besides those of titles, however much alike the pictures are.

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
