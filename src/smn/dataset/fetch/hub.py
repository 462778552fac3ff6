"""Data sets on the Hugging Face hub, read from their Parquet files by parts, without downloading whole files."""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from smn.dataset.fetch.fetch_source import Candidate, Flaw, Http, Page, Politeness, Query
from smn.dataset.fetch.source_fields import choose_labels, first_year, match_columns, refuse
from smn.dataset.tables import class_names, read_text
from smn.errors import FetchError, InputError
from smn.extras import require_extra

if TYPE_CHECKING:
    from pyarrow import parquet

_BATCH = 32  # pictures a page
_BLOCK = 1 << 17  # bytes asked for at least
_BUFFER = 1 << 23  # bytes asked for at most while a column is read
_REVISIONS = ("main", "refs/convert/parquet")
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "image": (),
    "movement": ("style", "label"),
    "artist": (),
    "title": (),
    "year": ("date",),
}
_LICENCE = "non-commercial, fair use"


@dataclass(frozen=True)
class _Shard:
    path: str
    address: str
    size: int


class HubSource:
    """A data set of pictures with labels, such as WikiArt, in the hub's Parquet layout.

    The repository's own Parquet files are read; where it has none, those that the hub has made of it. (The hub's
    dataset viewer lists only the first 5 GB of a large data set, so it is not asked.) Only the columns that are needed
    are read, and row groups without a wanted label are passed over. How many pictures there are is estimated from the
    first file's rows and the files' sizes.

    Args:
        name: as on the command line.
        title: for people.
        repository: on the hub, where the query names no other.
        hub: the hub's address.
    """

    def __init__(self, name: str, title: str, repository: str, *, hub: str = "https://huggingface.co") -> None:
        self.name, self.title = name, title
        self.politeness = Politeness(2.0, connections=2)
        self._repository, self._hub = repository, hub

    def check(self, query: Query) -> None:
        """Refuse searches, and the public domain, into which these pictures do not fall.

        Raises:
            InputError: the sentence says what to leave out.
            UnknownNameError: a movement does not exist.
        """
        refuse(self.title, query, unless=("address", "movements"))
        choose_labels(query)
        if query.public_domain:
            raise InputError(
                f"{self.title} offers its pictures for {_LICENCE} only and says of none that it is in the public "
                "domain, so nothing would be left; leave --licence out, or fetch from wikidata or aic."
            )
        if query.address and not re.fullmatch(r"[\w.-]+/[\w.-]+", query.address):
            raise InputError(f"--address {query.address!r} is no repository on the hub; write it as OWNER/NAME.")

    def pages(self, http: Http, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        """32 pictures at a time; the cursor is ``file#row group#row in it`` of the next.

        Raises:
            FetchError: the hub cannot be reached, or has no Parquet file of the repository.
            InputError: the cursor's file is no longer there.
        """
        require_extra("data", "pyarrow")
        shards = self._list(http, query.address or self._repository)
        first, group, row = _read_cursor(cursor, shards)
        total: int | None = None
        for number in range(first, len(shards)):
            for entries, place in self._read(http, query, shards[number], group, row):
                if total is None:
                    total = _estimate_total(shards, number, entries.rows)
                at_end = place is None and number + 1 == len(shards)
                after = f"{shards[number + 1].path}#0#0" if place is None and not at_end else place
                yield Page(entries.entries, None if at_end else after, total)
            group = row = 0

    def _list(self, http: Http, repository: str) -> list[_Shard]:
        for revision in _REVISIONS:
            tree = f"{self._hub}/api/datasets/{repository}/tree/{quote(revision, safe='')}"
            files = http.get_json(tree, params={"recursive": "true"})
            if not isinstance(files, list):
                raise FetchError("It answers no list of files; look whether the hub has changed.", address=tree)
            where = f"{self._hub}/datasets/{repository}/resolve/{quote(revision, safe='')}"
            shards = [
                _Shard(file["path"], f"{where}/{quote(file['path'])}", int(file["size"]))
                for file in files
                if isinstance(file, dict) and str(file.get("path")).endswith(".parquet") and file.get("size")
            ]
            if shards:
                return sorted(shards, key=lambda shard: shard.path)
        raise FetchError("It has no Parquet files; give another repository with --address.", address=tree)

    def _read(
        self, http: Http, query: Query, shard: _Shard, group: int, row: int
    ) -> Iterator[tuple["_Entries", str | None]]:
        """One file's entries, each with the place after them; None at the file's end. A broken file is one flaw."""
        import pyarrow as pa
        from pyarrow import parquet

        try:
            file = pa.PythonFile(RangeFile(http, shard.address, shard.size), mode="r")
            with parquet.ParquetFile(file, buffer_size=_BUFFER, pre_buffer=False) as opened:
                reader = _Reader(
                    self, query, shard, opened, f"{self._hub}/datasets/{query.address or self._repository}"
                )
                yield from reader.batches(group, row)
        except (pa.ArrowException, OSError) as error:
            flaw = Flaw(f"{self.name}:{shard.path}", f"The file is damaged ({error}); the rest of it is left out.")
            yield _Entries([flaw], 0), None


@dataclass(frozen=True)
class _Entries:
    entries: list[Candidate | Flaw]
    rows: int  # of the whole file


class _Reader:
    """Reads one Parquet file in batches."""

    def __init__(
        self, source: HubSource, query: Query, shard: _Shard, opened: "parquet.ParquetFile", page: str
    ) -> None:
        schema = opened.schema_arrow
        self._source, self._shard, self._opened, self._page = source, shard, opened, page
        self._names = class_names(schema)
        self._columns = match_columns(schema.names, {}, allowed=_COLUMNS, where=shard.address)
        self._is_wanted = choose_labels(query)
        self._all = not query.movements

    def batches(self, group: int, row: int) -> Iterator[tuple[_Entries, str | None]]:
        metadata = self._opened.metadata
        starts = [0]
        for number in range(metadata.num_row_groups):
            starts.append(starts[-1] + metadata.row_group(number).num_rows)
        rows = starts[-1]
        if "image" not in self._columns:
            names = ", ".join(self._opened.schema_arrow.names)
            flaw = Flaw(f"{self._source.name}:{self._shard.path}", f"It has no column image; it has {names}.")
            yield _Entries([flaw], rows), None
            return
        for number in range(group, metadata.num_row_groups):
            length = starts[number + 1] - starts[number]
            after = f"{self._shard.path}#{number + 1}#0" if number + 1 < metadata.num_row_groups else None
            if not self._has_wanted(number):
                yield _Entries([], rows), after
                continue
            place = 0
            batches = self._opened.iter_batches(
                _BATCH, row_groups=[number], columns=list(self._columns.values()), use_threads=False
            )
            for batch in batches:
                start, place = place, place + batch.num_rows
                if place <= row:
                    continue  # read by an earlier run
                entries = [
                    self._entry(record, starts[number] + start + at) for at, record in enumerate(batch.to_pylist())
                ]
                here = f"{self._shard.path}#{number}#{place}"
                yield _Entries([one for one in entries if one is not None], rows), here if place < length else after
            row = 0

    def _has_wanted(self, group: int) -> bool:
        """Whether a row group has a row with a wanted label; the pictures are not read for that."""
        if self._all:
            return True
        column = self._columns.get("movement")
        if column is None:
            return False
        labels = self._opened.read_row_group(group, columns=[column], use_threads=False)[column].unique().to_pylist()
        return any(self._is_wanted(self._name(label, column)) for label in labels)

    def _entry(self, record: Mapping[str, Any], row: int) -> Candidate | Flaw | None:
        values = {mine: self._name(record[theirs], theirs) for mine, theirs in self._columns.items() if mine != "image"}
        if not self._is_wanted(values.get("movement")):
            return None
        name = f"{self._source.name}:{PurePosixPath(self._shard.path).with_suffix('')}:{row}"
        picture = record[self._columns["image"]]
        data = picture.get("bytes") if isinstance(picture, dict) else picture
        if not isinstance(data, bytes) or not data:
            return Flaw(name, "The row has no picture inside.")
        return Candidate(
            id=name,
            address=None,
            page=self._page,
            movement=values.get("movement"),
            label_kind="work" if values.get("movement") else None,
            artist=values.get("artist"),
            title=values.get("title"),
            year=first_year(values.get("year")),
            licence=_LICENCE,
            rights=f"{self._source.title}: {_LICENCE}",
            image=data,
        )

    def _name(self, value: Any, column: str) -> str | None:
        names = self._names.get(column)
        if names is None or not isinstance(value, int):
            return read_text(value)
        return names[value] if 0 <= value < len(names) else None


class RangeFile(io.RawIOBase):
    """A remote file read by HTTP ranges: what pyarrow asks for, and at least `_BLOCK` bytes.

    Args:
        http: the client.
        address: of the file.
        size: in bytes.
    """

    def __init__(self, http: Http, address: str, size: int) -> None:
        super().__init__()
        self._http, self._address, self._size = http, address, size
        self._at = 0
        self._block, self._block_at = b"", 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move the position; no request is made."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """So many bytes, fewer at the file's end.

        Raises:
            FetchError: the request fails.
        """
        stop = self._size if size is None or size < 0 else min(self._size, self._at + size)
        first = self._at
        if stop <= first:
            return b""
        if not self._block_at <= first < stop <= self._block_at + len(self._block):
            # The end of the file is its table of contents: the block ends there rather than begins.
            start = max(0, self._size - _BLOCK) if self._size - first <= _BLOCK else first
            span = start, max(stop, min(self._size, start + _BLOCK))
            self._block, self._block_at = self._http.get_bytes(self._address, span=span), start
        self._at = stop
        return self._block[first - self._block_at : stop - self._block_at]


def _read_cursor(cursor: str | None, shards: list[_Shard]) -> tuple[int, int, int]:
    """Number of the file, number of its row group, row in it."""
    if cursor is None:
        return 0, 0, 0
    path, group, row = cursor.rsplit("#", 2)
    paths = [shard.path for shard in shards]
    if path not in paths:
        raise InputError(
            f"The hub has no file {path} any more; its data set has changed, so fetch into another folder."
        )
    return paths.index(path), int(group), int(row)


def _estimate_total(shards: list[_Shard], number: int, rows: int) -> int | None:
    if not rows:
        return None
    return round(rows * sum(shard.size for shard in shards) / shards[number].size)
