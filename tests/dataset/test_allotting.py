from pathlib import Path

import pytest

from smn.dataset.allotting import Allotter, Rules, Unused
from smn.dataset.matching import Entry
from smn.errors import InputError


def entry(artist=None, split=None, number=0, **known):
    names = ("movement", "title", "source", "label_kind", "consent")
    values = dict.fromkeys(names) | known
    return Entry(Path("m.parquet"), 0, number, str(number), f"{number:064x}", artist=artist, split=split, **values)


OLD = [entry("Monet", "train"), entry("Manet", "val"), entry("Berthe Morisot", "test"), entry("Cassatt", None)]


def test_known_artists_stay_where_they_are():
    allotter = Allotter(OLD, Rules())
    assert allotter.allot(entry("monet")) == "train"
    assert allotter.allot(entry("MANET")) == "val"
    assert allotter.allot(entry("Morisot, Berthe")) is Unused.ARTIST_IN_TEST


def test_val_can_be_frozen_too():
    allotter = Allotter(OLD, Rules(freeze_val=True, ratios=(1, 1)))
    assert allotter.allot(entry("Manet")) is Unused.ARTIST_IN_VAL
    assert {allotter.allot(entry(f"new {number}")) for number in range(40)} == {"train"}


def test_new_artists_are_shared_out_by_the_ratios_and_never_to_test():
    drawn = [Allotter(OLD, Rules()).allot(entry(f"new {number}")) for number in range(2000)]
    assert set(drawn) == {"train", "val"}
    assert 0.10 < drawn.count("val") / len(drawn) < 0.15  # of 70/10: an eighth
    assert {Allotter(OLD, Rules(ratios=(1, 0))).allot(entry(f"new {number}")) for number in range(40)} == {"train"}


def test_an_artist_goes_to_the_same_split_whatever_else_is_added():
    names = [f"new {number}" for number in range(50)]
    rules = Rules(ratios=(1, 1), seed=3)
    first = [Allotter(OLD, rules).allot(entry(name)) for name in names]
    later = [Allotter([*OLD, entry("other", "val")], rules).allot(entry(name.upper())) for name in names]
    assert first == later
    assert [Allotter(OLD, Rules(ratios=(1, 1), seed=4)).allot(entry(name)) for name in names] != first


def test_paintings_without_an_artist_go_to_train_and_other_things_one_by_one():
    allotter = Allotter(OLD, Rules(ratios=(1, 1)))
    nameless = [allotter.allot(entry(artist, number=number)) for number in range(30) for artist in (None, "unknown")]
    assert set(nameless) == {"train"}
    things = [allotter.allot(entry(movement="not-a-painting", number=number)) for number in range(30)]
    assert set(things) == {"train", "val"}


def test_feedback_waits_until_it_is_accepted():
    said = entry("Monet", label_kind="feedback")
    assert Allotter(OLD, Rules()).allot(said) is Unused.FEEDBACK
    assert Allotter(OLD, Rules(accept_feedback=True)).allot(said) == "train"
    in_test = entry("Berthe Morisot", label_kind="feedback")
    assert Allotter(OLD, Rules(accept_feedback=True)).allot(in_test) is Unused.ARTIST_IN_TEST


def test_where_nothing_is_split_nothing_is_allotted():
    allotter = Allotter([entry("Monet"), entry("Manet")], Rules())
    assert {allotter.allot(entry(name)) for name in ("Monet", "new", None)} == {Unused.NO_SPLITS}


def test_an_artist_in_two_splits_counts_for_the_one_to_protect():
    old = [entry("A", "test"), entry("A", "train"), entry("B", "val"), entry("B", "train")]
    for rows in (old, old[::-1]):
        allotter = Allotter(rows, Rules())
        assert (allotter.allot(entry("A")), allotter.allot(entry("B"))) == (Unused.ARTIST_IN_TEST, "val")


@pytest.mark.parametrize("ratios", [(0, 1), (1,), (70, 10, 20), (-1, 2), (2, -1)])
def test_ratios_of_no_use(ratios):
    with pytest.raises(InputError, match=r"two whole numbers for train and val, .* such as 70/10"):
        Rules(ratios=ratios)
