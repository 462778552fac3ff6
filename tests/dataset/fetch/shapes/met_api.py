"""Answers in the shape of collectionapi.metmuseum.org: numbers from v1.1/search, works from v1/objects."""

from typing import Any

from dataset.fetch.shapes.reading import answer_of, paint
from fetch_server import Answer, FetchServer, Request


def work(number: int, **changes: Any) -> dict[str, Any]:
    """A painting as the museum describes it, fields that smn does not read included."""
    return {
        "objectID": number,
        "isHighlight": False,
        "accessionNumber": "36.100.45",
        "accessionYear": "1936",
        "isPublicDomain": True,
        "primaryImage": f"/CRDImages/ep/original/DP{number}.jpg",
        "primaryImageSmall": f"/CRDImages/ep/web-large/DP{number}.jpg",
        "additionalImages": [],
        "constituents": [{"constituentID": 11986, "role": "Artist", "name": "Vincent van Gogh", "gender": ""}],
        "department": "European Paintings",
        "objectName": "Painting",
        "title": f"Wheat Field with Cypresses {number}",
        "culture": "",
        "period": "",
        "artistRole": "Artist",
        "artistPrefix": "",
        "artistDisplayName": "Vincent van Gogh",
        "artistDisplayBio": "Dutch, Zundert 1853–1890 Auvers-sur-Oise",
        "artistWikidata_URL": "https://www.wikidata.org/wiki/Q5582",
        "objectDate": "1889",
        "objectBeginDate": 1889,
        "objectEndDate": 1889,
        "medium": "Oil on canvas",
        "creditLine": "Purchase, The Annenberg Foundation Gift, 1993",
        "classification": "Paintings",
        "rightsAndReproduction": "",
        "metadataDate": "2026-09-14T12:26:37.48Z",
        "repository": "Metropolitan Museum of Art, New York, NY",
        "objectURL": f"https://www.metmuseum.org/art/collection/search/{number}",
        "tags": None,
        "objectWikidata_URL": "https://www.wikidata.org/wiki/Q19905274",
        "isTimelineWork": False,
        "GalleryNumber": "825",
    } | changes


class MetApi:
    """The museum, on the test's server. A number without a work is one that it lists and no longer has."""

    def __init__(self, server: FetchServer, works: dict[int, dict[str, Any] | None]) -> None:
        self.address = f"{server.address}/public/collection"
        self._server, self._works = server, works
        server.route("/public/collection/v1.1/search", self.search)
        server.route("/public/collection/v1/objects/*", self.work)
        server.route("/public/collection/v1/search", Answer(410, b"retired on 2026-10-01"))
        paint(server, "/CRDImages")

    def search(self, request: Request) -> Answer:
        assert request.query["q"], "the museum wants words"
        free = request.query.get("isPublicDomain") == "true"
        found = [
            number
            for number, known in self._works.items()
            if not free or known is None or known.get("isPublicDomain") is True
        ]
        start, size = int(request.query["offset"]), int(request.query["limit"])
        return answer_of({"total": len(found), "objectIDs": found[start : start + size] or None})

    def work(self, request: Request) -> Answer:
        known = self._works[int(request.path.rpartition("/")[2])]
        if known is None:
            return answer_of({"message": "ObjectID not found"}, status=404)
        here = {key: known[key] and self._server.address + known[key] for key in _IMAGES if key in known}
        return answer_of(known | here)


_IMAGES = ("primaryImage", "primaryImageSmall")
