"""Finds leakage: artists, works, files and pictures that are on both sides of a split."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from smn.duplicates import group_same, hash_pictures
from smn.duplicates.hashing import Hashes
from smn.errors import LeakageError, ManifestError
from smn.extras import require_extra
from smn.manifest import SPLITS, Manifest
from smn.manifest.identity import artist_key, work_key
from smn.progress import Progress

_LISTED = 5

HELD_OUT = "held-out"
"""The side of the other manifest in `compare_manifests`."""


@dataclass(frozen=True)
class Shared:
    """One thing that is on more than one side.

    Args:
        kind: ``artist``, ``work``, ``sha256`` or ``pixels``, or the column that was split by.
        value: the artist, work or hash.
        rows: ids of the rows by side, such as ``{"train": (...), "test": (...)}``.
    """

    kind: str
    value: str
    rows: Mapping[str, tuple[str, ...]]

    @property
    def size(self) -> int:
        """How many rows share it."""
        return sum(map(len, self.rows.values()))


@dataclass(frozen=True)
class Leakage:
    """What two or more sides of a split have in common.

    Args:
        sides: rows on each side.
        compared: kinds of things that were compared.
        leaks: what they must not share, worst first.
        in_common: what they may share but a reader of the figures should know, most rows first.
        unreadable: ids of rows whose pictures cannot be read, with the reasons.
        nameless: how many of the rows name no artist, or have no value in the column that was split by.
        by: that column.
    """

    sides: Mapping[str, int]
    compared: tuple[str, ...]
    leaks: tuple[Shared, ...]
    in_common: tuple[Shared, ...]
    unreadable: Mapping[str, str]
    nameless: int = 0
    by: str = "artist"

    @property
    def comparable(self) -> tuple[str, ...]:
        """The kinds of things that were compared and that at least one row has a value of."""
        return tuple(kind for kind in self.compared if kind != self.by or self.nameless < sum(self.sides.values()))

    @property
    def caveat(self) -> str | None:
        """What cannot be said because rows name no artist, one sentence; None where every row does."""
        if not self.nameless:
            return None
        total = sum(self.sides.values())
        if self.nameless == total:
            return (
                f"No row has a known {self.by}, so nothing can be said about leakage by {self.by}: pictures by one "
                "hand may be on both sides, and accuracy on them is too high."
            )
        known = f"{self.nameless:,} of {total:,} rows have no known {self.by}"
        return f"{known}; nothing can be said about their leakage by it."

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values, ready for JSON."""
        return asdict(self)

    def raise_if_any(self) -> None:
        """Raise if anything leaks.

        Raises:
            LeakageError: something does; the sentence lists the worst, ``evidence`` holds this object.
        """
        if not self.leaks:
            return
        worst = "; ".join(_describe(shared) for shared in self.leaks[:_LISTED])
        more = f"; and {len(self.leaks) - _LISTED} more" if len(self.leaks) > _LISTED else ""
        advice = (
            "Leave those rows out of training or of the held-out set."
            if HELD_OUT in self.sides
            else "Split anew with: smn dataset split MANIFEST --pixels --out FILE"
        )
        count = "1 thing stands" if len(self.leaks) == 1 else f"{len(self.leaks)} things stand"
        raise LeakageError(f"{count} on more than one side of the split: {worst}{more}. {advice}", evidence=self)


def find_leakage(
    manifest: Manifest, *, by: str = "artist", pixels: bool = False, progress: Progress | None = None
) -> Leakage:
    """Compare the splits of one manifest.

    Args:
        manifest: a manifest whose rows have splits; rows without one are not looked at.
        by: the column that was split by; names are compared without case, accents and order of words.
        pixels: compare the pictures themselves too, see `smn.duplicates`.
        progress: called while pictures are hashed.

    Returns:
        Groups, files and (with ``pixels``) pictures that are in more than one split.

    Raises:
        ManifestError: no row has a split, or there is no column ``by``.
    """
    require_extra("data", "pyarrow")
    if by not in manifest.table.column_names:
        raise ManifestError(f"{manifest.file} has no column {by!r}; it has {', '.join(manifest.table.column_names)}.")
    splits = manifest.column("split")
    rows = [row for row, split in enumerate(splits) if split is not None]
    if not rows:
        raise ManifestError(
            f"{manifest.file} has no splits; make them with: smn dataset split {manifest.file} --out FILE"
        )
    ids, groups, contents = manifest.column("id"), manifest.column(by), manifest.column("sha256")
    sides = {split: count for split in SPLITS if (count := splits.count(split))}
    kinds = {by: [_text_key(groups[row]) for row in rows], "sha256": [contents[row] for row in rows]}
    unreadable: dict[str, str] = {}
    if pixels:
        kinds["pixels"] = _pixel_keys([_hash_rows(manifest, rows, unreadable, progress)])
    places = [(splits[row], ids[row]) for row in rows]
    leaks = [shared for kind, keys in kinds.items() for shared in _shared(kind, keys, places)]
    return Leakage(sides, tuple(kinds), _worst_first(leaks), (), unreadable, kinds[by].count(None), by)


