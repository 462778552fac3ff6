"""The Metropolitan Museum of Art's collection API (metmuseum.github.io)."""

from collections.abc import Iterator
from typing import Any

from smn.dataset.fetch.candidate import Candidate, Flaw, Http, Page, Politeness, Query
from smn.dataset.fetch.sources.fields import (
    ask_entry,
    ask_object,
    credit_line,
    keep_public,
    number_of,
    place_of,
    refuse,
    text_of,
    wikidata_id,
)
from smn.errors import FetchError

_LIMIT = 20  # works a page: each is a request of its own, so this is half a minute's work
_SMALL = 1200  # pixels up to which the museum's lower-resolution picture is taken


class MetSource:
    """Paintings of the Metropolitan Museum of Art; it gives no movements.

    The search gives numbers only (version 1.1 of it: version 1 ended in October 2026), and every work is a request.
    Its order is the museum's and may change between requests, so a work may come twice or be missed in a long fetch.

    Args:
        api: address above ``v1`` and ``v1.1``.
    """

    name = "met"
    title = "The Metropolitan Museum of Art"
    # 80 a second are permitted on paper, and about 30 quick ones are answered with 403 (openaccess #60).
    politeness = Politeness(1.0, connections=1)

    def __init__(self, api: str = "https://collectionapi.metmuseum.org/public/collection") -> None:
        self._api = api

    def check(self, query: Query) -> None:
        """Refuse movements and addresses.

        Raises:
            InputError: it says what to leave out.
        """
        refuse(self.title, query, unless=("search",))

    def pages(self, http: Http, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        """Twenty works at a time; the cursor is how many have been.

        Raises:
            FetchError: the API cannot be reached or answers nonsense.
        """
        place = place_of(cursor)
        more = True
        while more:
            params: dict[str, str | int] = {
                "q": query.search or "*",
                "hasImages": "true",
                "medium": "Paintings",
                **({"isPublicDomain": "true"} if query.public_domain else {}),
                "offset": place,
                "limit": _LIMIT,
            }
            address = f"{self._api}/v1.1/search"
            answer = ask_object(http, address, params)
            if "objectIDs" not in answer:
                raise FetchError("It answers without a list of works; try again later.", address=address)
            # After the last work the list is null.
            numbers = [number_of(number) for number in answer["objectIDs"] or ()][:_LIMIT]
            total = number_of(answer.get("total"))
            entries = [self._entry(http, query, number) for number in numbers if number is not None]
            place += len(numbers)
            more = bool(numbers) and (place < total if total is not None else len(numbers) == _LIMIT)
            yield Page(entries, str(place) if more else None, total)

    def _entry(self, http: Http, query: Query, number: int) -> Candidate | Flaw:
        work = ask_entry(http, f"{self._api}/v1/objects/{number}")
        if work is None:
            return Flaw(f"met:{number}", "the museum has no such work any more")
        return _read(work, number, query)


def _read(work: dict[str, Any], number: int, query: Query) -> Candidate | Flaw:
    name = f"met:{number}"
    kind = text_of(work.get("classification"))
    if kind and "painting" not in kind.casefold():
        return Flaw(name, f"the museum classifies it as {kind}")
    sizes = [text_of(work.get("primaryImageSmall")), text_of(work.get("primaryImage"))]
    address = next((found for found in (sizes if query.size <= _SMALL else sizes[::-1]) if found), None)
    if address is None:
        return Flaw(name, "it has no picture")
    artist, title = text_of(work.get("artistDisplayName")), text_of(work.get("title"))
    manner = text_of(work.get("artistPrefix"))
    artist = f"{manner} {artist}" if manner and artist else artist
    free = work.get("isPublicDomain") is True
    policy = "https://www.metmuseum.org/about-the-met/policies-and-documents/open-access" if free else None
    candidate = Candidate(
        id=name,
        address=address,
        page=text_of(work.get("objectURL")),
        artist=artist,
        title=title,
        # Undated works have the year nought, which never was.
        year=number_of(work.get("objectBeginDate")) or None,
        medium=text_of(work.get("medium")),
        museum=MetSource.title,
        licence="CC0-1.0" if free else None,
        rights=text_of(work.get("rightsAndReproduction")) or policy,
        attribution=credit_line(artist, title, MetSource.title, text_of(work.get("creditLine"))),
        wikidata_id=wikidata_id(work.get("objectWikidata_URL")),
    )
    return keep_public(candidate, query)
