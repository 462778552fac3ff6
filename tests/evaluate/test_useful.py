import numpy as np
import pytest

from smn.evaluate.useful import THRESHOLDS, judge_useful
from smn.movements import read_taxonomy

TAXONOMY = read_taxonomy("origin-8")


def _row(**shares: float) -> list[float]:
    return [shares.get(label.replace("-", "_"), 0.0) for label in TAXONOMY.label_ids]


def _accept(*labels: str) -> list[bool]:
    return [label in labels for label in TAXONOMY.label_ids]


def _at(threshold: float) -> int:
    return int(np.abs(THRESHOLDS - threshold).argmin())


def test_a_movement_comes_before_two_and_two_before_a_family() -> None:
    probabilities = np.array([_row(realism=0.5, romanticism=0.3, impressionism=0.2)])
    useful = judge_useful(probabilities, np.array([_accept("romanticism")]), TAXONOMY, taken=np.array([True]))
    assert [useful.movement[0, _at(one)] for one in (0.4, 0.6, 0.9)] == [True, False, False]
    assert [useful.two[0, _at(one)] for one in (0.4, 0.6, 0.9)] == [False, True, False]
    # The movement is wrong; one of the two is right.
    assert [useful.right[0, _at(one)] for one in (0.4, 0.6, 0.9)] == [False, True, False]


def test_a_family_is_named_where_two_movements_are_not_sure_enough() -> None:
    family = TAXONOMY.labels[TAXONOMY.label_ids.index("abstract")].family
    mates = [label.id for label in TAXONOMY.labels if label.family == family]
    assert len(mates) > 1
    taxonomy = read_taxonomy("smn-25")
    kin = [label.id for label in taxonomy.labels if label.family == taxonomy.label("baroque").family]
    kin = kin if len(kin) > 2 else [label.id for label in taxonomy.labels if label.family == "renaissance"]
    shares = np.array([[1 / len(kin) if label in kin else 0.0 for label in taxonomy.label_ids]])
    accepted = np.array([[label == kin[-1] for label in taxonomy.label_ids]])
    useful = judge_useful(shares, accepted, taxonomy, taken=np.array([True]))
    assert useful.family[0, _at(0.9)]
    assert useful.right[0, _at(0.9)]


def test_refused_pictures_get_nothing_and_shares_are_weighted() -> None:
    probabilities = np.array([_row(realism=0.9, romanticism=0.1)] * 3)
    accepted = np.array([_accept("realism"), _accept("cubism"), _accept("realism")])
    useful = judge_useful(probabilities, accepted, TAXONOMY, taken=np.array([True, True, False]))
    share, precision = useful.count(np.array([3.0, 1.0, 1.0]))
    assert share[_at(0.5)] == pytest.approx(0.8)
    assert precision[_at(0.5)] == pytest.approx(0.75)
    assert np.isnan(precision[-1]) == (not useful.given[:, -1].any())
    assert useful.coverage_at(np.ones(3)) == 0.0
    assert useful.coverage_at(np.array([9.0, 1.0, 0.0])) == pytest.approx(1.0)
    assert np.isnan(useful.coverage_at(np.zeros(3)))
    assert [kind[_at(0.5)] for kind in useful.shares()] == pytest.approx([2 / 3, 0.0, 0.0])
