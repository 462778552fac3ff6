"""The Cleveland Museum of Art's open access API (openaccess-api.clevelandart.org)."""

from collections.abc import Iterator
from typing import Any

from smn.dataset.fetch.candidate import Candidate, Flaw, Http, Page, Politeness, Query
from smn.dataset.fetch.rights import normalise_licence
from smn.dataset.fetch.sources.fields import (
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
from smn.errors import FetchError

_LIMIT = 100  # works a page
_READABLE = (".jpg", ".jpeg", ".png")


class ClevelandSource:
    """Paintings of the Cleveland Museum of Art; it gives no movements.

    Whole works are asked for, not chosen fields: where fields are chosen, the licence comes back empty.

    Args:
        api: address of the API.
    """

    name = "cleveland"
    title = "The Cleveland Museum of Art"
    politeness = Politeness(2.0, connections=2)  # no limit is published

    def __init__(self, api: str = "https://openaccess-api.clevelandart.org/api") -> None:
        self._api = api

    def check(self, query: Query) -> None:
        """Refuse movements and addresses.

        Raises:
            InputError: it says what to leave out.
        """
        refuse(self.title, query, unless=("search",))

    def pages(self, http: Http, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        """A hundred works at a time; the cursor is how many have been.

        Raises:
            FetchError: the API cannot be reached or answers nonsense.
        """
        place = place_of(cursor)
        more = True
        while more:
            params: dict[str, str | int] = {
                "type": "Painting",
                "has_image": 1,
                **({"cc0": 1} if query.public_domain else {}),
                **({"q": query.search} if query.search else {}),
                "skip": place,
                "limit": _LIMIT,
            }
            address = f"{self._api}/artworks/"
            answer = ask_object(http, address, params)
            if not isinstance(answer.get("data"), list):
                raise FetchError("It answers without a list of works; try again later.", address=address)
            listed = len(answer["data"])
            total = number_of(object_of(answer.get("info")).get("total"))
            entries = [_entry(work, query) for work in entries_of(answer["data"])]
            place += listed
            more = listed > 0 and (place < total if total is not None else listed == _LIMIT)
            yield Page(entries, str(place) if more else None, total)


def _entry(work: dict[str, Any], query: Query) -> Candidate | Flaw:
    number = number_of(work.get("id"))
    if number is None:
        return Flaw(f"cleveland:{text_of(work.get('accession_number')) or '?'}", "it has no number")
    name = f"cleveland:{number}"
    address = _picture(work.get("images"), query.size)
    if address is None:
        return Flaw(name, "it has no picture that can be read")
    artist, title = _artist(work.get("creators")), text_of(work.get("title"))
    status = text_of(work.get("share_license_status"))
    items = object_of(work.get("external_resources")).get("wikidata")
    candidate = Candidate(
        id=name,
        address=address,
        page=text_of(work.get("url")),
        artist=artist,
        title=title,
        year=number_of(work.get("creation_date_earliest")),
        medium=text_of(work.get("technique")),
        museum=ClevelandSource.title,
        licence=normalise_licence(status) if status else None,
        rights=text_of(work.get("copyright")) or status,
        attribution=credit_line(artist, title, ClevelandSource.title, text_of(work.get("creditline"))),
        wikidata_id=wikidata_id(*(items if isinstance(items, list) else [items])),
    )
    return keep_public(candidate, query)


def _picture(images: object, size: int) -> str | None:
    """The smallest picture that is large enough, else the largest; never the TIFF of a hundred megabytes."""
    sizes = []
    for kind in ("web", "print", "full"):
        for image in entries_of(object_of(images).get(kind)):
            address = text_of(image.get("url"))
            if address and address.casefold().endswith(_READABLE):
                longer = max(number_of(image.get("width")) or 0, number_of(image.get("height")) or 0)
                sizes.append((longer, address))
    enough = [pair for pair in sizes if pair[0] >= size]
    return min(enough)[1] if enough else max(sizes)[1] if sizes else None


def _artist(creators: object) -> str | None:
    """The first artist's name without nationality and dates, after its qualifier such as "attributed to"."""
    people = entries_of(creators)
    first = next((person for person in people if person.get("role") == "artist"), people[0] if people else {})
    described = text_of(first.get("description"))
    if described is None:
        return None
    name = text_of(described.partition(" (")[0])
    manner = text_of(first.get("qualifier"))
    return f"{manner} {name}" if manner and name else name
