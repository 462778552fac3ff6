"""Makes a manifest out of folders, CSV files and Parquet tables."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from smn.dataset.intake import Intake, Progress
from smn.dataset.joining import Join
from smn.dataset.labels import LabelMap
from smn.dataset.report import REPORTS, ImportReport, write_reports
from smn.dataset.rows import Source
from smn.dataset.sources import open_sources
from smn.dataset.writing import manifest_schema, write_records
from smn.errors import OutputExistsError
from smn.extras import require_extra
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
    progress: Progress | None = None,
) -> ImportReport:
    """Import pictures and what is known of them into a new manifest.

    Every picture is decoded once; one that fails is left out with its reason. Of byte-identical pictures the first is
    kept. Pictures that are files are referenced where they are, pictures inside a table are written to
    ``out/images``, unchanged. Labels that name no movement are kept as ``raw_label``, reported, and not guessed.

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
        progress: called after every picture or so.

    Returns:
        What was done; also written to ``out`` as JSON and Markdown.

    Raises:
        OutputExistsError: ``out`` holds a manifest or a report already; nothing has been done.
        InputError: a source is not there, or none of its pictures can be used.
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
    opened, broken = open_sources(sources, columns=columns)
    extras = _merge_extras(opened)
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
    )
    intake.failed += broken
    schema = manifest_schema(extras, embedded=embed)
    made_by = {
        "command": "dataset import", "sources": [str(path) for path in sources], "columns": dict(columns or {}),
        "join": [str(file) for file in join],
        "map": dict(mapping or {}), "source": source, "licence": licence, "not_paintings": not_paintings,
    }  # fmt: skip
    records = intake.records(progress)
    for one in joins:
        records = one.apply(records)
    manifest = write_records(records, out / "manifest.parquet", schema=schema, made_by=made_by)
    report = intake.report(manifest, taxonomy=chosen)
    report = replace(report, notes=(*report.notes, *(note for one in joins for note in one.notes())))
    write_reports(report, out)
    return report


def _merge_extras(sources: Sequence[Source]) -> dict[str, "pa.DataType"]:
    """Extra columns of all sources; one that has two types becomes text."""
    import pyarrow as pa

    merged: dict[str, pa.DataType] = {}
    for source in sources:
        for name, kind in source.extras.items():
            merged[name] = kind if merged.get(name, kind) == kind else pa.string()
    return merged
