"""Links rows that show the same picture, and gathers linked rows into groups."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from smn.clean.candidates import find_candidates, same_works
from smn.clean.scores import Measured, Progress
from smn.duplicates.verify import SAME, SIDE, verify_pairs
from smn.images import open_image

HELD_OUT = "held-out"
"""The place of rows that the set must share no picture with."""

_SAME_WORK = 0.6  # by artist and title where the pictures disagree: a sketch, another of a series, a wrong title


@dataclass(frozen=True)
class Link:
    """What one row has to do with another.

    Args:
        score: 0, surely the same picture, to 1.
        row: the other row.
        how: what speaks for it.
        seen: it was judged by the pictures, not by their titles alone.
    """

    score: float
    row: int
    how: str
    seen: bool = True


@dataclass(frozen=True)
class Linked:
    """The N rows of a set, and the M held-out ones numbered on behind them, N + M values each.

    Args:
        ids: as in the manifests.
        movements: likewise.
        places: the split, `HELD_OUT`, or None for a row without split.
        ranks: of a group's rows the one with the least rank is kept.
        links: from each row to others, the surest first.
        groups: all rows of each row's group, itself among them.
    """

    ids: Sequence[str]
    movements: Sequence[str | None]
    places: Sequence[str | None]
    ranks: Sequence[tuple[Any, ...]]
    links: Sequence[Sequence[Link]]
    groups: Sequence[Sequence[int]]


def link_rows(measured: Measured, *, held_out: Measured | None = None, progress: Progress | None = None) -> Linked:
    """Find which rows show the same picture: by pixels, and by comparing the pictures of candidates.

    Args:
        measured: the N rows.
        held_out: the M others.
        progress: see `Progress`.
    """
    parts = [measured] if held_out is None else [measured, held_out]

    def column(name: str) -> list[Any]:
        return [value for part in parts for value in part.manifest.column(name)]

    places = [*measured.manifest.column("split"), *[HELD_OUT] * (0 if held_out is None else len(held_out))]
    links: list[list[Link]] = [[] for _ in places]
    for (left, right), (score, how, seen) in _judge(parts, places, progress).items():
        links[left].append(Link(score, right, how, seen))
        links[right].append(Link(score, left, how, seen))
    for row_links in links:
        row_links.sort(key=lambda link: (link.score, link.row))
    areas = [(width or 0) * (height or 0) for width, height in zip(column("width"), column("height"), strict=True)]
    ranks = [
        ("work" not in (kind or ""), -area, row)
        for row, (kind, area) in enumerate(zip(column("label_kind"), areas, strict=True))
    ]
    return Linked(column("id"), column("movement"), places, ranks, links, _group(links))


def _judge(
    parts: Sequence[Measured], places: Sequence[str | None], progress: Progress | None
) -> dict[tuple[int, int], tuple[float, str, bool]]:
    """Score, reason, and whether the pictures gave it, of each pair for which anything speaks."""
    measured, held_out = parts[0], parts[1] if len(parts) > 1 else None

    def open_picture(row: int) -> Image.Image:
        part, own = (measured, row) if row < len(measured) else (parts[-1], row - len(measured))
        return open_image(part.manifest.picture(own), reduce_to=SIDE)

    candidates = find_candidates(measured, held_out=held_out, progress=progress)
    judged = dict.fromkeys(_same_pixels(parts), (0.0, "same pixels", True))
    pairs = [pair for pair in candidates if pair not in judged]
    distances = [candidates[pair] for pair in pairs]
    likenesses = verify_pairs(pairs, distances=distances, open_picture=open_picture, progress=progress)
    works = {pair for pair in same_works(parts) if places[pair[0]] != places[pair[1]]}
    for pair, likeness in zip(pairs, likenesses, strict=True):
        if pair in works and likeness.score > _SAME_WORK:
            judged[pair] = (_SAME_WORK, "same artist and title", False)
        elif likeness.score < 1:
            judged[pair] = (likeness.score, likeness.how, True)
    return judged


def _same_pixels(parts: Sequence[Measured]) -> list[tuple[int, int]]:
    """Each row whose picture stands before, after the first row that has it."""
    first: dict[bytes, int] = {}
    digests = [digest for part in parts for digest in part.pixels.tolist()]
    pairs = [(first.setdefault(digest, row), row) for row, digest in enumerate(digests) if digest]
    return [pair for pair in pairs if pair[0] != pair[1]]


def _group(links: Sequence[Sequence[Link]]) -> list[list[int]]:
    """The rows that hang together by links below `SAME` between pictures, for each row."""
    parent = list(range(len(links)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for row, row_links in enumerate(links):
        for link in row_links:
            if link.seen and link.score < SAME:
                parent[root(row)] = root(link.row)
    members: dict[int, list[int]] = defaultdict(list)
    for row in range(len(links)):
        members[root(row)].append(row)
    return [members[root(row)] for row in range(len(links))]
