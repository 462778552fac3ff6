"""Merges new pictures into a data set whose test split stays as it is."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smn.dataset.description import NO_SPLIT
from smn.dataset.frozen_split import SplitAssigner, SplitRules, Unassigned, UnassignedReason, check_frozen
from smn.dataset.matching import FEEDBACK, Entry, Matcher, Matches, group_works, read_entries
from smn.dataset.reports import MERGE_REPORTS, MergeInput, MergeReport, write_reports
from smn.dataset.tables import plain_type
from smn.errors import InputError, ManifestError, OutputExistsError
from smn.extras import require_extra
from smn.manifest import COLUMNS, NOT_A_PAINTING, SPLITS, Manifest, hash_rows, read_manifest
from smn.manifest.identity import artist_key
from smn.manifest.writer import manifest_schema, parquet_writer, place_path
from smn.progress import Progress

if TYPE_CHECKING:
    import pyarrow as pa

ALSO_IN, ADDED_IN = "also_in", "added_in"
"""Columns that a merge writes: a picture's duplicates, and the version that added it."""

_DIGITS = 16  # of a data hash, to name a version

Assignments = Mapping[tuple[int, int], str | UnassignedReason]
"""By a row's key, its split or why it has none."""

_ROWS = 512  # rows in memory at a time,
_EMBEDDED_ROWS = 32  # and fewer where pictures are embedded


@dataclass(frozen=True)
class Part:
    """The part of one manifest in a union.

    Args:
        manifest: the manifest.
        keep: whether each row is in the union.
        columns: new values by column, one for each row of the manifest, whether kept or not.
    """

    manifest: Manifest
    keep: Sequence[bool]
    columns: Mapping[str, Sequence[Any]]


def add_to_dataset(
    old: str | Path,
    new: Sequence[str | Path],
    out: str | Path,
    *,
    against: str | Path | None = None,
    rules: SplitRules | None = None,
    progress: Progress = lambda *_: None,
) -> MergeReport:
    """Write a manifest of all rows of an old one and of the new rows of others.

    Rows of the old manifest keep id, picture, label and split. A new row is left out if its bytes or its picture are
    in the set already, or if it is in the held-out set; the row that stays lists its duplicates in ``also_in``. New
    rows never go to test: a row by an artist of test gets no split; see `SplitAssigner` for the others. Added rows
    carry the new version's data hash in ``added_in``. Pictures stay where they are.

    Args:
        old: the manifest that grows, its file or folder; it is not touched.
        new: manifests to add, made by import or fetch; their own splits are ignored. None at all is allowed where the
            rules accept feedback that the old manifest has already.
        out: the folder for the new ``manifest.parquet`` and the reports.
        against: a held-out manifest, none of whose pictures and works may be added.
        rules: how new rows are assigned to splits; see `SplitRules`.
        progress: called as each step advances.

    Returns:
        The report; also written to ``out`` as JSON and Markdown.

    Raises:
        OutputExistsError: ``out`` holds a manifest or a report already; nothing has been done.
        ManifestError: a manifest is missing, or the manifests' columns do not go together.
        LeakageError: the result would break the split; nothing is written.
        InputError: there is nothing to add.
        MissingExtraError: the extra ``data`` is not installed.

    Example:
        >>> report = add_to_dataset("data/pool", ["data/aic"], "data/pool-2")  # doctest: +SKIP
        >>> report.splits["test"]  # doctest: +SKIP
        (2629, 2629)
    """
    require_extra("data", "pyarrow")
    rules, out = rules or SplitRules(), Path(out)
    for name in ("manifest.parquet", *MERGE_REPORTS):
        if (out / name).exists():
            raise OutputExistsError(out / name)
    if not new and not rules.accept_feedback:
        raise InputError("There is nothing to add; name one or more manifests after the old one.")
    manifests = [read_manifest(path) for path in (old, *new)]
    held_out = None if against is None else read_manifest(against)
    extras = _name_columns(manifests)
    entries = [read_entries(manifest, place=place) for place, manifest in enumerate(manifests)]
    matcher = _match(manifests, entries, held_out, progress)
    assigned = _assign_splits(entries[0], matcher.found, rules)
    parts = _plan(manifests, entries, matcher.found, assigned)
    made_by = {
        "command": "dataset add", "new": [str(path) for path in new], "against": against and str(against),
        "ratios": "/".join(map(str, rules.ratios)), "seed": rules.seed, "freeze_val": rules.freeze_val,
        "accept_feedback": rules.accept_feedback,
    }  # fmt: skip
    file = out / "manifest.parquet"
    unchecked = file.with_name("manifest.unchecked.parquet")
    for left in (unchecked, *out.glob(f".partial-*-{unchecked.name}")):  # of an addition that was killed
        left.unlink(missing_ok=True)
    try:
        write_union(parts, unchecked, extras=extras, made_by=made_by, progress=progress)
        written = read_manifest(unchecked)
        check_frozen(manifests[0], written)
        os.replace(unchecked, file)
    finally:
        unchecked.unlink(missing_ok=True)
    report = _report(file, manifests, entries, matcher, assigned)
    write_reports(report, out, names=MERGE_REPORTS)
    return report


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


