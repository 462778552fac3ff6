"""IIIF manifests and collections, Presentation API 2 and 3 (iiif.io/api/presentation)."""

import re
from collections.abc import Iterator
from typing import Any

from smn.dataset.fetch.fetch_source import Candidate, Flaw, Http, Page, Politeness, Query
from smn.dataset.fetch.source_fields import entries_of, first_year, object_of, place_of, plain_text, refuse, text_of
from smn.errors import FetchError, InputError

_PAINTING = ("painting", "sc:painting", "oa:painting")
_VERSION = re.compile(r"ImageService([123])|/image/([123])/|image-api/1\.|compliance\.html|conformance\.html")
_IN_A_ROW = 3  # manifests that a server does not answer, after which it is taken to be down
_DEEPEST = 8  # collections in collections
_MEANINGS = {
    "artist": (
        "artist",
        "creator",
        "author",
        "painter",
        "maker",
        "by",
        "künstler",
        "kunstenaar",
        "vervaardiger",
        "artiste",
    ),
    "title": ("title", "titel", "titre", "titolo"),
    "year": ("date", "year", "created", "date created", "creation date", "datum", "datierung", "datering", "dating"),
    "medium": ("medium", "technique", "materials", "material", "technik", "materiaal", "medium and support"),
    "museum": ("repository", "museum", "holding institution", "institution", "provider", "collection"),
    "movement": ("movement", "style", "art movement"),
    "licence": ("license", "licence", "rights"),
}
"""Labels that museums give to what smn wants to know, in the languages seen most; compared in lower case."""


