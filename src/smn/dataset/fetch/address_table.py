"""A table of addresses: CSV or Parquet, on the disk or in the web."""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from smn.dataset.fetch.fetch_source import Candidate, Flaw, Http, Page, Politeness, Query
from smn.dataset.fetch.source_fields import choose_labels, first_year, match_columns, place_of, refuse
from smn.dataset.tables import read_text
from smn.errors import InputError, ManifestError

_ROWS = 200  # a page
_TEXTS = ("artist", "title", "medium", "museum", "licence", "rights", "attribution", "wikidata_id", "label_kind")
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "image_url": (),
    "page_url": (),
    "id": (),
    "movement": ("style", "label"),
    "raw_label": (),
    "year": (),
    "sha256": (),
    **dict.fromkeys(_TEXTS, ()),
}


class AddressSource:
    """Pictures whose addresses are in a table, such as the manifest of another fetch.

    The table's columns are called as in a fetched manifest, or ``query.columns`` says how: ``image_url`` it must have;
    where it has ``sha256``, pictures that are others are left out.

    Args:
        politeness: rate and connections for the pictures' hosts.
    """

    name = "csv"
    title = "A CSV or Parquet table of addresses"

    def __init__(self, politeness: Politeness | None = None) -> None:
        self.politeness = politeness or Politeness(2.0, connections=2)

    def check(self, query: Query) -> None:
        """Refuse a query without a table.

        Raises:
            InputError: it has none, or searches.
            UnknownNameError: a movement does not exist.
        """
        refuse(self.title, query, unless=("address", "movements", "columns"))
        choose_labels(query)
        if not query.address:
            raise InputError("The source csv needs a table; give its path or web address with --address.")

    def pages(self, http: Http, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        """Two hundred rows at a time; the cursor is how many have been.

        Raises:
            FetchError: the table cannot be read.
            ManifestError: it cannot be read, or lacks a column.
        """
        where = query.address or ""
        rows = _read_table(where, http, query.columns)
        is_wanted = choose_labels(query)
        for start in range(place_of(cursor), max(1, len(rows)), _ROWS):
            read = [_entry(number + 1, rows[number], where) for number in range(start, min(start + _ROWS, len(rows)))]
            entries = [entry for entry in read if isinstance(entry, Flaw) or is_wanted(entry.movement)]
            after = start + _ROWS
            yield Page(entries, str(after) if after < len(rows) else None, len(rows))


def _entry(number: int, row: Mapping[str, Any], where: str) -> Candidate | Flaw:
    texts = {name: read_text(value) for name, value in row.items()}
    address = texts.get("image_url")
    if address is None:
        return Flaw(f"csv:row-{number}", "Its image_url is empty.")
    if where.startswith(("http://", "https://")):
        address = urljoin(where, address)
    name = texts.get("id") or hashlib.sha256(address.encode()).hexdigest()[:16]
    return Candidate(
        id=f"csv:{name}",
        address=address,
        page=texts.get("page_url"),
        movement=texts.get("movement") or texts.get("raw_label"),
        year=first_year(texts.get("year")),
        checksum=f"sha256:{texts['sha256']}" if texts.get("sha256") else None,
        label_kind=texts.get("label_kind"),
        artist=texts.get("artist"),
        title=texts.get("title"),
        medium=texts.get("medium"),
        museum=texts.get("museum"),
        licence=texts.get("licence"),
        rights=texts.get("rights"),
        attribution=texts.get("attribution"),
        wikidata_id=texts.get("wikidata_id"),
    )


def _read_table(where: str, http: Http, columns: Mapping[str, str]) -> list[dict[str, Any]]:
    """The table's rows under smn's names of columns."""
    if where.startswith(("http://", "https://")):
        data = http.get_bytes(where)
    else:
        try:
            data = Path(where).read_bytes()
        except OSError as error:
            raise InputError(
                f"The table {where} cannot be read ({error.strerror}); give the path of a file or a web address with "
                "--address."
            ) from error
    names, rows = _read_parquet(data, where) if data[:4] == b"PAR1" else _read_csv(data, where)
    matched = match_columns(names, columns, allowed=_COLUMNS, where=where)
    if "image_url" not in matched:
        raise ManifestError(
            f"{where} has no column image_url; it has {', '.join(names)}. Say which one holds the pictures' addresses "
            "with --column image_url=NAME."
        )
    return [{mine: row.get(theirs) for mine, theirs in matched.items()} for row in rows]


def _read_csv(data: bytes, where: str) -> tuple[list[str], list[dict[str, Any]]]:
    try:
        text = data.decode("utf-8-sig")
        separator = max(",;\t", key=text.partition("\n")[0].count)
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{where} cannot be read as CSV ({error}); save it as CSV in UTF-8.") from error
    return list(reader.fieldnames or []), rows


def _read_parquet(data: bytes, where: str) -> tuple[list[str], list[dict[str, Any]]]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        opened = parquet.ParquetFile(io.BytesIO(data))
        names = [name for name in opened.schema_arrow.names if name != "image"]
        return names, opened.read(columns=names).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise ManifestError(f"{where} cannot be read as Parquet ({error}); copy or download it again.") from error
