"""One small case a registered source: the service on the test's server, what to ask it, and what comes."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dataset.fetch.shapes import aic_api, wikidata_api
from dataset.fetch.shapes.reading import answer_of, paint
from fetch_server import Answer, FetchServer, file_answer, painted_jpeg
from smn.dataset.fetch.address_table import AddressSource
from smn.dataset.fetch.aic import AicSource
from smn.dataset.fetch.fetch_source import FetchSource, Query
from smn.dataset.fetch.hub import HubSource
from smn.dataset.fetch.iiif import IiifSource
from smn.dataset.fetch.wikidata import WikidataSource


@dataclass(frozen=True)
class Case:
    """A source before its service.

    Args:
        source: asks the test's server.
        query: what it is asked.
        candidates: how many pictures come, on two pages or more.
        flaws: how many entries are broken.
        movement: that each picture has, as smn calls it.
    """

    source: FetchSource
    query: Query
    candidates: int
    flaws: int
    movement: str | None = None


def wikidata(server: FetchServer) -> Case:
    known: dict[str, Any] = {"own": (wikidata_api.CUBISM,)}
    works = [
        wikidata_api.Work(number, images=(f"N {number}.jpg",), title=f"T {number}", **known) for number in range(1, 55)
    ]
    works.append(wikidata_api.Work(99, images=("Z.jpg",), status=("Q50423863",), **known))
    api = wikidata_api.WikidataApi(server, works)
    return Case(WikidataSource(api.sparql, api.commons), Query(movements=("cubism",)), 54, 1, "cubism")


def aic(server: FetchServer) -> Case:
    works = [aic_api.work(number) for number in range(1, 104)] + [aic_api.work(104, image_id=None)]
    return Case(AicSource(aic_api.AicApi(server, works).address), Query(), 103, 1, "impressionism")


def wikiart(server: FetchServer) -> Case:
    return _hub(server, "wikiart")


def artbench(server: FetchServer) -> Case:
    return _hub(server, "artbench")


def _hub(server: FetchServer, name: str) -> Case:
    import pyarrow as pa
    from pyarrow import parquet

    images = [{"bytes": painted_jpeg(number), "path": f"{number}.jpg"} for number in range(40)]
    images.append({"bytes": None, "path": "lost.jpg"})
    table = pa.table({"image": images, "style": ["Cubism"] * 41, "title": [f"T {number}" for number in range(41)]})
    stream = io.BytesIO()
    parquet.write_table(table, stream)
    files = [{"type": "file", "path": "data/train-00000.parquet", "size": len(stream.getvalue())}]
    server.route("/api/datasets/o/n/tree/main", answer_of(files))
    server.route("/datasets/o/n/resolve/main/data/train-00000.parquet", file_answer(stream.getvalue()))
    return Case(HubSource(name, "A hub", "o/n", hub=server.address), Query(), 40, 1, "cubism")


def iiif(server: FetchServer) -> Case:
    def manifest(number: int) -> dict[str, Any]:
        body = {"id": f"{server.address}/pictures/{number}.jpg", "type": "Image", "format": "image/jpeg"}
        painted = {
            "id": f"{number}-a",
            "type": "Annotation",
            "motivation": "painting",
            "body": body,
            "target": f"{number}-c",
        }
        pages = [{"id": f"{number}-p", "type": "AnnotationPage", "items": [painted]}]
        canvas = {"id": f"{number}-c", "type": "Canvas", "height": 64, "width": 64, "items": pages}
        context = "http://iiif.io/api/presentation/3/context.json"
        where = f"{server.address}/m/{number}"
        return {
            "@context": context,
            "id": where,
            "type": "Manifest",
            "label": {"en": [f"T {number}"]},
            "items": [canvas],
        }

    for number in range(3):
        server.route(f"/m/{number}", answer_of(manifest(number)))
    members = [{"id": f"{server.address}/m/{number}", "type": "Manifest", "label": {}} for number in range(4)]
    where = server.route("/c", answer_of({"id": f"{server.address}/c", "type": "Collection", "items": members}))
    paint(server, "/pictures")
    return Case(IiifSource(), Query(address=where), 3, 1)


def csv(server: FetchServer) -> Case:
    lines = ["image_url,title,movement,label_kind,licence,rights,attribution,page_url"]
    lines += [f"{server.address}/p/{n}.jpg,T {n},Cubism,work,CC0-1.0,CC0,A,https://x.org/{n}" for n in range(210)]
    table = "\n".join([*lines, ",T,Cubism,work,,,,"]).encode()
    where = server.route("/table.csv", Answer(200, table, {"Content-Type": "text/csv"}))
    paint(server, "/p")
    return Case(AddressSource(), Query(address=where), 210, 1, "cubism")


CASES: Mapping[str, Callable[[FetchServer], Case]] = {
    "wikidata": wikidata,
    "aic": aic,
    "wikiart": wikiart,
    "artbench": artbench,
    "iiif": iiif,
    "csv": csv,
}
