from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from dataset.fetch.shapes.aic_api import GUESTS_MAY_SEE, AicApi, work
from dataset.fetch.shapes.reading import (
    assert_resumes,
    candidates,
    fetch_rows,
    flaws,
    html_answer,
    read_pages,
    read_until_ill,
    then,
)
from fetch_server import Answer, FetchServer
from smn.dataset.fetch.aic import AicSource
from smn.dataset.fetch.fetch_source import Candidate, Query
from smn.errors import InputError
from smn.movements import list_movements


def source(server: FetchServer, works: list[dict[str, Any]]) -> AicSource:
    return AicSource(AicApi(server, works).address)


def one(server: FetchServer, query: Query | None = None, **changes: Any) -> Candidate | str:
    """The candidate that one work makes, or its flaw's reason."""
    pages = read_pages(source(server, [work(16568, **changes)]), query or Query())
    return next(iter((candidates(pages) | flaws(pages)).values()))


def test_a_painting_is_read_as_the_museum_describes_it(server: FetchServer) -> None:
    assert one(server) == Candidate(
        id="aic:16568",
        address=f"{server.address}/iiif/2/3c27b499-af56-f0d5-93b5-000000016568/full/843,/0/default.jpg",
        page="https://www.artic.edu/artworks/16568",
        movement="Impressionism",
        label_kind="work",
        artist="Claude Monet",
        title="Water Lilies 16568",
        year=1906,
        medium="Oil on canvas",
        museum="Art Institute of Chicago",
        licence="CC0-1.0",
        rights="https://www.artic.edu/image-licensing",
        attribution=(
            "Claude Monet, Water Lilies 16568, Art Institute of Chicago, Mr. and Mrs. Martin A. Ryerson Collection"
        ),
    )


def test_the_list_goes_beyond_what_a_search_may_see(server: FetchServer) -> None:
    pages = read_pages(source(server, [work(3 * number) for number in range(1, GUESTS_MAY_SEE + 151)]), Query())
    assert len(candidates(pages)) == GUESTS_MAY_SEE + 150
    assert pages[0].total == GUESTS_MAY_SEE + 150
    assert pages[-2].cursor == "3300"


def test_the_list_resumes_anywhere(server: FetchServer) -> None:
    assert (
        len(candidates(assert_resumes(source(server, [work(2 * n) for n in range(1, 251)]), Query(), pages=3))) == 250
    )


def test_a_list_that_fills_its_last_page_ends(server: FetchServer) -> None:
    pages = assert_resumes(source(server, [work(number) for number in range(1, 101)]), Query(), pages=2)
    assert len(candidates(pages)) == 100
    assert read_pages(source(server, []), Query())[0].entries == []


def test_what_is_missing_is_missing_and_nothing_is_made_up(server: FetchServer) -> None:
    nothing = dict.fromkeys(key for key in work(1) if key not in ("id", "image_id", "artwork_type_title"))
    found = one(server, **nothing)
    assert isinstance(found, Candidate)
    assert found.attribution == "Art Institute of Chicago"
    assert (found.movement, found.label_kind, found.artist, found.title, found.year) == (None,) * 5
    assert (found.licence, found.rights) == (None, None)


def test_works_that_cannot_be_had_are_flaws(server: FetchServer) -> None:
    pages = read_pages(source(server, [work(1, id=None, title="No number"), work(2, image_id=None), work(3)]), Query())
    assert flaws(pages) == {"aic:No number": "it has no number", "aic:2": "it has no picture"}
    assert list(candidates(pages)) == ["aic:3"]


@pytest.mark.parametrize(
    ("first", "styles", "expected"),
    [
        ("Impressionism", ["Impressionism", "19th century"], "Impressionism"),
        ("19th century", ["19th century", "Impressionism"], "Impressionism"),
        ("Cubism", ["Cubism", "Expressionism"], "Cubism"),  # the museum puts it first
        (None, ["Cubism", "Expressionism"], "Cubism; Expressionism"),  # a person decides
        ("modernism", ["modernism"], "modernism"),  # as it is; it names no movement of ours
        (None, [], None),
        (None, None, None),
    ],
)
def test_the_style_is_taken_as_it_is_written(
    server: FetchServer, first: str | None, styles: list[str] | None, expected: str | None
) -> None:
    found = one(server, style_title=first, style_titles=styles)
    assert isinstance(found, Candidate)
    assert found.movement == expected
    assert found.label_kind == ("work" if expected else None)


