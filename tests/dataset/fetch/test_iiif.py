from pathlib import Path
from typing import Any

import pytest

from fetch_server import Answer, FetchServer, json_answer, picture_answer
from smn.dataset.fetch.fetch_source import Candidate, Flaw, Limits, Page, Politeness, Query
from smn.dataset.fetch.fetcher import fetch_dataset
from smn.dataset.fetch.http import Client
from smn.dataset.fetch.iiif import IiifSource
from smn.errors import FetchError, InputError

QUICK = Politeness(5000, connections=2)
LEVEL2 = {"@context": "http://iiif.io/api/image/2/context.json", "profile": "http://iiif.io/api/image/2/level2.json"}


def manifest2(server: FetchServer, name: str = "m2", *, canvases: int = 1, **changes: Any) -> dict[str, Any]:
    """A manifest in the shape of version 2.1."""
    here = f"{server.address}/{name}"
    return {
        "@context": "http://iiif.io/api/presentation/2/context.json",
        "@id": f"{here}/manifest.json",
        "@type": "sc:Manifest",
        "label": "Wheat Field",
        "metadata": [
            {"label": "Artist", "value": "Vincent van <i>Gogh</i>"},
            {"label": [{"@value": "Datering", "@language": "nl"}, {"@value": "Date", "@language": "en"}],
             "value": [{"@value": "June 1889", "@language": "en"}, {"@value": "juni 1889", "@language": "nl"}]},
            {"label": "Medium", "value": ["Oil", "canvas"]},
        ],
        "license": "https://creativecommons.org/publicdomain/mark/1.0/",
        "attribution": [{"@value": "The Museum", "@language": "en"}, {"@value": "Het Museum", "@language": "nl"}],
        "related": {"@id": f"{here}.html", "format": "text/html"},
        "sequences": [{"@type": "sc:Sequence", "canvases": [
            {
                "@id": f"{here}/canvas/{number}", "@type": "sc:Canvas", "label": f"f. {number}", "height": 3000,
                "width": 4000,
                "images": [{
                    "@type": "oa:Annotation", "motivation": "sc:painting", "on": f"{here}/canvas/{number}",
                    "resource": {
                        "@id": f"{here}/img/{number}/full/full/0/default.jpg", "@type": "dctypes:Image", "height": 3000,
                        "width": 4000, "service": {"@id": f"{here}/img/{number}", **LEVEL2},
                    },
                }],
            }
            for number in range(1, canvases + 1)
        ]}],
        **changes,
    }  # fmt: skip


def manifest3(server: FetchServer, name: str = "m3", *, body: Any = None, **changes: Any) -> dict[str, Any]:
    """A manifest in the shape of version 3.0."""
    here = f"{server.address}/{name}"
    picture = {
        "id": f"{here}/img/full/max/0/default.jpg", "type": "Image", "format": "image/jpeg", "height": 3000,
        "width": 4000, "service": [{"id": f"{here}/img", "type": "ImageService3", "profile": "level1"}],
    }  # fmt: skip
    annotation = {"id": f"{here}/a", "type": "Annotation", "motivation": "painting", "body": body or picture}
    return {
        "@context": "http://iiif.io/api/presentation/3/context.json",
        "id": f"{here}/manifest.json",
        "type": "Manifest",
        "label": {"nl": ["Korenveld"], "en": ["Wheat Field"]},
        "metadata": [
            {"label": {"en": ["Creator"]}, "value": {"none": ["Vincent van Gogh"]}},
            {"label": {"de": ["Datierung"]}, "value": {"de": ["um 1889/1890"]}},
            {"label": {"en": ["Style"]}, "value": {"en": ["Post-Impressionism"]}},
        ],
        "rights": "http://creativecommons.org/publicdomain/zero/1.0/",
        "requiredStatement": {"label": {"en": ["Attribution"]}, "value": {"en": ["<span>The Museum &amp; Co</span>"]}},
        "provider": [{"id": "https://m.org", "type": "Agent", "label": {"en": ["The Museum"]}}],
        "homepage": [{"id": f"{here}.html", "type": "Text", "format": "text/html"}],
        "items": [
            {"id": f"{here}/canvas/1", "type": "Canvas", "height": 3000, "width": 4000,
             "items": [{"id": f"{here}/page", "type": "AnnotationPage", "items": [annotation]}]},
        ],
        **changes,
    }  # fmt: skip


