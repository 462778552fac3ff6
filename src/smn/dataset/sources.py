"""Sources of an import: folders, CSV files and Parquet files, all read as rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from smn.dataset.tables import class_names, extra_columns, match_columns, plain_type, read_csv, read_text
from smn.errors import InputError, ManifestError
from smn.images import SUFFIXES
from smn.manifest.parquet_file import IMAGE

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 64  # rows held in memory at a time, with their pictures


@dataclass(frozen=True)
class Row:
    """One picture that a source offers.

    Args:
        name: its name in reports: its path, or its table and row.
        picture: the encoded bytes, or where they are.
        values: the source's columns under the manifest's names; ``movement`` is still the raw label.
    """

    name: str
    picture: bytes | Path
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Failed:
    """One picture, or one file of many, that could not be used.

    Args:
        name: its name in reports.
        reason: what is wrong and what to do.
    """

    name: str
    reason: str


class Source(Protocol):
    """Anything that offers rows."""

    @property
    def name(self) -> str:
        """What the manifest's column ``source`` says unless the rows or the user know better."""

    @property
    def extras(self) -> Mapping[str, "pa.DataType"]:
        """Columns beyond the manifest's, with their Arrow types."""

    def __len__(self) -> int:
        """How many rows to expect, for a progress bar."""

    def rows(self) -> Iterator[Row | Failed]:
        """Every picture, in a fixed order."""


class FolderSource:
    """A folder whose sub-folders are named by movement; pictures right in the folder have no label.

    Args:
        folder: the folder.

    Raises:
        InputError: it holds no picture.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, folder.resolve().name
        self.extras: Mapping[str, pa.DataType] = {}
        found = sorted(file for file in folder.rglob("*") if _is_picture(file.relative_to(folder)) and file.is_file())
        self._files = [file for file in found if len(file.relative_to(folder).parts) <= 2]
        self._deeper = len(found) - len(self._files)
        if not self._files:
            where = "all of its pictures lie deeper" if self._deeper else "there is no picture in it"
            raise InputError(
                f"{folder} cannot be imported: {where}; give a folder whose sub-folders are named by movement and hold "
                "JPEG, PNG, WebP or TIFF files, or a CSV or Parquet table."
            )

    def __len__(self) -> int:
        return len(self._files)

    def rows(self) -> Iterator[Row | Failed]:
        """Every picture of the folder and of its sub-folders, sorted by path."""
        for file in self._files:
            try:
                str(file).encode()
            except UnicodeEncodeError:
                yield Failed(ascii(str(file)), "Its name is not valid Unicode; rename the file.")
                continue
            label = file.parent.name if file.parent != self.folder else None
            yield Row(str(file), file, {"movement": label})
        if self._deeper:
            yield Failed(
                str(self.folder),
                f"{self._deeper} pictures lie deeper than one sub-folder and were not read; import those folders too.",
            )


def _is_picture(relative: Path) -> bool:
    hidden = any(part.startswith(".") for part in relative.parts)
    return relative.suffix.lower() in SUFFIXES and not hidden


class CsvSource:
    """A CSV file in UTF-8 with a header, separated by comma, semicolon or tab; every value is read as text.

    Args:
        file: the CSV file; paths in it are relative to its folder.
        columns: manifest's name to the file's name, where they differ.
        name: what its rows' ``source`` is unless they say.

    Raises:
        ManifestError: it cannot be read, or no column holds paths.
    """

    def __init__(self, file: Path, *, columns: Mapping[str, str], name: str) -> None:
        import pyarrow as pa

        self.file, self.name = file, name
        header, self._records = read_csv(file)
        self._matched = match_columns(header, columns, where=file)
        if "path" not in self._matched:
            raise ManifestError(
                f"{file} has no column path; it has {', '.join(header)}. Say which one holds the pictures' paths with "
                "--column path=NAME."
            )
        self.extras = {name: pa.string() for name in extra_columns(header, self._matched)}

    def __len__(self) -> int:
        return len(self._records)

    def rows(self) -> Iterator[Row | Failed]:
        """Every row, in the file's order."""
        for number, record in enumerate(self._records, start=1):
            name = f"{self.file} row {number}"
            values = {mine: read_text(record.get(theirs)) for mine, theirs in self._matched.items()}
            values |= {extra: read_text(record.get(extra)) for extra in self.extras}
            path = values.pop("path")
            if path is None:
                yield Failed(name, f"Its column {self._matched['path']} is empty; write the picture's path there.")
            else:
                yield Row(f"{name} ({path})", self.file.parent / path, values)


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
            extra: pa.string() if extra in self._names else _value_type(schema.field(extra).type)
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
        if theirs is None or str(schema.field(theirs).type) not in ("string", "large_string", "string_view"):
            return False
        try:
            ids = parquet.read_table(self.file, columns=[theirs])[theirs].to_pylist()
        except (pa.ArrowException, OSError):
            return False  # the damage is reported when the rows are read
        return all(ids) and len(set(ids)) == len(ids)


