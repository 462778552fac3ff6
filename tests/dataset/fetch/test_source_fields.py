import pytest

from dataset.fetch.shapes.reading import answer_of, quick_client
from fetch_server import FetchServer
from smn.dataset.fetch.fetch_source import Candidate, Flaw, Query
from smn.dataset.fetch.source_fields import (
    ask_object,
    choose_labels,
    choose_licence,
    credit_line,
    entries_of,
    first_year,
    is_public_domain,
    keep_public,
    match_columns,
    normalise_licence,
    number_of,
    object_of,
    place_of,
    plain_text,
    refuse,
    text_of,
)
from smn.errors import FetchError, InputError, ManifestError, UnknownNameError


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


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("1889", 1889), (1889, 1889), (1889.0, 1889), ("c. 1889–1890", 1889), ("1889-05-01", 1889),
        ("15th century", None), (None, None), ("", None), ("12345", None), ("no date", None), ("2026", 2026),
    ],
)  # fmt: skip
def test_the_first_year_of_a_text(text: object, year: int | None) -> None:
    assert first_year(text) == year


def test_labels_that_a_query_asks_for() -> None:
    anything, cubism = choose_labels(Query()), choose_labels(Query(movements=("cubism",)))
    assert anything(None)
    assert anything("odd")
    assert cubism("Cubism")
    assert cubism("CUBISM ")
    assert not cubism("Baroque")
    assert not cubism("odd")
    assert not cubism(None)
    with pytest.raises(UnknownNameError):
        choose_labels(Query(movements=("kubism",)))


def test_columns_by_their_own_their_customary_and_their_given_names() -> None:
    allowed = {"image": (), "movement": ("style", "label"), "year": ("date",)}
    assert match_columns(["image", "label", "style"], {}, allowed=allowed, where="t") == {
        "image": "image",
        "movement": "style",
    }
    assert match_columns(["link", "date"], {"image": "link"}, allowed=allowed, where="t") == {
        "image": "link",
        "year": "date",
    }
    with pytest.raises(UnknownNameError, match="picture"):
        match_columns(["a"], {"picture": "a"}, allowed=allowed, where="t")
    with pytest.raises(ManifestError, match=r"t has no column 'b'; it has a\. Correct --column image=b"):
        match_columns(["a"], {"image": "b"}, allowed=allowed, where="t")


NAMES = {
    "https://creativecommons.org/publicdomain/zero/1.0/": "CC0-1.0",
    "http://creativecommons.org/publicdomain/zero/1.0/deed.en": "CC0-1.0",
    "https://creativecommons.org/publicdomain/mark/1.0/": "PDM-1.0",
    "https://creativecommons.org/licenses/by-sa/4.0/": "CC-BY-SA-4.0",
    "http://creativecommons.org/licenses/by-nc-nd/3.0/de": "CC-BY-NC-ND-3.0",
    "http://rightsstatements.org/vocab/NoC-US/1.0/": "NoC-US-1.0",
    "https://rightsstatements.org/page/InC/1.0/?language=en": "InC-1.0",
    "http://rightsstatements.org/vocab/noc-us/1.0/": "NoC-US-1.0",
    "CC0": "CC0-1.0",
    "cc0": "CC0-1.0",
    "CC-0": "CC0-1.0",
    "CC0 1.0": "CC0-1.0",
    "CC0 1.0 Universal": "CC0-1.0",
    "CC0-1.0": "CC0-1.0",
    "Creative Commons Zero": "CC0-1.0",
    "Public domain": "PDM-1.0",
    "  public domain ": "PDM-1.0",
    "Public Domain Mark 1.0": "PDM-1.0",
    "PDM-1.0": "PDM-1.0",
    "pd": "PDM-1.0",
    "PD-Art (PD-old-100-expired)": "PDM-1.0",
    "PD-old-70": "PDM-1.0",
    "CC BY 4.0": "CC-BY-4.0",
    "cc-by-sa-3.0": "CC-BY-SA-3.0",
    "CC BY-NC-SA 2.0": "CC-BY-NC-SA-2.0",
    "CC BY": "CC-BY",
    "Creative Commons BY SA 4.0": "CC-BY-SA-4.0",
}
OTHERS = [
    "© Tate", "PD-US", "Public domain in the United States", "No known copyright restrictions", "0", "zero", "",
    "all rights reserved", "non-commercial, fair use", "PD-Art (PD-US)",
]  # fmt: skip


@pytest.mark.parametrize(("text", "name"), NAMES.items())
def test_licences_in_any_spelling_have_one_name(text: str, name: str) -> None:
    assert normalise_licence(text) == name
    assert normalise_licence(name) == name


@pytest.mark.parametrize("text", OTHERS)
def test_other_words_stay_as_they_are(text: str) -> None:
    assert normalise_licence(f" {text} ") == text
    assert not is_public_domain(text)


def test_only_cc0_and_the_mark_are_public_domain_everywhere() -> None:
    free = {name for name in NAMES.values() if is_public_domain(name)}
    assert free == {"CC0-1.0", "PDM-1.0"}
    assert not is_public_domain(None)
    for code in ("NoC-US", "NoC-NC", "NoC-CR", "NoC-OKLR", "NKC", "UND", "InC"):
        assert not is_public_domain(f"http://rightsstatements.org/vocab/{code}/1.0/")


def test_rights_serve_where_no_licence_is_given_and_they_are_one() -> None:
    assert choose_licence("CC0", "© Museum") == "CC0-1.0"
    assert choose_licence(None, "https://creativecommons.org/publicdomain/mark/1.0/") == "PDM-1.0"
    assert choose_licence(None, "Photo: the museum") is None
    assert choose_licence(None, None) is None
