"""Reads values that tables and manifests hold as text: years, and labels that a query asks for."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from smn.dataset.fetch.candidate import Query
from smn.dataset.tables import read_text
from smn.errors import ManifestError, UnknownNameError
from smn.movements import find_movement, get_movement

_YEAR = re.compile(r"(?<!\d)(?:1\d{3}|20\d{2})(?!\d)")


def first_year(value: Any) -> int | None:
    """The first year from 1000 to 2099 in a text such as ``c. 1889-1890`` or ``1889-05-01``, if it has one."""
    found = _YEAR.search(read_text(value) or "")
    return int(found[0]) if found else None


def choose_labels(query: Query) -> Callable[[str | None], bool]:
    """Whether a label, as a source wrote it, names one of the movements that a query asks for; any will do if none is.

    Raises:
        UnknownNameError: the query asks for a movement that smn does not know.
    """
    wanted = {get_movement(name).id for name in query.movements}

    def is_wanted(label: str | None) -> bool:
        if not wanted:
            return True
        movement = find_movement(label) if label else None
        return movement is not None and movement.id in wanted

    return is_wanted


def match_columns(
    names: Sequence[str], columns: Mapping[str, str], *, allowed: Mapping[str, Sequence[str]], where: str
) -> dict[str, str]:
    """A table's columns by smn's names.

    Args:
        names: the table's columns.
        columns: smn's name to the table's, as the user said.
        allowed: smn's names, each with other names that it customarily has.
        where: the table's address, for the sentence.

    Returns:
        Smn's name to the table's, only those found.

    Raises:
        UnknownNameError: ``columns`` has a name that smn does not know.
        ManifestError: the table lacks a wanted column.
    """
    for mine, theirs in columns.items():
        if mine not in allowed:
            raise UnknownNameError("column", mine, allowed)
        if theirs not in names:
            raise ManifestError(
                f"{where} has no column {theirs!r}; it has {', '.join(names)}. Correct --column {mine}={theirs}."
            )
    found = {mine: next((name for name in (mine, *others) if name in names), None) for mine, others in allowed.items()}
    return {mine: theirs for mine, theirs in {**found, **columns}.items() if theirs is not None}
