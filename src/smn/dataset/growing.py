"""Adds new pictures to a data set whose test split stays what it is."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from smn.dataset.allotting import Allotter, Aside, Rules, Unused
from smn.dataset.freezing import check_frozen
from smn.dataset.growth import GROWTH_REPORTS, NO_SPLIT, Growth, Offer
from smn.dataset.matching import FEEDBACK, Entry, Matcher, Matches, Progress, group_works, read_entries
from smn.dataset.report import write_reports
from smn.dataset.union import Part, unite_columns, write_union
from smn.errors import InputError, ManifestError, OutputExistsError
from smn.extras import require_extra
from smn.manifest import NOT_A_PAINTING, SPLITS, Manifest, hash_rows, read_manifest
from smn.manifest.identity import artist_key

ALSO_IN, ADDED_IN = "also_in", "added_in"
"""Columns that an addition writes: other rows that a picture stands for, and the version that it came with."""

_DIGITS = 16  # of a data hash, to name a version

Allotted = Mapping[tuple[int, int], str | Unused]
"""By a row's key, its split or why it has none."""


def add_to_dataset(
    old: str | Path,
    new: Sequence[str | Path],
    out: str | Path,
    *,
    against: str | Path | None = None,
    rules: Rules | None = None,
    progress: Progress = lambda *_: None,
) -> Growth:
    """Write a manifest of all rows of an old one and of whatever is new in others.

    Rows of the old manifest keep id, picture, label and split. A new row is left out if its bytes or its picture
    stand in the set before it, or if it is in the held-out set; the row that stays says in ``also_in`` which rows
    it stands for. New rows never go to test: a row by an artist of test gets no split. See `Allotter` for the others.
    Rows that were added carry the new version's data hash in ``added_in``. Pictures stay where they are.

    Args:
        old: the manifest that grows, its file or folder; it is not touched.
        new: manifests to add, made by import or fetch; their own splits are ignored. None at all is allowed where the
            rules accept feedback that the old manifest has already.
        out: the folder for the new ``manifest.parquet`` and the reports.
        against: a held-out manifest, none of whose pictures and works may come in.
        rules: how new rows are shared out; see `Rules`.
        progress: told how far things are.

    Returns:
        What was done; also written to ``out`` as JSON and Markdown.

    Raises:
        OutputExistsError: ``out`` holds a manifest or a report already; nothing has been done.
        ManifestError: a manifest is missing, or the manifests' columns do not go together.
        LeakageError: the result would break the split; nothing is written.
        InputError: there is nothing to add.
        MissingExtraError: the extra ``data`` is not installed.

    Example:
        >>> growth = add_to_dataset("data/pool", ["data/aic"], "data/pool-2")  # doctest: +SKIP
        >>> growth.splits["test"]  # doctest: +SKIP
        (2629, 2629)
    """
    require_extra("data", "pyarrow")
    rules, out = rules or Rules(), Path(out)
    for name in ("manifest.parquet", *GROWTH_REPORTS):
        if (out / name).exists():
            raise OutputExistsError(out / name)
    if not new and not rules.accept_feedback:
        raise InputError("There is nothing to add; name one or more manifests after the old one.")
    manifests = [read_manifest(path) for path in (old, *new)]
    held_out = None if against is None else read_manifest(against)
    extras = _name_columns(manifests)
    entries = [read_entries(manifest, place=place) for place, manifest in enumerate(manifests)]
    matcher = _match(manifests, entries, held_out, progress)
    allotted = _allot(entries[0], matcher.found, rules)
    parts = _plan(manifests, entries, matcher.found, allotted)
    made_by = {
        "command": "dataset add", "new": [str(path) for path in new], "against": against and str(against),
        "ratios": "/".join(map(str, rules.ratios)), "seed": rules.seed, "freeze_val": rules.freeze_val,
        "accept_feedback": rules.accept_feedback,
    }  # fmt: skip
    file = out / "manifest.parquet"
    unchecked = file.with_name("manifest.unchecked.parquet")
    unchecked.unlink(missing_ok=True)  # of an addition that was killed
    try:
        write_union(parts, unchecked, extras=extras, made_by=made_by, progress=progress)
        written = read_manifest(unchecked)
        check_frozen(manifests[0], written)
        os.replace(unchecked, file)
    finally:
        unchecked.unlink(missing_ok=True)
    growth = _report(file, manifests, entries, matcher, allotted)
    write_reports(growth, out, names=GROWTH_REPORTS)
    return growth