def read(address: str, *, size: int = 1024, cursor: str | None = None) -> list[Page]:
    with Client(QUICK, limits=Limits(attempts=2, back_off=0.001)) as http:
        return list(IiifSource(QUICK).pages(http, Query(address=address, size=size), cursor=cursor))


def entries(pages: list[Page]) -> list[Candidate | Flaw]:
    return [entry for page in pages for entry in page.entries]


def serve(server: FetchServer, *manifests: dict[str, Any]) -> list[str]:
    """Put manifests at their addresses."""
    addresses = [str(one.get("id") or one.get("@id")) for one in manifests]
    for address, one in zip(addresses, manifests, strict=True):
        server.route(address.removeprefix(server.address), json_answer(one))
    return addresses


def one(server: FetchServer, manifest: dict[str, Any], *, size: int = 1024) -> Candidate:
    (entry,) = entries(read(serve(server, manifest)[0], size=size))
    assert isinstance(entry, Candidate), entry
    return entry


def test_a_manifest_of_version_2(server: FetchServer) -> None:
    assert one(server, manifest2(server)) == Candidate(
        f"iiif:{server.address}/m2/canvas/1",
        f"{server.address}/m2/img/1/full/!1024,1024/0/default.jpg",
        page=f"{server.address}/m2.html",
        artist="Vincent van Gogh",
        title="Wheat Field",
        year=1889,
        medium="Oil; canvas",
        licence="https://creativecommons.org/publicdomain/mark/1.0/",
        rights="https://creativecommons.org/publicdomain/mark/1.0/",
        attribution="The Museum",
    )


def test_a_manifest_of_version_3(server: FetchServer) -> None:
    assert one(server, manifest3(server), size=800) == Candidate(
        f"iiif:{server.address}/m3/canvas/1",
        f"{server.address}/m3/img/full/!800,800/0/default.jpg",
        page=f"{server.address}/m3.html",
        movement="Post-Impressionism",
        label_kind="work",
        artist="Vincent van Gogh",
        title="Wheat Field",
        year=1889,
        museum="The Museum",
        licence="http://creativecommons.org/publicdomain/zero/1.0/",
        rights="http://creativecommons.org/publicdomain/zero/1.0/",
        attribution="The Museum & Co",
    )


