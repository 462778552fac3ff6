"""Several manifests read, and written, as one: a few rows at a time, so that pictures inside never fill the memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smn.dataset.columns import IMAGE
from smn.errors import ManifestError
from smn.manifest import COLUMNS, Manifest
from smn.manifest.writer import manifest_schema, parquet_writer, place_path

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 512  # rows in memory at a time,
_PICTURES = 32  # and fewer where pictures are inside


@dataclass(frozen=True)
class Part:
    """What becomes of one manifest in a union.

    Args:
        manifest: the manifest.
        keep: whether each row is in the union.
        columns: new values by column, one for each row of the manifest, whether kept or not.
    """

    manifest: Manifest
    keep: Sequence[bool]
    columns: Mapping[str, Sequence[Any]]


def stream_pictures(manifest: Manifest) -> Iterator[bytes | Path | None]:
    """Each row's picture in order, as bytes or as a path; None where there is neither."""
    from pyarrow import parquet

    paths = manifest.column("path")
    if not has_pictures_inside(manifest):
        yield from (path and manifest.file.parent / path for path in paths)
        return
    row = 0
    with parquet.ParquetFile(manifest.file, pre_buffer=False) as opened:
        for batch in opened.iter_batches(batch_size=_PICTURES, columns=[IMAGE]):
            for inside in batch.column(0).to_pylist():
                yield manifest.file.parent / paths[row] if paths[row] else (inside or {}).get("bytes")
                row += 1


def has_pictures_inside(manifest: Manifest) -> bool:
    """Whether the manifest has a column of pictures."""
    from pyarrow import parquet

    return IMAGE in parquet.read_schema(manifest.file).names


def unite_columns(manifests: Sequence[Manifest]) -> dict[str, "pa.DataType"]:
    """The columns beyond the manifest's own, of all manifests, with types that hold the values of all.

    Whole numbers widen, and become fractions beside fractions; anything else that differs becomes text.

    Raises:
        ManifestError: a column holds lists or structs in one manifest and something else in another.
    """
    import pyarrow as pa

    united: dict[str, pa.DataType] = {}
    for manifest in manifests:
        for field in manifest.table.schema:
            if field.name not in COLUMNS:
                kind = _plain(field.type)
                united[field.name] = _unite(united.get(field.name, kind), kind, field.name, manifest.file)
    return {name: pa.string() if pa.types.is_null(kind) else kind for name, kind in united.items()}


def _plain(kind: "pa.DataType") -> "pa.DataType":
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.string() if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) else kind


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
    progress: Callable[[str, int, int], None],
) -> Path:
    """Write the kept rows of several manifests, in order, as one manifest.

    Pictures that are files stay where they are, pictures inside stay inside.

    Args:
        parts: the manifests and what becomes of their rows.
        file: the manifest to write.
        extras: columns beyond the manifest's own, with their types.
        made_by: what makes it, for its history; see `smn.manifest.lineage.Step`.
        progress: told how many rows are read, of how many.

    Raises:
        OutputExistsError: the file exists.
        ManifestError: a value does not fit its column.
    """
    embedded = any(has_pictures_inside(part.manifest) for part in parts)
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
    """The part's rows a few at a time in the union's schema, with a column that says which are kept."""
    import pyarrow as pa
    from pyarrow import parquet

    origin, start = part.manifest.file.parent, 0
    places = [path and place_path(origin / path, folder=folder) for path in part.manifest.column("path")]
    columns = {**part.columns, "path": places, "keep": part.keep}
    fields = [*schema, pa.field("keep", pa.bool_())]
    rows = _PICTURES if has_pictures_inside(part.manifest) else _ROWS
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
