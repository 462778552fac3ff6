"""Imports folders, CSV files and Parquet tables into a new manifest."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smn.dataset.joined_tables import ORIGINAL_ARTIST, JoinedTable, join_splits, read_aliases, rename_artist
from smn.dataset.label_map import LabelMap, suggest_movements
from smn.dataset.picture_store import Measured, measure_picture, store_picture
from smn.dataset.reports import IMPORT_REPORTS, Duplicate, ImportReport, Unmapped, count_taxonomy, write_reports
from smn.dataset.sources import Failed, Row, Source, open_sources
from smn.dataset.tables import MEASURED, READERS, read_text
from smn.errors import ImageError, InputError, OutputExistsError
from smn.extras import require_extra
from smn.manifest import COLUMNS, NOT_A_PAINTING, read_manifest
from smn.manifest.parquet_file import IMAGE
from smn.manifest.writer import manifest_schema, place_path, rewrite_manifest, write_records
from smn.movements import Taxonomy, read_taxonomy
from smn.progress import Progress

if TYPE_CHECKING:
    import pyarrow as pa

_AT_ONCE = 64  # pictures in memory


def import_dataset(
    sources: Sequence[str | Path],
    out: str | Path,
    *,
    taxonomy: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    join: Sequence[str | Path] = (),
    mapping: Mapping[str, str] | None = None,
    source: str | None = None,
    licence: str | None = None,
    not_paintings: bool = False,
    embed: bool = False,
    artist_aliases: str | Path | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import pictures and what is known of them into a new manifest.

    Every picture is decoded once; one that fails is left out with its reason. Of byte-identical pictures the first is
    kept. Pictures that are files are referenced where they are, pictures inside a table are written to
    ``out/images``, unchanged. Labels that name no movement are kept as ``raw_label``, reported, and not guessed.
    With ``artist_aliases``, every artist has one name, and is in one split: of those that the rows came with, test
    before val before train. The name as it was spelled is kept in the column ``artist_before``.

    Args:
        sources: folders with a sub-folder a movement, CSV or Parquet files, folders of Parquet shards.
        out: the folder for ``manifest.parquet`` and the reports.
        taxonomy: id or TOML file of a taxonomy to count the rows by; rows outside are kept.
        columns: manifest's name to table's name, where they differ.
        join: CSV files with a column ``id``, whose other columns are added to the rows with that id; ids that name no
            picture are noted in the report.
        mapping: raw label to movement, before smn's own names and aliases.
        source: what the column ``source`` says where a row does not; the folder's or table's name by default.
        licence: what the column ``licence`` says where a row does not.
        not_paintings: all of these are photographs of something else.
        embed: put the pictures into the manifest instead of referencing them.
        artist_aliases: a CSV file of spellings and the names to use; see `smn.dataset.joined_tables.read_aliases`.
        progress: called after every picture or so.

    Returns:
        What was done; also written to ``out`` as JSON and Markdown.

    Raises:
        OutputExistsError: ``out`` holds a manifest or a report already; nothing has been done.
        InputError: a source is not there, or none of its pictures can be used; or the aliases cannot be used.
        ManifestError: a table cannot be read or lacks a column, or one to join does not fit.
        UnknownNameError: a movement, taxonomy or column does not exist.
        MissingExtraError: the extra ``data`` is not installed.

    Example:
        >>> report = import_dataset(["paintings"], "data/mine")  # doctest: +SKIP
        >>> report.rows, report.unmapped  # doctest: +SKIP
    """
    require_extra("data", "pyarrow")
    import pyarrow as pa

    out = Path(out)
    for name in ("manifest.parquet", *IMPORT_REPORTS):
        if (out / name).exists():
            raise OutputExistsError(out / name)
    labels = LabelMap(mapping)
    chosen = None if taxonomy is None else read_taxonomy(taxonomy)
    aliases = {} if artist_aliases is None else read_aliases(artist_aliases)
    opened, broken = open_sources(sources, columns=columns)
    extras = _merge_extras(opened)
    if artist_aliases is not None:
        extras[ORIGINAL_ARTIST] = _text_type()
    joins = [JoinedTable(Path(file)) for file in join]
    for one in joins:
        one.check_clashes(extras)
        extras |= dict.fromkeys(one.columns, pa.string())
    intake = Intake(
        opened,
        out,
        labels=labels,
        defaults={"source": source, "licence": licence},
        texts={name for name, kind in extras.items() if str(kind) == "string"},
        not_paintings=not_paintings,
        embed=embed,
        aliases=aliases,
    )
    intake.failed += broken
    schema = manifest_schema(extras, embedded=embed)
    made_by = {
        "command": "dataset import", "sources": [str(path) for path in sources], "columns": dict(columns or {}),
        "join": [str(file) for file in join],
        "map": dict(mapping or {}), "source": source, "licence": licence, "not_paintings": not_paintings,
        "artist_aliases": artist_aliases and str(artist_aliases),
    }  # fmt: skip
    records, file = intake.records(progress), out / "manifest.parquet"
    for one in joins:
        records = one.apply(records)
    if artist_aliases is None:
        write_records(records, file, schema=schema, made_by=made_by)
    else:
        intake.joined = _write_joined(records, file, schema=schema, made_by=made_by)
    report = intake.report(file, taxonomy=chosen)
    report = replace(report, notes=(*report.notes, *(note for one in joins for note in one.notes())))
    write_reports(report, out)
    return report


