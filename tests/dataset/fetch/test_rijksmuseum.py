from pathlib import Path
from typing import Any

import pytest

from dataset.fetch.shapes.reading import (
    answer_of,
    assert_resumes,
    candidates,
    fetch_rows,
    flaws,
    html_answer,
    read_pages,
    read_until_ill,
    then,
)
from dataset.fetch.shapes.rijksmuseum_api import (
    DUTCH,
    ENGLISH,
    PUBLIC_DOMAIN_MARK,
    RijksmuseumApi,
    digital,
    visual,
    work,
)
from fetch_server import Answer, FetchServer
from smn.dataset.fetch.candidate import Candidate, Query
from smn.dataset.fetch.sources.rijksmuseum import RijksmuseumSource
from smn.errors import FetchError, InputError


def one(server: FetchServer, query: Query | None = None, **changes: Any) -> Candidate | str:
    api = RijksmuseumApi(server, [100988])
    api.records["200100988"] |= changes
    pages = read_pages(RijksmuseumSource(api.address), query or Query())
    return next(iter((candidates(pages) | flaws(pages)).values()))


def made(**changes: Any) -> dict[str, Any]:
    return {"produced_by": work(1)["produced_by"] | changes}


def test_a_painting_is_read_as_the_museum_describes_it(server: FetchServer) -> None:
    assert one(server) == Candidate(
        id="rijksmuseum:200100988",
        address=f"{server.address}/micrio/m100988/full/!1024,1024/0/default.jpg",
        page="https://www.rijksmuseum.nl/en/collection/object/SK-A-100988",
        artist="Jan Toorop",
        title="Misty Sea 100988",
        year=1899,
        medium="oil on canvas",
        museum="Rijksmuseum",
        licence="PDM-1.0",
        rights=PUBLIC_DOMAIN_MARK,
        attribution="Jan Toorop, Misty Sea 100988, Rijksmuseum, Gift of the heirs",
        wikidata_id="Q17339640",
    )
    asked = [(request.path, dict(request.query)) for request in server.requests]
    assert asked[0] == ("/search/collection", {"type": "painting", "imageAvailable": "true"})
    assert asked[1:] == [(f"/{number}100988", {"_profile": "la-framed"}) for number in (200, 202, 500)]


def test_the_list_resumes_anywhere_within_and_between_the_museums_own_pages(server: FetchServer) -> None:
    api = RijksmuseumApi(server, list(range(10, 35)), page=22)
    pages = assert_resumes(RijksmuseumSource(api.address), Query(), pages=3)
    assert len(candidates(pages)) == 25
    assert [len(page.entries) for page in pages] == [20, 2, 3]
    assert {page.total for page in pages} == {25}


def test_lists_that_are_empty_or_turn_in_a_circle_end(server: FetchServer) -> None:
    api = RijksmuseumApi(server, [])
    assert read_pages(RijksmuseumSource(api.address), Query())[0].entries == []
    following = {"id": "https://data.rijksmuseum.nl/search/collection?pageToken=abc"}
    server.route("/search/collection", answer_of({"orderedItems": [], "next": following}))
    assert len(read_pages(RijksmuseumSource(api.address), Query())) == 2


def test_only_the_token_of_the_next_page_is_taken_never_its_host(server: FetchServer) -> None:
    api = RijksmuseumApi(server, [1])
    following = {"id": "https://elsewhere.example/search/collection?pageToken=abc"}
    server.route(
        "/search/collection", [answer_of({"orderedItems": [], "next": following}), answer_of({"orderedItems": []})]
    )
    read_pages(RijksmuseumSource(api.address), Query())
    assert server.requests[-1].query["pageToken"] == "abc"


def test_what_is_missing_is_missing_and_nothing_is_made_up(server: FetchServer) -> None:
    api = RijksmuseumApi(server, [7])
    api.records["2007"] = {"shows": api.records["2007"]["shows"]}
    api.records["2027"] = visual(7, right=None)
    found = candidates(read_pages(RijksmuseumSource(api.address), Query()))["rijksmuseum:2007"]
    assert found.attribution == "Rijksmuseum"
    assert (found.movement, found.label_kind, found.artist, found.title, found.year) == (None,) * 5
    assert (found.page, found.licence, found.rights, found.wikidata_id) == (None,) * 4


def test_entries_whose_chain_breaks_are_flaws_and_cost_only_themselves(server: FetchServer) -> None:
    api = RijksmuseumApi(server, [1, 2, 3, 4, 5, 6, 7])
    api.records |= {"2001": None, "2022": None, "5003": None}
    api.records["2004"].pop("shows")
    api.records["2025"]["digitally_shown_by"] = []
    api.records["5006"]["access_point"] = None
    api.listed.append({"id": "https://id.rijksmuseum.nl/nothing"})
    pages = read_pages(RijksmuseumSource(api.address), Query())
    assert list(candidates(pages)) == ["rijksmuseum:2007"]
    assert flaws(pages) == {
        "rijksmuseum:2001": "the museum has no such work any more",
        **{f"rijksmuseum:200{number}": "it has no picture" for number in (2, 3, 4, 5, 6)},
        "rijksmuseum:https://id.rijksmuseum.nl/nothing": "it has no number",
    }


def test_single_things_stand_without_a_list(server: FetchServer) -> None:
    """JSON-LD writes a list of one as the thing itself."""
    api = RijksmuseumApi(server, [9])
    record = api.records["2009"]
    record["shows"] = record["shows"][0]
    record["identified_by"] = record["identified_by"][1]
    api.records["2029"]["digitally_shown_by"] = api.records["2029"]["digitally_shown_by"][0]
    api.records["5009"]["access_point"] = digital(9, api.images)["access_point"][0]
    found = candidates(read_pages(RijksmuseumSource(api.address), Query()))["rijksmuseum:2009"]
    assert found.title == "Mistige zee 9"  # Dutch, where there is no English


