from pathlib import Path

import pytest

from smn.dataset.fetch import WORTH, choose_politeness, get_source, index_sources, list_sources
from smn.dataset.fetch.fetch_source import FetchSource, Query
from smn.errors import InputError, UnknownNameError

NAMES = ["wikidata", "aic", "wikiart", "artbench", "iiif", "csv"]
DOCS = Path(__file__).parents[3] / "docs/fetch.md"


def test_all_sources_are_here() -> None:
    assert [source.name for source in list_sources()] == NAMES == list(WORTH)
    assert list_sources() is not list_sources()


@pytest.mark.parametrize("source", list_sources(), ids=lambda source: source.name)
def test_every_source_is_polite_and_says_what_it_cannot_do(source: FetchSource) -> None:
    assert get_source(source.name) is source
    assert 0 < source.politeness.requests_per_second <= 5
    assert 1 <= source.politeness.connections <= 5
    assert source.title
    assert source.title[0].isupper()
    impossible = Query(
        movements=("cubism",), search="x", address="nonsense", columns={"a": "b"}, public_domain=True
    )  # no source can do all of it
    with pytest.raises(InputError) as caught:
        source.check(impossible)
    assert "leave" in str(caught.value)


def test_a_name_stands_for_one_source() -> None:
    with pytest.raises(InputError, match="Two sources are named 'csv'"):
        index_sources([get_source("csv"), get_source("csv")])
    with pytest.raises(UnknownNameError, match="Did you mean wikidata"):
        get_source("wikidta")


def test_a_source_may_be_asked_more_slowly_only() -> None:
    aic = get_source("aic")
    own = aic.politeness
    assert choose_politeness(aic) == own
    slow = choose_politeness(aic, requests_per_second=0.1, connections=1)
    assert (slow.requests_per_second, slow.connections, slow.agents) == (0.1, 1, own.agents)
    with pytest.raises(InputError, match=f"more than {aic.title} wants; give {own.requests_per_second} or less"):
        choose_politeness(aic, requests_per_second=100)
    with pytest.raises(InputError, match="--connections 99 is more"):
        choose_politeness(aic, connections=99)
    for wrong in (0, -1):
        with pytest.raises(InputError, match="give a number above 0"):
            choose_politeness(aic, connections=wrong)


@pytest.mark.parametrize("name", ["csv", "iiif"])
def test_ones_own_host_may_be_asked_as_quickly_as_one_says(name: str) -> None:
    chosen = choose_politeness(get_source(name), requests_per_second=100, connections=9)
    assert (chosen.requests_per_second, chosen.connections) == (100, 9)


def test_the_page_lists_every_source_as_it_is() -> None:
    lines = [
        f"| `{source.name}` | {source.title} | {WORTH[source.name].labels} | {WORTH[source.name].licences} | "
        f"{source.politeness.requests_per_second:g} | {source.politeness.connections} |"
        for source in list_sources()
    ]
    text = DOCS.read_text(encoding="utf-8")
    assert [line for line in lines if line not in text] == []
