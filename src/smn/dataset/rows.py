"""What every source of pictures offers: rows, and the reasons why some could not be had."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Row:
    """One picture that a source offers.

    Args:
        name: how reports call it: its path, or its table and row.
        picture: the encoded bytes, or where they are.
        values: the source's columns under the manifest's names; ``movement`` is still the raw label.
    """

    name: str
    picture: bytes | Path
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Failed:
    """One picture, or one file of many, that could not be used.

    Args:
        name: how reports call it.
        reason: what is wrong and what to do.
    """

    name: str
    reason: str


class Source(Protocol):
    """Anything that offers rows."""

    @property
    def name(self) -> str:
        """What the manifest's column ``source`` says unless the rows or the user know better."""

    @property
    def extras(self) -> Mapping[str, "pa.DataType"]:
        """Columns beyond the manifest's, with their Arrow types."""

    def __len__(self) -> int:
        """How many rows to expect, for a progress bar."""

    def rows(self) -> Iterator[Row | Failed]:
        """Every picture, in a fixed order."""
