"""Reads, checks and writes a manifest: one row per picture, as a Parquet file.

A manifest is a plain Parquet file, by convention ``manifest.parquet`` in a folder of its own. Pictures stand beside it
(``path``, relative to the manifest's folder or absolute) or inside it (``image``, the struct ``{bytes, path}`` that the
Hugging Face hub uses). Columns that smn does not know are kept.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smn.errors import ManifestError, MissingExtraError, OutputExistsError
from smn.files import write_partial
from smn.manifest.lineage import KEY, Step, read_lineage, write_lineage

if TYPE_CHECKING:
    import pyarrow as pa

NOT_A_PAINTING = "not-a-painting"
"""The value of ``movement`` for pictures of something else, used to learn and measure refusal."""

SPLITS = ("train", "val", "test")

COLUMNS = {
    "id": "string",  # unique, 16 hex digits of the content's SHA-256 unless the source has its own
    "path": "string",  # relative to the manifest's folder, or absolute; null where the picture is inside
    "sha256": "string",  # of the encoded picture
    "movement": "string",  # a movement's id, or NOT_A_PAINTING, or null
    "artist": "string",
    "title": "string",
    "year": "int32",
    "source": "string",  # where the picture came from; figures are reported per source
    "licence": "string",
    "label_kind": "string",  # how the movement is known: work, artist ...
    "raw_label": "string",  # the label as the source wrote it
    "split": "string",  # one of SPLITS, or null
    "width": "int32",  # pixels
    "height": "int32",
}
"""The columns every manifest has, with their Arrow types."""

IMAGE = "image"
"""The column of embedded pictures, named as on the Hugging Face hub."""

REQUIRED = ("id", "sha256")

HASHED = ("id", "sha256", "movement", "split")
"""The columns that a data hash covers."""

_BATCH = 32  # embedded pictures in memory at a time


def resolve(path: str | Path) -> Path:
    """The manifest's file, given the file or the folder that holds it.

    Raises:
        ManifestError: there is no such file.
    """
    path = Path(path)
    file = path / "manifest.parquet" if path.is_dir() else path
    if not file.is_file():
        raise ManifestError(f"There is no manifest at {file}; make one with: smn dataset import SOURCE --out {path}")
    return file


def write_manifest(
    table: "pa.Table",
    path: Path,
    *,
    replace: bool = False,
    made_by: Mapping[str, Any] | None = None,
    parents: Sequence["Manifest"] = (),
) -> Path:
    """Write a manifest, all of it or nothing.

    Args:
        table: a table with at least the columns of `COLUMNS`; others are kept.
        path: the file to write.
        replace: permit replacing a manifest; only ever set for files that the same command made.
        made_by: what makes it, for its history: ``{"command": "dataset import", ...}``; see
            `smn.manifest.lineage.Step`. Without it, the history that the table carries stays as it is.
        parents: the manifests that it is made from, the one that it continues first.

    Returns:
        The file written.

    Raises:
        OutputExistsError: the file exists and ``replace`` is not set.
        ManifestError: the table does not fit.
    """
    from pyarrow import parquet

    if path.exists() and not replace:
        raise OutputExistsError(path)
    table = _validate(table, str(path))
    if made_by is not None:
        columns = [table[name].to_pylist() for name in HASHED]
        history = lineage_metadata(parents, data=hash_rows(zip(*columns, strict=True)), made_by=made_by)
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), **history})
    path.parent.mkdir(parents=True, exist_ok=True)
    with write_partial(path) as partial:
        # Small row groups let a reader of embedded pictures take a few hundred at a time.
        parquet.write_table(table, partial, row_group_size=512, compression="zstd")
    return path


def _validate(table: "pa.Table", where: str) -> "pa.Table":
    import pyarrow as pa

    missing = [name for name in COLUMNS if name not in table.column_names]
    if missing:
        raise ManifestError(
            f"{where}: the columns {', '.join(missing)} are missing; a manifest has {', '.join(COLUMNS)}."
        )
    twice = sorted({name for name in table.column_names if table.column_names.count(name) > 1})
    if twice:
        raise ManifestError(f"{where}: the columns {', '.join(twice)} occur twice; keep one of each.")
    for name, kind in COLUMNS.items():
        index = table.column_names.index(name)
        try:
            table = table.set_column(index, name, table[name].cast(pa.type_for_alias(kind)))
        except pa.ArrowException as error:
            raise ManifestError(f"{where}: the column {name} cannot be read as {kind} ({error}).") from error
    for name in REQUIRED:
        if table[name].null_count:
            raise ManifestError(f"{where}: {table[name].null_count} rows have no {name}; every row needs one.")
    ids = table["id"].to_pylist()
    if len(set(ids)) != len(ids):
        raise ManifestError(f"{where}: {len(ids) - len(set(ids))} ids occur twice; ids must be unique.")
    wrong = {value for value in table["split"].unique().to_pylist() if value is not None and value not in SPLITS}
    if wrong:
        raise ManifestError(f"{where}: unknown splits {sorted(wrong)}; allowed are {', '.join(SPLITS)} or nothing.")
    return table


@dataclass(frozen=True)
class Manifest:
    """A manifest that has been read: its table without pictures, and a way to each picture.

    Args:
        file: the Parquet file.
        table: every column except ``image``.
    """

    file: Path
    table: "pa.Table"

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def column(self, name: str) -> list[Any]:
        """One column's values as a list; all None where the manifest lacks the column."""
        return self.table[name].to_pylist() if name in self.table.column_names else [None] * len(self)

    @cached_property
    def is_embedded(self) -> bool:
        """Whether the file has a column of embedded pictures."""
        from pyarrow import parquet

        return IMAGE in parquet.read_schema(self.file).names

    @cached_property
    def _embedded(self) -> "pa.ChunkedArray | None":
        from pyarrow import compute, parquet

        if not self.is_embedded:
            return None
        return compute.struct_field(parquet.read_table(self.file, columns=[IMAGE])[IMAGE], "bytes")

    def picture(self, row: int) -> bytes | Path:
        """Where row ``row``'s picture is: its bytes, or a path to open.

        Raises:
            ManifestError: the row has neither.
        """
        path: str | None = self.table["path"][row].as_py()
        if path is not None:
            return self.file.parent / path
        inside = self._embedded
        data = inside[row].as_py() if inside is not None else None
        if data is None:
            raise ManifestError(f"{self.file}: row {row} has neither a path nor a picture inside.")
        return bytes(data)

    def stream_pictures(self) -> Iterator[bytes | Path | None]:
        """Each row's picture in order, as bytes or a path, a few in memory at a time; None where there is neither."""
        from pyarrow import parquet

        paths = self.column("path")
        if not self.is_embedded:
            yield from (path and self.file.parent / path for path in paths)
            return
        row = 0
        with parquet.ParquetFile(self.file, pre_buffer=False) as opened:
            for batch in opened.iter_batches(batch_size=_BATCH, columns=[IMAGE]):
                for struct in batch.column(0).to_pylist():
                    yield self.file.parent / paths[row] if paths[row] else (struct or {}).get("bytes")
                    row += 1

    def rows(self, **wanted: str | Sequence[str]) -> list[int]:
        """The numbers of the rows whose columns hold the wanted values, as in ``rows(split="test")``.

        Raises:
            ManifestError: there is no such column.
        """
        unknown = [name for name in wanted if name not in self.table.column_names]
        if unknown:
            raise ManifestError(
                f"{self.file} has no column {', '.join(unknown)}; choose from {self.table.column_names}."
            )
        chosen = list(range(len(self)))
        for name, value in wanted.items():
            allowed = {value} if isinstance(value, str) else set(value)
            values = self.column(name)
            chosen = [row for row in chosen if values[row] in allowed]
        return chosen

    def data_hash(self) -> str:
        """SHA-256 over ids, contents, labels and splits: equal exactly when the data is."""
        return hash_rows(zip(*(self.column(name) for name in HASHED), strict=True))

    def lineage(self) -> tuple[Step, ...]:
        """The steps that made this manifest, the oldest first; none where its history is unknown."""
        return read_lineage(self.table.schema.metadata, data=self.data_hash())


