"""Which pictures are meant: besides files, folders and patterns also addresses, lists, IIIF manifests and buckets."""

import csv
import glob
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from smn.errors import FetchError, InputError
from smn.extras import require_extra
from smn.images import SUFFIXES, is_address
from smn.predict.jobs import Input, find_inputs, locate, show_path

Fetch = Callable[[str], bytes]
"""Gives the bytes at an http(s) address, or raises `smn.errors.FetchError`."""

LISTS = (".csv", ".tsv", ".txt", ".parquet")
PATH_COLUMNS = ("path", "file", "filename", "file_name", "image", "picture", "address", "url", "image_url")
"""Names of the column that holds paths or addresses, the first that a list has."""

_SIDE = 1024  # pixels of the longer side that IIIF image services are asked for


@dataclass
class Collection:
    """The pictures that the arguments of a command stand for.

    Args:
        inputs: the pictures, each once.
        hidden: pictures and folders that were left out because their name starts with a dot.
        others: files in folders that were left out because they do not end as pictures do, such as ``notes.txt``.
        repeated: how many pictures were named again, which are left out.
        flaws: what is wrong with a IIIF manifest or collection, one sentence each; that entry is left out.
    """

    inputs: tuple[Input, ...] = ()
    hidden: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    repeated: int = 0
    flaws: list[str] = field(default_factory=list)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns that lists brought along, in the order in which they came."""
        return tuple(dict.fromkeys(name for item in self.inputs for name in item.extra.get("columns", {})))

    def left_out(self) -> Iterator[str]:
        """What was left out and why, one sentence each."""
        yield from self.flaws
        if self.hidden:
            count = f"{len(self.hidden)} files and folders" if len(self.hidden) > 1 else "1 file or folder"
            yield f"{count} whose name starts with a dot, such as {self.hidden[0]}."
        if self.others:
            count = f"{len(self.others)} files that do" if len(self.others) > 1 else "1 file that does"
            yield f"{count} not end as pictures do, such as {self.others[0]}."
        if self.repeated:
            count = f"{self.repeated} pictures that were" if self.repeated > 1 else "1 picture that was"
            yield f"{count} named more than once."


def collect_inputs(
    names: Iterable[str], *, fetch: Fetch, stdin: bytes | None = None, column: str | None = None
) -> Collection:
    """Find the pictures that names stand for.

    Args:
        names: files, folders, patterns, ``-``; lists (``.csv``, ``.tsv``, ``.txt``, ``.parquet``) with a column of
            paths or addresses; IIIF manifests or collections, as files or addresses; addresses of pictures; places
            that fsspec knows, such as ``s3://bucket/scans``.
        fetch: downloads what is at an http(s) address.
        stdin: what standard input holds.
        column: the column of paths in lists; None for the first of `PATH_COLUMNS`.

    Raises:
        InputError: a folder, a pattern or a list has no pictures, or a list has no such column.
        FetchError: an address cannot be read that may be a manifest.
        MissingExtraError: a place needs fsspec, or a list pyarrow, and it is not installed.
    """
    found: dict[str | None, Input] = {}
    collection = Collection()
    for name in names:
        for item in _expand(name, collection, fetch, stdin, column):
            collection.repeated += item.path in found
            found.setdefault(item.path, item)
    collection.inputs = tuple(found.values())
    return collection


def _expand(
    name: str, collection: Collection, fetch: Fetch, stdin: bytes | None, column: str | None
) -> Iterable[Input]:
    path = Path(name)
    if is_address(name):
        return _from_address(name, collection, fetch)
    if "://" in name:
        return [Input(address, read) for address, read in _list_storage(name).items()]
    if path.suffix.lower() in LISTS and path.is_file():
        return _from_list(path, fetch, column)
    if path.suffix.lower() == ".json" and path.is_file():
        return _from_manifest(name, collection, fetch)
    return find_inputs([name], stdin=stdin, hidden=collection.hidden, others=collection.others)


def _from_address(address: str, collection: Collection, fetch: Fetch) -> Iterable[Input]:
    if Path(urlsplit(address).path).suffix.lower() in SUFFIXES:
        return [Input(address, partial(fetch, address))]
    data = fetch(address)
    if data.lstrip().startswith(b"{"):
        return _from_manifest(address, collection, fetch)
    return [Input(address, data)]


# Lists.


def _from_list(file: Path, fetch: Fetch, column: str | None) -> list[Input]:
    found = []
    for number, row in enumerate(_read_list(file, column), start=1):
        name, columns = row
        if not name:
            raise InputError(f"Row {number} of {file} names no picture; write a path or an address, or remove the row.")
        found.append(_from_row(file, name, columns, fetch))
    if not found:
        raise InputError(f"{file} lists no pictures; write one path or address a line.")
    return found


def _from_row(file: Path, name: str, columns: Mapping[str, str], fetch: Fetch) -> Input:
    extra = {"columns": dict(columns)} if columns else {}
    if is_address(name):
        return Input(name, partial(fetch, name), extra)
    if "://" in name:
        return Input(name, find_source(name, fetch), extra)
    beside = locate(str(file.parent / name))
    path = beside if beside.exists() else locate(name)
    return Input(show_path(path), path, extra)


def _read_list(file: Path, column: str | None) -> Iterator[tuple[str, dict[str, str]]]:
    """The path of each row, and its other columns as text."""
    if file.suffix.lower() == ".txt":
        lines = _read_text(file).split("\n")
        yield from ((line.strip(), {}) for line in lines if line.strip())
        return
    rows = _read_parquet(file) if file.suffix.lower() == ".parquet" else _read_csv(file)
    header = list(rows[0]) if rows else []
    chosen = column if column is not None else next((name for name in PATH_COLUMNS if name in header), None)
    if chosen is None and len(header) == 1:
        chosen = header[0]
    if rows and chosen not in header:
        raise InputError(
            f"{file} has no column {column or ' or '.join(PATH_COLUMNS)!r}; its columns are {', '.join(header)}: "
            "name the one with paths or addresses with --column."
        )
    for row in rows:
        yield row[chosen or ""].strip(), {name: value for name, value in row.items() if name != chosen}


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8.") from error


def _read_csv(file: Path) -> list[dict[str, str]]:
    text = _read_text(file)
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    # Lines end in \n alone: str.splitlines would also split at a separator inside a file's name.
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, restval="", restkey=None)
    if len(set(reader.fieldnames or ())) != len(reader.fieldnames or ()):
        raise InputError(f"{file} has two columns of the same name; rename one.")
    rows = []
    for row in reader:
        if None in row:
            raise InputError(f"Line {reader.line_num} of {file} has more values than the header has columns.")
        rows.append({name.strip(): value or "" for name, value in row.items()})
    return rows


def _read_parquet(file: Path) -> list[dict[str, str]]:
    require_extra("data", "pyarrow")
    import pyarrow as pa
    from pyarrow import parquet

    try:
        rows = parquet.read_table(file).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{file} is no Parquet file ({str(error).splitlines()[0]}); write it again.") from error
    return [{name: _as_text(value) for name, value in row.items()} for row in rows]


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else str(value)


# IIIF.


@dataclass(frozen=True)
class _Reader:
    """What `smn.dataset.fetch` asks for addresses; the first may be a file."""

    fetch: Fetch

    def get_json(self, address: str, *, params: Mapping[str, str | int] | None = None) -> Any:
        try:
            return json.loads(self.get_bytes(address, params=params))
        except ValueError as error:
            raise FetchError(
                "It is no JSON; give a IIIF manifest or collection.", address=address, status=200
            ) from error

    def get_bytes(
        self, address: str, *, params: Mapping[str, str | int] | None = None, span: tuple[int, int] | None = None
    ) -> bytes:  # fmt: skip
        # The addresses in IIIF documents are whole, without parameters or parts.
        del params, span
        return self.fetch(address) if is_address(address) else Path(address).read_bytes()


def _from_manifest(place: str, collection: Collection, fetch: Fetch) -> list[Input]:
    """The pictures on the canvases of a manifest, or of all manifests of a collection, versions 2 and 3."""
    from smn.dataset.fetch.fetch_source import Flaw, Query
    from smn.dataset.fetch.iiif import IiifSource

    found = []
    for page in IiifSource().pages(_Reader(fetch), Query(address=place, size=_SIDE)):
        for entry in page.entries:
            if isinstance(entry, Flaw) or entry.address is None:
                reason = entry.reason if isinstance(entry, Flaw) else "It has no picture."
                collection.flaws.append(f"{entry.id.removeprefix('iiif:')}: {reason}")
                continue
            columns = {"canvas": entry.id.removeprefix("iiif:"), "title": entry.title, "artist": entry.artist}
            extra = {"columns": {name: value for name, value in columns.items() if value}}
            found.append(Input(entry.address, partial(fetch, entry.address), extra))
    if not found:
        raise InputError(f"{place} has no pictures; give a IIIF manifest or collection with some.")
    return found


def find_source(address: str, fetch: Fetch) -> Callable[[], bytes]:
    """A function that reads the picture at an address, be it http(s) or a place that fsspec knows.

    Raises:
        InputError: fsspec cannot read there.
        MissingExtraError: it needs fsspec, which is not installed.
    """
    if is_address(address):
        return partial(fetch, address)
    return next(iter(_list_storage(address).values()))


# Buckets and other places that fsspec knows.


def _list_storage(name: str) -> dict[str, Callable[[], bytes]]:
    """The pictures at a place, each with a function that reads it."""
    require_extra("storage", "fsspec")
    from fsspec.core import url_to_fs

    try:
        system, path = url_to_fs(name)
        if glob.has_magic(name):
            paths = sorted(system.glob(path))
        elif system.isfile(path):
            return {name: partial(_read_storage, system, path, name)}
        else:
            paths = sorted(one for one in system.find(path) if Path(one).suffix.lower() in SUFFIXES)
    except (ImportError, ValueError, OSError) as error:
        raise InputError(f"{name} cannot be read ({str(error).splitlines()[0]}); check the address.") from error
    shown = [(system.unstrip_protocol(one), one) for one in paths if not Path(one).name.startswith(".")]
    if not shown:
        raise InputError(f"There are no pictures at {name}; check the address.")
    return {address: partial(_read_storage, system, one, address) for address, one in shown}


def _read_storage(system: Any, path: str, address: str) -> bytes:
    try:
        return bytes(system.cat_file(path))
    except Exception as error:  # each storage raises its own; it costs this picture only
        raise FetchError(f"It cannot be read ({type(error).__name__}: {error}).", address=address) from error
