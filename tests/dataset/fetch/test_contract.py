"""Every registered source keeps the one contract that `smn dataset fetch` relies on."""

import inspect
from dataclasses import replace
from pathlib import Path

import pytest

from dataset.fetch.shapes.cases import CASES
from dataset.fetch.shapes.reading import candidates, entries, fetch_rows, flaws, html_answer, quick_client, read_pages
from fetch_server import FetchServer
from smn.dataset.fetch import WORTH, get_source, list_sources
from smn.dataset.fetch.fetch_source import Query
from smn.dataset.fetch.source_fields import normalise_licence
from smn.errors import FetchError, InputError, SmnError
from smn.movements import find_movement

NAMES = tuple(CASES)
INSIDE = ("wikiart", "artbench")  # pictures come with the list
UNDERSTOOD = {
    "wikidata": {"movements"},
    "aic": {"movements", "search"},
    "wikiart": {"movements", "address"},
    "artbench": {"movements", "address"},
    "iiif": {"address"},
    "csv": {"movements", "address", "columns"},
}


def test_every_registered_source_is_seen() -> None:
    assert len(NAMES) == 6
    assert tuple(source.name for source in list_sources()) == NAMES == tuple(WORTH)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_the_registered_one_with_a_name_and_manners(server: FetchServer, name: str) -> None:
    registered, case = get_source(name), CASES[name](server)
    assert type(registered) is type(case.source)
    assert registered.name == case.source.name == name
    assert registered.title
    assert 0 < registered.politeness.requests_per_second <= 5
    assert 1 <= registered.politeness.connections <= 5
    assert "User-Agent" not in registered.politeness.agents
    assert inspect.getdoc(type(registered))


@pytest.mark.parametrize("name", NAMES)
def test_it_asks_for_nothing_before_its_first_page(server: FetchServer, name: str) -> None:
    case = CASES[name](server)
    case.source.check(case.query)
    with quick_client() as http:
        case.source.pages(http, case.query)
    assert server.requests == []


@pytest.mark.parametrize("name", NAMES)
def test_its_list_is_whole_from_every_place_at_which_it_was_left(server: FetchServer, name: str) -> None:
    case = CASES[name](server)
    whole = read_pages(case.source, case.query)
    assert len(whole) > 1
    assert whole[-1].cursor is None
    ids = [entry.id for entry in entries(whole)]
    assert len(ids) == len(set(ids)) == case.candidates + case.flaws
    assert (len(candidates(whole)), len(flaws(whole))) == (case.candidates, case.flaws)
    assert all(identity.startswith(f"{name}:") for identity in ids)
    for place, page in enumerate(whole[:-1]):
        assert page.cursor is not None
        assert page.cursor.isprintable()
        assert entries(read_pages(case.source, case.query, cursor=page.cursor)) == entries(whole[place + 1 :])
    totals = {page.total for page in whole} - {None}
    assert len(totals) <= 1


@pytest.mark.parametrize("name", NAMES)
def test_its_candidates_say_what_they_know_and_no_more(server: FetchServer, name: str) -> None:
    case = CASES[name](server)
    for candidate in candidates(read_pages(case.source, case.query)).values():
        if name in INSIDE:
            assert candidate.address is None
            assert candidate.image
        else:
            assert str(candidate.address).startswith(server.address)
            assert candidate.image is None
        assert candidate.label_kind == ("work" if candidate.movement else None)
        found = find_movement(candidate.movement) if candidate.movement else None
        assert (found.id if found else None) == case.movement
        assert candidate.licence is None or normalise_licence(candidate.licence) == candidate.licence
        assert candidate.licence is None or candidate.rights
        texts = [candidate.page, candidate.movement, candidate.artist, candidate.title, candidate.medium]
        texts += [candidate.museum, candidate.licence, candidate.rights, candidate.attribution, candidate.wikidata_id]
        assert all(text is None or text == text.strip() != "" for text in texts)
    reasons = flaws(read_pages(case.source, case.query)).values()
    assert all(reason.strip() for reason in reasons)


@pytest.mark.parametrize("part", ["movements", "search", "address", "columns"])
@pytest.mark.parametrize("name", NAMES)
def test_it_refuses_what_it_does_not_understand_and_says_what_to_do(server: FetchServer, name: str, part: str) -> None:
    case = CASES[name](server)
    if part in UNDERSTOOD[name]:
        return
    asked = {"movements": ("cubism",), "search": "x", "address": "https://x.org/y", "columns": {"title": "t"}}
    with pytest.raises(InputError, match="leave") as caught:
        case.source.check(replace(case.query, **{part: asked[part]}))
    assert case.source.title in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_a_server_that_is_away_is_an_error_with_the_address(name: str) -> None:
    with FetchServer() as server:
        case = CASES[name](server)
    with pytest.raises(FetchError) as caught:
        read_pages(case.source, case.query)
    assert caught.value.address.startswith(server.address)


@pytest.mark.parametrize("name", NAMES)
def test_a_web_page_where_data_should_be_is_an_error(server: FetchServer, name: str) -> None:
    case = CASES[name](server)
    read_pages(case.source, case.query)
    for path in {request.path for request in server.requests}:
        server.route(path, html_answer())
    with pytest.raises(SmnError):
        read_pages(case.source, case.query)


@pytest.mark.parametrize("name", NAMES)
def test_its_pictures_arrive_with_where_they_came_from(server: FetchServer, name: str, tmp_path: Path) -> None:
    case = CASES[name](server)
    wanted = min(5, case.candidates)
    rows = fetch_rows(case.source, case.query, tmp_path / "out", limit=wanted)
    assert len(rows) == wanted
    for row in rows.values():
        assert row["source"] == name
        assert row["movement"] == case.movement
        assert row["retrieved_at"]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in (*INSIDE, "iiif", "csv")])
def test_museums_know_licence_rights_attribution_and_page(server: FetchServer, name: str) -> None:
    case = CASES[name](server)
    query = case.query if case.query.public_domain else Query(movements=case.query.movements, public_domain=True)
    found = candidates(read_pages(case.source, query)).values()
    assert len(found) == case.candidates
    for candidate in found:
        assert candidate.licence in ("CC0-1.0", "PDM-1.0")
        assert candidate.rights
        assert candidate.attribution
        assert str(candidate.page).startswith("https://")
