"""Joins the columns of a CSV table to the rows of an import, by id."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from smn.dataset.columns import IMAGE, read_text
from smn.dataset.csvfile import read_csv
from smn.errors import ManifestError
from smn.manifest import COLUMNS

_LISTED = 5


class Join:
    """A CSV table with a column ``id``, whose other columns are added to the rows of a manifest as text.

    Args:
        file: the CSV file, in UTF-8 with a header.

    Raises:
        ManifestError: it cannot be read, has no column ``id`` or nothing else, has an id twice, or has a column that
            every manifest has.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        header, records = read_csv(file)
        self.columns = tuple(name for name in header if name != "id")
        if "id" not in header or not self.columns:
            raise ManifestError(f"{file} has the columns {', '.join(header)}; to be joined it needs id and others.")
        self.check_clashes([*COLUMNS, IMAGE])
        self._rows = {str(record["id"]): {name: read_text(record[name]) for name in self.columns} for record in records}
        if len(self._rows) != len(records):
            raise ManifestError(f"{file} has {len(records) - len(self._rows)} ids twice; keep one row for each id.")
        self._used: set[str] = set()

    def check_clashes(self, columns: Collection[str]) -> None:
        """Make sure that nothing is overwritten.

        Raises:
            ManifestError: one of these columns is in the table, too.
        """
        both = [name for name in self.columns if name in columns]
        if both:
            raise ManifestError(
                f"{self.file} has the columns {', '.join(both)}, which the manifest has already; rename them in the "
                "CSV file, or leave them out."
            )

    def apply(self, records: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """The records with the table's columns, empty where the table lacks the record's id.

        Raises:
            ManifestError: not one id of the table is among the records'.
        """
        nothing = dict.fromkeys(self.columns)
        for record in records:
            self._used.add(record["id"])
            yield {**record, **self._rows.get(record["id"], nothing)}
        if not self._used & self._rows.keys():
            raise ManifestError(
                f"Not one id of {self.file} is an id of these pictures; its first is {next(iter(self._rows))}. Give "
                "the table that belongs to this source."
            )

    def notes(self) -> list[str]:
        """What did not fit, as sentences, once all records have been taken."""
        unknown = [name for name in self._rows if name not in self._used]
        if not unknown:
            return []
        more = " and others" if len(unknown) > _LISTED else ""
        return [f"{len(unknown)} ids of {self.file} name no picture: {', '.join(unknown[:_LISTED])}{more}."]
