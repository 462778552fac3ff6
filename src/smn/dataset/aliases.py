"""One name for each artist: spellings that only a person can tell are the same, and the splits that this joins."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from smn.dataset.csvfile import read_csv
from smn.errors import InputError
from smn.manifest import SPLITS
from smn.manifest.identity import artist_key

ALIAS_COLUMNS = ("artist", "canonical")
"""The columns of a file of aliases."""

SPELLED = "artist_before"
"""The column that holds the artist as the source spelled the name; null where nothing was changed."""


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
    """Splits (N,) in which no artist stands in two: all rows of an artist go to the most protected split among them.

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
