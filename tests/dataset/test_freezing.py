import pytest

from smn.dataset.freezing import check_frozen
from smn.errors import LeakageError

OLD = [
    {"seed": 1, "id": "a", "artist": "Monet", "movement": "impressionism", "split": "train"},
    {"seed": 2, "id": "b", "artist": "Morisot", "movement": "impressionism", "split": "test"},
    {"seed": 3, "id": "c", "artist": "Manet", "split": None},
]


def changed(number, **values):
    return [row | values if place == number else row for place, row in enumerate(OLD)]


@pytest.mark.parametrize(
    "rows",
    [
        OLD,
        OLD[::-1],
        [*OLD, {"seed": 4, "id": "d", "artist": "Monet", "split": "train"}],
        changed(2, split="train"),
        changed(0, title="Renamed"),
    ],
)
def test_growth_is_no_error(collect, rows):
    check_frozen(collect(OLD), collect(rows, "grown"))


@pytest.mark.parametrize(
    "rows",
    [
        OLD[1:],
        changed(1, split="train"),
        changed(1, split=None),
        changed(1, movement="realism"),
        changed(1, seed=9),
        changed(0, id="z"),
    ],
)
def test_a_row_that_changes_is_an_error(collect, rows):
    with pytest.raises(LeakageError, match=r"1 rows would lose .* such as [ab]; nothing was written.*report it"):
        check_frozen(collect(OLD), collect(rows, "grown"))


def test_a_row_that_comes_into_test_is_an_error(collect):
    rows = [*OLD, {"seed": 4, "id": "d", "split": "test"}]
    with pytest.raises(LeakageError, match="1 would come into test, such as d") as error:
        check_frozen(collect(OLD), collect(rows, "grown"))
    assert error.value.evidence[1][0][0] == "d"


def test_an_artist_who_comes_to_stand_in_two_splits_is_an_error(collect):
    old, new = collect(OLD), {"seed": 4, "artist": "MORISOT", "split": "train"}
    check_frozen(old, collect([*OLD, new | {"artist": "Another"}], "another"))
    with pytest.raises(LeakageError, match="1 artists or files would come to stand in two splits, such as morisot"):
        check_frozen(old, collect([*OLD, new], "grown"))


def test_what_leaked_before_may_stay(collect):
    leaky = [*OLD, {"seed": 4, "id": "d", "artist": "Morisot", "split": "train"}]
    check_frozen(collect(leaky), collect([*leaky, {"seed": 5, "artist": "Morisot", "split": "train"}], "grown"))


def test_a_set_without_splits_has_nothing_to_freeze(collect):
    check_frozen(collect([{"seed": 1}]), collect([{"seed": 1}, {"seed": 2}], "grown"))
