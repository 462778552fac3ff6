import pytest

from dataset.fetch.shapes.reading import answer_of, quick_client
from fetch_server import FetchServer
from smn.dataset.fetch.candidate import Candidate, Flaw, Query
from smn.dataset.fetch.sources.fields import (
    ask_object,
    credit_line,
    entries_of,
    keep_public,
    number_of,
    object_of,
    place_of,
    plain_text,
    refuse,
    text_of,
)
from smn.errors import FetchError, InputError


@pytest.mark.parametrize(
    ("value", "text"), [(" Été ", "Été"), ("", None), ("  ", None), (None, None), (7, None), ([], None)]
)
def test_text(value: object, text: str | None) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (7, 7),
        ("7", 7),
        (" -12 ", -12),
        ("1889?", None),
        ("", None),
        (None, None),
        (True, None),
        (1.5, None),
        ([7], None),
    ],
)
def test_number(value: object, number: int | None) -> None:
    assert number_of(value) == number


def test_objects_and_lists_of_them() -> None:
    assert entries_of([{"a": 1}, "x", None, {"b": 2}]) == [{"a": 1}, {"b": 2}]
    assert entries_of({"a": 1}) == [{"a": 1}]
    assert entries_of("x") == entries_of(None) == []
    assert object_of({"a": 1}) == {"a": 1}
    assert object_of([1]) == object_of(None) == {}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('<a href="x">Claude&nbsp;Monet</a>', "Claude Monet"),
        ("<b>A</b><br>B &amp; C", "A B & C"),
        ("<span></span>", None),
        (None, None),
    ],
)
def test_text_without_html(value: object, text: str | None) -> None:
    assert plain_text(value) == text


def test_credit_line_leaves_out_what_is_not_known() -> None:
    assert credit_line("A", None, "", "B") == "A, B"


def test_an_object_is_insisted_on(server: FetchServer) -> None:
    address = server.route("/a", answer_of([1]))
    with quick_client() as http, pytest.raises(FetchError, match="list where an object") as caught:
        ask_object(http, address)
    assert caught.value.address == address


@pytest.mark.parametrize(("cursor", "place"), [(None, 0), ("0", 0), ("120", 120)])
def test_places(cursor: str | None, place: int) -> None:
    assert place_of(cursor) == place


@pytest.mark.parametrize("cursor", ["", "-1", "x", "²", "1.0"])
def test_cursors_that_do_not_count(cursor: str) -> None:
    with pytest.raises(InputError, match="begin the fetch anew"):
        place_of(cursor)


def test_public_domain_is_kept() -> None:
    free, guarded = Candidate("a:1", "x", licence="CC0-1.0"), Candidate("a:2", "x")
    assert keep_public(guarded, Query()) is guarded
    assert keep_public(free, Query(public_domain=True)) is free
    assert keep_public(guarded, Query(public_domain=True)) == Flaw(
        "a:2", "licence: none given, which is not the public domain"
    )


def test_refusals_say_what_to_do() -> None:
    refuse("A museum", Query(size=3, public_domain=True))
    refuse("A museum", Query(search="x"), unless=("search",))
    with pytest.raises(InputError, match=r"A museum cannot be searched for 'x'; leave the search out\."):
        refuse("A museum", Query(search="x"))
    with pytest.raises(InputError, match="columns"):
        refuse("A museum", Query(columns={"title": "t"}), unless=("search",))
