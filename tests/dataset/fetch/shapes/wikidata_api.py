"""Answers in the shapes of query.wikidata.org/sparql and of commons.wikimedia.org/w/api.php."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from dataset.fetch.shapes.reading import answer_of, paint
from fetch_server import Answer, FetchServer, Request

IMPRESSIONISM, CUBISM, BAROQUE_PAINTING = "Q40415", "Q42934", "Q808561"
LABELS = {
    IMPRESSIONISM: "Impressionism",
    CUBISM: "Cubism",
    BAROQUE_PAINTING: "Baroque painting of some sort",
    "Q296": "Claude Monet",
    "Q23402": "Musée d'Orsay",
}
_GENID = "http://www.wikidata.org/.well-known/genid/"


@dataclass
class Work:
    """A painting as Wikidata has it; ``own`` are its movements, ``artists`` its creators with theirs."""

    number: int
    own: tuple[str, ...] = ()
    artists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    images: tuple[str, ...] = ()
    title: str | None = "Impression, soleil levant"
    dates: tuple[tuple[str, int], ...] = (("1872-01-01T00:00:00Z", 9),)
    collections: tuple[str, ...] = ("Q23402",)
    status: tuple[str, ...] = ("Q19652",)


def uri(item: str) -> dict[str, str]:
    """An item, or for ``?…`` a value that is known to be unknown."""
    if item.startswith("?"):
        return {"type": "uri", "value": _GENID + item[1:]}
    return {"type": "uri", "value": f"http://www.wikidata.org/entity/{item}"}


def _label(item: str) -> dict[str, str]:
    if item in LABELS:
        return {"xml:lang": "en", "type": "literal", "value": LABELS[item]}
    return {"type": "literal", "value": item}  # the service answers with the number where there is no label


def _rows(work: Work, movements: Iterable[str]) -> list[dict[str, Any]]:
    """Every combination of a work's values is a row, as in SPARQL."""
    first: dict[str, Any] = {"work": uri(f"Q{work.number}"), "number": _number(work.number)}
    first["workLabel"] = (
        {"xml:lang": "fr", "type": "literal", "value": work.title} if work.title else _label(f"Q{work.number}")
    )
    rows = [first]
    images = [{"image": {"type": "uri", "value": _file(name)}} for name in work.images]
    makers = [{"creator": uri(item), "creatorLabel": _label(item)} for item in work.artists]
    places = [{"collection": uri(item), "collectionLabel": _label(item)} for item in work.collections]
    states = [{"status": uri(item)} for item in work.status]
    kind = "http://www.w3.org/2001/XMLSchema#dateTime"
    dates = [
        {"time": {"datatype": kind, "type": "literal", "value": time}, "precision": _number(precision)}
        for time, precision in work.dates
    ]
    labelled = [{"movement": uri(item), "movementLabel": _label(item)} for item in movements]
    for choices in (images, makers, places, states, dates, labelled):
        rows = [row | choice for row in rows for choice in (choices or [{}])]
    return rows


def _number(value: int) -> dict[str, str]:
    return {"datatype": "http://www.w3.org/2001/XMLSchema#integer", "type": "literal", "value": str(value)}


def _file(name: str) -> str:
    return f"http://commons.wikimedia.org/wiki/Special:FilePath/{quote(name)}"


def file(name: str, images: str, **changes: Any) -> dict[str, Any]:
    """A file as Commons describes it; what is None is left out."""
    said = {
        "LicenseShortName": "Public domain",
        "UsageTerms": "Public domain",
        "Copyrighted": "False",
        "Artist": '<bdi><a href="https://en.wikipedia.org/wiki/en:Claude_Monet">Claude&#32;Monet</a></bdi>',
        **changes.pop("said", {}),
    }
    path = quote(name.replace(" ", "_"))
    info = {
        "url": f"{images}/a/a2/{path}",
        "thumburl": f"{images}/thumb/a/a2/{path}/1280px-{path}.jpg",
        "thumbwidth": 1280,
        "thumbheight": 990,
        "descriptionurl": f"https://commons.wikimedia.org/wiki/File:{path}",
        "descriptionshorturl": "https://commons.wikimedia.org/w/index.php?curid=83547663",
        "sha1": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "mime": "image/jpeg",
        "extmetadata": {
            key: {"value": value, "source": "commons-desc-page", "hidden": ""} for key, value in said.items() if value
        },
    } | changes
    kept = {key: value for key, value in info.items() if value is not None}
    return {"pageid": 83547663, "ns": 6, "title": f"File:{name}", "imagerepository": "local", "imageinfo": [kept]}


class WikidataApi:
    """Both services, on the test's server. ``files`` are Commons' pages by title without ``File:``."""

    def __init__(self, server: FetchServer, works: list[Work]) -> None:
        self.sparql, self.commons = f"{server.address}/sparql", f"{server.address}/w/api.php"
        self.images = f"{server.address}/wikipedia/commons"
        self.works = works
        self.files = {name: file(name, self.images) for work in works for name in work.images}
        self.redirects: dict[str, str] = {}
        server.route("/sparql", self.select)
        server.route("/w/api.php", self.describe)
        paint(server, "/wikipedia/commons")

    def select(self, request: Request) -> Answer:
        """Understands the question as far as it must: which movements, whose, above which number, how many."""
        text = request.query["query"]
        found = re.search(r"VALUES \?asked \{ (.*?) \}.*FILTER\(\?number > (\d+)\).*LIMIT (\d+)", text)
        assert found is not None
        assert request.query["format"] == "json"
        asked = {item.removeprefix("wd:") for item in found[1].split()}
        of_artist = "wdt:P170/wdt:P135 ?asked" in text
        fitting = []
        for work in sorted(self.works, key=lambda known: known.number):
            theirs = tuple(dict.fromkeys(item for items in work.artists.values() for item in items))
            movements = (() if work.own else theirs) if of_artist else work.own
            if work.number > int(found[2]) and work.images and asked & set(movements):
                fitting.append(_rows(work, movements))
        rows = [row for listed in fitting[: int(found[3])] for row in listed]
        names = ["work", "number", "workLabel", "image", "creator", "creatorLabel", "collection", "collectionLabel"]
        names += ["time", "precision", "status", "movement", "movementLabel"]
        kind = "application/sparql-results+json;charset=utf-8"
        return answer_of({"head": {"vars": names}, "results": {"bindings": rows}}, kind=kind)

    def describe(self, request: Request) -> Answer:
        """Spelling is normalised, redirects are followed, and what is missing is said to be missing."""
        titles = request.query["titles"].split("|")
        if len(titles) > 50:
            return answer_of({"error": {"code": "toomanyvalues", "info": "Too many values supplied"}})
        assert request.query["maxlag"] == "5"
        normalised, redirected, pages = [], [], []
        for title in titles:
            plain = title.removeprefix("File:").replace("_", " ")
            name = plain[:1].upper() + plain[1:]
            if f"File:{name}" != title:
                normalised.append({"fromencoded": False, "from": title, "to": f"File:{name}"})
            if name in self.redirects:
                redirected.append({"from": f"File:{name}", "to": f"File:{self.redirects[name]}"})
                name = self.redirects[name]
            pages.append(self.files.get(name) or {"ns": 6, "title": f"File:{name}", "missing": True})
        query = {"normalized": normalised, "redirects": redirected, "pages": pages}
        return answer_of({"batchcomplete": True, "query": {key: value for key, value in query.items() if value}})
