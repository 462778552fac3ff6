"""Answers in the shape of api.artic.edu/api/v1/artworks/search, with its limits."""

import json
from typing import Any

from dataset.fetch.shapes.reading import answer_of, paint
from fetch_server import Answer, FetchServer, Request

GUESTS_MAY_SEE = 1000


def work(number: int, **changes: Any) -> dict[str, Any]:
    """A painting as the search gives it, with only the fields that smn asks for."""
    return {
        "_score": 1.0,
        "id": number,
        "title": f"Water Lilies {number}",
        "artist_title": "Claude Monet",
        "artist_display": "Claude Monet (French, 1840–1926)",
        "date_start": 1906,
        "date_end": 1906,
        "style_title": "Impressionism",
        "style_titles": ["Impressionism"],
        "image_id": f"3c27b499-af56-f0d5-93b5-{number:012d}",
        "is_public_domain": True,
        "artwork_type_title": "Painting",
        "medium_display": "Oil on canvas",
        "credit_line": "Mr. and Mrs. Martin A. Ryerson Collection",
        "copyright_notice": None,
    } | changes


class AicApi:
    """The museum: its search and the host of its pictures, on the test's server."""

    def __init__(self, server: FetchServer, works: list[dict[str, Any]]) -> None:
        self.address = f"{server.address}/api/v1"
        self._images = f"{server.address}/iiif/2"
        self._works = works
        server.route("/api/v1/artworks/search", self.search)
        paint(server, "/iiif/2")

    def search(self, request: Request) -> Answer:
        """Takes the whole question as JSON, as its documentation recommends."""
        asked = json.loads(request.query["params"])
        size, start = asked.get("limit", 10), asked.get("from", 0)
        if size > 100:
            return _refusal(
                "Invalid limit", "You have requested too many resources per page. Please set a smaller limit."
            )
        if start + size > GUESTS_MAY_SEE:
            return _refusal(
                "Invalid number of results", "You have requested too many results. Please refine your parameters."
            )
        found = [entry for entry in self._works if all(_fits(entry, rule) for rule in asked["query"]["bool"]["filter"])]
        assert asked["sort"] == [{"id": {"order": "asc"}}]
        found.sort(key=lambda entry: entry.get("id") or 0)
        page = found[start : start + size]
        return answer_of(
            {
                "preference": None,
                "pagination": {
                    "total": len(found),
                    "limit": size,
                    "offset": start,
                    "total_pages": -(-len(found) // size),
                    "current_page": start // size + 1,
                },
                "data": page,
                "info": {
                    "license_text": "The `description` field in this response is licensed under a Creative Commons …",
                    "license_links": ["https://creativecommons.org/publicdomain/zero/1.0/"],
                    "version": "1.13",
                },
                "config": {"iiif_url": self._images, "website_url": "http://www.artic.edu"},
            }
        )


def _refusal(error: str, detail: str) -> Answer:
    return answer_of({"status": 403, "error": error, "detail": detail}, status=403)


def _fits(entry: dict[str, Any], rule: dict[str, Any]) -> bool:
    """The few rules of Elasticsearch's language that are needed, as Elasticsearch understands them."""
    ((kind, said),) = rule.items()
    if kind == "range":
        return entry.get("id") is None or bool(entry["id"] > said["id"]["gt"])
    if kind == "term":
        known = entry | {"artwork_type_id": 1 if entry.get("artwork_type_title") == "Painting" else 18}
        return all(known.get(name) == value for name, value in said.items())
    if kind == "exists":
        return bool(entry.get(said["field"])) or said["field"] == "image_id"
    if kind == "match_phrase":
        words = said["style_titles"].casefold().split()
        return any(_holds(style.casefold().replace("-", " ").split(), words) for style in entry["style_titles"] or [])
    if kind == "multi_match":
        return all(
            word in json.dumps(entry, ensure_ascii=False).casefold() for word in said["query"].casefold().split()
        )
    assert kind == "bool"
    return any(_fits(entry, one) for one in said["should"])


def _holds(words: list[str], phrase: list[str]) -> bool:
    return any(words[start : start + len(phrase)] == phrase for start in range(len(words)))
