"""Reads a CSV table that says where pictures are."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from smn.dataset.columns import extra_columns, match_columns, read_text
from smn.dataset.rows import Failed, Row
from smn.errors import ManifestError


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


def read_csv(file: Path) -> tuple[list[str], list[dict[str, str]]]:
    """The header and the rows of a CSV file in UTF-8, separated by comma, semicolon or tab.

    Raises:
        ManifestError: it cannot be read, has no rows, or names a column twice.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            first = stream.readline()
            stream.seek(0)
            separator = max(",;\t", key=first.count)
            reader = csv.DictReader(stream, delimiter=separator, strict=True)
            header = list(reader.fieldnames or [])
            records = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{file} cannot be read as CSV ({error}); save it as CSV in UTF-8.") from error
    if not records:
        raise ManifestError(f"{file} has no rows below its header; write one row a picture.")
    if len(set(header)) != len(header):
        raise ManifestError(f"{file} names a column twice ({', '.join(header)}); give each column its own name.")
    return header, records
