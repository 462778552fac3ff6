"""Answers in the shape of openaccess-api.clevelandart.org/api/artworks/."""

from typing import Any

from dataset.fetch.shapes.reading import answer_of, paint
from fetch_server import Answer, FetchServer, Request


def work(number: int, **changes: Any) -> dict[str, Any]:
    """A painting as the museum describes it; sizes are text, and the largest picture is a TIFF."""
    return {
        "id": number,
        "accession_number": f"1958.{number}",
        "share_license_status": "CC0",
        "tombstone": f"The Red Kerchief {number}, c. 1868–73. Claude Monet (French, 1840–1926). Oil on fabric; …",
        "current_location": "222 Impressionism & Post-Impressionism",
        "title": f"The Red Kerchief {number}",
        "creation_date": "c. 1868–73",
        "creation_date_earliest": 1863,
        "creation_date_latest": 1878,
        "culture": ["France, 19th century"],
        "technique": "oil on fabric",
        "department": "Modern European Painting and Sculpture",
        "collection": "Mod Euro - Painting 1800-1960",
        "type": "Painting",
        "copyright": None,
        "external_resources": {"wikidata": ["https://www.wikidata.org/wiki/Q20189822"], "internet_archive": []},
        "url": f"https://clevelandart.org/art/1958.{number}",
        "images": {
            "web": _image(number, "web.jpg", 740, 900),
            "print": _image(number, "print.jpg", 2800, 3400),
            "full": _image(number, "full.tif", 5600, 6800),
        },
        "creditline": "Bequest of Leonard C. Hanna Jr.",
        "creators": [
            {
                "id": 7776,
                "description": "Claude Monet (French, 1840–1926)",
                "extent": None,
                "qualifier": None,
                "role": "artist",
                "biography": None,
                "birth_year": "1840",
                "death_year": "1926",
            }
        ],
        "updated_at": "2026-01-10 23:57:59.055000",
    } | changes


def _image(number: int, kind: str, width: int, height: int) -> dict[str, str]:
    name = f"1958.{number}_{kind}"
    return {"url": f"/cdn/{name}", "width": str(width), "height": str(height), "filesize": "72441", "filename": name}


class ClevelandApi:
    """The museum, on the test's server."""

    def __init__(self, server: FetchServer, works: list[Any]) -> None:
        self.address = f"{server.address}/api"
        self._server, self._works = server, works
        server.route("/api/artworks/", self.search)
        paint(server, "/cdn")

    def search(self, request: Request) -> Answer:
        assert "fields" not in request.query, "a choice of fields loses the licence"
        free, words = request.query.get("cc0") == "1", request.query.get("q", "").casefold()
        found = [
            known
            for known in self._works
            if not isinstance(known, dict)
            or (
                (not free or known.get("share_license_status") == "CC0") and words in str(known.get("title")).casefold()
            )
        ]
        start, size = int(request.query["skip"]), int(request.query["limit"])
        page = [self._here(known) for known in found[start : start + size]]
        return answer_of({"info": {"total": len(found), "parameters": dict(request.query)}, "data": page})

    def _here(self, known: Any) -> Any:
        if not isinstance(known, dict) or not isinstance(known.get("images"), dict):
            return known
        images = {
            kind: image | {"url": self._server.address + image["url"]} if image and image.get("url") else image
            for kind, image in known["images"].items()
        }
        return known | {"images": images}
