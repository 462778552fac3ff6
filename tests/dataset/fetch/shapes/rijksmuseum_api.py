"""Answers in the shape of data.rijksmuseum.nl: a search a hundred at a time, and works as framed Linked Art."""

import base64
import json
from typing import Any

from dataset.fetch.shapes.reading import answer_of, paint
from fetch_server import Answer, FetchServer, Request

ENGLISH, DUTCH = "http://vocab.getty.edu/aat/300388277", "http://vocab.getty.edu/aat/300388256"
PUBLIC_DOMAIN_MARK = "https://creativecommons.org/publicdomain/mark/1.0/"
_KNOWN = {
    "type",
    "imageAvailable",
    "pageToken",
    "title",
    "creator",
    "description",
    "creationDate",
    "material",
    "technique",
}


def work(number: int, **changes: Any) -> dict[str, Any]:
    """A painting; ``number`` is the last digits of its address at id.rijksmuseum.nl."""
    return {
        "id": f"https://id.rijksmuseum.nl/200{number}",
        "type": "HumanMadeObject",
        "identified_by": [
            {"type": "Identifier", "content": f"SK-A-{number}"},
            _name(f"Mistige zee {number}", DUTCH),
            _name(f"Misty Sea {number}", ENGLISH),
        ],
        "produced_by": {
            "type": "Production",
            "timespan": {
                "type": "TimeSpan",
                "identified_by": [_name("1899", ENGLISH)],
                "begin_of_the_begin": "1899-01-01T00:00:00Z",
                "end_of_the_end": "1899-12-31T23:59:59Z",
            },
            "referred_to_by": [_statement("painter: Jan Toorop", "300435416", DUTCH)],
            "part": [
                {
                    "type": "Production",
                    "carried_out_by": [
                        {
                            "id": "https://id.rijksmuseum.nl/2103429",
                            "type": "Person",
                            "notation": [
                                {"@language": "nl", "@value": "Toorop, Jan"},
                                {"@language": "en", "@value": "Jan Toorop"},
                            ],
                        }
                    ],
                }
            ],
        },
        "subject_of": [
            {
                "id": f"https://data.rijksmuseum.nl/200{number}",
                "type": "LinguisticObject",
                "subject_to": [_right("https://creativecommons.org/publicdomain/zero/1.0/")],
            },
            {
                "type": "LinguisticObject",
                "digitally_carried_by": [
                    {
                        "type": "DigitalObject",
                        "access_point": [{"id": f"https://www.rijksmuseum.nl/en/collection/object/SK-A-{number}"}],
                    }
                ],
            },
        ],
        "referred_to_by": [
            _statement("olieverf op doek", "300435429", DUTCH),
            _statement("oil on canvas", "300435429", ENGLISH),
            _statement("Gift of the heirs", "300026687", ENGLISH),
        ],
        "equivalent": [{"id": "http://www.wikidata.org/entity/Q17339640", "type": "HumanMadeObject"}],
        "shows": [{"id": f"https://id.rijksmuseum.nl/202{number}", "type": "VisualItem"}],
    } | changes


def visual(number: int, *, right: str | None = PUBLIC_DOMAIN_MARK) -> dict[str, Any]:
    """What a painting shows; the rights stand here."""
    return {
        "id": f"https://id.rijksmuseum.nl/202{number}",
        "type": "VisualItem",
        **({"subject_to": [_right(right)]} if right else {}),
        "digitally_shown_by": [{"id": f"https://id.rijksmuseum.nl/500{number}", "type": "DigitalObject"}],
    }


def digital(number: int, images: str) -> dict[str, Any]:
    """Its picture."""
    return {
        "id": f"https://id.rijksmuseum.nl/500{number}",
        "type": "DigitalObject",
        "access_point": [{"id": f"{images}/m{number}/full/max/0/default.jpg", "type": "DigitalObject"}],
    }


def _name(content: str, language: str) -> dict[str, Any]:
    return {"type": "Name", "content": content, "language": [{"id": language, "type": "Language"}]}


def _statement(content: str, kind: str, language: str) -> dict[str, Any]:
    classes = [{"id": f"http://vocab.getty.edu/aat/{kind}", "type": "Type"}]
    languages = [{"id": language, "type": "Language"}]
    return {"type": "LinguisticObject", "content": content, "classified_as": classes, "language": languages}


def _right(address: str) -> dict[str, Any]:
    return {"type": "Right", "classified_as": [{"id": address, "type": "Type"}]}


class RijksmuseumApi:
    """The museum, on the test's server: ``records`` by number, and the numbers of works that a search finds."""

    def __init__(self, server: FetchServer, works: list[int], *, page: int = 100) -> None:
        self.address, self.images = server.address, f"{server.address}/micrio"
        self.listed: list[Any] = [{"id": f"https://id.rijksmuseum.nl/200{n}", "type": "HumanMadeObject"} for n in works]
        self.records: dict[str, Any] = {}
        self._page = page
        for number in works:
            self.records |= {
                f"200{number}": work(number),
                f"202{number}": visual(number),
                f"500{number}": digital(number, self.images),
            }
        server.route("/search/collection", self.search)
        server.route("/*", self.record)
        paint(server, "/micrio")

    def search(self, request: Request) -> Answer:
        unknown = set(request.query) - _KNOWN
        if unknown:
            return answer_of({"detail": f"Unsupported query parameter: {', '.join(sorted(unknown))}"}, status=400)
        token = request.query.get("pageToken")
        start = json.loads(base64.b64decode(token))["token"] if token else 0
        stop = start + self._page
        answer: dict[str, Any] = {
            "@context": "https://linked.art/ns/v1/search.json",
            "id": f"https://data.rijksmuseum.nl/search/collection?pageToken={token}",
            "type": "OrderedCollectionPage",
            "partOf": {"type": "OrderedCollection", "totalItems": len(self.listed)},
            "orderedItems": self.listed[start:stop],
        }
        if stop < len(self.listed):
            following = base64.b64encode(json.dumps({"token": stop}).encode()).decode()
            where = f"https://data.rijksmuseum.nl/search/collection?type=painting&pageToken={following}"
            answer["next"] = {"id": where, "type": "OrderedCollectionPage"}
        return answer_of(answer, kind="application/ld+json")

    def record(self, request: Request) -> Answer:
        if request.query.get("_profile") != "la-framed":
            return Answer(303, b"", {"Location": "https://www.rijksmuseum.nl/"})
        known = self.records.get(request.path[1:])
        return Answer(404, b"Not found") if known is None else answer_of(known, kind="application/ld+json")
