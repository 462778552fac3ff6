from pathlib import Path
from typing import Any

import pytest

from dataset.fetch.shapes.met_api import MetApi, work
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
from fetch_server import Answer, FetchServer
from smn.dataset.fetch.candidate import Candidate, Query
from smn.dataset.fetch.sources.met import MetSource
from smn.errors import FetchError, InputError


def source(server: FetchServer, works: dict[int, dict[str, Any] | None]) -> MetSource:
    return MetSource(MetApi(server, works).address)


def one(server: FetchServer, query: Query | None = None, **changes: Any) -> Candidate | str:
    pages = read_pages(source(server, {437: work(437, **changes)}), query or Query())
    return next(iter((candidates(pages) | flaws(pages)).values()))


def test_a_painting_is_read_as_the_museum_describes_it(server: FetchServer) -> None:
    assert one(server) == Candidate(
        id="met:437",
        address=f"{server.address}/CRDImages/ep/web-large/DP437.jpg",
        page="https://www.metmuseum.org/art/collection/search/437",
        artist="Vincent van Gogh",
        title="Wheat Field with Cypresses 437",
        year=1889,
        medium="Oil on canvas",
        museum="The Metropolitan Museum of Art",
        licence="CC0-1.0",
        rights="https://www.metmuseum.org/about-the-met/policies-and-documents/open-access",
        attribution=(
            "Vincent van Gogh, Wheat Field with Cypresses 437, The Metropolitan Museum of Art, Purchase, "
            "The Annenberg Foundation Gift, 1993"
        ),
        wikidata_id="Q19905274",
    )


def test_the_list_resumes_anywhere_and_the_search_of_2026_is_used(server: FetchServer) -> None:
    works: dict[int, dict[str, Any] | None] = {number: work(number) for number in range(500, 543)}
    pages = assert_resumes(source(server, works), Query(), pages=3)
    assert list(candidates(pages)) == [f"met:{number}" for number in works]
    assert {page.total for page in pages} == {43}
    assert server.count("/public/collection/v1/search") == 0
    asked = next(request.query for request in server.requests if request.path.endswith("v1.1/search"))
    assert asked == {"q": "*", "hasImages": "true", "medium": "Paintings", "offset": "0", "limit": "20"}


def test_an_empty_list_and_one_without_a_total(server: FetchServer) -> None:
    assert read_pages(source(server, {}), Query())[0].entries == []
    api = MetApi(server, {1: work(1)})
    server.route("/public/collection/v1.1/search", [answer_of({"objectIDs": [1]})])
    assert list(candidates(read_pages(MetSource(api.address), Query()))) == ["met:1"]


def test_what_is_missing_is_missing_and_nothing_is_made_up(server: FetchServer) -> None:
    empty = {key: "" for key, value in work(1).items() if isinstance(value, str) and not key.startswith("primary")}
    found = one(server, **empty, objectBeginDate=0, isPublicDomain=None)
    assert isinstance(found, Candidate)
    assert found.attribution == "The Metropolitan Museum of Art"
    assert (found.movement, found.label_kind, found.artist, found.title, found.year) == (None,) * 5
    assert (found.page, found.licence, found.rights, found.wikidata_id) == (None,) * 4


def test_entries_that_cannot_be_had_are_flaws_and_cost_only_themselves(server: FetchServer) -> None:
    works = {
        1: work(1),
        2: None,  # listed, but gone: 404
        3: work(3, primaryImage="", primaryImageSmall=""),  # hasImages=true lists such, too (openaccess #57)
        4: work(4, classification="Prints"),
        5: work(5, primaryImageSmall=""),
    }
    pages = read_pages(source(server, works), Query())
    assert list(candidates(pages)) == ["met:1", "met:5"]
    assert flaws(pages) == {
        "met:2": "the museum has no such work any more",
        "met:3": "it has no picture",
        "met:4": "the museum classifies it as Prints",
    }
    assert str(candidates(pages)["met:5"].address).endswith("/original/DP5.jpg")


def test_attribution_keeps_its_qualifier_and_dates_their_sign(server: FetchServer) -> None:
    found = one(server, artistPrefix="Copy after", objectBeginDate=-100)
    assert isinstance(found, Candidate)
    assert (found.artist, found.year) == ("Copy after Vincent van Gogh", -100)


def test_public_domain(server: FetchServer) -> None:
    works: dict[int, dict[str, Any] | None] = {
        1: work(1),
        2: work(2, isPublicDomain=False, rightsAndReproduction="© 2026 Estate"),
    }
    assert list(candidates(read_pages(source(server, works), Query(public_domain=True)))) == ["met:1"]
    guarded = candidates(read_pages(source(server, works), Query()))["met:2"]
    assert (guarded.licence, guarded.rights) == (None, "© 2026 Estate")
    reason = one(server, Query(public_domain=True, search="x"), isPublicDomain=True)
    assert isinstance(reason, Candidate)


@pytest.mark.parametrize(("size", "kind"), [(512, "web-large"), (1024, "web-large"), (2000, "original")])
def test_the_smaller_picture_is_taken_where_it_will_do(server: FetchServer, size: int, kind: str) -> None:
    found = one(server, Query(size=size))
    assert isinstance(found, Candidate)
    assert kind in str(found.address)


def test_it_is_asked_as_it_wants_to_be() -> None:
    assert MetSource().politeness.requests_per_second <= 1
    assert MetSource().politeness.connections == 1


@pytest.mark.parametrize("query", [Query(movements=("cubism",)), Query(address="https://x.org")])
def test_what_it_cannot_do_is_refused(query: Query) -> None:
    with pytest.raises(InputError, match="leave"):
        MetSource().check(query)
    MetSource().check(Query(search="cypresses", public_domain=True))


def test_movements_are_not_searched_for_as_words() -> None:
    with pytest.raises(InputError, match=r"cubism.*is no label.*fetch from wikidata or aic"):
        MetSource().check(Query(movements=("cubism",)))


@pytest.mark.parametrize("ill", [html_answer(403), Answer(200, b"7")])
def test_a_server_that_falls_ill_makes_no_flaws_and_can_be_continued(server: FetchServer, ill: Answer) -> None:
    api = MetApi(server, {number: work(number) for number in range(1, 26)})
    server.route("/public/collection/v1/objects/*", then(ill, api.work, at=22))
    pages = read_until_ill(MetSource(api.address), Query())
    assert [page.cursor for page in pages] == ["20"]
    assert not flaws(pages)
    server.route("/public/collection/v1/objects/*", api.work)
    assert len(candidates(read_pages(MetSource(api.address), Query(), cursor="20"))) == 5


def test_a_search_without_a_list_is_nonsense(server: FetchServer) -> None:
    api = MetApi(server, {})
    server.route("/public/collection/v1.1/search", answer_of({"message": "sorry"}))
    with pytest.raises(FetchError, match="try again later"):
        read_pages(MetSource(api.address), Query())


def test_fetched_into_a_folder(server: FetchServer, tmp_path: Path) -> None:
    works: dict[int, dict[str, Any] | None] = {1: work(1), 2: None, 3: work(3, title="麦畑")}
    rows = fetch_rows(source(server, works), Query(), tmp_path / "out", licence="public-domain")
    assert set(rows) == {"Wheat Field with Cypresses 1", "麦畑"}
    assert rows["麦畑"]["source"] == "met"
    assert rows["麦畑"]["movement"] is None
    assert rows["麦畑"]["rights"].startswith("https://www.metmuseum.org/")
    assert rows["麦畑"]["page_url"] == "https://www.metmuseum.org/art/collection/search/3"