def check_leakage(
    manifest: Manifest, *, by: str = "artist", pixels: bool = False, progress: Progress | None = None
) -> Leakage:
    """Like `find_leakage`, but what is found is an error.

    Raises:
        LeakageError: something leaks.
        ManifestError: no row has a split, or there is no column ``by``.
    """
    leakage = find_leakage(manifest, by=by, pixels=pixels, progress=progress)
    leakage.raise_if_any()
    return leakage


def compare_manifests(
    manifest: Manifest, held_out: Manifest, *, pixels: bool = True, progress: Progress | None = None
) -> Leakage:
    """Compare what a model is trained on with a held-out set in another manifest.

    Args:
        manifest: the training manifest; its split ``train`` counts, or all of it where it has no splits.
        held_out: the other manifest, all of it.
        pixels: compare the pictures themselves too, see `smn.duplicates`.
        progress: called while pictures are hashed.

    Returns:
        Works (artist and title), files and pictures on both sides as ``leaks``; artists on both sides as ``in_common``,
        which is no error: it is what "well-known works" are.
    """
    require_extra("data", "pyarrow")
    training = manifest.rows(split="train") if any(manifest.column("split")) else list(range(len(manifest)))
    parts = (("train", manifest, training), (HELD_OUT, held_out, range(len(held_out))))
    places: list[tuple[str, str]] = []
    kinds: dict[str, list[str | None]] = {"artist": [], "work": [], "sha256": []}
    hashes: list[Hashes] = []
    unreadable: dict[str, str] = {}
    for side, table, rows in parts:
        ids, artists, titles = (table.column(name) for name in ("id", "artist", "title"))
        contents = table.column("sha256")
        places += [(side, ids[row]) for row in rows]
        kinds["artist"] += [artist_key(artists[row]) for row in rows]
        kinds["work"] += [work_key(artists[row], titles[row]) for row in rows]
        kinds["sha256"] += [contents[row] for row in rows]
        if pixels:
            hashes.append(_hash_rows(table, rows, unreadable, progress))
    if pixels:
        kinds["pixels"] = _pixel_keys(hashes)
    found = {kind: _shared(kind, keys, places) for kind, keys in kinds.items()}
    nameless = kinds["artist"].count(None)
    common = _worst_first(found.pop("artist"))
    leaks = _worst_first([shared for part in found.values() for shared in part])
    sizes = {"train": len(training), HELD_OUT: len(held_out)}
    return Leakage(sizes, tuple(kinds), leaks, common, unreadable, nameless)


def _text_key(value: Any) -> str | None:
    return None if value is None else artist_key(str(value))


def _hash_rows(
    manifest: Manifest, rows: Sequence[int], unreadable: dict[str, str], progress: Progress | None
) -> Hashes:
    hashes, reasons = hash_pictures(manifest, rows, progress=progress)
    ids = manifest.column("id")
    unreadable.update({ids[row]: reason for row, reason in reasons.items()})
    return hashes


def _pixel_keys(parts: Sequence[Hashes]) -> list[str | None]:
    """A key for each row of all parts, equal where the picture is the same: the hash of the first one that has it."""
    hashes = np.concatenate(parts)
    return [None if first < 0 else hashes[first].tobytes().hex() for first in group_same(hashes).tolist()]


def _shared(kind: str, keys: Sequence[str | None], places: Sequence[tuple[str, str]]) -> list[Shared]:
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for key, (side, row) in zip(keys, places, strict=True):
        if key is not None:
            found[key][side].append(row)
    return [
        Shared(kind, key, {side: tuple(rows) for side, rows in sides.items()})
        for key, sides in found.items()
        if len(sides) > 1
    ]


def _worst_first(shared: Iterable[Shared]) -> tuple[Shared, ...]:
    return tuple(sorted(shared, key=lambda item: (-item.size, item.kind, item.value)))


def _describe(shared: Shared) -> str:
    sides = " and ".join(f"{len(rows)} in {side}, such as {rows[0]}" for side, rows in shared.rows.items())
    return f"{shared.kind} {shared.value[:60]!r} ({sides})"
