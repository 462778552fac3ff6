"""The checks for duplicates and leaks: the graph of rows that show the same picture, and which of them are kept."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from PIL import Image

from smn.clean.checks import Scores
from smn.clean.measurements import Measured
from smn.duplicates.search import near_pairs, nearest_neighbours
from smn.duplicates.verify import SAME, SIDE, verify_pairs
from smn.images import open_image
from smn.manifest.identity import work_key
from smn.progress import Progress

HELD_OUT = "held-out"
"""The place of rows that the set must share no picture with."""

RADIUS = 32
"""Largest Hamming distance, in bits, of the hashes of a candidate pair."""

_HASH_PAIRS = 5  # pairs of near hashes a row; beyond that only those are kept that connect the groups
_WORK_PAIRS = 10  # pairs of one artist and title: some titles stand for a whole series
_SAME_WORK = 0.6  # score of one artist and title whose pictures differ: a sketch, another of a series, a wrong title
_LEAK_ORDER = {HELD_OUT: 0, "test": 1, "val": 2, "train": 3, None: 4}
"""Of the same picture in two places, the one with the greater number is the leak."""


@dataclass(frozen=True)
class Match:
    """An edge of the match graph.

    Args:
        score: 0, surely the same picture, to 1.
        row: the other row.
        how: the kind of match, in words.
        seen: the pictures were compared, not only artist and title.
    """

    score: float
    row: int
    how: str
    seen: bool = True


@dataclass(frozen=True)
class MatchGraph:
    """The matches of the N rows of a set and of M held-out rows, numbered from N on; N + M values each.

    Args:
        ids: as in the manifests.
        movements: likewise.
        places: the split, `HELD_OUT`, or None for a row without split.
        ranks: of a group's rows the one with the lowest rank is kept.
        matches: of each row, the lowest score first.
        groups: the connected component of each row, itself included; see `_connected_components`.
    """

    ids: Sequence[str]
    movements: Sequence[str | None]
    places: Sequence[str | None]
    ranks: Sequence[tuple[Any, ...]]
    matches: Sequence[Sequence[Match]]
    groups: Sequence[Sequence[int]]


def score_duplicates(
    measured: Measured, *, held_out: Measured | None = None, progress: Progress | None = None
) -> dict[str, Scores]:
    """Scores of ``exact_duplicate``, ``near_duplicate`` and ``leak``.

    Each pair of rows is compared once. Within a split it is a duplicate, and the row that is kept has score 1: the one
    labelled by work rather than by artist, then the larger one, then the first. Between splits it is a leak, and the
    row to drop is that of train before val, val before test, any split before the held-out set, and a row without a
    split before all. So one row of each picture stays, whatever is dropped. Rows with the same pixels as a kept one
    are exact duplicates only.

    Args:
        measured: the N rows.
        held_out: rows that the set must share no picture with.
        progress: see `Progress`.

    Returns:
        Scores of the N rows; NaN where unreadable, of ``near_duplicate`` also for exact duplicates, and of ``leak``
        also where there is neither a split nor a held-out set. The evidence is ``of``, the id of the row to keep;
        ``how``, the kind of match; ``contradicts``, other movements that its group is labelled with; of near
        duplicates ``group``, one id for all rows of a group, the kept one included; of leaks ``where``, the split of
        the other, or ``held-out``.
    """
    graph = build_match_graph(measured, held_out=held_out, progress=progress)
    count = len(measured)
    exact = _score_exact(graph, measured)
    scores = {
        "exact_duplicate": exact,
        "near_duplicate": _score_near(graph, count, exact=set(np.flatnonzero(exact.score == 0).tolist())),
        "leak": _score_leaks(graph, count),
    }
    for score in scores.values():
        score.score[~measured.readable] = np.nan
    return scores


class _ScoreBuilder:
    """Scores and evidence of N rows, filled in row by row; the lowest score of a row is kept."""

    def __init__(self, count: int, *columns: str) -> None:
        self.score = np.ones(count, np.float32)
        self.evidence: dict[str, list[Any]] = {name: [None] * count for name in (*columns, "contradicts")}

    def add(self, graph: MatchGraph, row: int, score: float, **evidence: object) -> None:
        """Add a match of a row, unless one with a lower score is there."""
        if score >= self.score[row]:
            return
        self.score[row] = score
        movements = {graph.movements[member] for member in graph.groups[row]} - {graph.movements[row], None}
        evidence["contradicts"] = ", ".join(sorted(map(str, movements))) or None
        for name, value in evidence.items():
            self.evidence[name][row] = value

    def scores(self) -> Scores:
        return Scores(self.score, self.evidence)


def _score_exact(graph: MatchGraph, measured: Measured) -> Scores:
    builder = _ScoreBuilder(len(measured), "of")
    same: dict[tuple[bytes, str | None], list[int]] = {}
    for row, digest in enumerate(measured.pixels.tolist()):
        if digest:
            same.setdefault((digest, graph.places[row]), []).append(row)
    for rows in same.values():
        kept = min(rows, key=graph.ranks.__getitem__)
        for row in rows:
            if row != kept:
                builder.add(graph, row, 0.0, of=graph.ids[kept])
    return builder.scores()


def _score_near(graph: MatchGraph, count: int, *, exact: Collection[int]) -> Scores:
    builder = _ScoreBuilder(count, "of", "how", "group")
    for row in range(count):
        group, place = graph.groups[row], graph.places[row]
        if len(group) > 1:
            builder.evidence["group"][row] = graph.ids[min(group, key=graph.ranks.__getitem__)]
        if row in exact:
            builder.score[row] = np.nan
            continue
        same = [other for other in group if graph.places[other] == place and other not in exact]
        kept = min(same, key=graph.ranks.__getitem__)
        if row != kept:
            match = _best_match(graph, row, [kept])
            builder.add(graph, row, match.score, of=graph.ids[kept], how=match.how)
        for match in _weak_matches(graph, row):
            if graph.places[match.row] == place and graph.ranks[match.row] < graph.ranks[row]:
                builder.add(graph, row, match.score, of=graph.ids[match.row], how=match.how)
    return builder.scores()


def _score_leaks(graph: MatchGraph, count: int) -> Scores:
    builder = _ScoreBuilder(count, "of", "where", "how")
    if not {place for place in graph.places if place is not None}:
        builder.score[:] = np.nan
    for row in range(count):
        order = _LEAK_ORDER[graph.places[row]]
        orders = {other: _LEAK_ORDER[graph.places[other]] for other in graph.groups[row]}
        first = min(orders.values())
        matches = [match for match in _weak_matches(graph, row) if _LEAK_ORDER[graph.places[match.row]] < order]
        if first < order:
            matches.append(_best_match(graph, row, [other for other in orders if orders[other] == first]))
        for match in matches:
            where = graph.places[match.row]
            builder.add(graph, row, match.score, of=graph.ids[match.row], where=where, how=match.how)
    return builder.scores()


def _best_match(graph: MatchGraph, row: int, wanted: Collection[int]) -> Match:
    """The match of a row with one of the wanted rows of its group; without a direct one, its best match on the way."""
    inside = [match for match in graph.matches[row] if match.seen and match.score < SAME]
    direct = [match for match in inside if match.row in wanted]
    if direct:
        return direct[0]
    first = min(wanted, key=graph.ranks.__getitem__)
    return Match(inside[0].score, first, f"{inside[0].how}, by way of {graph.ids[inside[0].row]}")


def _weak_matches(graph: MatchGraph, row: int) -> list[Match]:
    """Matches with rows outside the group."""
    inside = set(graph.groups[row])
    return [match for match in graph.matches[row] if match.row not in inside]


def build_match_graph(
    measured: Measured, *, held_out: Measured | None = None, progress: Progress | None = None
) -> MatchGraph:
    """Find which rows show the same picture: by equal pixels, and by comparing the pictures of candidate pairs.

    Args:
        measured: the N rows.
        held_out: the M others.
        progress: see `Progress`.
    """
    parts = [measured] if held_out is None else [measured, held_out]

    def column(name: str) -> list[Any]:
        return [value for part in parts for value in part.manifest.column(name)]

    places = [*measured.manifest.column("split"), *[HELD_OUT] * (0 if held_out is None else len(held_out))]
    matches: list[list[Match]] = [[] for _ in places]
    for (left, right), (score, how, seen) in _match_pairs(parts, places, progress).items():
        matches[left].append(Match(score, right, how, seen))
        matches[right].append(Match(score, left, how, seen))
    for of_row in matches:
        of_row.sort(key=lambda match: (match.score, match.row))
    areas = [(width or 0) * (height or 0) for width, height in zip(column("width"), column("height"), strict=True)]
    ranks = [
        ("work" not in (kind or ""), -area, row)
        for row, (kind, area) in enumerate(zip(column("label_kind"), areas, strict=True))
    ]
    return MatchGraph(column("id"), column("movement"), places, ranks, matches, _connected_components(matches))


def _match_pairs(
    parts: Sequence[Measured], places: Sequence[str | None], progress: Progress | None
) -> dict[tuple[int, int], tuple[float, str, bool]]:
    """Score, kind of match, and whether the pictures were compared, of each pair that matches in any way."""
    measured, held_out = parts[0], parts[1] if len(parts) > 1 else None

    def open_picture(row: int) -> Image.Image:
        part, own = (measured, row) if row < len(measured) else (parts[-1], row - len(measured))
        return open_image(part.manifest.picture(own), reduce_to=SIDE)

    candidates = find_candidates(measured, held_out=held_out, progress=progress)
    matches = dict.fromkeys(_same_pixels(parts), (0.0, "same pixels", True))
    pairs = [pair for pair in candidates if pair not in matches]
    distances = [candidates[pair] for pair in pairs]
    likenesses = verify_pairs(pairs, distances=distances, open_picture=open_picture, progress=progress)
    works = {pair for pair in same_works(parts) if places[pair[0]] != places[pair[1]]}
    for pair, likeness in zip(pairs, likenesses, strict=True):
        if pair in works and likeness.score > _SAME_WORK:
            matches[pair] = (_SAME_WORK, "same artist and title", False)
        elif likeness.score < 1:
            matches[pair] = (likeness.score, likeness.how, True)
    return matches


def _same_pixels(parts: Sequence[Measured]) -> list[tuple[int, int]]:
    """Pairs of rows with equal pixels: the first row that has them, and each later one."""
    first: dict[bytes, int] = {}
    digests = [digest for part in parts for digest in part.pixels.tolist()]
    pairs = [(first.setdefault(digest, row), row) for row, digest in enumerate(digests) if digest]
    return [pair for pair in pairs if pair[0] != pair[1]]


def _connected_components(matches: Sequence[Sequence[Match]]) -> list[list[int]]:
    """For each row, its connected component of the graph of compared pictures with a score below `SAME`."""
    parent = list(range(len(matches)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for row, of_row in enumerate(matches):
        for match in of_row:
            if match.seen and match.score < SAME:
                parent[root(row)] = root(match.row)
    members: dict[int, list[int]] = defaultdict(list)
    for row in range(len(matches)):
        members[root(row)].append(row)
    return [members[root(row)] for row in range(len(matches))]


def find_candidates(
    measured: Measured, *, held_out: Measured | None = None, progress: Progress | None = None
) -> dict[tuple[int, int], int | None]:
    """Candidate pairs: of near hashes, of nearest neighbours in the embedding, and of one artist and title.

    Hashes find other sizes, qualities and colours; neighbours find crops, mirror images and photographs; titles find
    what looks quite different. Pictures without a hash, see `smn.duplicates.hash_picture`, are left to the other two.
    A row has eleven pairs at most on average, besides those of titles, however much alike the pictures are.

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
    near = near_pairs(hashes[rows], radius=RADIUS, most=_HASH_PAIRS * len(rows), progress=progress)
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
    return [pair for same in works.values() for pair in list(combinations(same, 2))[:_WORK_PAIRS]]