def test_a_movement_is_asked_for_and_confirmed_by_the_style(server: FetchServer) -> None:
    other = work(2, style_title="Post-Impressionism", style_titles=["Post-Impressionism"])
    works = [work(1), other, work(3, style_title="Cubism", style_titles=["Cubism"])]
    pages = read_pages(source(server, works), Query(movements=("impressionism",)))
    assert list(candidates(pages)) == ["aic:1"]
    assert flaws(pages) == {"aic:2": "its style is Post-Impressionism, which is not what was asked for"}


def test_all_movements_at_once_are_not_too_long_an_address(server: FetchServer) -> None:
    everything = Query(movements=tuple(movement.id for movement in list_movements()))
    pages = read_pages(source(server, [work(1), work(2, style_titles=["contemporary"], style_title=None)]), everything)
    assert list(candidates(pages)) == ["aic:1"]
    assert flaws(pages) == {"aic:2": "its style is contemporary, which is not what was asked for"}
    few = Query(movements=("impressionism", "cubism", "baroque", "realism"))
    assert list(candidates(read_pages(source(server, [work(1)]), few))) == ["aic:1"]
    assert max(len(quote(request.query["params"])) for request in server.requests) < 4000


def test_public_domain_and_a_search_are_asked_of_the_museum(server: FetchServer) -> None:
    works = [work(1), work(2, is_public_domain=False, copyright_notice="© 2026 Artists Rights Society"), work(3)]
    works[2]["title"] = "Étretat"
    assert list(candidates(read_pages(source(server, works), Query(public_domain=True)))) == ["aic:1", "aic:3"]
    assert list(candidates(read_pages(source(server, works), Query(search="monet étretat")))) == ["aic:3"]
    guarded = candidates(read_pages(source(server, works), Query()))["aic:2"]
    assert (guarded.licence, guarded.rights) == (None, "© 2026 Artists Rights Society")


@pytest.mark.parametrize(("size", "width"), [(256, 843), (1024, 843), (1600, 1686), (8000, 1686)])
def test_the_size_is_one_that_the_museum_has_ready(server: FetchServer, size: int, width: int) -> None:
    found = one(server, Query(size=size))
    assert isinstance(found, Candidate)
    assert f"/full/{width},/0/" in str(found.address)


def test_it_is_asked_as_it_wants_to_be() -> None:
    politeness = AicSource().politeness
    assert politeness.requests_per_second <= 1
    assert politeness.connections == 1
    assert politeness.agents == ("AIC-User-Agent",)


@pytest.mark.parametrize("query", [Query(address="https://x.org"), Query(columns={"title": "t"})])
def test_what_it_cannot_do_is_refused(query: Query) -> None:
    with pytest.raises(InputError, match="leave"):
        AicSource().check(query)
    AicSource().check(Query(movements=("cubism",), search="Paris", public_domain=True))


@pytest.mark.parametrize("ill", [html_answer(), html_answer(403), Answer(500, b"{}"), Answer(200, b"[]")])
def test_a_service_that_falls_ill_ends_the_list_where_it_can_be_continued(server: FetchServer, ill: Answer) -> None:
    api = AicApi(server, [work(number) for number in range(1, 251)])
    server.route("/api/v1/artworks/search", then(ill, api.search, at=1))
    pages = read_until_ill(AicSource(api.address), Query())
    assert [page.cursor for page in pages] == ["100"]
    server.route("/api/v1/artworks/search", api.search)
    assert len(candidates(read_pages(AicSource(api.address), Query(), cursor="100"))) == 150


def test_a_cursor_of_something_else_is_refused(server: FetchServer) -> None:
    with pytest.raises(InputError, match="begin the fetch anew"):
        read_pages(source(server, []), Query(), cursor="impressionism work 3")


def test_fetched_into_a_folder(server: FetchServer, tmp_path: Path) -> None:
    works = [work(1), work(2, title="Été à “Giverny”", style_title=None, style_titles=[])]
    rows = fetch_rows(source(server, works), Query(), tmp_path / "out")
    assert len(rows) == 2
    assert rows["Water Lilies 1"]["movement"] == "impressionism"
    assert rows["Water Lilies 1"]["raw_label"] == "Impressionism"
    assert rows["Water Lilies 1"]["label_kind"] == "work"
    assert rows["Water Lilies 1"]["licence"] == "CC0-1.0"
    assert rows["Été à “Giverny”"]["movement"] is None
    assert rows["Été à “Giverny”"]["page_url"] == "https://www.artic.edu/artworks/2"
    for request in server.requests:
        assert request.headers["aic-user-agent"] == request.headers["user-agent"]