SERVICES = {
    "version 3, large": ({"type": "ImageService3", "id": "S"}, 4000, "S/full/!1024,1024/0/default.jpg"),
    "version 3, small": ({"type": "ImageService3", "id": "S"}, 900, "S/full/max/0/default.jpg"),
    "version 2 in 3": ({"@type": "ImageService2", "@id": "S"}, 900, "S/full/full/0/default.jpg"),
    "version 2": ({"@id": "S/", **LEVEL2}, 4000, "S/full/!1024,1024/0/default.jpg"),
    "version 1": (
        {"@id": "S", "profile": "http://library.stanford.edu/iiif/image-api/1.1/compliance.html#level1"},
        4000, "S/full/!1024,1024/0/native.jpg",
    ),
    "info.json": ({"type": "ImageService3", "id": "S/info.json"}, 4000, "S/full/!1024,1024/0/default.jpg"),
    "a service of something else": ({"type": "AuthCookieService1", "@id": "S"}, 4000, "P"),
    "none": (None, 4000, "P"),
}  # fmt: skip


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize("listed", [False, True])
def test_the_address_of_a_picture_in_the_wanted_size(server: FetchServer, name: str, *, listed: bool) -> None:
    service, side, expected = SERVICES[name]
    body: dict[str, Any] = {"id": "P", "type": "Image", "width": side, "height": side // 2}
    if service is not None:
        body["service"] = [service] if listed else service
    assert one(server, manifest3(server, body=body)).address == expected


def test_choices_and_parts_of_pictures(server: FetchServer) -> None:
    first, second = ({"id": f"{name}.jpg", "type": "Image"} for name in "ab")
    assert one(server, manifest3(server, body={"type": "Choice", "items": [first, second]})).address == "a.jpg"
    whole = {"type": "SpecificResource", "source": {"id": "c.jpg", "type": "Image"}, "selector": {}}
    assert one(server, manifest3(server, body=whole)).address == "c.jpg"
    old = {"@type": "oa:Choice", "default": {"@id": "d.jpg", "@type": "dctypes:Image"}, "item": []}
    manifest = manifest2(server)
    manifest["sequences"][0]["canvases"][0]["images"][0]["resource"] = old
    assert one(server, manifest).address == "d.jpg"


def test_each_canvas_is_a_picture_with_its_page(server: FetchServer) -> None:
    found = entries(read(serve(server, manifest2(server, canvases=3))[0]))
    assert [entry.id.rpartition("/")[2] for entry in found] == ["1", "2", "3"]
    assert [entry.title for entry in found if isinstance(entry, Candidate)] == [
        "Wheat Field (f. 1)", "Wheat Field (f. 2)", "Wheat Field (f. 3)",
    ]  # fmt: skip


def test_pages_of_annotations_that_are_only_named(server: FetchServer) -> None:
    manifest = manifest3(server)
    page = manifest["items"][0]["items"][0]
    manifest["items"][0]["items"] = [{"id": page["id"], "type": "AnnotationPage"}]
    comment = {"type": "Annotation", "motivation": "commenting", "body": {"id": "no.jpg", "type": "Image"}}
    server.route("/m3/page", json_answer({**page, "items": [comment], "next": f"{server.address}/m3/page/2"}))
    server.route("/m3/page/2", json_answer({**page, "id": f"{server.address}/m3/page/2"}))
    address = one(server, manifest).address
    assert address is not None
    assert address.startswith(f"{server.address}/m3/img/full/")


def collection(server: FetchServer, name: str, items: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"id": f"{server.address}/{name}", "type": "Collection", "label": {"en": [name]}, "items": items, **more}


def test_collections_in_collections_of_both_versions(server: FetchServer) -> None:
    a, b, c = serve(server, manifest3(server, "a"), manifest2(server, "b"), manifest3(server, "c"))
    old = {
        "@id": f"{server.address}/old", "@type": "sc:Collection", "label": "old",
        "manifests": [{"@id": b, "@type": "sc:Manifest"}], "next": f"{server.address}/old2",
    }  # fmt: skip
    rest = {"@id": f"{server.address}/old2", "@type": "sc:Collection", "members": [{"@id": c, "@type": "sc:Manifest"}]}
    top = collection(
        server, "top",
        [{"id": a, "type": "Manifest"}, {"id": f"{server.address}/old", "type": "Collection"},
         {"id": a, "type": "Manifest"}, {"id": f"{server.address}/top", "type": "Collection"}],
    )  # fmt: skip
    (address, *_) = serve(server, top, old, rest)
    pages = read(address)
    names = [entry.id.removeprefix(f"iiif:{server.address}/") for entry in entries(pages)]
    assert names == ["a/canvas/1", "b/canvas/1", "c/canvas/1"]
    assert [page.cursor for page in pages] == ["1", "2", None]
    server.requests.clear()
    assert entries(read(address, cursor="2")) == entries(pages)[2:]
    assert server.count("/a/manifest.json") == 0


def test_broken_manifests_cost_only_themselves(server: FetchServer) -> None:
    good = serve(server, manifest3(server, "good"), manifest3(server, "last"))
    server.route("/gone", Answer(404))
    server.route("/page", Answer(200, b"<html>"))
    server.route("/ill", Answer(500))
    server.route("/list", json_answer([1, 2]))
    serve(
        server, manifest3(server, "empty", items=[]), manifest3(server, "bare", items=[{"id": "x", "type": "Canvas"}])
    )
    lost = manifest3(server, "lost")
    lost["items"][0]["items"] = [{"id": f"{server.address}/gone", "type": "AnnotationPage"}]
    serve(server, lost)
    names = ["gone", "page", "ill", "list", "empty/manifest.json", "bare/manifest.json", "lost/manifest.json"]
    members = [{"id": f"{server.address}/{name}", "type": "Manifest"} for name in names]
    members += [{"id": f"{server.address}/nowhere", "type": "Collection"}, {"type": "Manifest"}]
    top = collection(
        server, "top", [{"id": good[0], "type": "Manifest"}, *members, {"id": good[1], "type": "Manifest"}]
    )
    found = entries(read(serve(server, top)[0]))
    assert [isinstance(entry, Candidate) for entry in found] == [True, *[False] * 9, True]
    reasons = {entry.id.rpartition("/")[2]: entry.reason for entry in found if isinstance(entry, Flaw)}
    assert len(found) == 11
    assert "500" in reasons["ill"]
    assert all(reasons.values())


def test_a_server_that_is_down_is_no_flaw_of_its_manifests(server: FetchServer) -> None:
    good = serve(server, manifest3(server, "good"))[0]
    server.route("/ill/*", Answer(503))
    members = [{"id": good, "type": "Manifest"}] + [
        {"id": f"{server.address}/ill/{number}", "type": "Manifest"} for number in range(9)
    ]
    address = serve(server, collection(server, "top", members))[0]
    with Client(QUICK, limits=Limits(attempts=1)) as http:
        pages = IiifSource(QUICK).pages(http, Query(address=address))
        assert next(pages).cursor == "1"
        with pytest.raises(FetchError, match="503"):
            next(pages)


@pytest.mark.parametrize("answer", [{"type": "Canvas"}, {}, [], "text", None])
def test_what_is_neither_manifest_nor_collection(server: FetchServer, answer: Any) -> None:
    address = server.route("/x", json_answer(answer))
    with pytest.raises(FetchError, match="It is no IIIF manifest or collection"):
        read(address)


ODD: list[Any] = [None, 3, "text", [], {}, [None], {"en": None}, {"en": [{}]}, [[1]]]


def test_odd_values_break_nothing(server: FetchServer) -> None:
    new = ("label", "metadata", "rights", "requiredStatement", "provider", "homepage", "items")
    old = ("label", "metadata", "license", "attribution", "related", "sequences")
    manifests = [manifest3(server, **{name: value}) for name in new for value in ODD]
    manifests += [manifest2(server, **{name: value}) for name in old for value in ODD]
    manifests += [manifest3(server, body=value) for value in ODD]
    assert len(manifests) == 126
    with Client(QUICK) as http:
        for manifest in manifests:
            address = serve(server, manifest)[0]
            (page,) = IiifSource(QUICK).pages(http, Query(address=address))
            assert len(page.entries) == 1


def test_what_it_is_asked() -> None:
    source = IiifSource()
    for address in (None, "manifest.json"):
        with pytest.raises(InputError, match="give it with --address"):
            source.check(Query(address=address))
    for query in (
        Query(address="https://m.org", search="Monet"),
        Query(address="https://m.org", movements=("cubism",)),
    ):
        with pytest.raises(InputError, match="leave"):
            source.check(query)


def test_a_whole_fetch(server: FetchServer, tmp_path: Path) -> None:
    address = serve(server, manifest2(server, canvases=2))[0]
    server.route("/m2/img/1/full/!300,300/0/default.jpg", picture_answer(1, size=(300, 200)))
    server.route("/m2/img/2/full/!300,300/0/default.jpg", picture_answer(2, size=(300, 200)))
    report = fetch_dataset(
        IiifSource(QUICK), Query(address=address, size=300), tmp_path / "out", licence="public-domain"
    )
    assert (report.rows, report.licences, report.complete) == (2, {"PDM-1.0": 2}, True)
