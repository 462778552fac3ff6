"""Counts what is in a manifest."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from smn.errors import UnknownNameError
from smn.extras import require_extra
from smn.manifest import NOT_A_PAINTING, SPLITS, Manifest
from smn.manifest.identity import artist_key
from smn.manifest.lineage import Step
from smn.movements import find_movement, list_movements

NO_SPLIT = "no split"
UNLABELLED = ""


@dataclass(frozen=True)
class Spread:
    """How a column of numbers is spread.

    Args:
        known: rows with a value.
        low: the smallest.
        median: the middle one, the lower of two.
        high: the greatest.
    """

    known: int
    low: int | None
    median: int | None
    high: int | None


@dataclass(frozen=True)
class Description:
    """What is in a manifest.

    Args:
        manifest: its file.
        rows: how many rows were counted.
        splits: rows of each split.
        movements: rows by movement and split, the earliest movement first, then not-a-painting, then (``""``) rows
            without a movement.
        artists: different artists of each movement; unknown ones do not count.
        sources: rows of each source, most first.
        licences: rows of each licence, most first.
        label_kinds: rows of each way in which the movement is known, most first.
        numbers: spread of ``year``, ``width`` and ``height``.
        data_hash: of the whole manifest; the version of the data.
        lineage: the steps that made it, the oldest first; none where its history is unknown.
    """

    manifest: Path
    rows: int
    splits: Mapping[str, int]
    movements: Mapping[str, Mapping[str, int]]
    artists: Mapping[str, int]
    sources: Mapping[str, int]
    licences: Mapping[str, int]
    label_kinds: Mapping[str, int]
    numbers: Mapping[str, Spread]
    data_hash: str
    lineage: tuple[Step, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values, ready for JSON."""
        return {**asdict(self), "manifest": str(self.manifest)}


def describe_manifest(manifest: Manifest, *, split: str | None = None) -> Description:
    """Count a manifest's rows by everything that matters before training on them.

    Args:
        manifest: the manifest.
        split: count this split only.

    Raises:
        UnknownNameError: there is no such split.
    """
    require_extra("data", "pyarrow")
    rows = select_rows(manifest, split=split)
    column = {name: _take(manifest.column(name), rows) for name in _NEEDED}
    movements = [movement or UNLABELLED for movement in column["movement"]]
    splits = [value or NO_SPLIT for value in column["split"]]
    table: dict[str, Counter[str]] = defaultdict(Counter)
    artists: dict[str, set[str]] = defaultdict(set)
    for movement, value, artist in zip(movements, splits, column["artist"], strict=True):
        table[movement][value] += 1
        key = artist_key(artist)
        artists[movement].update([key] if key else [])
    order = order_movements(table)
    present = Counter(splits)
    return Description(
        manifest=manifest.file,
        rows=len(rows),
        splits={name: present[name] for name in (*SPLITS, NO_SPLIT) if present[name]},
        movements={movement: dict(table[movement]) for movement in order},
        artists={movement: len(artists[movement]) for movement in order},
        sources=_tally(column["source"]),
        licences=_tally(column["licence"]),
        label_kinds=_tally(column["label_kind"]),
        numbers={name: _spread(column[name]) for name in ("year", "width", "height")},
        data_hash=manifest.data_hash(),
        lineage=manifest.lineage(),
    )


def select_rows(manifest: Manifest, *, split: str | None) -> list[int]:
    """Numbers of the rows of one split, or of all.

    Raises:
        UnknownNameError: there is no such split.
    """
    if split is None:
        return list(range(len(manifest)))
    if split not in SPLITS:
        raise UnknownNameError("split", split, SPLITS)
    return manifest.rows(split=split)


def order_movements(names: Iterable[str]) -> list[str]:
    """Movements in the order of time, then unknown names, then not-a-painting, then rows without a movement."""
    place = {movement.id: number for number, movement in enumerate(list_movements())}
    last = {NOT_A_PAINTING: len(place) + 1, UNLABELLED: len(place) + 2}
    return sorted(names, key=lambda name: (place.get(name, last.get(name, len(place))), name))


def name_movement(movement: str) -> str:
    """What people read for a value of the column ``movement``."""
    if movement in _SPECIAL:
        return _SPECIAL[movement]
    found = find_movement(movement)
    return found.name if found else movement


_SPECIAL = {NOT_A_PAINTING: "Not a painting", UNLABELLED: "Without a movement"}
_NEEDED = ("movement", "split", "artist", "source", "licence", "label_kind", "year", "width", "height")


def _take(values: Sequence[Any], rows: Sequence[int]) -> list[Any]:
    return [values[row] for row in rows]


def _tally(values: Iterable[str | None]) -> dict[str, int]:
    return dict(Counter(value or "unknown" for value in values).most_common())


def _spread(values: Iterable[int | None]) -> Spread:
    known = sorted(value for value in values if value is not None)
    if not known:
        return Spread(0, None, None, None)
    return Spread(len(known), known[0], known[(len(known) - 1) // 2], known[-1])
