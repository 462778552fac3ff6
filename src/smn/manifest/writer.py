"""Writes manifests record by record, atomically, with pictures embedded or beside them."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smn.errors import OutputExistsError
from smn.files import write_partial
from smn.manifest.lineage import without_lineage
from smn.manifest.parquet_file import COLUMNS, HASHED, IMAGE, Manifest, hash_rows, lineage_metadata, write_manifest

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet

_ROWS = 512  # a row group has at most so many rows,
_BYTES = 64_000_000  # and about so many bytes of pictures
_HUB = b'{"info": {"features": {"image": {"_type": "Image"}}}}'


def manifest_schema(extras: Mapping[str, "pa.DataType"], *, embedded: bool) -> "pa.Schema":
    """The Arrow schema of a manifest.

    Args:
        extras: columns beyond the manifest's own, with their types.
        embedded: whether the pictures are inside, in a struct of bytes and path.
    """
    import pyarrow as pa

    fields: list[tuple[str, pa.DataType]] = list(_column_types().items())
    if embedded:
        fields.append((IMAGE, pa.struct([("bytes", pa.binary()), ("path", pa.string())])))
    schema = pa.schema([*fields, *extras.items()])
    return schema.with_metadata({b"huggingface": _HUB}) if embedded else schema


def write_records(
    records: Iterable[Mapping[str, Any]],
    file: Path,
    *,
    schema: "pa.Schema",
    made_by: Mapping[str, Any] | None = None,
    parents: Sequence[Manifest] = (),
) -> Path:
    """Write a manifest from records that are made while it is written.

    Args:
        records: dictionaries by column; with a column ``image``, they are written a few at a time.
        file: the manifest to write.
        schema: from `manifest_schema`.
        made_by: what makes it, for its history; see `smn.manifest.lineage.Step`.
        parents: the manifests that it is made from, the one that it continues first.

    Returns:
        ``file``.

    Raises:
        OutputExistsError: the file exists.
        ManifestError: the records do not fit.
    """
    import pyarrow as pa

    if IMAGE not in schema.names:
        table = pa.Table.from_pylist(list(records), schema=schema)
        return write_manifest(table, file, made_by=made_by, parents=parents)
    with parquet_writer(file, schema=schema, made_by=made_by, parents=parents) as writer:
        for chunk in _chunks(records):
            writer.write_table(pa.Table.from_pylist(chunk, schema=schema))
    return file


class TableWriter:
    """Writes a manifest a table at a time; what its data hash covers is remembered."""

    def __init__(self, writer: "parquet.ParquetWriter") -> None:
        self._writer = writer
        self._rows: list[tuple[Any, ...]] = []

    def write_table(self, table: "pa.Table") -> None:
        """Write some rows, as a row group of their own."""
        self._writer.write_table(table)
        self._rows += zip(*(table[name].to_pylist() for name in HASHED), strict=True)

    def data_hash(self) -> str:
        """Of all rows written so far; see `Manifest.data_hash`."""
        return hash_rows(self._rows)


@contextmanager
def parquet_writer(
    file: Path,
    *,
    schema: "pa.Schema",
    made_by: Mapping[str, Any] | None = None,
    parents: Sequence[Manifest] = (),
) -> Iterator[TableWriter]:
    """A writer whose file appears under its name when the block ends well, and not at all otherwise.

    Args:
        file: the manifest to write.
        schema: of every table that will be written.
        made_by: what makes it, for its history; see `smn.manifest.lineage.Step`. Without it, the history that
            the schema's metadata carries stays as it is.
        parents: the manifests that it is made from, the one that it continues first.

    Raises:
        OutputExistsError: the file exists.
    """
    from pyarrow import parquet

    if file.exists():
        raise OutputExistsError(file)
    if made_by is not None:
        schema = schema.with_metadata(without_lineage(schema.metadata))
    file.parent.mkdir(parents=True, exist_ok=True)
    with write_partial(file) as partial, parquet.ParquetWriter(partial, schema, compression="zstd") as opened:
        writer = TableWriter(opened)
        yield writer
        if made_by is not None:
            opened.add_key_value_metadata(lineage_metadata(parents, data=writer.data_hash(), made_by=made_by))


def rewrite_manifest(
    manifest: Manifest,
    out: Path,
    *,
    columns: Mapping[str, Sequence[Any]],
    made_by: Mapping[str, Any] | None = None,
) -> Path:
    """Copy a manifest with some of its columns replaced; pictures inside are streamed, pictures beside are found again.

    Args:
        manifest: the manifest to copy.
        out: the file to write, in any folder: relative paths are made to fit.
        columns: new values by column of `COLUMNS`, one a row.
        made_by: what makes the copy, for its history; see `smn.manifest.lineage.Step`.

    Returns:
        ``out``.

    Raises:
        OutputExistsError: ``out`` exists.
    """
    import pyarrow as pa
    from pyarrow import parquet

    places = [path and place_path(manifest.file.parent / path, folder=out.parent) for path in manifest.column("path")]
    changed = {**columns, "path": places}
    old = parquet.read_schema(manifest.file)
    known = _column_types()
    fields = [field.with_type(known.get(field.name, field.type)) for field in old]
    schema = pa.schema(fields).with_metadata({**(old.metadata or {}), **(manifest.table.schema.metadata or {})})
    start = 0
    with (
        parquet_writer(out, schema=schema, made_by=made_by, parents=[manifest]) as writer,
        parquet.ParquetFile(manifest.file) as opened,
    ):
        for batch in opened.iter_batches(batch_size=_ROWS):
            table = pa.Table.from_batches([batch]).cast(schema)
            for name, values in changed.items():
                index = schema.get_field_index(name)
                part = pa.array(values[start : start + len(batch)], known[name])
                table = table.set_column(index, schema.field(index), part)
            writer.write_table(table)
            start += len(batch)
    return out


def place_path(path: Path, *, folder: Path) -> str:
    """How a manifest in ``folder`` writes the path of a picture: relative if it is below the folder, else absolute."""
    place, base = Path(os.path.abspath(path)), Path(os.path.abspath(folder))  # noqa: PTH100 - links stay links
    return (place.relative_to(base) if place.is_relative_to(base) else place).as_posix()


def _column_types() -> dict[str, "pa.DataType"]:
    import pyarrow as pa

    kinds: dict[str, pa.DataType] = {"string": pa.string(), "int32": pa.int32()}
    return {name: kinds[kind] for name, kind in COLUMNS.items()}


def _chunks(records: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    chunk: list[Mapping[str, Any]] = []
    size = 0
    for record in records:
        chunk.append(record)
        size += len(record[IMAGE]["bytes"])
        if len(chunk) == _ROWS or size >= _BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
