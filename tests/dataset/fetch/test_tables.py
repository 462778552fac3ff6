import pytest

from smn.dataset.fetch.candidate import Query
from smn.dataset.fetch.sources.tables import choose_labels, first_year, match_columns
from smn.errors import ManifestError, UnknownNameError


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
