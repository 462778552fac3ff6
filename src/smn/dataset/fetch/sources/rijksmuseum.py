"""The Rijksmuseum's data services (data.rijksmuseum.nl/docs): a search, and every work as Linked Art."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from smn.dataset.fetch.candidate import Candidate, Flaw, Http, Page, Politeness, Query
from smn.dataset.fetch.rights import normalise_licence
from smn.dataset.fetch.sources.fields import (
    ask_entry,
    ask_object,
    credit_line,
    entries_of,
    keep_public,
    number_of,
    object_of,
    place_of,
    refuse,
    text_of,
    wikidata_id,
)
from smn.errors import FetchError, InputError

_LIMIT = 20  # works a page: each is three requests, and the museum lists a hundred at once
_SEARCHED = ("title", "creator", "description", "creationDate", "material", "technique", "objectNumber")
_PROFILE: dict[str, str | int] = {"_profile": "la-framed"}  # Linked Art as a tree, by content negotiation in the query
_NUMBER = re.compile(r"/(\d+)$")
_ENGLISH = "http://vocab.getty.edu/aat/300388277"
_MATERIALS = "http://vocab.getty.edu/aat/300435429"
_CREDIT = "http://vocab.getty.edu/aat/300026687"
_NEAR = re.compile(
    r"\b(?:workshop|studio|circle|school|follower|manner|style|imitator|copy|attributed|possibly|after|rejected)\b",
    re.I,
)


class RijksmuseumSource:
    """Paintings of the Rijksmuseum; it gives no movements.

    A work leads to what it shows, that to its digital pictures, and these to the address at iiif.micr.io; the licence
    stands with what it shows. A search is ``FIELD=WORDS``, as in ``creator=Vermeer``, or words of the title.

    Args:
        api: address of the services; the numbers of id.rijksmuseum.nl are looked up here too.
    """

    name = "rijksmuseum"
    title = "Rijksmuseum"
    politeness = Politeness(2.0, connections=2)  # no limit is published

    def __init__(self, api: str = "https://data.rijksmuseum.nl") -> None:
        self._api = api

    def check(self, query: Query) -> None:
        """Refuse movements, addresses, and searches of fields that the museum does not search.

        Raises:
            InputError: it says what to leave out, or which fields there are.
        """
        refuse(self.title, query, unless=("search",))
        _search(query)

    def pages(self, http: Http, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        """Twenty works at a time; the cursor is the museum's token and the place below it.

        Raises:
            FetchError: the services cannot be reached or answer nonsense.
        """
        token, _, below = (cursor or "").rpartition("#")
        place = place_of(below or None)
        address = f"{self._api}/search/collection"
        more = True
        while more:
            asked = {"type": "painting", "imageAvailable": "true", **_search(query)}
            answer = ask_object(http, address, {**asked, **({"pageToken": token} if token else {})})
            if not isinstance(answer.get("orderedItems"), list):
                raise FetchError("It answers without a list of works; try again later.", address=address)
            works = entries_of(answer["orderedItems"])
            total = number_of(object_of(answer.get("partOf")).get("totalItems"))
            following = _token(answer, unlike=token)
            for start in range(place, max(len(works), 1), _LIMIT):
                entries = [self._entry(http, query, work) for work in works[start : start + _LIMIT]]
                inside = start + _LIMIT < len(works)
                yield Page(entries, f"{token}#{start + _LIMIT}" if inside else following and f"{following}#0", total)
            more = following is not None
            token, place = following or "", 0

    def _entry(self, http: Http, query: Query, listed: dict[str, Any]) -> Candidate | Flaw:
        number = _number(listed)
        if number is None:
            return Flaw(f"rijksmuseum:{listed.get('id')}", "it has no number")
        name = f"rijksmuseum:{number}"
        work = self._ask(http, number)
        shown = _first(work, "shows")
        visual = self._ask(http, shown) if shown else None
        digital = _first(visual, "digitally_shown_by")
        picture = self._ask(http, digital) if digital else None
        if work is None:
            return Flaw(name, "the museum has no such work any more")
        points = entries_of(picture.get("access_point")) if picture else []
        address = next((found for point in points if (found := text_of(point.get("id")))), None)
        if address is None:
            return Flaw(name, "it has no picture")
        address = address.replace("/full/max/", f"/full/!{query.size},{query.size}/")
        return keep_public(_candidate(name, work, visual or {}, address=address), query)

    def _ask(self, http: Http, number: str) -> dict[str, Any] | None:
        return ask_entry(http, f"{self._api}/{number}", _PROFILE)


def _search(query: Query) -> dict[str, str]:
    """The museum's parameter for a search.

    Raises:
        InputError: it has no such field.
    """
    if not query.search:
        return {}
    field, equals, words = query.search.partition("=")
    if not equals:
        return {"title": query.search}
    if field not in _SEARCHED or not words:
        raise InputError(
            f"The Rijksmuseum cannot be searched for {query.search!r}; write FIELD=WORDS with one of "
            f"{', '.join(_SEARCHED)}, or words of the title."
        )
    return {field: words}


def _token(answer: dict[str, Any], *, unlike: str) -> str | None:
    """Where the list goes on; only the token of the museum's address is used, and the same one ends it."""
    following = text_of(object_of(answer.get("next")).get("id"))
    found = parse_qs(urlsplit(following).query).get("pageToken") if following else None
    return found[0] if found and found[0] != unlike else None


