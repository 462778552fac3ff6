"""The Art Institute of Chicago's public API (api.artic.edu/docs)."""

import json
import re
from collections.abc import Iterator
from typing import Any

from smn.dataset.fetch.fetch_source import Candidate, Flaw, Http, Page, Politeness, Query
from smn.dataset.fetch.source_fields import (
    ask_object,
    credit_line,
    entries_of,
    keep_public,
    number_of,
    object_of,
    place_of,
    refuse,
    text_of,
)
from smn.dataset.label_map import LabelMap
from smn.errors import FetchError
from smn.movements import get_movement

_FIELDS = (
    "id,title,artist_title,artist_display,date_start,date_end,style_title,style_titles,image_id,is_public_domain,"
    "artwork_type_title,medium_display,credit_line,copyright_notice"
)
_PAINTING = 1  # the museum's number of the type of artwork
_LIMIT = 100  # entries a page, the most that it gives
_WIDTHS = (843, 1686)  # of pictures in pixels that the museum recommends, because they are ready there
_NAMES = 60  # of styles; more make an address too long, and the answers are looked at anyway
_LABELS = LabelMap()


class AicSource:
    """Paintings of the Art Institute of Chicago, with its own style terms where it gives any.

    The list is walked by number (``id`` above the last, in order), because a search ends after 1,000 results. A style
    counts as the movement of the work; of several the one that the museum puts first, else all of them as they are.

    Since the middle of 2026 the host of the pictures (www.artic.edu/iiif) answers scripts with 403 and a page that
    wants JavaScript (github.com/art-institute-of-chicago/api-data/issues/9): the list can be read, pictures may not.

    Args:
        api: address of the API.
    """

    name = "aic"
    title = "Art Institute of Chicago"
    # 60 requests a minute; "single thread" where much is read; the header is the museum's own.
    politeness = Politeness(1.0, connections=1, agents=("AIC-User-Agent",))

    def __init__(self, api: str = "https://api.artic.edu/api/v1") -> None:
        self._api = api

    def check(self, query: Query) -> None:
        """Refuse an address; movements are answered by the museum's style terms.

        Raises:
            InputError: it says what to leave out.
        """
        refuse(self.title, query, unless=("movements", "search"))

    def pages(self, http: Http, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        """A hundred works at a time; the cursor is the number of the last one.

        Raises:
            FetchError: the API cannot be reached or answers nonsense.
        """
        last, total = place_of(cursor), None
        more = True
        while more:
            address = f"{self._api}/artworks/search"
            answer = ask_object(http, address, {"params": json.dumps(_question(query, last), separators=(",", ":"))})
            if not isinstance(answer.get("data"), list):
                raise FetchError(
                    f"It answers without a list of works ({text_of(answer.get('detail')) or 'and gives no reason'}); "
                    "try again later.",
                    address=address,
                )
            works = entries_of(answer["data"])
            if cursor is None and total is None:
                total = number_of(object_of(answer.get("pagination")).get("total"))
            images = text_of(object_of(answer.get("config")).get("iiif_url")) or "https://www.artic.edu/iiif/2"
            entries = [_entry(work, query, images=images) for work in works]
            highest = max((number_of(work.get("id")) or 0 for work in works), default=0)
            more = len(answer["data"]) >= _LIMIT and highest > last
            last = highest
            yield Page(entries, str(last) if more else None, total)


def _question(query: Query, last: int) -> dict[str, Any]:
    """The search as the API takes it: a part of Elasticsearch's language."""
    wanted: list[dict[str, Any]] = [
        {"range": {"id": {"gt": last}}},
        {"term": {"artwork_type_id": _PAINTING}},
        {"exists": {"field": "image_id"}},
    ]
    if query.public_domain:
        wanted.append({"term": {"is_public_domain": True}})
    if query.search:
        fields = ["title", "artist_display", "style_titles", "subject_titles", "medium_display"]
        how = {"query": query.search, "fields": fields, "type": "cross_fields", "operator": "and"}
        wanted.append({"multi_match": how})
    if query.movements:
        names = [name for movement in query.movements for name in _names(movement)]
        styles = [{"match_phrase": {"style_titles": name}} for name in names]
        few = len(names) <= _NAMES
        wanted.append({"bool": {"should": styles}} if few else {"exists": {"field": "style_titles"}})
    order = [{"id": {"order": "asc"}}]
    return {"query": {"bool": {"filter": wanted}}, "sort": order, "limit": _LIMIT, "fields": _FIELDS}


def _names(movement: str) -> list[str]:
    """What a museum may call a movement, in words; none that has another one in it, which finds it too."""
    known = get_movement(movement)
    aliases = (name for vocabulary in ("wikiart", "artbench", "other") for name in known.aliases.get(vocabulary, ()))
    names = sorted({" ".join(re.split(r"[\W_]+", name.casefold())).strip() for name in (known.name, *aliases)})
    return [name for name in names if not any(f" {other} " in f" {name} " for other in names if other != name)]


def _entry(work: dict[str, Any], query: Query, *, images: str) -> Candidate | Flaw:
    number = number_of(work.get("id"))
    if number is None:
        return Flaw(f"aic:{text_of(work.get('title')) or '?'}", "it has no number")
    name = f"aic:{number}"
    picture = text_of(work.get("image_id"))
    if picture is None:
        return Flaw(name, "it has no picture")
    style = _style(work)
    if query.movements and (style is None or _LABELS.find(style) not in query.movements):
        return Flaw(name, f"its style is {style or 'not given'}, which is not what was asked for")
    artist, title = text_of(work.get("artist_title")), text_of(work.get("title"))
    free = work.get("is_public_domain") is True
    # A fifth less than was asked for is worth less waiting.
    width = next((width for width in _WIDTHS if width >= 0.8 * query.size), _WIDTHS[-1])
    candidate = Candidate(
        id=name,
        address=f"{images}/{picture}/full/{width},/0/default.jpg",
        page=f"https://www.artic.edu/artworks/{number}",
        movement=style,
        label_kind="work" if style else None,
        artist=artist,
        title=title,
        year=number_of(work.get("date_start")),
        medium=text_of(work.get("medium_display")),
        museum=AicSource.title,
        licence="CC0-1.0" if free else None,
        rights=text_of(work.get("copyright_notice")) or ("https://www.artic.edu/image-licensing" if free else None),
        attribution=credit_line(artist, title, AicSource.title, text_of(work.get("credit_line"))),
    )
    return keep_public(candidate, query)


def _style(work: dict[str, Any]) -> str | None:
    """The style as the museum writes it; several where it names several movements and puts none of them first."""
    first = text_of(work.get("style_title"))
    listed = work.get("style_titles")
    styles = [style for style in map(text_of, listed if isinstance(listed, list) else []) if style]
    if first and _LABELS.find(first):
        return first
    mapped = {found: style for style in styles if (found := _LABELS.find(style))}
    if len(mapped) == 1:
        return next(iter(mapped.values()))
    return "; ".join(styles) if mapped else first or "; ".join(styles) or None
