from collections.abc import Callable

import numpy as np
import pytest

from smn.confidence.answer_policy import AnswerPolicy, Thresholds, fit_policy, is_correct
from smn.evaluate import Predictions
from smn.evaluate.selective_answers import (
    COVERAGES,
    PRECISIONS,
    THRESHOLDS,
    judge_useful,
    measure_policy,
    sets_by_coverage,
)
from smn.manifest.identity import cluster_artists
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


Make = Callable[..., Predictions]


def make_policy(made: Predictions) -> AnswerPolicy:
    artists = cluster_artists(made.artists)
    return fit_policy(made.probabilities, made.truth, taxonomy=made.taxonomy, artists=artists)


def with_sets(make: Make, policy: AnswerPolicy, **given: object) -> Predictions:
    plain = make(**given)
    sets = sets_by_coverage(plain.probabilities, policy, source=plain.taxonomy, target=plain.taxonomy)
    return make(**given, sets=sets)


def test_a_policy_holds_on_what_is_like_the_data_they_were_learned_on(make_predictions: Make) -> None:
    policy = make_policy(make_predictions(rows=3000, seed=1))
    made = with_sets(make_predictions, policy, rows=3000, seed=2, painting=None)
    kept = measure_policy(made, policy, thresholds=Thresholds(0.3, 0.5), resamples=50)
    assert [one.precision for one in kept.precisions] == list(PRECISIONS)
    assert [one.coverage for one in kept.sets] == list(COVERAGES)
    for one in kept.precisions:
        assert one.right.low - 0.01 <= one.right.value
        assert one.right.value >= one.precision - 0.05
    assert kept.precisions[0].answered.value > kept.precisions[-1].answered.value > 0
    for size in kept.sets:
        assert size.held.value == pytest.approx(size.coverage, abs=0.03)
        assert size.held.low <= size.held.value <= size.held.high
    assert 1 <= kept.sets[0].size.value < kept.sets[1].size.value < kept.sets[2].size.value <= 8


def test_figures_are_what_they_are_called(make_predictions: Make) -> None:
    policy = make_policy(make_predictions(rows=1000, seed=1))
    made = with_sets(make_predictions, policy, rows=300, seed=2)
    kept = measure_policy(made, policy, thresholds=Thresholds(0.3, 0.5), resamples=0)
    (confidence, right), (family, family_right) = is_correct(made.probabilities, made.truth, made.taxonomy)
    movement, family_point = policy.precision.choose(PRECISIONS[1])
    assert movement is not None
    assert family_point is not None
    taken = made.painting >= 0.5
    named = taken & (confidence >= movement.confidence)
    alone = taken & ~named & (family >= family_point.confidence)
    one = kept.precisions[1]
    assert one.answered.value == pytest.approx(named.mean())
    assert one.right.value == pytest.approx(right[named].mean())
    assert one.family_answered.value == pytest.approx(alone.mean())
    assert one.family_right.value == pytest.approx(family_right[alone].mean())
    chosen = made.sets[0.9]
    assert kept.sets[1].held.value == pytest.approx(chosen[np.arange(300), made.truth].mean())
    assert kept.sets[1].size.value == pytest.approx(chosen.sum(axis=1).mean())


def test_what_is_never_answered_has_no_precision(make_predictions: Make) -> None:
    policy = make_policy(make_predictions(rows=60, seed=1))
    made = with_sets(make_predictions, policy, rows=60, seed=2, painting=np.zeros(60))
    kept = measure_policy(made, policy, thresholds=Thresholds(0.3, 0.5), resamples=3)
    assert kept.precisions[0].answered.value == 0.0
    assert not kept.precisions[0].right.is_known