def _number(entry: dict[str, Any]) -> str | None:
    match = _NUMBER.search(text_of(entry.get("id")) or "")
    return match[1] if match else None


def _first(record: dict[str, Any] | None, name: str) -> str | None:
    """The number of the first thing that a record points to."""
    return next((number for entry in entries_of((record or {}).get(name)) if (number := _number(entry))), None)


def _candidate(name: str, work: dict[str, Any], visual: dict[str, Any], *, address: str) -> Candidate:
    artist, title = _artist(work), _in_english(entries_of(work.get("identified_by")), kind="Name")
    rights = [
        text_of(kind.get("id"))
        for right in entries_of(visual.get("subject_to"))
        for kind in entries_of(right.get("classified_as"))
    ]
    licence = next((found for found in rights if found), None)
    statements = entries_of(work.get("referred_to_by"))
    return Candidate(
        id=name,
        address=address,
        page=_page(work),
        artist=artist,
        title=title,
        year=_year(work),
        medium=_in_english(statements, classified=_MATERIALS),
        museum=RijksmuseumSource.title,
        licence=normalise_licence(licence) if licence else None,
        rights=licence,
        attribution=credit_line(artist, title, RijksmuseumSource.title, _in_english(statements, classified=_CREDIT)),
        wikidata_id=wikidata_id(*(same.get("id") for same in entries_of(work.get("equivalent")))),
    )


def _in_english(entries: list[dict[str, Any]], *, kind: str | None = None, classified: str | None = None) -> str | None:
    """The content of the first entry of a kind or class, in English where there is any."""
    fitting = [
        entry
        for entry in entries
        if (kind is None or entry.get("type") == kind)
        and (classified is None or classified in [found.get("id") for found in entries_of(entry.get("classified_as"))])
    ]
    fitting.sort(key=lambda entry: _ENGLISH not in [found.get("id") for found in entries_of(entry.get("language"))])
    parts = [part for entry in fitting for part in (entry, *entries_of(entry.get("part")))]
    return next((content for part in parts if (content := text_of(part.get("content")))), None)


def _artist(work: dict[str, Any]) -> str | None:
    """Who made it, by name; the museum's own words where they say "workshop of" and the like, or nothing else does."""
    making = object_of(work.get("produced_by"))
    makings = [making, *entries_of(making.get("part"))]
    said = next((text for part in makings if (text := _in_english(entries_of(part.get("referred_to_by"))))), None)
    if said and _NEAR.search(said):
        return said
    for part in makings:
        for actor in entries_of(part.get("carried_out_by")):
            names = entries_of(actor.get("notation"))
            names.sort(key=lambda name: name.get("@language") != "en")
            found = next((text for name in names if (text := text_of(name.get("@value")))), None)
            if found or text_of(actor.get("_label")):
                return found or text_of(actor.get("_label"))
    return said


def _page(work: dict[str, Any]) -> str | None:
    """The work at the museum's own site, else its lasting address, which leads there."""
    for about in entries_of(work.get("subject_of")):
        for carrier in entries_of(about.get("digitally_carried_by")):
            for point in entries_of(carrier.get("access_point")):
                address = text_of(point.get("id"))
                if address and address.startswith("https://www.rijksmuseum.nl/"):
                    return address
    return text_of(work.get("id"))


def _year(work: dict[str, Any]) -> int | None:
    """The earliest year that the museum gives."""
    span = next(iter(entries_of(object_of(work.get("produced_by")).get("timespan"))), {})
    begun = re.match(r"(-?)0*(\d+)-", text_of(span.get("begin_of_the_begin")) or "")
    if begun:
        return int(begun[2]) * (-1 if begun[1] else 1)
    return number_of(_in_english(entries_of(span.get("identified_by"))))