def _name_columns(manifests: Sequence[Manifest]) -> dict[str, Any]:
    import pyarrow as pa

    extras = unite_columns(manifests)
    for name, kind in {ALSO_IN: pa.list_(pa.string()), ADDED_IN: pa.string()}.items():
        if extras.setdefault(name, kind) != kind:
            raise ManifestError(
                f"The column {name} holds {extras[name]}, but smn writes {kind} there; rename yours in the manifest."
            )
    return extras


def _match(
    manifests: Sequence[Manifest], entries: Sequence[Sequence[Entry]], held_out: Manifest | None, progress: Progress
) -> Matcher:
    matcher = Matcher(progress)
    matcher.know(manifests[0], entries[0])
    if held_out is not None:
        matcher.hold_out(held_out, read_entries(held_out))
    for manifest, offered in zip(manifests[1:], entries[1:], strict=True):
        matcher.take(manifest, offered)
    return matcher


def _allot(old: Sequence[Entry], found: Matches, rules: Rules) -> Allotted:
    """The split, or the reason for none, of every new row, and of old feedback that is accepted now."""
    allotter = Allotter(old, rules)
    waiting = [entry for entry in old if rules.accept_feedback and entry.label_kind == FEEDBACK and not entry.split]
    return {entry.key: allotter.allot(entry) for entry in (*waiting, *found.accepted)}


def _plan(
    manifests: Sequence[Manifest], entries: Sequence[Sequence[Entry]], found: Matches, allotted: Allotted
) -> list[Part]:
    """What becomes of every manifest."""
    ids = {entry.key: entry.id for entry in (*entries[0], *found.accepted)}
    splits = {entry.key: entry.split for entry in entries[0]}
    splits |= {key: None if isinstance(split, Unused) else split for key, split in allotted.items()}
    kept = [entry for offered in entries for entry in offered if entry.key in ids]
    version = hash_rows((ids[entry.key], entry.sha256, entry.movement, splits[entry.key]) for entry in kept)
    parts = []
    for place, (manifest, offered) in enumerate(zip(manifests, entries, strict=True)):
        copies = [[_name(copy) for copy in found.also_in.get(entry.key, ())] for entry in offered]
        known = manifest.column(ALSO_IN)
        columns: dict[str, list[Any]] = {
            "id": [ids.get(entry.key, entry.id) for entry in offered],
            "split": [splits.get(entry.key) for entry in offered],
            ALSO_IN: [[*(before or ()), *more] or None for before, more in zip(known, copies, strict=True)],
            ADDED_IN: [version[:_DIGITS]] * len(offered) if place else manifest.column(ADDED_IN),
        }
        parts.append(Part(manifest, [entry.key in ids for entry in offered], columns))
    return parts


def _name(entry: Entry) -> str:
    """How ``also_in`` calls a row: by its source, or its manifest's folder, and its id there."""
    return f"{entry.source or entry.manifest.parent.name}:{entry.id}"


def _report(
    file: Path,
    manifests: Sequence[Manifest],
    entries: Sequence[Sequence[Entry]],
    matcher: Matcher,
    allotted: Allotted,
) -> Growth:
    grown, found = read_manifest(file), matcher.found
    added = Counter(entry.place for entry in found.accepted)
    offers = [
        Offer(manifest.file, manifest.data_hash(), len(manifest), added[place] if place else len(manifest))
        for place, manifest in enumerate(manifests)
    ]
    reasons = [(entry, allotted[entry.key]) for entry in found.accepted]
    return Growth(
        manifest=file,
        data_hash=grown.data_hash(),
        old=offers[0],
        new=tuple(offers[1:]),
        splits=_compare(manifests[0], grown, "split", names=(*SPLITS, NO_SPLIT), empty=NO_SPLIT),
        movements=_compare(manifests[0], grown, "movement"),
        left_out=tuple(found.left_out),
        aside=tuple(Aside(entry.manifest, entry.id, why) for entry, why in reasons if isinstance(why, Unused)),
        same_works=group_works(found.accepted, entries[0]),
        renamed=found.renamed,
        unreadable=tuple(matcher.unreadable),
        nameless=sum(
            artist_key(entry.artist) is None and entry.movement != NOT_A_PAINTING and split == "train"
            for entry, split in reasons
        ),
    )


def _compare(
    old: Manifest, grown: Manifest, column: str, *, names: Sequence[str] = (), empty: str = ""
) -> dict[str, tuple[int, int]]:
    """How many rows have each value before and after; the most after come first unless the names say otherwise."""
    before, after = (Counter(value or empty for value in manifest.column(column)) for manifest in (old, grown))
    return {name: (before[name], after[name]) for name in names or [name for name, _ in after.most_common()]}
