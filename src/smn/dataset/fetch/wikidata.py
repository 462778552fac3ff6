"""Wikidata's paintings by movement, with their pictures at Wikimedia Commons."""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from smn.dataset.fetch.fetch_source import Candidate, Flaw, Http, Page, Politeness, Query
from smn.dataset.fetch.source_fields import (
    ask_object,
    credit_line,
    entries_of,
    normalise_licence,
    number_of,
    object_of,
    plain_text,
    refuse,
    text_of,
    why_not_public,
)
from smn.errors import FetchError, InputError
from smn.movements import find_movement, get_movement, list_movements

_KINDS = ("work", "artist")
_LIMITS = (50, 10)  # works a page; the second where the service finds the first too much for its minute
_OUT_OF_TIME = (200, 500, 502, 504)  # 200: a good beginning with a stack trace of Java behind it, which is no JSON
_YEAR = re.compile(r"([+-]?)0*(\d+)-\d\d-\d\dT")
_DECADE = 8  # Wikidata's precision of a date: 7 is a century, 8 a decade, 9 a year, 11 a day
_FREE, _COPYRIGHTED = "Q19652", "Q50423863"

_QUERY = """
SELECT ?work ?number ?workLabel ?image ?creator ?creatorLabel ?collection ?collectionLabel ?time ?precision ?status
       ?movement ?movementLabel WHERE {{
  {{ SELECT DISTINCT ?work ?number WHERE {{
      VALUES ?asked {{ {asked} }}
      ?work {path} ?asked ; wdt:P31 wd:Q3305213 ; wdt:P18 ?some .
      {unless}
      BIND(xsd:integer(STRAFTER(STR(?work), "/entity/Q")) AS ?number)
      FILTER(?number > {last})
  }} ORDER BY ?number LIMIT {limit} }}
  ?work wdt:P18 ?image ; {path} ?movement .
  OPTIONAL {{ ?work wdt:P170 ?creator }}
  OPTIONAL {{ ?work wdt:P195 ?collection }}
  OPTIONAL {{ ?work wdt:P6216 ?status }}
  OPTIONAL {{ ?work p:P571 ?dated . ?dated a wikibase:BestRank ; psv:P571 ?when .
             ?when wikibase:timeValue ?time ; wikibase:timePrecision ?precision }}
  SERVICE wikibase:label {{ bd:serviceParam wikibase:language "en,mul,fr,de,it,es,nl" }}
}}"""
_PATHS = {"work": ("wdt:P135", ""), "artist": ("wdt:P170/wdt:P135", "FILTER NOT EXISTS { ?work wdt:P135 ?own }")}

_FILES = 50  # asked for at once
_ASKED = "LicenseShortName|LicenseUrl|UsageTerms|Copyrighted|NonFree|Artist"
_WIDTHS = (500, 960, 1280, 1920, 3840)  # widths in pixels that Wikimedia still serves (phabricator T414805)
_WHOLE = ("image/jpeg", "image/png", "image/webp")  # can be taken as they are; TIFFs of a gigabyte cannot
_LAG = 5  # seconds of lag from which on we wait
_ATTEMPTS = 6


@dataclass(frozen=True)
class CommonsFile:
    """A picture at Commons.

    Args:
        address: of the picture, scaled where that is needed.
        page: with its description.
        licence: short name, as `smn.dataset.fetch.source_fields.normalise_licence` gives it, or None.
        rights: the statement or its address, unchanged.
        author: as Commons has it, without HTML; often whoever took the photograph.
        checksum: of the whole file, where that is what is taken.
    """

    address: str
    page: str | None
    licence: str | None
    rights: str | None
    author: str | None
    checksum: str | None


