"""Reads the fields of sources' answers: texts, numbers, years, labels and licences."""

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from smn.dataset.fetch.fetch_source import Candidate, Flaw, Http, Query
from smn.dataset.tables import check_columns, read_text
from smn.errors import FetchError, InputError
from smn.movements import find_movement, get_movement

_TAG = re.compile(r"<[^>]*>")
_YEAR = re.compile(r"(?<!\d)(?:1\d{3}|20\d{2})(?!\d)")
_PUBLIC_DOMAIN = ("CC0-1.0", "PDM-1.0")

_DEED = re.compile(r"creativecommons\.org/(?P<kind>licenses|publicdomain)/(?P<name>[a-z+-]+)/(?P<version>\d\.\d)", re.I)
_STATEMENT = re.compile(r"rightsstatements\.org/(?:vocab|page)/(?P<name>[A-Za-z-]+)/(?P<version>\d\.\d)", re.I)
_STATEMENTS = {
    name.casefold(): name
    for name in (
        *("InC", "InC-OW-EU", "InC-EDU", "InC-NC", "InC-RUU"),
        *("NoC-CR", "NoC-NC", "NoC-OKLR", "NoC-US", "CNE", "UND", "NKC"),
    )
}
_CC0 = re.compile(r"(?:cc|creative commons)[ -]?(?:0|zero)(?:[ -]?v?1\.0)?(?: universal)?", re.I)
_BY = re.compile(r"(?:cc|creative commons)[ -](?P<name>by(?:-(?:nc|sa|nd))*)(?:[ -]v?(?P<version>\d\.\d))?", re.I)
_MARK = re.compile(r"(?:cc[ -])?(?:pd|public domain|publicdomain|pdm)(?: mark)?(?:[ -]?1\.0)?", re.I)
_COMMONS = re.compile(r"pd-(?:art|old|scan)[a-z0-9-]*(?: ?\(pd-old[a-z0-9-]*\))?", re.I)


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
        FetchError: the request fails, or the answer is something else.
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
    reason = why_not_public(candidate.licence) if query.public_domain else None
    return candidate if reason is None else Flaw(candidate.id, reason)


def why_not_public(licence: str | None) -> str | None:
    """The reason why a picture is not in the public domain, or None."""
    if is_public_domain(licence):
        return None
    return f"licence: {licence or 'none given'}, which is not the public domain"


def refuse(title: str, query: Query, *, unless: tuple[str, ...] = ()) -> None:
    """Refuse the parts of a query that a source does not support.

    Args:
        title: of the source.
        query: what is asked.
        unless: names of the supported parts, out of movements, search, address and columns.

    Raises:
        InputError: a part is not supported.
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
    check_columns(names, columns, allowed=allowed, where=where)
    found = {mine: next((name for name in (mine, *others) if name in names), None) for mine, others in allowed.items()}
    return {mine: theirs for mine, theirs in {**found, **columns}.items() if theirs is not None}


def normalise_licence(text: str) -> str:
    """The short name of a licence that is given as an address or in words.

    Creative Commons' deeds become names as SPDX writes them (``CC0-1.0``, ``CC-BY-SA-4.0``); a statement that a work
    is in the public domain becomes ``PDM-1.0``, after Creative Commons' Public Domain Mark; rightsstatements.org's
    addresses become its own codes (``NoC-US-1.0``).

    Args:
        text: the address or the words.

    Returns:
        The short name; words that are none of these, without blanks at their ends and otherwise unchanged.

    Example:
        >>> normalise_licence("https://creativecommons.org/publicdomain/zero/1.0/")
        'CC0-1.0'
    """
    text = text.strip()
    deed, statement = _DEED.search(text), _STATEMENT.search(text)
    if deed:
        return _deed(deed["kind"].casefold(), deed["name"].casefold(), deed["version"])
    if statement:
        return f"{_STATEMENTS.get(statement['name'].casefold(), statement['name'])}-{statement['version']}"
    plain = re.sub(r"[ _]+", " ", text)
    if _CC0.fullmatch(plain):
        return "CC0-1.0"
    if _MARK.fullmatch(plain) or _COMMONS.fullmatch(plain):
        return "PDM-1.0"
    by = _BY.fullmatch(re.sub(r"(?<=by|nc|sa|nd) (?=nc|sa|nd)", "-", plain, flags=re.I))
    if by:
        return "-".join(filter(None, ("CC", by["name"].upper(), by["version"])))
    return text


def is_public_domain(licence: str | None) -> bool:
    """Whether a licence puts a picture into the public domain everywhere: CC0 or the Public Domain Mark.

    Not so: works free of copyright in one country only (``NoC-US-1.0``, Commons' ``PD-US``), works whose use a contract
    or a law restricts (``NoC-CR``, ``NoC-NC``, ``NoC-OKLR``), "no known copyright restrictions" (``NKC``), and nothing.

    Args:
        licence: a short name, an address or words.
    """
    return licence is not None and normalise_licence(licence) in _PUBLIC_DOMAIN


def _deed(kind: str, name: str, version: str) -> str:
    if kind == "publicdomain":
        return {"zero": "CC0", "mark": "PDM"}.get(name, name.upper()) + f"-{version}"
    return f"CC-{name.upper()}-{version}"


def choose_licence(licence: str | None, rights: str | None) -> str | None:
    """The short name of a picture's licence: as the source names it, else as its rights statement is known.

    Args:
        licence: the source's licence, if it gives one.
        rights: the source's statement of rights, if it gives one; taken only where it is a known licence.
    """
    if licence:
        return normalise_licence(licence)
    if rights and (name := normalise_licence(rights)) != rights.strip():
        return name
    return None
