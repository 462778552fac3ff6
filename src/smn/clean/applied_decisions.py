"""Applies decisions to a manifest by writing a new one, and reports what changed; the old manifest is not changed."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smn.clean.decisions import Decision, Verdict, file_digest, read_decision_files, standing_decisions
from smn.dataset.reports import write_section
from smn.errors import OutputExistsError, UnknownNameError
from smn.files import write_text
from smn.manifest import SPLITS, Manifest, read_manifest
from smn.manifest.writer import parquet_writer, place_path
from smn.progress import Progress

if TYPE_CHECKING:
    import pyarrow as pa

BEFORE = "movement_before"
"""The column of a cleaned manifest that holds the movement of a relabelled picture as it was; null for all others."""

_MAX_ROWS, _MAX_BYTES = 512, 64_000_000  # of a row group
_BATCH = 32  # rows that are read at a time


@dataclass(frozen=True)
class DecisionFile:
    """A decisions file that was applied.

    Args:
        path: as it was given.
        sha256: of its bytes.
    """

    path: str
    sha256: str


@dataclass(frozen=True)
class Applied:
    """What applying decisions did.

    Args:
        before: the manifest that was cleaned.
        after: the manifest written.
        data_hash_before: see `smn.manifest.Manifest.data_hash`.
        data_hash_after: of the manifest written.
        decisions: the files applied, in order; later lines win.
        splits: the splits whose rows could change; empty if all could.
        rows_before: rows of the old manifest.
        rows_after: rows of the new one.
        dropped: rows left out.
        relabelled: rows with another movement.
        kept: rows that a person chose to keep.
        dropped_by_check: of the dropped ones, how many each check led to; one may count for several.
        relabelled_to: rows by the change, as in ``"realism -> impressionism"``, most first.
        not_in_manifest: ids of decisions about pictures that the manifest does not have.
        picture_changed: ids of rows left unchanged because their picture is not the one that was looked at.
        other_splits: ids of rows left unchanged because of their split.
    """

    before: Path
    after: Path
    data_hash_before: str
    data_hash_after: str
    decisions: tuple[DecisionFile, ...]
    splits: tuple[str, ...]
    rows_before: int
    rows_after: int
    dropped: int
    relabelled: int
    kept: int
    dropped_by_check: Mapping[str, int]
    relabelled_to: Mapping[str, int]
    not_in_manifest: tuple[str, ...]
    picture_changed: tuple[str, ...]
    other_splits: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values, ready for JSON."""
        return {**asdict(self), "before": str(self.before), "after": str(self.after)}

    def to_markdown(self) -> str:
        """The report for people."""
        lines = [
            "# Decisions applied",
            "",
            f"{self.rows_after:,} of {self.rows_before:,} pictures are in `{self.after.name}`: {self.dropped:,} were "
            f"dropped, {self.relabelled:,} relabelled, {self.kept:,} kept after a look.",
            *([f"Only rows of {', '.join(self.splits)} were open to decisions."] if self.splits else []),
            "",
            "| | before | after |",
            "| --- | --- | --- |",
            f"| data | `{self.data_hash_before[:16]}` | `{self.data_hash_after[:16]}` |",
            f"| rows | {self.rows_before:,} | {self.rows_after:,} |",
        ]
        lines += write_section(
            "Decisions", ("file", "SHA-256"), [(one.path, one.sha256[:16]) for one in self.decisions]
        )
        lines += write_section("Dropped because of", ("check", "rows"), self.dropped_by_check.items())
        lines += write_section("Relabelled", ("from -> to", "rows"), self.relabelled_to.items())
        lines += _ids("Not applied: no such picture in the manifest", self.not_in_manifest)
        lines += _ids("Not applied: the picture is not the one that was looked at", self.picture_changed)
        lines += _ids("Not applied: in another split", self.other_splits)
        return "\n".join(lines) + "\n"


def apply_decisions(
    manifest: Manifest | str | Path,
    decisions: Sequence[str | Path],
    out: str | Path,
    *,
    splits: Sequence[str] = (),
    progress: Progress | None = None,
) -> Applied:
    """Write a manifest without what was dropped and with what was relabelled, and a report beside it.

    The same manifest and decisions give the same table, and so the same data hash. A decision counts only for the
    picture that was looked at: where the row's ``sha256`` differs, the row is not changed and is reported. The
    movement of a relabelled row is kept in the column `BEFORE`. Pictures are not moved, whether inside or beside.

    Args:
        manifest: what to clean; it is not changed.
        decisions: files of decisions, applied as if they were one.
        out: a folder for ``manifest.parquet``, ``applied.json`` and ``applied.md``, or a file ending in ``.parquet``,
            whose reports are called after it.
        splits: only rows of these splits may change, so that a frozen test split never does; by default all.
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
    """The changes to make.

    Args:
        by_row: the decisions that count, by row.
        ignored: ids of the decisions that do not, by the field of `Applied`.
    """

    by_row: Mapping[int, Decision]
    ignored: Mapping[str, tuple[str, ...]]

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
            **self.ignored,
        }


def _plan(manifest: Manifest, standing: Mapping[str, Decision], splits: Sequence[str]) -> _Plan:
    rows = {row_id: row for row, row_id in enumerate(manifest.column("id"))}
    digests, column = manifest.column("sha256"), manifest.column("split")
    by_row: dict[int, Decision] = {}
    ignored: dict[str, list[str]] = {"not_in_manifest": [], "picture_changed": [], "other_splits": []}
    for row_id, decision in standing.items():
        row = rows.get(row_id)
        if row is None:
            ignored["not_in_manifest"].append(row_id)
        elif splits and column[row] not in splits:
            ignored["other_splits"].append(row_id)
        elif decision.sha256 and decision.sha256 != digests[row].lower():
            ignored["picture_changed"].append(row_id)
        else:
            by_row[row] = decision
    return _Plan(by_row, {name: tuple(ids) for name, ids in ignored.items()})


def _write(
    manifest: Manifest,
    out: Path,
    plan: _Plan,
    *,
    made_by: Mapping[str, Any],
    progress: Progress | None,
) -> None:
    """Copy the manifest a few rows at a time, so that memory stays small whatever pictures are inside it."""
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
    """The rows of a Parquet file in order, as tables of limited size, each with the number of its first row."""
    import pyarrow as pa

    start, waiting = 0, []
    for batch in opened.iter_batches(batch_size=_BATCH):
        waiting.append(batch)
        if sum(map(len, waiting)) >= _MAX_ROWS or sum(one.nbytes for one in waiting) >= _MAX_BYTES:
            yield start, pa.Table.from_batches(waiting)
            start, waiting = start + sum(map(len, waiting)), []
    if waiting:
        yield start, pa.Table.from_batches(waiting)


def report_files(manifest: Path) -> tuple[Path, Path]:
    """Paths of the JSON and the Markdown report of a manifest at that path."""
    stem = "" if manifest.name == "manifest.parquet" else f"{manifest.stem}-"
    return manifest.with_name(f"{stem}applied.json"), manifest.with_name(f"{stem}applied.md")


def write_applied(applied: Applied) -> tuple[Path, Path]:
    """Write both reports beside the manifest that was written."""
    files = report_files(applied.after)
    texts = (json.dumps(applied.to_dict(), ensure_ascii=False, indent=2) + "\n", applied.to_markdown())
    for file, text in zip(files, texts, strict=True):
        write_text(file, text)
    return files


def _ids(title: str, ids: Sequence[str]) -> list[str]:
    return ["", f"## {title}", "", *(f"- `{row_id}`" for row_id in ids)] if ids else []
