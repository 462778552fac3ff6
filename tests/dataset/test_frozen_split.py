from pathlib import Path

import pytest

from smn.dataset.frozen_split import SplitAssigner, SplitRules, UnassignedReason, check_frozen
from smn.dataset.matching import Entry
from smn.errors import InputError, LeakageError


def entry(artist=None, split=None, number=0, **known):
    names = ("movement", "title", "source", "label_kind", "consent")
    values = dict.fromkeys(names) | known
    return Entry(Path("m.parquet"), 0, number, str(number), f"{number:064x}", artist=artist, split=split, **values)


OLD = [entry("Monet", "train"), entry("Manet", "val"), entry("Berthe Morisot", "test"), entry("Cassatt", None)]


def test_known_artists_stay_where_they_are():
    assigner = SplitAssigner(OLD, SplitRules())
    assert assigner.assign(entry("monet")) == "train"
    assert assigner.assign(entry("MANET")) == "val"
    assert assigner.assign(entry("Morisot, Berthe")) is UnassignedReason.ARTIST_IN_TEST


def test_val_can_be_frozen_too():
    assigner = SplitAssigner(OLD, SplitRules(freeze_val=True, ratios=(1, 1)))
    assert assigner.assign(entry("Manet")) is UnassignedReason.ARTIST_IN_VAL
    assert {assigner.assign(entry(f"new {number}")) for number in range(40)} == {"train"}


def test_new_artists_are_shared_out_by_the_ratios_and_never_to_test():
    drawn = [SplitAssigner(OLD, SplitRules()).assign(entry(f"new {number}")) for number in range(2000)]
    assert set(drawn) == {"train", "val"}
    assert 0.10 < drawn.count("val") / len(drawn) < 0.15  # of 70/10: an eighth
    assert {SplitAssigner(OLD, SplitRules(ratios=(1, 0))).assign(entry(f"new {number}")) for number in range(40)} == {
        "train"
    }


def test_an_artist_goes_to_the_same_split_whatever_else_is_added():
    names = [f"new {number}" for number in range(50)]
    rules = SplitRules(ratios=(1, 1), seed=3)
    first = [SplitAssigner(OLD, rules).assign(entry(name)) for name in names]
    later = [SplitAssigner([*OLD, entry("other", "val")], rules).assign(entry(name.upper())) for name in names]
    assert first == later
    assert [SplitAssigner(OLD, SplitRules(ratios=(1, 1), seed=4)).assign(entry(name)) for name in names] != first


def test_paintings_without_an_artist_go_to_train_and_other_things_one_by_one():
    assigner = SplitAssigner(OLD, SplitRules(ratios=(1, 1)))
    nameless = [assigner.assign(entry(artist, number=number)) for number in range(30) for artist in (None, "unknown")]
    assert set(nameless) == {"train"}
    things = [assigner.assign(entry(movement="not-a-painting", number=number)) for number in range(30)]
    assert set(things) == {"train", "val"}


def test_feedback_waits_until_it_is_accepted():
    said = entry("Monet", label_kind="feedback")
    assert SplitAssigner(OLD, SplitRules()).assign(said) is UnassignedReason.FEEDBACK
    assert SplitAssigner(OLD, SplitRules(accept_feedback=True)).assign(said) == "train"
    in_test = entry("Berthe Morisot", label_kind="feedback")
    assert SplitAssigner(OLD, SplitRules(accept_feedback=True)).assign(in_test) is UnassignedReason.ARTIST_IN_TEST


def test_where_nothing_is_split_nothing_is_allotted():
    assigner = SplitAssigner([entry("Monet"), entry("Manet")], SplitRules())
    assert {assigner.assign(entry(name)) for name in ("Monet", "new", None)} == {UnassignedReason.NO_SPLITS}


def test_an_artist_in_two_splits_counts_for_the_one_to_protect():
    old = [entry("A", "test"), entry("A", "train"), entry("B", "val"), entry("B", "train")]
    for rows in (old, old[::-1]):
        assigner = SplitAssigner(rows, SplitRules())
        assert (assigner.assign(entry("A")), assigner.assign(entry("B"))) == (UnassignedReason.ARTIST_IN_TEST, "val")


@pytest.mark.parametrize("ratios", [(0, 1), (1,), (70, 10, 20), (-1, 2), (2, -1)])
def test_ratios_of_no_use(ratios):
    with pytest.raises(InputError, match=r"two whole numbers for train and val, .* such as 70/10"):
        SplitRules(ratios=ratios)


ROWS = [
    {"seed": 1, "id": "a", "artist": "Monet", "movement": "impressionism", "split": "train"},
    {"seed": 2, "id": "b", "artist": "Morisot", "movement": "impressionism", "split": "test"},
    {"seed": 3, "id": "c", "artist": "Manet", "split": None},
]


def changed(number, **values):
    return [row | values if place == number else row for place, row in enumerate(ROWS)]


@pytest.mark.parametrize(
    "rows",
    [
        ROWS,
        ROWS[::-1],
        [*ROWS, {"seed": 4, "id": "d", "artist": "Monet", "split": "train"}],
        changed(2, split="train"),
        changed(0, title="Renamed"),
    ],
)
def test_growth_is_no_error(collect, rows):
    check_frozen(collect(ROWS), collect(rows, "grown"))


@pytest.mark.parametrize(
    "rows",
    [
        ROWS[1:],
        changed(1, split="train"),
        changed(1, split=None),
        changed(1, movement="realism"),
        changed(1, seed=9),
        changed(0, id="z"),
    ],
)
def test_a_row_that_changes_is_an_error(collect, rows):
    with pytest.raises(LeakageError, match=r"1 rows would lose .* such as [ab]; nothing was written.*report it"):
        check_frozen(collect(ROWS), collect(rows, "grown"))


def test_a_row_that_comes_into_test_is_an_error(collect):
    rows = [*ROWS, {"seed": 4, "id": "d", "split": "test"}]
    with pytest.raises(LeakageError, match="1 would be added to test, such as d") as error:
        check_frozen(collect(ROWS), collect(rows, "grown"))
    assert error.value.evidence[1][0][0] == "d"


def test_an_artist_who_comes_to_stand_in_two_splits_is_an_error(collect):
    old, new = collect(ROWS), {"seed": 4, "artist": "MORISOT", "split": "train"}
    check_frozen(old, collect([*ROWS, new | {"artist": "Another"}], "another"))
    with pytest.raises(LeakageError, match="1 artists or files would be in two splits, such as morisot"):
        check_frozen(old, collect([*ROWS, new], "grown"))


def test_what_leaked_before_may_stay(collect):
    leaky = [*ROWS, {"seed": 4, "id": "d", "artist": "Morisot", "split": "train"}]
    check_frozen(collect(leaky), collect([*leaky, {"seed": 5, "artist": "Morisot", "split": "train"}], "grown"))


def test_a_set_without_splits_has_nothing_to_freeze(collect):
    check_frozen(collect([{"seed": 1}]), collect([{"seed": 1}, {"seed": 2}], "grown"))