def _assign_splits(old: Sequence[Entry], found: Matches, rules: SplitRules) -> Assignments:
    """The split, or the reason for none, of every new row, and of old feedback that is accepted now."""
    assigner = SplitAssigner(old, rules)
    waiting = [entry for entry in old if rules.accept_feedback and entry.label_kind == FEEDBACK and not entry.split]
    return {entry.key: assigner.assign(entry) for entry in (*waiting, *found.accepted)}


def _plan(
    manifests: Sequence[Manifest], entries: Sequence[Sequence[Entry]], found: Matches, assigned: Assignments
) -> list[Part]:
    """The rows to keep and the columns to change, for every manifest."""
    ids = {entry.key: entry.id for entry in (*entries[0], *found.accepted)}
    splits = {entry.key: entry.split for entry in entries[0]}
    splits |= {key: None if isinstance(split, UnassignedReason) else split for key, split in assigned.items()}
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
    """A row's name in ``also_in``: its source, or its manifest's folder, and its id there."""
    return f"{entry.source or entry.manifest.parent.name}:{entry.id}"


def _report(
    file: Path,
    manifests: Sequence[Manifest],
    entries: Sequence[Sequence[Entry]],
    matcher: Matcher,
    assigned: Assignments,
) -> MergeReport:
    grown, found = read_manifest(file), matcher.found
    added = Counter(entry.place for entry in found.accepted)
    offers = [
        MergeInput(manifest.file, manifest.data_hash(), len(manifest), added[place] if place else len(manifest))
        for place, manifest in enumerate(manifests)
    ]
    reasons = [(entry, assigned[entry.key]) for entry in found.accepted]
    return MergeReport(
        manifest=file,
        data_hash=grown.data_hash(),
        old=offers[0],
        new=tuple(offers[1:]),
        splits=_compare(manifests[0], grown, "split", names=(*SPLITS, NO_SPLIT), empty=NO_SPLIT),
        movements=_compare(manifests[0], grown, "movement"),
        left_out=tuple(found.left_out),
        aside=tuple(
            Unassigned(entry.manifest, entry.id, why) for entry, why in reasons if isinstance(why, UnassignedReason)
        ),
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
    """Rows of each value before and after, in the order of ``names`` or else the most frequent first."""
    before, after = (Counter(value or empty for value in manifest.column(column)) for manifest in (old, grown))
    return {name: (before[name], after[name]) for name in names or [name for name, _ in after.most_common()]}


def unite_columns(manifests: Sequence[Manifest]) -> dict[str, "pa.DataType"]:
    """The extra columns of all manifests, with types that hold the values of all.

    Integers widen, and become floats beside floats; other types that differ become strings.

    Raises:
        ManifestError: a column holds lists or structs in one manifest and something else in another.
    """
    import pyarrow as pa

    united: dict[str, pa.DataType] = {}
    for manifest in manifests:
        for field in manifest.table.schema:
            if field.name not in COLUMNS:
                kind = plain_type(field.type)
                united[field.name] = _unite(united.get(field.name, kind), kind, field.name, manifest.file)
    return {name: pa.string() if pa.types.is_null(kind) else kind for name, kind in united.items()}


def _unite(one: "pa.DataType", other: "pa.DataType", name: str, file: Path) -> "pa.DataType":
    import pyarrow as pa

    schemas = [pa.schema([(name, kind)]) for kind in (one, other)]
    try:
        return pa.unify_schemas(schemas, promote_options="permissive").field(name).type
    except pa.ArrowException as error:
        if pa.types.is_nested(one) or pa.types.is_nested(other):
            raise ManifestError(
                f"{file}: the column {name} holds {other}, but {one} in another manifest; rename or drop it in one."
            ) from error
        return pa.string()


def write_union(
    parts: Sequence[Part],
    file: Path,
    *,
    extras: Mapping[str, "pa.DataType"],
    made_by: Mapping[str, Any],
    progress: Progress,
) -> Path:
    """Write the kept rows of several manifests, in order, as one manifest.

    Pictures that are files stay where they are, pictures inside stay inside.

    Args:
        parts: the manifests, with the rows to keep.
        file: the manifest to write.
        extras: columns beyond the manifest's own, with their types.
        made_by: for its history; see `smn.manifest.lineage.Step`.
        progress: called after every batch.

    Raises:
        OutputExistsError: the file exists.
        ManifestError: a value does not fit its column.
    """
    embedded = any(part.manifest.is_embedded for part in parts)
    schema = manifest_schema(extras, embedded=embedded)
    done, total = 0, sum(len(part.manifest) for part in parts)
    with parquet_writer(file, schema=schema, made_by=made_by, parents=[part.manifest for part in parts]) as writer:
        for part in parts:
            for table in _tables(part, schema, folder=file.parent):
                writer.write_table(table.filter(table["keep"]).drop_columns(["keep"]))
                done += len(table)
                progress("writing rows", done, total)
    return file


def _tables(part: Part, schema: "pa.Schema", *, folder: Path) -> Iterator["pa.Table"]:
    """The part's rows in batches of the union's schema, with a boolean column ``keep``."""
    import pyarrow as pa
    from pyarrow import parquet

    origin, start = part.manifest.file.parent, 0
    places = [path and place_path(origin / path, folder=folder) for path in part.manifest.column("path")]
    columns = {**part.columns, "path": places, "keep": part.keep}
    fields = [*schema, pa.field("keep", pa.bool_())]
    rows = _EMBEDDED_ROWS if part.manifest.is_embedded else _ROWS
    with parquet.ParquetFile(part.manifest.file, pre_buffer=False) as opened:
        for batch in opened.iter_batches(batch_size=rows):
            arrays = [
                pa.array(columns[field.name][start : start + len(batch)], field.type)
                if field.name in columns
                else _column(batch, field, part.manifest.file)
                for field in fields
            ]
            yield pa.table(arrays, schema=pa.schema(fields))
            start += len(batch)


def _column(batch: "pa.RecordBatch", field: "pa.Field", file: Path) -> "pa.Array":
    import pyarrow as pa

    if field.name not in batch.schema.names:
        return pa.nulls(len(batch), field.type)
    try:
        return batch.column(field.name).cast(field.type)
    except pa.ArrowException as error:
        raise ManifestError(
            f"{file}: the column {field.name} cannot be read as {field.type} ({error}); correct or drop it."
        ) from error
