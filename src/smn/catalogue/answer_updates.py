"""Answers for a collection that grows: only what is new or changed is predicted, and what people decided is kept."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from smn.catalogue.answers_file import Row, movement_name, outcome_name
from smn.files import keep_copy, write_partial
from smn.predict.formats import Format, write_rows
from smn.predict.jobs import Input, hash_file
from smn.progress import Progress


@dataclass(frozen=True)
class Plan:
    """What an update has to predict, and why the rest is left as it is.

    Args:
        wanted: the pictures to predict, with the SHA-256 of their content.
        hashes: the SHA-256 of each picture that is a file, by path.
        new: how many have no answer yet.
        changed: how many have another content than the answered one.
        unhashed: how many were answered without a hash, so that nobody knows; they are predicted again.
        unchanged: how many are left as they are.
        other_model: how many of those another model answered.
        gone: rows of pictures that are not among the inputs; they stay.
    """

    wanted: tuple[Input, ...]
    hashes: Mapping[str | None, str]
    new: int
    changed: int
    unhashed: int
    unchanged: int
    other_model: int
    gone: int


def plan_update(
    inputs: Sequence[Input], rows: Iterable[Row], *, model: str, again: bool = False, progress: Progress | None = None
) -> Plan:
    """Compare pictures with their answers by the SHA-256 of their content.

    A row without a hash is answered again. What is at an address is not downloaded for a comparison: its row stays.

    Args:
        inputs: the pictures.
        rows: the answers so far.
        model: the name of the model that will answer.
        again: whether what another model answered is predicted again.
        progress: called with what is done, how many pictures are done, and of how many.
    """
    known: dict[str | None, Row] = {row["path"]: row for row in rows}
    hashes: dict[str | None, str] = {}
    wanted = []
    counted: Counter[str] = Counter()
    for done, item in enumerate(inputs, start=1):
        if isinstance(item.source, Path) and item.source.is_file():
            hashes[item.path] = hash_file(item.source)
        what = _compare(item, known.get(item.path), hashes.get(item.path))
        other = what == "unchanged" and known[item.path]["model"] != model
        counted[what] += 1
        counted["other"] += other
        if what != "unchanged" or (other and again):
            content = {"sha256": hashes[item.path]} if item.path in hashes else {}
            wanted.append(replace(item, extra={**item.extra, **content}))
        if progress is not None:
            progress("comparing", done, len(inputs))
    gone = len(set(known) - {item.path for item in inputs})
    return Plan(
        tuple(wanted), hashes, counted["new"], counted["changed"], counted["unhashed"], counted["unchanged"],
        counted["other"], gone,
    )  # fmt: skip


def _compare(item: Input, row: Row | None, content: str | None) -> str:
    if row is None:
        return "new"
    if not isinstance(item.source, Path) or row.get("sha256") == content:
        return "unchanged"
    return "changed" if row.get("sha256") else "unhashed"


def merge_answers(before: Sequence[Row], answered: Iterable[Row]) -> tuple[list[Row], list[tuple[Row, Row]], list[str]]:
    """The rows after an update, in their order, new ones at the end.

    Decisions stay with their picture. Where its content has changed, the decision was about another picture: it is
    dropped, and its path is told.

    Returns:
        The rows, the pairs of rows before and after whose answers differ, and the paths of dropped decisions.
    """
    newer = {row["path"]: row for row in answered}
    merged: list[Row] = []
    differing, dropped = [], []
    for old in before:
        new = newer.pop(old["path"], None)
        if new is None:
            merged.append(old)
            continue
        if (old["outcome"], old["movement"]) != (new["outcome"], new["movement"]) and not old.get("decision"):
            differing.append((old, new))
        if old.get("decision") and old.get("sha256") == new.get("sha256"):
            decided = ("outcome", "movement", "family", "confidence", "decision")
            new = {**new, **{name: old[name] for name in decided}}
        elif old.get("decision"):
            dropped.append(old["path"])
        merged.append(new)
    return [*merged, *newer.values()], differing, dropped


def tell_changes(differing: Iterable[tuple[Row, Row]], *, limit: int = 8) -> str:
    """Which answers became which, the most frequent first; empty where none changed."""
    counted = Counter(f"{_name(old)} to {_name(new)}" for old, new in differing)
    shown = ", ".join(f"{what} {count}" for what, count in counted.most_common(limit))
    more = f", and {len(counted) - limit} other changes" if len(counted) > limit else ""
    return f"Answers that changed: {counted.total()}: {shown}{more}." if counted else ""


def _name(row: Row) -> str:
    return movement_name(row) or outcome_name(row)


def replace_answers(out: Path, rows: Iterable[Row]) -> Path | None:
    """Write answers as JSON lines; those that were there stay under another name, which is returned.

    A kill leaves the old file or the new one under ``out``.
    """
    backup = None
    with write_partial(out) as partial:
        write_rows(rows, partial, Format.JSONL, top_k=1)
        if out.exists():
            backup = keep_copy(out)
    return backup