class WikidataSource:
    """Paintings in the public domain whose movement (P135) Wikidata gives, of the work or else of its artist.

    A movement at a time, first the works that have it themselves, then those of its artists that have none; each in the
    order of their numbers, above the last one, so that no page grows slow. A work or an artist with several of smn's
    movements is a flaw: nothing says which one it is. Only pictures that Commons calls public domain are offered.

    Args:
        sparql: address of the query service.
        commons: address of Commons' api.php.
        pause: called with the seconds to wait while Commons' servers lag.
    """

    name = "wikidata"
    title = "Wikidata and Wikimedia Commons"
    # The service permits five at once and a minute of work each; Commons' pictures are for one reader at a time.
    politeness = Politeness(1.0, connections=2)

    def __init__(
        self,
        sparql: str = "https://query.wikidata.org/sparql",
        commons: str = "https://commons.wikimedia.org/w/api.php",
        *,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._sparql, self._commons, self._pause = sparql, commons, pause

    def check(self, query: Query) -> None:
        """Insist on movements, all of them such as Wikidata has an item for.

        Raises:
            InputError: there are none, or one has no item, or something else is asked.
        """
        refuse(self.title, query, unless=("movements",))
        known = ", ".join(movement.id for movement in list_movements() if movement.aliases.get("wikidata"))
        if not query.movements:
            raise InputError(f"Wikidata is asked by movement; name one or more of {known}.")
        without = [name for name in query.movements if not get_movement(name).aliases.get("wikidata")]
        if without:
            raise InputError(
                f"smn knows no item at Wikidata for {', '.join(without)}; choose from {known}, or fetch from another "
                "source."
            )

    def pages(self, http: Http, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        """Fifty works at a time; the cursor is the movement, how it is known, and the number of the last work.

        Raises:
            FetchError: the service or Commons cannot be reached or answers nonsense.
        """
        passes = [(get_movement(name).id, kind) for name in dict.fromkeys(query.movements) for kind in _KINDS]
        start, last = _read_cursor(cursor, passes)
        limit = _LIMITS[0]
        for place in range(start, len(passes)):
            movement, kind = passes[place]
            more = True
            while more:
                rows, limit = self._works(http, movement, kind, last, limit)
                works = _group(rows)
                more = len(works) >= limit and max(works) > last
                last = max(works, default=0) if more else 0
                entries = self._entries(http, query, works, movement=movement, kind=kind)
                following = passes[place] if more else passes[place + 1] if place + 1 < len(passes) else None
                yield Page(entries, f"{following[0]} {following[1]} {last}" if following else None)

    def _works(self, http: Http, movement: str, kind: str, last: int, limit: int) -> tuple[list[Any], int]:
        """Rows of the next works, and how many works were asked for; fewer where the service runs out of time."""
        path, unless = _PATHS[kind]
        asked = " ".join(f"wd:{item}" for item in get_movement(movement).aliases["wikidata"])
        query = _QUERY.format(asked=asked, path=path, unless=unless, last=last, limit=limit)
        try:
            answer = ask_object(http, self._sparql, {"query": " ".join(query.split()), "format": "json"})
        except FetchError as error:
            if limit == _LIMITS[-1] or error.status not in _OUT_OF_TIME:
                raise
            return self._works(http, movement, kind, last, _LIMITS[-1])
        rows = object_of(answer.get("results")).get("bindings")
        if not isinstance(rows, list):
            raise FetchError("It answers without a list of results; try again later.", address=self._sparql)
        return rows, limit

    def _entries(
        self, http: Http, query: Query, works: Mapping[int, list[Any]], *, movement: str, kind: str
    ) -> list[Candidate | Flaw]:
        images = {number: sorted({name for row in rows if (name := _file(row))}) for number, rows in works.items()}
        names = [name for listed in images.values() for name in listed]
        files = describe_files(http, self._commons, names, size=query.size, pause=self._pause) if names else {}
        pictures = {number: [files[name] for name in listed] for number, listed in images.items()}
        entries = (
            _entry(number, rows, pictures[number], query=query, movement=movement, kind=kind)
            for number, rows in works.items()
        )
        return [entry for entry in entries if entry is not None]


def _read_cursor(cursor: str | None, passes: Sequence[tuple[str, str]]) -> tuple[int, int]:
    """Which of the passes to go on with, and after which work.

    Raises:
        InputError: the cursor is of another query, or of none.
    """
    if cursor is None:
        return 0, 0
    movement, _, rest = cursor.partition(" ")
    kind, _, last = rest.partition(" ")
    number = number_of(last)
    if (movement, kind) not in passes or number is None:
        raise InputError(
            f"The cursor {cursor!r} belongs to another question; ask for the same movements as before, or begin the "
            "fetch anew in another folder."
        )
    return passes.index((movement, kind)), number


def _value(row: object, name: str) -> str | None:
    """A value of a row; None where it is missing, or a node without a name, which stands for "unknown"."""
    cell = object_of(object_of(row).get(name))
    value = text_of(cell.get("value"))
    return None if value is None or cell.get("type") == "bnode" or "/.well-known/genid/" in value else value


def _item(row: object, name: str) -> str | None:
    """The number of an item, such as Q12418."""
    value = _value(row, name)
    return value.rpartition("/")[2] if value else None


def _label(row: object, name: str) -> str | None:
    """The label of an item, where there is one: the service answers with the number where there is none."""
    item, label = _item(row, name), _value(row, f"{name}Label")
    return None if item is None or label == item else label


def _group(rows: Sequence[object]) -> dict[int, list[object]]:
    """The rows of each work, by its number, in order."""
    works: dict[int, list[object]] = {}
    for row in rows:
        number = number_of((_item(row, "work") or "")[1:])
        if number is not None:
            works.setdefault(number, []).append(row)
    return dict(sorted(works.items()))


def _file(row: object) -> str | None:
    address = _value(row, "image")
    name = unquote(address.rpartition("/Special:FilePath/")[2]).replace("_", " ").strip() if address else ""
    return name or None


def _year(rows: Sequence[object]) -> int | None:
    """The earliest year of the dates that are known to a decade or better."""
    dated = [row for row in rows if (number_of(_value(row, "precision")) or 0) >= _DECADE]
    matches = [match for row in dated if (match := _YEAR.match(_value(row, "time") or ""))]
    return min((int(match[2]) * (-1 if match[1] == "-" else 1) for match in matches), default=None)


def _entry(
    number: int,
    rows: Sequence[object],
    pictures: Sequence[CommonsFile | str],
    *,
    query: Query,
    movement: str,
    kind: str,
) -> Candidate | Flaw | None:
    """A work as a candidate or a flaw; None where the same work comes with another movement that is asked for."""
    name = f"wikidata:Q{number}"
    items = {item: _label(row, "movement") for row in rows if (item := _item(row, "movement"))}
    known = {item: found.id for item in items if (found := find_movement(item))}
    several = [asked for asked in query.movements if get_movement(asked).id in known.values()]
    if len(set(known.values())) > 1:
        if several and get_movement(several[0]).id != movement:
            return None
        return Flaw(name, f"its {kind} has several movements: {', '.join(sorted(set(known.values())))}")
    status = {_item(row, "status") for row in rows}
    if _COPYRIGHTED in status and _FREE not in status:
        return Flaw(name, "licence: Wikidata says that the work is under copyright")
    reasons = [file if isinstance(file, str) else why_not_public(file.licence) for file in pictures]
    usable = [file for file, reason in zip(pictures, reasons, strict=True) if reason is None]
    if not usable or isinstance(usable[0], str):
        return Flaw(name, next((reason for reason in reasons if reason), "it has no picture"))
    return _candidate(name, rows, usable[0], movement=_raw_label(items, known, movement), kind=kind)


def _raw_label(items: Mapping[str, str | None], known: Mapping[str, str], movement: str) -> str | None:
    """What Wikidata calls the movement, or its number where smn does not know that name."""
    item = min((item for item, found in known.items() if found == movement), default=None)
    label = items.get(item) if item else None
    found = find_movement(label) if label else None
    return label if found and found.id == movement else item


def _candidate(name: str, rows: Sequence[object], file: CommonsFile, *, movement: str | None, kind: str) -> Candidate:
    artists = sorted({label for row in rows if (label := _label(row, "creator"))})
    collections = sorted(
        (item, label) for row in rows if (item := _item(row, "collection")) and (label := _label(row, "collection"))
    )
    title = next((label for row in rows if (label := _label(row, "work"))), None)
    artist = "; ".join(artists) or None
    museum = collections[0][1] if collections else None
    return Candidate(
        id=name,
        address=file.address,
        page=file.page,
        movement=movement,
        label_kind=kind if movement else None,
        artist=artist,
        title=title,
        year=_year(rows),
        museum=museum,
        licence=file.licence,
        rights=file.rights,
        attribution=credit_line(artist or file.author, title, museum, "via Wikimedia Commons"),
        wikidata_id=name.removeprefix("wikidata:"),
        checksum=file.checksum,
    )


def describe_files(
    http: Http, api: str, names: Iterable[str], *, size: int, pause: Callable[[float], object]
) -> dict[str, CommonsFile | str]:
    """What Commons knows of files, or for each the reason why it cannot be used.

    Args:
        http: the client.
        api: address of api.php.
        names: of the files, without ``File:``.
        size: wanted width in pixels; the next larger one that Wikimedia serves is taken.
        pause: called with the seconds to wait while the servers lag.

    Raises:
        FetchError: Commons cannot be reached, or stays behind.
    """
    wanted = list(dict.fromkeys(names))
    width = next((width for width in _WIDTHS if width >= size), _WIDTHS[-1])
    described: dict[str, CommonsFile | str] = {}
    for start in range(0, len(wanted), _FILES):
        part = wanted[start : start + _FILES]
        pages, renamed = _query_commons(http, api, part, width=width, pause=pause)
        for name in part:
            title = f"File:{name}"
            for _ in range(3):  # a spelling that is normalised may still be redirected
                title = renamed.get(title, title)
            described[name] = _read_file(pages.get(title))
    return described


def _query_commons(
    http: Http, api: str, names: list[str], *, width: int, pause: Callable[[float], object]
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """The pages by title, and which titles became which."""
    params: dict[str, str | int] = {
        "action": "query", "format": "json", "formatversion": 2, "redirects": 1, "prop": "imageinfo",
        "iiprop": "url|mime|sha1|extmetadata", "iiurlwidth": width, "iiextmetadatafilter": _ASKED,
        "iiextmetadatalanguage": "en", "titles": "|".join(f"File:{name}" for name in names), "maxlag": _LAG,
    }  # fmt: skip
    pages: dict[str, dict[str, Any]] = {}
    renamed: dict[str, str] = {}
    following: dict[str, str | int] | None = {}
    while following is not None:
        answer = _retry(http, api, {**params, **following}, pause)
        query = object_of(answer.get("query"))
        for step in (*entries_of(query.get("normalized")), *entries_of(query.get("redirects"))):
            renamed[str(step.get("from"))] = str(step.get("to"))
        for page in entries_of(query.get("pages")):
            pages.setdefault(str(page.get("title")), {}).update(page)
        following = object_of(answer.get("continue")) or None
    return pages, renamed


def _retry(http: Http, api: str, params: dict[str, str | int], pause: Callable[[float], object]) -> dict[str, Any]:
    """An answer that is no error of MediaWiki's, which come with the status 200; transient ones are retried."""
    reason = None
    for _ in range(_ATTEMPTS):
        answer = ask_object(http, api, params)
        error = object_of(answer.get("error"))
        if not error:
            return answer
        reason = text_of(error.get("info")) or text_of(error.get("code"))
        if error.get("code") not in ("maxlag", "ratelimited", "readonly"):
            break
        pause(_LAG)
    raise FetchError(
        f"Commons answers: {reason}; run the same command again later, what is stored is kept.", address=api
    )


def _read_file(page: dict[str, Any] | None) -> CommonsFile | str:
    """One file, or why not."""
    info = next(iter(entries_of(page.get("imageinfo")) if page else []), None)
    if info is None:
        return "Commons has no such file"
    kind = text_of(info.get("mime")) or "nothing that it names"
    if kind not in (*_WHOLE, "image/tiff"):
        return f"the file is {kind}, not a picture of a painting"
    whole, scaled = text_of(info.get("url")), text_of(info.get("thumburl"))
    address = scaled or (whole if kind in _WHOLE else None)
    if address is None:
        return f"Commons gives no address for the file ({kind})"
    said = {name: text_of(object_of(value).get("value")) for name, value in object_of(info.get("extmetadata")).items()}
    licence = said.get("LicenseShortName")
    if (said.get("NonFree") or "").casefold() == "true":
        return f"licence: not free ({licence or 'fair use'})"
    if licence and normalise_licence(licence) == "PDM-1.0" and (said.get("Copyrighted") or "").casefold() == "true":
        return "licence: Commons calls the file both public domain and copyrighted"
    digest = text_of(info.get("sha1"))
    return CommonsFile(
        address=address,
        page=text_of(info.get("descriptionurl")),
        licence=normalise_licence(licence) if licence else None,
        rights=said.get("LicenseUrl") or said.get("UsageTerms") or licence,
        author=plain_text(said.get("Artist")),
        checksum=f"sha1:{digest}" if digest and address == whole else None,
    )
