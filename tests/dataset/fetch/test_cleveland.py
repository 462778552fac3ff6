from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dataset.fetch.shapes.cleveland_api import ClevelandApi, work
from dataset.fetch.shapes.reading import (
    answer_of,
    assert_resumes,
    candidates,
    fetch_rows,
    flaws,
    html_answer,
    read_pages,
)
from fetch_server import Answer, FetchServer, Request
from smn.dataset.fetch.candidate import Candidate, Query
from smn.dataset.fetch.sources.cleveland import ClevelandSource
from smn.errors import FetchError, InputError


def source(server: FetchServer, works: list[Any]) -> ClevelandSource:
    return ClevelandSource(ClevelandApi(server, works).address)


def one(server: FetchServer, query: Query | None = None, **changes: Any) -> Candidate | str:
    pages = read_pages(source(server, [work(39, **changes)]), query or Query())
    return next(iter((candidates(pages) | flaws(pages)).values()))


def test_a_painting_is_read_as_the_museum_describes_it(server: FetchServer) -> None:
    assert one(server) == Candidate(
        id="cleveland:39",
        address=f"{server.address}/cdn/1958.39_print.jpg",
        page="https://clevelandart.org/art/1958.39",
        artist="Claude Monet",
        title="The Red Kerchief 39",
        year=1863,
        medium="oil on fabric",
        museum="The Cleveland Museum of Art",
        licence="CC0-1.0",
        rights="CC0",
        attribution=("Claude Monet, The Red Kerchief 39, The Cleveland Museum of Art, Bequest of Leonard C. Hanna Jr."),
        wikidata_id="Q20189822",
    )


def test_the_list_resumes_anywhere(server: FetchServer) -> None:
    pages = assert_resumes(source(server, [work(number) for number in range(1, 251)]), Query(), pages=3)
    assert len(candidates(pages)) == 250
    assert {page.total for page in pages} == {250}
    assert server.requests[0].query == {"type": "Painting", "has_image": "1", "skip": "0", "limit": "100"}


def test_a_connection_that_is_cut_is_no_end_of_the_list(server: FetchServer) -> None:
    api = ClevelandApi(server, [work(number) for number in range(1, 151)])
    whole = read_pages(ClevelandSource(api.address), Query())
    turns = iter(range(100))

    def flaky(request: Request) -> Answer:
        return replace(api.search(request), cut_after=2000) if next(turns) % 2 == 0 else api.search(request)

    server.route("/api/artworks/", flaky)
    assert read_pages(ClevelandSource(api.address), Query()) == whole
    server.route("/api/artworks/", lambda request: replace(api.search(request), drip=0.0001, no_length=True))
    assert read_pages(ClevelandSource(api.address), Query()) == whole


def test_lists_that_are_empty_or_do_not_say_how_long_they_are(server: FetchServer) -> None:
    assert read_pages(source(server, []), Query())[0].entries == []
    api = ClevelandApi(server, [])
    server.route("/api/artworks/", [answer_of({"data": [work(1)]}), answer_of({"data": []})])
    assert len(read_pages(ClevelandSource(api.address), Query())) == 1


def test_what_is_missing_is_missing_and_nothing_is_made_up(server: FetchServer) -> None:
    nothing = dict.fromkeys(key for key in work(1) if key not in ("id", "images"))
    found = one(server, **nothing)
    assert isinstance(found, Candidate)
    assert found.attribution == "The Cleveland Museum of Art"
    assert (found.movement, found.label_kind, found.artist, found.title, found.year) == (None,) * 5
    assert (found.page, found.licence, found.rights, found.wikidata_id) == (None,) * 4


def test_entries_that_cannot_be_used_are_flaws(server: FetchServer) -> None:
    tiff = {"full": work(3)["images"]["full"]}
    works = [work(1, id=None), work(2, images=None), work(3, images=tiff), work(4, images=[]), "nonsense", work(5)]
    pages = read_pages(source(server, works), Query())
    assert flaws(pages) == {
        "cleveland:1958.1": "it has no number",
        **{f"cleveland:{number}": "it has no picture that can be read" for number in (2, 3, 4)},
    }
    assert list(candidates(pages)) == ["cleveland:5"]


