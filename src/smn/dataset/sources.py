"""Where pictures are imported from: folders and tables, all read as rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smn.dataset.csvfile import CsvSource
from smn.dataset.parquetfile import ParquetSource
from smn.dataset.rows import Failed, Row, Source
from smn.errors import InputError, ManifestError
from smn.images import SUFFIXES

if TYPE_CHECKING:
    import pyarrow as pa


_TABLES: Mapping[str, Callable[..., Source]] = {".csv": CsvSource, ".tsv": CsvSource, ".parquet": ParquetSource}


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
        shards = sorted(path.glob("*.parquet"))
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