def _label_columns(schema: "pa.Schema", names: Mapping[str, Any]) -> list[str]:
    """Columns whose values can be names of movements: text, or numbers that have names."""
    import pyarrow as pa

    return [field.name for field in schema if field.name in names or pa.types.is_string(_value_type(field.type))]


def _value_type(kind: "pa.DataType") -> "pa.DataType":
    import pyarrow as pa

    return pa.string() if pa.types.is_null(kind) else plain_type(kind)


def _picture(value: Any) -> tuple[bytes | None, str | None]:
    """Bytes and path of the hub's image struct; bare bytes and bare paths are understood too."""
    if isinstance(value, dict):
        return value.get("bytes"), read_text(value.get("path"))
    if isinstance(value, bytes):
        return value, None
    return None, read_text(value)


_TABLES: Mapping[str, Callable[..., Source]] = {".csv": CsvSource, ".tsv": CsvSource, ".parquet": ParquetSource}


def open_sources(
    paths: Sequence[str | Path], *, columns: Mapping[str, str] | None = None
) -> tuple[tuple[Source, ...], tuple[Failed, ...]]:
    """Find out what each path is, before any picture is read.

    Args:
        paths: folders of pictures, CSV files, Parquet files, folders of Parquet shards.
        columns: manifest's name to table's name, where they differ.

    Returns:
        The sources in order (one a shard), and the shards that could not be opened.

    Raises:
        InputError: a path does not exist, is of no such kind, or holds nothing.
        ManifestError: a table cannot be read or lacks the columns that are needed.
    """
    sources: list[Source] = []
    failed: list[Failed] = []
    for given in paths:
        path = Path(given)
        if not path.exists():
            raise InputError(f"There is no file or folder {path}; check the path.")
        if not path.is_dir():
            sources.append(_open_table(path, columns or {}, name=path.stem))
            continue
        shards = sorted(path.glob("[!.]*.parquet"))
        if shards:
            opened, broken = _open_shards(shards, columns or {}, name=path.resolve().name)
            sources += opened
            failed += broken
        else:
            sources.append(FolderSource(path))
    return tuple(sources), tuple(failed)


def _open_shards(shards: Sequence[Path], columns: Mapping[str, str], *, name: str) -> tuple[list[Source], list[Failed]]:
    sources: list[Source] = []
    failed: list[Failed] = []
    for shard in shards:
        try:
            sources.append(_open_table(shard, columns, name=name))
        except ManifestError as error:
            failed.append(Failed(str(shard), str(error)))
    if not sources:
        raise ManifestError(failed[0].reason)
    return sources, failed


def _open_table(path: Path, columns: Mapping[str, str], *, name: str) -> Source:
    kind = _TABLES.get(path.suffix.lower())
    if kind is None:
        raise InputError(f"{path} is no source of pictures; give a folder or a file ending in {', '.join(_TABLES)}.")
    return kind(path, columns=columns, name=name)
