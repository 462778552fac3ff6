"""Reads fields of the answers of museums and archives, whatever stands in them, and refuses what a source cannot do."""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from smn.dataset.fetch.candidate import Candidate, Flaw, Http, Query
from smn.dataset.fetch.rights import is_public_domain
from smn.errors import FetchError, InputError

_TAG = re.compile(r"<[^>]*>")


def text_of(value: object) -> str | None:
    """A text without blanks at its ends; None where it is empty or no text."""
    return (value.strip() or None) if isinstance(value, str) else None


def number_of(value: object) -> int | None:
    """A whole number, also one that is written as text; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return int(value)
    except ValueError:
        return None


def entries_of(value: object) -> list[dict[str, Any]]:
    """The objects of a list, or of something that stands alone where a list was to be expected."""
    return [entry for entry in (value if isinstance(value, list) else [value]) if isinstance(entry, dict)]


def object_of(value: object) -> dict[str, Any]:
    """An object; an empty one where it is something else."""
    return value if isinstance(value, dict) else {}


def plain_text(value: object) -> str | None:
    """A text without HTML."""
    text = text_of(value)
    return text_of(" ".join(html.unescape(_TAG.sub(" ", text)).split()).replace(" ,", ",")) if text else None


def credit_line(*parts: str | None) -> str:
    """The line to print beside a picture: artist, title, museum and whom it thanks, as far as they are known."""
    return ", ".join(part for part in parts if part)


def ask_object(http: Http, address: str, params: Mapping[str, str | int] | None = None) -> dict[str, Any]:
    """A JSON object.

    Raises:
        FetchError: it cannot be had, or is something else.
    """
    answer = http.get_json(address, params=params)
    if not isinstance(answer, dict):
        raise FetchError(
            f"It answers {type(answer).__name__} where an object was to be expected; look whether the service has "
            "changed, and try again later.",
            address=address,
        )
    return answer


def place_of(cursor: str | None) -> int:
    """A cursor that counts.

    Raises:
        InputError: it does not.
    """
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit()):
        raise InputError(f"The cursor {cursor!r} is no number; begin the fetch anew in another folder.")
    return int(cursor)


def keep_public(candidate: Candidate, query: Query) -> Candidate | Flaw:
    """The candidate, or the flaw that it is not in the public domain where only such works are asked for."""
    if not query.public_domain or is_public_domain(candidate.licence):
        return candidate
    return Flaw(candidate.id, f"licence: {candidate.licence or 'none given'}, which is not the public domain")


def refuse(title: str, query: Query, *, unless: tuple[str, ...] = ()) -> None:
    """Refuse the parts of a query that a source does not understand.

    Args:
        title: of the source.
        query: what is asked.
        unless: names of the parts that it does understand, out of movements, search, address and columns.

    Raises:
        InputError: there is a part that it does not understand.
    """
    for part, value, advice in _parts(query):
        if value and part not in unless:
            raise InputError(f"{title} {advice}.")


def _parts(query: Query) -> Iterator[tuple[str, object, str]]:
    movements = ", ".join(query.movements)
    yield (
        "movements",
        query.movements,
        f"does not say which movement a work belongs to, so it cannot be asked for {movements}, and finding the word "
        "in a text is no label; leave the movements out, or fetch from wikidata or aic",
    )
    yield "search", query.search, f"cannot be searched for {query.search!r}; leave the search out"
    yield "address", query.address, f"is one place, so the address {query.address!r} means nothing to it; leave it out"
    yield "columns", query.columns, "has no table whose columns could be named; leave the columns out"
