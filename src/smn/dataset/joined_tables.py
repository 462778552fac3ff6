"""CSV tables that an import is given besides its sources: columns to join by id, and names for artists' spellings."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from smn.dataset.tables import read_csv, read_text
from smn.errors import InputError, ManifestError
from smn.manifest import COLUMNS, SPLITS
from smn.manifest.identity import artist_key
from smn.manifest.parquet_file import IMAGE

ALIAS_COLUMNS = ("artist", "canonical")
"""The columns of a file of aliases."""

ORIGINAL_ARTIST = "artist_before"
"""The column that holds the artist as the source spelled the name; null where nothing was changed."""

_LISTED = 5


class JoinedTable:
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


def read_aliases(file: str | Path) -> dict[str, str]:
    """The names to use by the `artist_key` of the spellings that they replace.

    Args:
        file: CSV in UTF-8 with the columns `ALIAS_COLUMNS`, one spelling a row.

    Raises:
        ManifestError: the file cannot be read or has no rows.
        InputError: it lacks a column, names nobody, or gives a spelling two names.
    """
    file = Path(file)
    header, rows = read_csv(file)
    if missing := [name for name in ALIAS_COLUMNS if name not in header]:
        raise InputError(
            f"{file} lacks the column {missing[0]}; a file of aliases has the columns {' and '.join(ALIAS_COLUMNS)}."
        )
    aliases: dict[str, str] = {}
    for number, row in enumerate(rows, start=1):
        spelled, name = ((row[column] or "").strip() for column in ALIAS_COLUMNS)
        key = artist_key(spelled)
        if key is None or artist_key(name) is None:
            raise InputError(
                f"{file} row {number} maps {spelled!r} to {name!r}; write an artist's name in both columns."
            )
        if aliases.setdefault(key, name) != name:
            raise InputError(f"{file} maps {spelled!r} to {aliases[key]!r} and to {name!r}; keep one of the two.")
    return aliases


def join_splits(splits: Sequence[str | None], artists: Sequence[str | None]) -> list[str | None]:
    """Splits (N,) in which no artist is in two: all rows of an artist go to the most protected split among them.

    That is test before val before train. Rows without a split, and rows by nobody in particular, stay as they are.

    Example:
        >>> join_splits(["train", "test", None, "val"], ["Monet, Claude", "Claude Monet", "Claude Monet", None])
        ['test', 'test', None, 'val']
    """
    keys = [artist_key(artist) for artist in artists]
    homes: dict[str, str] = {}
    for home in SPLITS:
        homes |= {key: home for key, split in zip(keys, splits, strict=True) if key is not None and split == home}
    return [
        homes[key] if split is not None and key is not None else split for key, split in zip(keys, splits, strict=True)
    ]


def rename_artist(artist: str | None, aliases: Mapping[str, str]) -> str | None:
    """The name to use for an artist as spelled; the same where no alias is known."""
    key = artist_key(artist)
    return artist if key is None else aliases.get(key, artist)