class IiifSource:
    """Pictures of a IIIF manifest, of each manifest of a collection, and of the collections inside it.

    Where a picture has an image service, it is asked for in the wanted size (``full/!1024,1024/0/default.jpg``), else
    the whole file is. A broken manifest, or one that is not there, costs that manifest only. Of a manifest without
    labels that say who, when and what, only its title is known.

    Args:
        politeness: rate and connections for the host.
    """

    name = "iiif"
    title = "IIIF manifests and collections"

    def __init__(self, politeness: Politeness | None = None) -> None:
        self.politeness = politeness or Politeness(2.0, connections=2)

    def check(self, query: Query) -> None:
        """Refuse a query without a web address.

        Raises:
            InputError: it has none, searches, or wants movements.
        """
        refuse(self.title, query, unless=("address",))
        if not (query.address or "").startswith(("http://", "https://")):
            raise InputError(
                "The source iiif needs the web address of a manifest or a collection; give it with --address."
            )

    def pages(self, http: Http, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        """A manifest at a time; the cursor is the number of manifests that have been.

        Raises:
            FetchError: the address given cannot be read, or the server answers nothing for several manifests in a row.
                What is wrong with one manifest is a flaw.
        """
        done = place_of(cursor)
        failed: list[Page] = []  # held back until it is clear that the server is not down
        manifests = _mark_last(_find_manifests(http, query.address or "", depth=0, seen=set()))
        for number, (found, is_last) in enumerate(manifests, start=1):
            after = None if is_last else str(number)
            if number <= done:
                continue
            try:
                entries = _read_manifest(http, found, query.size)
            except FetchError as error:
                failed.append(Page([Flaw(f"iiif:{found}", error.reason)], after))
                if len(failed) == _IN_A_ROW:
                    raise
                continue
            yield from failed
            failed = []
            yield Page(entries, after)
        yield from failed


def _mark_last(
    found: Iterator[dict[str, Any] | str | Flaw],
) -> Iterator[tuple[dict[str, Any] | str | Flaw, bool]]:
    """Each with whether it is the last."""
    waiting = next(found, None)
    while waiting is not None:
        after = next(found, None)
        yield waiting, after is None
        waiting = after


def _find_manifests(http: Http, address: str, *, depth: int, seen: set[str]) -> Iterator[dict[str, Any] | str | Flaw]:
    """Manifests, as they stand or as their addresses, below an address; what is broken, as flaws."""
    if address in seen:
        return
    seen.add(address)
    answer = object_of(http.get_json(address))
    if _type(answer) == "manifest":
        yield {"id": address, **answer}
    elif _type(answer) == "collection" and depth < _DEEPEST:
        yield from _find_members(http, answer, depth=depth, seen=seen)
    elif depth == 0:
        raise FetchError(
            f"It is no IIIF manifest or collection (its type is {_type(answer) or 'not given'}); give the "
            "address of one.",
            address=address,
        )
    else:
        yield Flaw(f"iiif:{address}", "It is no manifest and no collection, or lies too deep.")


def _find_members(
    http: Http, collection: dict[str, Any], *, depth: int, seen: set[str]
) -> Iterator[dict[str, Any] | str | Flaw]:
    lists = ("items", "manifests", "members", "collections")
    for member in (one for name in lists for one in entries_of(collection.get(name))):
        address = _id(member)
        if address is None:
            yield Flaw(f"iiif:{_id(collection)}", "It has a member without an address.")
        elif _type(member) == "manifest":
            if address not in seen:
                seen.add(address)
                yield address
        else:
            yield from _guard(http, address, depth=depth + 1, seen=seen)
    after = collection.get("next") or collection.get("first")
    address = _id(after) if isinstance(after, dict) else text_of(after)
    if address:
        yield from _guard(http, address, depth=depth, seen=seen)


def _guard(http: Http, address: str, *, depth: int, seen: set[str]) -> Iterator[dict[str, Any] | str | Flaw]:
    try:
        yield from _find_manifests(http, address, depth=max(1, depth), seen=seen)
    except FetchError as error:
        if not _is_its_own(error):
            raise
        yield Flaw(f"iiif:{address}", error.reason)


def _read_manifest(http: Http, found: dict[str, Any] | str | Flaw, size: int) -> list[Candidate | Flaw]:
    if isinstance(found, Flaw):
        return [found]
    if isinstance(found, str):
        address = found
        try:
            found = object_of(http.get_json(address))
        except FetchError as error:
            if not _is_its_own(error):
                raise
            return [Flaw(f"iiif:{address}", error.reason)]
        found = {"id": address, **found}
    manifest = found
    canvases = _canvases(manifest)
    entries: list[Candidate | Flaw] = []
    for number, canvas in enumerate(canvases, start=1):
        try:
            entries.append(_candidate(http, manifest, canvas, size, page=number if len(canvases) > 1 else None))
        except FetchError as error:
            if not _is_its_own(error):
                raise
            entries.append(Flaw(f"iiif:{_id(canvas) or _id(manifest)}", error.reason))
    return entries or [Flaw(f"iiif:{_id(manifest)}", "The manifest has no canvas with a picture.")]


def _candidate(
    http: Http, manifest: dict[str, Any], canvas: dict[str, Any], size: int, *, page: int | None
) -> Candidate | Flaw:
    name = f"iiif:{_id(canvas) or f'{_id(manifest)}#{page or 1}'}"
    picture = next(_pictures(http, canvas), None)
    address = _picture_address(picture, size) if picture is not None else None
    if address is None:
        return Flaw(name, "The canvas has no picture.")
    known = _read_metadata(manifest) | _read_metadata(canvas)
    title = known.get("title") or _words(manifest.get("label"))
    part = _words(canvas.get("label")) or (f"page {page}" if page else None)
    rights = _words(manifest.get("rights")) or _words(manifest.get("license"))
    statement = object_of(manifest.get("requiredStatement")).get("value") or manifest.get("attribution")
    return Candidate(
        id=name,
        address=address,
        page=_homepage(manifest) or _id(manifest),
        movement=known.get("movement"),
        label_kind="work" if known.get("movement") else None,
        artist=known.get("artist"),
        title=f"{title} ({part})" if title and page and part else title,
        year=first_year(known.get("year")),
        medium=known.get("medium"),
        museum=known.get("museum")
        or _words(object_of(next(iter(entries_of(manifest.get("provider"))), {})).get("label")),
        licence=rights or known.get("licence"),
        rights=rights or known.get("licence"),
        attribution=_words(statement),
    )


def _canvases(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Of version 3 the items, of version 2 the canvases of the first sequence."""
    if manifest.get("items"):
        return [item for item in entries_of(manifest["items"]) if _type(item) in ("canvas", "")]
    sequences = entries_of(manifest.get("sequences"))
    return entries_of(sequences[0].get("canvases")) if sequences else []


def _pictures(http: Http, canvas: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What is painted on a canvas; a page of annotations that is only named is asked for, and so is the page after."""
    for image in entries_of(canvas.get("images")):  # version 2
        yield from _bodies(image.get("resource"))
    for page in entries_of(canvas.get("items")):
        seen: set[str] = set()
        current: dict[str, Any] = page
        while True:
            address = _id(current)
            if "items" not in current and address and address not in seen:
                seen.add(address)
                current = object_of(http.get_json(address))
            for annotation in entries_of(current.get("items")):
                if _motivation(annotation):
                    yield from _bodies(annotation.get("body"))
            after = current.get("next")
            following = _id(after) if isinstance(after, dict) else text_of(after)
            if not following or following in seen:
                break
            seen.add(following)
            current = object_of(http.get_json(following))


def _bodies(value: object) -> Iterator[dict[str, Any]]:
    """Pictures; of a choice the first, of a part of a picture the whole one."""
    for body in entries_of(value):
        kind = _type(body)
        if kind == "choice":
            first = entries_of(body.get("default")) or entries_of(body.get("items"))
            yield from _bodies(first[:1])
        elif kind == "specificresource":
            yield from _bodies(body.get("full") or body.get("source"))
        elif kind in ("image", "") or "image" in kind:
            yield body


def _picture_address(picture: dict[str, Any], size: int) -> str | None:
    """Where the picture is, in the wanted size if there is an image service."""
    service = next((one for one in entries_of(picture.get("service")) if _is_image_service(one)), None)
    where = _id(service) if service else None
    if where is None:
        return _id(picture)
    where = where.rstrip("/").removesuffix("/info.json")
    sides = [side for side in (picture.get("width"), picture.get("height")) if isinstance(side, int)]
    quality = "native" if _service_version(service or {}) == 1 else "default"
    # Version 3 does not enlarge; a small picture is asked for as it is.
    small = len(sides) == 2 and max(sides) <= size
    whole = "max" if _service_version(service or {}) == 3 else "full"
    return f"{where}/full/{whole if small else f'!{size},{size}'}/0/{quality}.jpg"


def _is_image_service(service: dict[str, Any]) -> bool:
    return "image" in _hints(service).casefold() and _id(service) is not None


def _service_version(service: dict[str, Any]) -> int:
    """1, 2 or 3; of a profile such as ``level2`` without more, 3."""
    found = _VERSION.search(_hints(service))
    return 3 if found is None else int(found[1] or found[2] or 1)


def _hints(service: dict[str, Any]) -> str:
    """Where services of the three versions say what they are."""
    return " ".join(str(service.get(name, "")) for name in ("type", "@type", "profile", "@context"))


def _read_metadata(value: dict[str, Any]) -> dict[str, str]:
    """What the pairs of label and value say of what smn wants to know; of several, the first."""
    known: dict[str, str] = {}
    for pair in entries_of(value.get("metadata")):
        label, text = _words(pair.get("label")), _words(pair.get("value"))
        for mine, theirs in _MEANINGS.items():
            if label and text and label.casefold().rstrip(": ") in theirs:
                known.setdefault(mine, text)
    return known


def _words(value: object) -> str | None:
    """Text in any form that the two versions give it: plain, in a list, or by language; English first."""
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, list):
        english = [one for one in value if isinstance(one, dict) and str(one.get("@language", "")).startswith("en")]
        found = [text for one in (english or value) if (text := _words(one))]
        return "; ".join(found) or None
    if isinstance(value, dict):
        if "@value" in value:
            return _words(value["@value"])
        best = next((value[key] for key in ("en", "en-GB", "en-US", "none", "@none") if key in value), None)
        return _words(best if best is not None else next(iter(value.values()), None))
    return None


def _homepage(manifest: dict[str, Any]) -> str | None:
    homepage = next(iter(entries_of(manifest.get("homepage"))), None)
    related = manifest.get("related")
    return _id(homepage) if homepage else _id(related) if isinstance(related, dict) else text_of(related)


def _motivation(annotation: dict[str, Any]) -> bool:
    given = annotation.get("motivation")
    return given is None or any(one in _PAINTING for one in (given if isinstance(given, list) else [given]))


def _id(value: dict[str, Any] | None) -> str | None:
    return text_of(value.get("id")) or text_of(value.get("@id")) if value else None


def _type(value: dict[str, Any]) -> str:
    """The type without its prefix, in lower case, such as ``manifest``."""
    given = value.get("type") or value.get("@type") or ""
    return str(given[0] if isinstance(given, list) and given else given).rpartition(":")[2].casefold()


def _is_its_own(error: FetchError) -> bool:
    """Whether a fault is of one manifest only: it is not there, forbidden, or no JSON; not: the server is down."""
    return error.status is not None and error.status not in (429, *range(500, 600))