@pytest.mark.parametrize(("size", "kind"), [(512, "web"), (900, "web"), (1024, "print"), (9000, "print")])
def test_the_smallest_picture_that_is_large_enough(server: FetchServer, size: int, kind: str) -> None:
    found = one(server, Query(size=size))
    assert isinstance(found, Candidate)
    assert found.address == f"{server.address}/cdn/1958.39_{kind}.jpg"


@pytest.mark.parametrize(
    ("creators", "artist"),
    [
        ([{"description": "Henri Rousseau (French, 1844–1910)", "role": "artist"}], "Henri Rousseau"),
        ([{"description": "Titian (Italian)", "qualifier": "follower of", "role": "artist"}], "follower of Titian"),
        (
            [
                {"description": "A Printer", "role": "printer"},
                {"description": "Ni Zan 倪瓚 (Chinese)", "role": "artist"},
            ],
            "Ni Zan 倪瓚",
        ),
        ([{"description": None}], None),
        ([], None),
        ("?", None),
    ],
)
def test_the_artist_without_nationality(server: FetchServer, creators: Any, artist: str | None) -> None:
    found = one(server, creators=creators)
    assert isinstance(found, Candidate)
    assert found.artist == artist


def test_licences_as_they_are(server: FetchServer) -> None:
    guarded = work(2, share_license_status="Copyrighted", copyright="© Estate of the artist")
    works = [work(1), guarded, work(3, share_license_status=None)]
    found = candidates(read_pages(source(server, works), Query()))
    assert [found[f"cleveland:{number}"].licence for number in (1, 2, 3)] == ["CC0-1.0", "Copyrighted", None]
    assert found["cleveland:2"].rights == "© Estate of the artist"
    assert list(candidates(read_pages(source(server, works), Query(public_domain=True)))) == ["cleveland:1"]


def test_a_licence_that_slips_through_the_museums_filter_is_a_flaw(server: FetchServer) -> None:
    api = ClevelandApi(server, [])
    server.route(
        "/api/artworks/", answer_of({"info": {"total": 1}, "data": [work(2, share_license_status="Copyrighted")]})
    )
    assert flaws(read_pages(ClevelandSource(api.address), Query(public_domain=True))) == {
        "cleveland:2": "licence: Copyrighted, which is not the public domain"
    }


@pytest.mark.parametrize(
    ("links", "item"),
    [
        ({"wikidata": ["https://www.wikidata.org/wiki/Q12418"]}, "Q12418"),
        ({"wikidata": "http://www.wikidata.org/entity/Q12418"}, "Q12418"),
        ({"wikidata": ["https://www.wikidata.org/wiki/Q1", "https://www.wikidata.org/wiki/Q2"]}, None),
        ({"wikidata": []}, None),
        ([], None),
    ],
)
def test_the_item_at_wikidata_if_there_is_one(server: FetchServer, links: Any, item: str | None) -> None:
    found = one(server, external_resources=links)
    assert isinstance(found, Candidate)
    assert found.wikidata_id == item


def test_it_is_asked_gently() -> None:
    assert ClevelandSource().politeness.requests_per_second <= 2
    assert ClevelandSource().politeness.connections <= 2


@pytest.mark.parametrize("query", [Query(movements=("cubism",)), Query(address="https://x.org")])
def test_what_it_cannot_do_is_refused(query: Query) -> None:
    with pytest.raises(InputError, match="leave"):
        ClevelandSource().check(query)
    ClevelandSource().check(Query(search="kerchief"))


@pytest.mark.parametrize("ill", [html_answer(), Answer(502, b""), answer_of({"data": None}), answer_of([])])
def test_a_service_that_is_ill_is_an_error(server: FetchServer, ill: Answer) -> None:
    api = ClevelandApi(server, [])
    server.route("/api/artworks/", ill)
    with pytest.raises(FetchError):
        read_pages(ClevelandSource(api.address), Query())


def test_fetched_into_a_folder(server: FetchServer, tmp_path: Path) -> None:
    rows = fetch_rows(
        source(server, [work(1), work(2, images=None), work(3, title="L’été")]), Query(), tmp_path / "out"
    )
    assert set(rows) == {"The Red Kerchief 1", "L’été"}
    assert rows["L’été"]["licence"] == "CC0-1.0"
    assert rows["L’été"]["rights"] == "CC0"
    assert rows["L’été"]["attribution"].startswith("Claude Monet, L’été, The Cleveland Museum of Art")