@pytest.mark.parametrize(
    ("changes", "artist"),
    [
        (made(part=[]), "painter: Jan Toorop"),  # the museum's words, where there is no name
        (made(part=[], referred_to_by=None), None),
        (made(part=[{"carried_out_by": {"_label": "Anoniem"}}]), "Anoniem"),
        (
            made(referred_to_by=[{"content": "workshop of Rembrandt", "language": [{"id": ENGLISH}]}]),
            "workshop of Rembrandt",
        ),
        (made(referred_to_by=[{"content": "Rembrandt van Rijn"}]), "Jan Toorop"),
        ({"produced_by": None}, None),
    ],
)
def test_who_made_it(server: FetchServer, changes: dict[str, Any], artist: str | None) -> None:
    found = one(server, **changes)
    assert isinstance(found, Candidate)
    assert found.artist == artist


@pytest.mark.parametrize(
    ("span", "year"),
    [
        ({"begin_of_the_begin": "1640-01-01T00:00:00Z", "end_of_the_end": "1645-12-31T00:00:00Z"}, 1640),
        ({"begin_of_the_begin": "-0500-01-01T00:00:00Z"}, -500),
        ({"identified_by": [{"content": "1899"}]}, 1899),
        ({"identified_by": [{"content": "ca. 1899"}]}, None),
        ([{"begin_of_the_begin": "1640-01-01T00:00:00Z"}], 1640),
        (None, None),
    ],
)
def test_the_earliest_year(server: FetchServer, span: Any, year: int | None) -> None:
    found = one(server, **made(timespan=span))
    assert isinstance(found, Candidate)
    assert found.year == year


@pytest.mark.parametrize(
    ("right", "licence"),
    [
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
        ("http://rightsstatements.org/vocab/InC/1.0/", "InC-1.0"),
        (None, None),
    ],
)
def test_licences_stand_with_what_is_shown(server: FetchServer, right: str | None, licence: str | None) -> None:
    api = RijksmuseumApi(server, [5])
    api.records["2025"] = visual(5, right=right)
    found = candidates(read_pages(RijksmuseumSource(api.address), Query()))["rijksmuseum:2005"]
    assert (found.licence, found.rights) == (licence, right)
    free = read_pages(RijksmuseumSource(api.address), Query(public_domain=True))
    assert bool(candidates(free)) == (licence == "CC0-1.0")
    assert licence == "CC0-1.0" or "public domain" in flaws(free)["rijksmuseum:2005"]


@pytest.mark.parametrize(
    ("search", "field", "words"),
    [
        ("night watch", "title", "night watch"),
        ("creator=Vermeer", "creator", "Vermeer"),
        ("creationDate=16??", "creationDate", "16??"),
    ],
)
def test_a_search_names_a_field_or_means_the_title(server: FetchServer, search: str, field: str, words: str) -> None:
    one(server, Query(search=search))
    assert server.requests[0].query[field] == words


def test_a_field_that_is_not_searched_is_refused_with_those_that_are() -> None:
    with pytest.raises(InputError, match=r"style=cubism.*FIELD=WORDS.*creator"):
        RijksmuseumSource().check(Query(search="style=cubism"))


@pytest.mark.parametrize("query", [Query(movements=("cubism",)), Query(address="https://x.org")])
def test_what_it_cannot_do_is_refused(query: Query) -> None:
    with pytest.raises(InputError, match="leave"):
        RijksmuseumSource().check(query)
    RijksmuseumSource().check(Query(search="creator=Toorop", public_domain=True))


def test_it_is_asked_gently() -> None:
    assert RijksmuseumSource().politeness.requests_per_second <= 2
    assert RijksmuseumSource().politeness.connections <= 2


@pytest.mark.parametrize("ill", [html_answer(), Answer(503, b"")])
def test_a_server_that_falls_ill_makes_no_flaws_and_can_be_continued(server: FetchServer, ill: Answer) -> None:
    api = RijksmuseumApi(server, list(range(10, 33)))
    server.route("/*", then(ill, api.record, at=61))
    pages = read_until_ill(RijksmuseumSource(api.address), Query())
    assert [page.cursor for page in pages] == ["#20"]
    assert not flaws(pages)
    server.route("/*", api.record)
    assert len(candidates(read_pages(RijksmuseumSource(api.address), Query(), cursor="#20"))) == 3


def test_a_search_without_a_list_is_nonsense(server: FetchServer) -> None:
    api = RijksmuseumApi(server, [])
    server.route("/search/collection", answer_of({"detail": "Unsupported query parameter: type"}))
    with pytest.raises(FetchError, match="try again later"):
        read_pages(RijksmuseumSource(api.address), Query())


def test_fetched_into_a_folder(server: FetchServer, tmp_path: Path) -> None:
    api = RijksmuseumApi(server, [1, 2, 3])
    api.records["2002"]["identified_by"] = [{"type": "Name", "content": "Молочница", "language": [{"id": DUTCH}]}]
    api.records["2023"] = visual(3, right=None)
    rows = fetch_rows(RijksmuseumSource(api.address), Query(), tmp_path / "out", licence="public-domain")
    assert set(rows) == {"Misty Sea 1", "Молочница"}
    assert rows["Молочница"]["licence"] == "PDM-1.0"
    assert rows["Молочница"]["rights"] == PUBLIC_DOMAIN_MARK
    assert rows["Молочница"]["museum"] == "Rijksmuseum"
    assert rows["Молочница"]["attribution"] == "Jan Toorop, Молочница, Rijksmuseum, Gift of the heirs"
