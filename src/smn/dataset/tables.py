"""Reads foreign tables: CSV files, which column is which column of a manifest, and their values."""

import csv
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smn.errors import ManifestError, UnknownNameError
from smn.manifest.parquet_file import COLUMNS, IMAGE

if TYPE_CHECKING:
    import pyarrow as pa

MEASURED = ("sha256", "width", "height")
"""Columns that are measured from the picture, whatever the source says."""

_ALSO = {"movement": ("style", "label"), "path": ("file_name",)}

_SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}


def match_columns(
    names: Iterable[str], wanted: Mapping[str, str], *, where: Path, labels: Iterable[str] = ("style", "label")
) -> dict[str, str]:
    """The table's columns by the manifest's names.

    Args:
        names: the table's columns.
        wanted: manifest's name to table's name, as the user said.
        where: the table's file, for the sentence.
        labels: which of the customary label columns may be read as ``movement``.

    Returns:
        Manifest's name (or ``image``) to table's name, only those found. Where the table has no ``movement``, a column
        ``style`` or ``label`` is taken; where it has no ``path``, a column ``file_name``.

    Raises:
        UnknownNameError: ``wanted`` has a key that is no column of a manifest.
        ManifestError: the table lacks a wanted column.
    """
    names, labels = list(names), set(labels)
    allowed = (*COLUMNS, IMAGE)
    check_columns(names, wanted, allowed=allowed, where=where)
    found = {name: name for name in allowed if name in names and name not in wanted.values()} | dict(wanted)
    for mine, others in _ALSO.items():
        free = [name for name in others if name in names and name not in found.values()]
        usable = [name for name in free if mine != "movement" or name in labels]
        if mine not in found and usable:
            found[mine] = usable[0]
    return found


def check_columns(
    names: Collection[str], wanted: Mapping[str, str], *, allowed: Collection[str], where: Path | str
) -> None:
    """Check the columns that the user has named with ``--column``.

    Raises:
        UnknownNameError: ``wanted`` has a key that is not allowed.
        ManifestError: the table lacks a wanted column.
    """
    for mine, theirs in wanted.items():
        if mine not in allowed:
            raise UnknownNameError("column", mine, allowed)
        if theirs not in names:
            raise ManifestError(
                f"{where} has no column {theirs!r}; it has {', '.join(names)}. Correct --column {mine}={theirs}."
            )


def extra_columns(names: Iterable[str], matched: Mapping[str, str]) -> list[str]:
    """The table's columns that are kept under their own names."""
    taken = {*matched.values(), *COLUMNS, IMAGE}
    return [name for name in names if name not in taken]


def read_text(value: Any) -> str | None:
    """A value as text; None for nothing, NaN and blanks."""
    if value is None or value != value:  # NaN alone differs from itself  # noqa: PLR0124
        return None
    return str(value).strip() or None


def read_whole(value: Any) -> int | None:
    """A value as a whole number, as in ``1889``, ``1889.0`` or ``"1889"``.

    Raises:
        ValueError: it is something else, such as ``"c. 1889"``.
    """
    text = read_text(value)
    if text is None:
        return None
    number = float(text)
    if not number.is_integer() or abs(number) >= 2**31:
        raise ValueError(text)
    return int(number)


def read_split(value: Any) -> str | None:
    """A value as one of the manifest's splits; ``validation`` is read as ``val``.

    Raises:
        ValueError: it is something else.
    """
    text = read_text(value)
    if text is None:
        return None
    if text.casefold() not in _SPLITS:
        raise ValueError(text)
    return _SPLITS[text.casefold()]


READERS: Mapping[str, Callable[[Any], Any]] = {
    name: {"year": read_whole, "split": read_split}.get(name, read_text) for name in COLUMNS
}
"""How a foreign value becomes the manifest's, by column."""


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


def class_names(schema: "pa.Schema") -> dict[str, tuple[str, ...]]:
    """The names behind whole numbers, from the metadata that the Hugging Face hub writes into a Parquet file.

    Returns:
        Names in the order of their numbers, by column; empty where the metadata are missing or malformed.
    """
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        described = {column: feature.get("names") for column, feature in features.items() if isinstance(feature, dict)}
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}
    return {column: tuple(map(str, names)) for column, names in described.items() if isinstance(names, list)}


def plain_type(kind: "pa.DataType") -> "pa.DataType":
    """The type of a column's Python values: categories are their values, every kind of string is a string."""
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.string() if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) else kind