def hash_rows(rows: Iterable[tuple[Any, ...]]) -> str:
    """The data hash of rows, in any order, each with the values of `HASHED`; 64 hex digits."""
    digest = hashlib.sha256()
    for row in sorted(rows, key=lambda values: str(values[0])):
        digest.update(repr(row).encode())
    return digest.hexdigest()


def lineage_metadata(parents: Sequence[Manifest], *, data: str, made_by: Mapping[str, Any]) -> dict[bytes, bytes]:
    """The history of a new manifest, as its Parquet metadata.

    Args:
        parents: the manifests that it is made from, the one that it continues first.
        data: the new manifest's data hash.
        made_by: what makes it; see `smn.manifest.lineage.Step`.
    """
    known = [(parent.data_hash(), parent.lineage()) for parent in parents]
    return {KEY: write_lineage(data, made_by=made_by, parents=known).encode()}


def read_manifest(path: str | Path) -> Manifest:
    """Read a manifest from its file or its folder.

    Raises:
        ManifestError: there is none, or it does not fit the schema.
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError("data", "pyarrow") from error
    file = resolve(path)
    try:
        names = [name for name in parquet.read_schema(file).names if name != IMAGE]
        table = parquet.read_table(file, columns=names)
        history = (parquet.read_metadata(file).metadata or {}).get(KEY)
    except (pa.ArrowException, OSError) as error:
        raise ManifestError(
            f"{file} is not a Parquet file that can be read ({error}); import the data anew."
        ) from error
    if history is not None:
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), KEY: history})
    return Manifest(file, _validate(table, str(file)))
