from pathlib import Path

import pytest

from fetch_server import Answer, FetchServer, painted_jpeg, picture_answer
from smn.dataset.fetch.address_table import AddressSource
from smn.dataset.fetch.estimate import estimate_fetch
from smn.dataset.fetch.fetch_source import Limits, Politeness, Query
from smn.errors import InputError

QUICK = Limits(attempts=2, back_off=0.001)


@pytest.fixture
def query(server: FetchServer) -> Query:
    server.route("/*", picture_answer(1))
    rows = [f"{number}.jpg,{'CC0' if number % 2 else 'CC BY'}" for number in range(600)]
    address = server.route("/t.csv", Answer(200, "\n".join(["image_url,licence", *rows, ",CC0"]).encode()))
    return Query(address=address)


def test_a_first_page_tells_about_the_rest(server: FetchServer, query: Query, tmp_path: Path) -> None:
    source = AddressSource(Politeness(1000))
    estimate = estimate_fetch(source, query, licence="public-domain", limits=QUICK)
    assert (estimate.source, estimate.total, estimate.listed, estimate.matching) == ("csv", 601, 200, 100)
    assert estimate.reasons == {"Its licence is CC-BY, which is not public domain everywhere.": 100}
    assert estimate.pictures == 300
    assert estimate.picture_bytes == len(painted_jpeg(1))
    assert estimate.bytes == 300 * len(painted_jpeg(1))
    assert estimate.requests == 303
    assert estimate.minutes == pytest.approx(303 / 1000 / 60)
    assert len(server.requests) == 4
    assert list(tmp_path.iterdir()) == []
    assert estimate.to_dict()["minutes"] == estimate.minutes


def test_a_limit_and_a_slower_rate_count(query: Query) -> None:
    source = AddressSource(Politeness(1000))
    estimate = estimate_fetch(source, query, limit=30, limits=QUICK, politeness=Politeness(500))
    assert (estimate.pictures, estimate.requests_per_second) == (30, 500)


def test_pictures_that_cannot_be_had_are_told(server: FetchServer, query: Query) -> None:
    server.route("/*", Answer(404))
    estimate = estimate_fetch(AddressSource(Politeness(1000)), query, limits=QUICK)
    assert (estimate.picture_bytes, estimate.bytes) == (None, None)
    assert any("nothing at the address" in reason for reason in estimate.reasons)


def test_nothing_matches(server: FetchServer, query: Query) -> None:
    address = server.route("/no.csv", Answer(200, b"image_url,licence\n1.jpg,CC BY\n"))
    estimate = estimate_fetch(AddressSource(Politeness(1000)), Query(address=address), licence="public-domain")
    assert (estimate.pictures, estimate.requests, estimate.minutes) == (0, 0, 0)


def test_a_wrong_query_is_told() -> None:
    with pytest.raises(InputError, match="--address"):
        estimate_fetch(AddressSource(), Query())