def _write_joined(
    records: Iterable[Mapping[str, Any]], file: Path, *, schema: "pa.Schema", made_by: Mapping[str, Any]
) -> int:
    """Write the records with every artist in one split; how many rows came to another split.

    An artist's rows may be far apart, so they are written as they come, and then once more with their splits.
    """
    passing = file.with_name("manifest.unjoined.parquet")
    passing.unlink(missing_ok=True)  # of an import that was killed
    try:
        written = read_manifest(write_records(records, passing, schema=schema))
        before = written.column("split")
        splits = join_splits(before, written.column("artist"))
        rewrite_manifest(written, file, columns={"split": splits}, made_by=made_by)
    finally:
        passing.unlink(missing_ok=True)
    return sum(old != new for old, new in zip(before, splits, strict=True))


def _merge_extras(sources: Sequence[Source]) -> dict[str, "pa.DataType"]:
    """Extra columns of all sources; one that has two types becomes text."""
    import pyarrow as pa

    merged: dict[str, pa.DataType] = {}
    for source in sources:
        for name, kind in source.extras.items():
            merged[name] = kind if merged.get(name, kind) == kind else pa.string()
    return merged


def _text_type() -> "pa.DataType":
    import pyarrow as pa

    return pa.string()


class Intake:
    """One import under way.

    Args:
        sources: where the rows come from.
        out: the manifest's folder.
        labels: raw label to movement.
        defaults: what columns say where a row does not.
        texts: extra columns that hold text, whatever the source's type.
        not_paintings: all rows are photographs of something else.
        embed: pictures go into the records.
        aliases: names to use for artists, from `read_aliases`; empty where all names stay.

    ``joined`` is how many rows came to their artist's other split, for the report.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        out: Path,
        *,
        labels: LabelMap,
        defaults: Mapping[str, str | None],
        texts: Collection[str],
        not_paintings: bool,
        embed: bool,
        aliases: Mapping[str, str],
    ) -> None:
        self.failed: list[Failed] = []
        self.joined = 0
        self._sources, self._out, self._labels, self._defaults = sources, out, labels, defaults
        self._texts, self._not_paintings, self._embed, self._aliases = texts, not_paintings, embed, aliases
        self._duplicates: list[Duplicate] = []
        self._kept: dict[str, tuple[str, str | None]] = {}  # sha256 -> name, label
        self._ids: set[str] = set()
        self._movements: Counter[str] = Counter()
        self._unmapped: Counter[str] = Counter()
        self._unread: Counter[str] = Counter()
        self._unlabelled = self._renamed = 0

    def records(self, progress: Progress | None = None) -> Iterator[dict[str, Any]]:
        """The manifest's rows by column, made while they are taken.

        Raises:
            InputError: not one picture can be used.
        """
        done, total = 0, sum(len(source) for source in self._sources)
        with ThreadPoolExecutor() as threads:
            for source in self._sources:
                offered = source.rows()
                while chunk := list(islice(offered, _AT_ONCE)):
                    for row in threads.map(_measure, chunk):
                        taken = row if isinstance(row, Failed) else self._take(*row, source.name)
                        if isinstance(taken, Failed):
                            self.failed.append(taken)
                        elif taken is not None:
                            yield taken
                    done += len(chunk)
                    if progress is not None:
                        progress("Reading pictures", min(done, total), total)
        if not self._kept:
            raise InputError(
                f"None of the {len(self.failed)} pictures can be imported; the first reason: {self.failed[0].reason} "
                "Correct it and import again."
            )

    def report(self, manifest: Path, *, taxonomy: Taxonomy | None) -> ImportReport:
        """What happened, once all records have been taken."""
        unmapped = (Unmapped(label, rows, suggest_movements(label)) for label, rows in self._unmapped.most_common())
        notes = [
            f"{rows} values of {name} could not be read and were left empty." for name, rows in self._unread.items()
        ]
        if self._renamed:
            notes.append(f"{self._renamed} rows have their artist's other name, as the aliases say.")
        if self.joined:
            notes.append(f"{self.joined} rows went to the split of their artist's other rows.")
        return ImportReport(
            manifest=manifest,
            rows=len(self._kept),
            movements=dict(self._movements.most_common()),
            unlabelled=self._unlabelled,
            unmapped=tuple(unmapped),
            failed=tuple(self.failed),
            duplicates=tuple(self._duplicates),
            notes=tuple(notes),
            taxonomy=None if taxonomy is None else count_taxonomy(self._movements, taxonomy),
        )

    def _take(self, row: Row, measured: Measured, source: str) -> dict[str, Any] | Failed | None:
        """The manifest's record; or why there is none; or nothing, for a duplicate."""
        values = self._read(row.values)
        label = values["movement"]
        movement = self._label(label)
        if measured.sha256 in self._kept:
            self._duplicates.append(_duplicate(self._kept[measured.sha256], (row.name, movement or label)))
            return None
        try:
            placed = self._place(row.picture, measured)
        except ImageError as error:
            return Failed(row.name, error.reason)
        self._kept[measured.sha256] = (row.name, movement or label)
        self._count(movement, label)
        values["movement"] = movement
        # A label that names no movement would be lost if the source's own raw label stayed in its place.
        values["raw_label"] = label if label and not movement else values["raw_label"] or label
        values["id"] = self._new_id(values["id"], measured.sha256)
        values["source"] = values["source"] or self._defaults["source"] or source
        values["licence"] = values["licence"] or self._defaults["licence"]
        values |= self._rename(values["artist"])
        return {**values, **vars(measured), **placed}

    def _rename(self, artist: str | None) -> dict[str, str | None]:
        name = rename_artist(artist, self._aliases)
        if name == artist:
            return {}
        self._renamed += 1
        return {"artist": name, ORIGINAL_ARTIST: artist}

    def _read(self, offered: Mapping[str, Any]) -> dict[str, Any]:
        """The offered values, read as the manifest's columns; what cannot be read is noted and left empty."""
        values: dict[str, Any] = dict.fromkeys(COLUMNS)
        for name in offered.keys() - set(MEASURED):
            reader = READERS.get(name) or (read_text if name in self._texts else None)
            try:
                values[name] = reader(offered[name]) if reader else offered[name]
            except ValueError:
                self._unread[name] += 1
        return values

    def _label(self, label: str | None) -> str | None:
        if self._not_paintings:
            return NOT_A_PAINTING
        return self._labels.find(label) if label else None

    def _place(self, picture: bytes | Path, measured: Measured) -> dict[str, Any]:
        if self._embed:
            inside = picture if isinstance(picture, bytes) else picture.read_bytes()
            name = None if isinstance(picture, bytes) else picture.name
            return {"path": None, IMAGE: {"bytes": inside, "path": name}}
        if isinstance(picture, bytes):
            picture = store_picture(picture, self._out / "images", sha256=measured.sha256)
        return {"path": place_path(picture, folder=self._out)}

    def _new_id(self, wanted: str | None, sha256: str) -> str:
        chosen = next(name for name in (wanted, sha256[:16], sha256) if name and name not in self._ids)
        self._ids.add(chosen)
        return chosen

    def _count(self, movement: str | None, label: str | None) -> None:
        if movement:
            self._movements[movement] += 1
        elif label:
            self._unmapped[label] += 1
        else:
            self._unlabelled += 1


def _measure(row: Row | Failed) -> tuple[Row, Measured] | Failed:
    if isinstance(row, Failed):
        return row
    try:
        return row, measure_picture(row.picture)
    except ImageError as error:
        return Failed(row.name, error.reason)


def _duplicate(kept: tuple[str, str | None], dropped: tuple[str, str | None]) -> Duplicate:
    labels = (kept[1], dropped[1])
    contradict = labels[0] is not None and labels[1] is not None and labels[0] != labels[1]
    return Duplicate(kept[0], dropped[0], tuple(map(str, labels)) if contradict else ())
