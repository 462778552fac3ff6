"""Reads a Parquet table that says where pictures are, or holds them as the Hugging Face hub does."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smn.dataset.columns import IMAGE, extra_columns, match_columns, read_text
from smn.dataset.rows import Failed, Row
from smn.errors import ManifestError

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 64  # rows held in memory at a time, with their pictures


class ParquetSource:
    """A Parquet file with a column of paths, or with pictures inside (``image``: a struct of bytes and path).

    Whole numbers in a column that the hub's metadata describe as a ClassLabel are read as their names.

    Args:
        file: the Parquet file; paths in it are relative to its folder.
        columns: manifest's name to the file's name, where they differ.
        name: what its rows' ``source`` is unless they say.

    Raises:
        ManifestError: it cannot be read, or has neither pictures nor paths.
    """

    def __init__(self, file: Path, *, columns: Mapping[str, str], name: str) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        self.file, self.name = file, name
        try:
            with parquet.ParquetFile(file) as opened:
                schema, self._count = opened.schema_arrow, opened.metadata.num_rows
        except (pa.ArrowInvalid, OSError) as error:
            raise ManifestError(f"{file} cannot be read as Parquet ({error}); copy or download it again.") from error
        self._names = class_names(schema)
        self._matched = match_columns(schema.names, columns, where=file, labels=_label_columns(schema, self._names))
        if not {IMAGE, "path"} & self._matched.keys():
            raise ManifestError(
                f"{file} has neither a column image nor a column path; it has {', '.join(schema.names)}. Say which one "
                "it is with --column image=NAME or --column path=NAME."
            )
        self.extras: Mapping[str, pa.DataType] = {
            extra: pa.string() if extra in self._names else _plain(schema.field(extra).type)
            for extra in extra_columns(schema.names, self._matched)
        }
        self._own_ids = self._has_own_ids(schema)

    def __len__(self) -> int:
        return int(self._count)

    def rows(self) -> Iterator[Row | Failed]:
        """Every row, in the file's order, `_BATCH` rows in memory at a time."""
        import pyarrow as pa
        from pyarrow import parquet

        done = 0
        try:
            with parquet.ParquetFile(self.file, pre_buffer=False) as opened:
                columns = [*self._matched.values(), *self.extras]
                for batch in opened.iter_batches(batch_size=_BATCH, columns=columns):
                    for record in batch.to_pylist():
                        done += 1
                        yield self._row(record, f"{self.file} row {done}")
        except (pa.ArrowException, OSError) as error:
            yield Failed(
                str(self.file),
                f"The table is damaged after row {done} ({error}), {self._count - done} rows are left out; "
                "copy or download it again.",
            )

    def _row(self, record: Mapping[str, Any], name: str) -> Row | Failed:
        values = {mine: self._value(record[theirs], theirs) for mine, theirs in self._matched.items() if mine != IMAGE}
        values |= {extra: self._value(record[extra], extra) for extra in self.extras}
        if not self._own_ids:
            values.pop("id", None)
        path = read_text(values.pop("path", None))
        data, inner = _picture(record.get(self._matched.get(IMAGE, "")))
        if data is not None:
            return Row(f"{name} ({inner})" if inner else name, data, values)
        path = path or inner
        if path is None:
            return Failed(name, "It has neither a picture inside nor a path to one; leave the row out.")
        return Row(f"{name} ({path})", self.file.parent / path, values)

    def _value(self, value: Any, column: str) -> Any:
        names = self._names.get(column)
        if names is None or not isinstance(value, int):
            return value
        return names[value] if 0 <= value < len(names) else None

    def _has_own_ids(self, schema: "pa.Schema") -> bool:
        import pyarrow as pa
        from pyarrow import parquet

        theirs = self._matched.get("id")
        if theirs is None or not (
            pa.types.is_string(schema.field(theirs).type) or _is_large(schema.field(theirs).type)
        ):
            return False
        try:
            ids = parquet.read_table(self.file, columns=[theirs])[theirs].to_pylist()
        except (pa.ArrowException, OSError):
            return False  # the damage is reported when the rows are read
        return all(ids) and len(set(ids)) == len(ids)


def class_names(schema: "pa.Schema") -> dict[str, tuple[str, ...]]:
    """The names behind whole numbers, from the metadata that the Hugging Face hub writes into a Parquet file.

    Returns:
        Names in the order of their numbers, by column; empty where the metadata are missing or malformed.
    """
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        described = {column: feature.get("names") for column, feature in features.items() if isinstance(feature, dict)}
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}
    return {column: tuple(map(str, names)) for column, names in described.items() if isinstance(names, list)}


def _label_columns(schema: "pa.Schema", names: Mapping[str, Any]) -> list[str]:
    """Columns whose values can be names of movements: text, or numbers that have names."""
    import pyarrow as pa

    return [field.name for field in schema if field.name in names or pa.types.is_string(_plain(field.type))]


def _plain(kind: "pa.DataType") -> "pa.DataType":
    """The type of the values that a column's Python objects have: categories are their values."""
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.string() if _is_large(kind) or pa.types.is_null(kind) else kind


def _is_large(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return bool(pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _picture(value: Any) -> tuple[bytes | None, str | None]:
    """Bytes and path of the hub's image struct; bare bytes and bare paths are understood too."""
    if isinstance(value, dict):
        return value.get("bytes"), read_text(value.get("path"))
    if isinstance(value, bytes):
        return value, None
    return None, read_text(value)
