"""Applies decisions to a manifest by writing a new one; the old manifest stays."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smn.clean.applied import BEFORE, Applied, DecisionFile, report_files, write_applied
from smn.clean.decisionlog import file_digest, read_decision_files
from smn.clean.decisions import Decision, Verdict, standing_decisions
from smn.errors import OutputExistsError, UnknownNameError
from smn.manifest import SPLITS, Manifest, read_manifest
from smn.manifest.writer import parquet_writer, place_path

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS, _BYTES, _BATCH = 512, 64_000_000, 32  # of a row group at most, and read at a time


def apply_decisions(
    manifest: Manifest | str | Path,
    decisions: Sequence[str | Path],
    out: str | Path,
    *,
    splits: Sequence[str] = (),
    progress: Callable[[str, int, int], None] | None = None,
) -> Applied:
    """Write a manifest without what was dropped and with what was relabelled, and a report beside it.

    The same manifest and decisions give the same table, and so the same data hash. A decision counts only for the
    picture that was looked at: where the row's ``sha256`` is another, the row stays as it is and is reported. The
    movement of a relabelled row is kept in the column `BEFORE`. Pictures stay where they are, inside or beside.

    Args:
        manifest: what to clean; it stays as it is.
        decisions: files of decisions, applied as if they were one.
        out: a folder for ``manifest.parquet``, ``applied.json`` and ``applied.md``, or a file ending in ``.parquet``,
            whose reports are called after it.
        splits: only rows of these splits are open to decisions, so that a frozen test split never changes; all are
            unless given.
        progress: called with what is done, how many rows are done, and of how many.

    Returns:
        What was done.

    Raises:
        OutputExistsError: one of the files to write exists.
        DecisionsError: a file of decisions cannot be read.
        UnknownNameError: there is no such split.
    """
    for split in splits:
        if split not in SPLITS:
            raise UnknownNameError("split", split, SPLITS)
    old = manifest if isinstance(manifest, Manifest) else read_manifest(manifest)
    out = Path(out)
    file = out if out.suffix == ".parquet" else out / "manifest.parquet"
    for place in (file, *report_files(file)):
        if place.exists():
            raise OutputExistsError(place)
    standing = standing_decisions(read_decision_files(decisions))
    digests = [file_digest(path) for path in decisions]
    plan = _plan(old, standing, splits)
    made_by = {"command": "clean apply", "decisions": digests, "splits": list(splits)}
    _write(old, file, plan, made_by=made_by, progress=progress)
    new = read_manifest(file)
    applied = Applied(
        before=old.file,
        after=file,
        data_hash_before=old.data_hash(),
        data_hash_after=new.data_hash(),
        decisions=tuple(DecisionFile(str(path), digest) for path, digest in zip(decisions, digests, strict=True)),
        splits=tuple(splits),
        rows_before=len(old),
        rows_after=len(new),
        **plan.counts(old),
    )
    write_applied(applied)
    return applied


@dataclass(frozen=True)
class _Plan:
    """What happens to which rows.

    Args:
        by_row: the decisions that count, by row.
        aside: ids of the decisions that do not, by the field of `Applied`.
    """

    by_row: Mapping[int, Decision]
    aside: Mapping[str, tuple[str, ...]]

    def relabels(self, movements: Sequence[str | None]) -> dict[int, str]:
        """The new movement of each row whose movement changes."""
        chosen = {row: one.movement for row, one in self.by_row.items() if one.verdict is Verdict.RELABEL}
        return {row: movement for row, movement in chosen.items() if movement and movement != movements[row]}

    def dropped(self) -> set[int]:
        """The rows that are left out."""
        return {row for row, one in self.by_row.items() if one.verdict is Verdict.DROP}

    def counts(self, manifest: Manifest) -> dict[str, Any]:
        """The counts that `Applied` holds."""
        movements = manifest.column("movement")
        dropped, relabels = self.dropped(), self.relabels(movements)
        checks = Counter(check for row in sorted(dropped) for check in self.by_row[row].checks)
        changes = Counter(f"{movements[row] or 'nothing'} -> {relabels[row]}" for row in sorted(relabels))
        return {
            "dropped": len(dropped),
            "relabelled": len(relabels),
            "kept": sum(one.verdict is Verdict.KEEP for one in self.by_row.values()),
            "dropped_by_check": dict(checks.most_common()),
            "relabelled_to": dict(changes.most_common()),
            **self.aside,
        }


def _plan(manifest: Manifest, standing: Mapping[str, Decision], splits: Sequence[str]) -> _Plan:
    rows = {row_id: row for row, row_id in enumerate(manifest.column("id"))}
    digests, column = manifest.column("sha256"), manifest.column("split")
    by_row: dict[int, Decision] = {}
    aside: dict[str, list[str]] = {"not_in_manifest": [], "picture_changed": [], "other_splits": []}
    for row_id, decision in standing.items():
        row = rows.get(row_id)
        if row is None:
            aside["not_in_manifest"].append(row_id)
        elif splits and column[row] not in splits:
            aside["other_splits"].append(row_id)
        elif decision.sha256 and decision.sha256 != digests[row].lower():
            aside["picture_changed"].append(row_id)
        else:
            by_row[row] = decision
    return _Plan(by_row, {name: tuple(ids) for name, ids in aside.items()})


def _write(
    manifest: Manifest,
    out: Path,
    plan: _Plan,
    *,
    made_by: Mapping[str, Any],
    progress: Callable[[str, int, int], None] | None,
) -> None:
    """Copy the manifest a few rows at a time, so that pictures inside it never fill the memory."""
    import pyarrow as pa
    from pyarrow import parquet

    movements, before = manifest.column("movement"), manifest.column(BEFORE)
    relabels, dropped = plan.relabels(movements), plan.dropped()
    for row, movement in relabels.items():
        movements[row], before[row] = movement, movements[row]
    places = [path and place_path(manifest.file.parent / path, folder=out.parent) for path in manifest.column("path")]
    columns = {"path": places, "movement": movements, BEFORE: before}
    old = parquet.read_schema(manifest.file)
    fields = [manifest.table.schema.field(field.name) if field.name != "image" else field for field in old]
    if BEFORE not in old.names:
        fields.append(pa.field(BEFORE, pa.string()))
    schema = pa.schema(fields, metadata=old.metadata)
    with (
        parquet_writer(out, schema=schema, made_by=made_by, parents=[manifest]) as writer,
        parquet.ParquetFile(manifest.file, pre_buffer=False) as opened,
    ):
        for start, table in _tables(opened):
            rows = range(start, start + table.num_rows)
            arrays = [
                pa.array([columns[field.name][row] for row in rows], field.type)
                if field.name in columns
                else table[field.name].cast(field.type)
                for field in schema
            ]
            kept = pa.array([row not in dropped for row in rows], pa.bool_())
            writer.write_table(pa.table(arrays, schema=schema).filter(kept))
            if progress is not None:
                progress("Writing rows", rows.stop, len(manifest))


def _tables(opened: Any) -> Iterator[tuple[int, "pa.Table"]]:
    """The rows of a Parquet file in order, as tables of a moderate size, each with the number of its first row."""
    import pyarrow as pa

    start, waiting = 0, []
    for batch in opened.iter_batches(batch_size=_BATCH):
        waiting.append(batch)
        if sum(map(len, waiting)) >= _ROWS or sum(one.nbytes for one in waiting) >= _BYTES:
            yield start, pa.Table.from_batches(waiting)
            start, waiting = start + sum(map(len, waiting)), []
    if waiting:
        yield start, pa.Table.from_batches(waiting)
