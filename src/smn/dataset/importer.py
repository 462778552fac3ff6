"""Makes a manifest out of folders, CSV files and Parquet tables."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smn.dataset.aliases import SPELLED, join_splits, read_aliases
from smn.dataset.intake import Intake, Progress
from smn.dataset.joining import Join
from smn.dataset.labels import LabelMap
from smn.dataset.report import REPORTS, ImportReport, write_reports
from smn.dataset.rows import Source
from smn.dataset.sources import open_sources
from smn.errors import OutputExistsError
from smn.extras import require_extra
from smn.manifest import read_manifest
from smn.manifest.writer import manifest_schema, rewrite_manifest, write_records
from smn.movements import read_taxonomy

if TYPE_CHECKING:
    import pyarrow as pa


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
    With ``artist_aliases``, every artist has one name, and stands in one split: of those that the rows came with, test
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
        artist_aliases: a CSV file of spellings and the names to use; see `smn.dataset.aliases.read_aliases`.
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
    for name in ("manifest.parquet", *REPORTS):
        if (out / name).exists():
            raise OutputExistsError(out / name)
    labels = LabelMap(mapping)
    chosen = None if taxonomy is None else read_taxonomy(taxonomy)
    aliases = {} if artist_aliases is None else read_aliases(artist_aliases)
    opened, broken = open_sources(sources, columns=columns)
    extras = _merge_extras(opened)
    if artist_aliases is not None:
        extras[SPELLED] = _text_type()
    joins = [Join(Path(file)) for file in join]
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
