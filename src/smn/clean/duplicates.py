"""Scores of the checks for duplicates and leaks: which rows show the same picture, and which of them gives way."""

from collections.abc import Collection
from typing import Any

import numpy as np

from smn.clean.linking import HELD_OUT, Link, Linked, link_rows
from smn.clean.scores import Measured, Progress, Scores
from smn.duplicates.verify import SAME

_GIVES_WAY = {HELD_OUT: 0, "test": 1, "val": 2, "train": 3, None: 4}
"""Of the same picture in two places, the one with the greater number is the leak."""


def score_duplicates(
    measured: Measured, *, held_out: Measured | None = None, progress: Progress | None = None
) -> dict[str, Scores]:
    """Scores of ``exact_duplicate``, ``near_duplicate`` and ``leak``.

    Each pair of rows is judged once. Within a split it is a duplicate, and the row that is kept has score 1: the one
    labelled by work rather than by artist, then the larger one, then the first. Between splits it is a leak, and
    train gives way to val, val to test, everything to the held-out set, and a row without split to everything. So one
    row of each picture stays, whatever is dropped. Rows with the very pixels of a kept one are exact duplicates only.

    Args:
        measured: the N rows.
        held_out: rows that the set must share no picture with.
        progress: see `Progress`.

    Returns:
        Scores of the N rows; NaN where unreadable, of ``near_duplicate`` also for exact duplicates, and of ``leak``
        also where there is neither a split nor a held-out set. The evidence is ``of``, the id of the row to keep;
        ``how``, what speaks for it; ``contradicts``, other movements that its group is labelled with; of near
        duplicates ``group``, one id for all rows of a group, the kept one included; of leaks ``where``, the split of
        the other, or ``held-out``.
    """
    linked = link_rows(measured, held_out=held_out, progress=progress)
    count = len(measured)
    exact = _score_exact(linked, measured)
    scores = {
        "exact_duplicate": exact,
        "near_duplicate": _score_near(linked, count, exact=set(np.flatnonzero(exact.score == 0).tolist())),
        "leak": _score_leaks(linked, count),
    }
    for score in scores.values():
        score.score[~measured.readable] = np.nan
    return scores


class _Sheet:
    """Scores and evidence of N rows, filled in row by row; the surest reason stays."""

    def __init__(self, count: int, *columns: str) -> None:
        self.score = np.ones(count, np.float32)
        self.evidence: dict[str, list[Any]] = {name: [None] * count for name in (*columns, "contradicts")}

    def note(self, linked: Linked, row: int, score: float, **evidence: object) -> None:
        """Note what speaks against a row, unless something surer is noted."""
        if score >= self.score[row]:
            return
        self.score[row] = score
        movements = {linked.movements[member] for member in linked.groups[row]} - {linked.movements[row], None}
        evidence["contradicts"] = ", ".join(sorted(map(str, movements))) or None
        for name, value in evidence.items():
            self.evidence[name][row] = value

    def scores(self) -> Scores:
        return Scores(self.score, self.evidence)


def _score_exact(linked: Linked, measured: Measured) -> Scores:
    sheet = _Sheet(len(measured), "of")
    same: dict[tuple[bytes, str | None], list[int]] = {}
    for row, digest in enumerate(measured.pixels.tolist()):
        if digest:
            same.setdefault((digest, linked.places[row]), []).append(row)
    for rows in same.values():
        kept = min(rows, key=linked.ranks.__getitem__)
        for row in rows:
            if row != kept:
                sheet.note(linked, row, 0.0, of=linked.ids[kept])
    return sheet.scores()


def _score_near(linked: Linked, count: int, *, exact: Collection[int]) -> Scores:
    sheet = _Sheet(count, "of", "how", "group")
    for row in range(count):
        group, place = linked.groups[row], linked.places[row]
        if len(group) > 1:
            sheet.evidence["group"][row] = linked.ids[min(group, key=linked.ranks.__getitem__)]
        if row in exact:
            sheet.score[row] = np.nan
            continue
        same = [other for other in group if linked.places[other] == place and other not in exact]
        kept = min(same, key=linked.ranks.__getitem__)
        if row != kept:
            link = _surest(linked, row, [kept])
            sheet.note(linked, row, link.score, of=linked.ids[kept], how=link.how)
        for link in _weak(linked, row):
            if linked.places[link.row] == place and linked.ranks[link.row] < linked.ranks[row]:
                sheet.note(linked, row, link.score, of=linked.ids[link.row], how=link.how)
    return sheet.scores()


def _score_leaks(linked: Linked, count: int) -> Scores:
    sheet = _Sheet(count, "of", "where", "how")
    if not {place for place in linked.places if place is not None}:
        sheet.score[:] = np.nan
    for row in range(count):
        order = _GIVES_WAY[linked.places[row]]
        orders = {other: _GIVES_WAY[linked.places[other]] for other in linked.groups[row]}
        first = min(orders.values())
        links = [link for link in _weak(linked, row) if _GIVES_WAY[linked.places[link.row]] < order]
        if first < order:
            links.append(_surest(linked, row, [other for other in orders if orders[other] == first]))
        for link in links:
            sheet.note(linked, row, link.score, of=linked.ids[link.row], where=linked.places[link.row], how=link.how)
    return sheet.scores()


def _surest(linked: Linked, row: int, wanted: Collection[int]) -> Link:
    """What ties a row to the wanted ones of its group: its link to one of them, or else its surest one on the way."""
    inside = [link for link in linked.links[row] if link.seen and link.score < SAME]
    direct = [link for link in inside if link.row in wanted]
    if direct:
        return direct[0]
    first = min(wanted, key=linked.ranks.__getitem__)
    return Link(inside[0].score, first, f"{inside[0].how}, by way of {linked.ids[inside[0].row]}")


def _weak(linked: Linked, row: int) -> list[Link]:
    """Links to rows outside the group."""
    inside = set(linked.groups[row])
    return [link for link in linked.links[row] if link.row not in inside]
