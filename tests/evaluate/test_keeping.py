"""What became of promises, on predictions that the tests make."""

from collections.abc import Callable

import numpy as np
import pytest

from smn.artists import cluster_artists
from smn.confidence.answer_policy import AnswerPolicy, Thresholds, fit_policy, is_correct
from smn.evaluate import Predictions
from smn.evaluate.keeping import COVERAGES, PRECISIONS, list_sets, measure_promises

Make = Callable[..., Predictions]


def promise(made: Predictions) -> AnswerPolicy:
    artists = cluster_artists(made.artists)
    return fit_policy(made.probabilities, made.truth, taxonomy=made.taxonomy, artists=artists)


def with_sets(make: Make, promises: AnswerPolicy, **given: object) -> Predictions:
    plain = make(**given)
    sets = list_sets(plain.probabilities, promises, source=plain.taxonomy, target=plain.taxonomy)
    return make(**given, sets=sets)


def test_promises_are_kept_on_what_is_like_the_data_they_were_learned_on(make_predictions: Make) -> None:
    promises = promise(make_predictions(rows=3000, seed=1))
    made = with_sets(make_predictions, promises, rows=3000, seed=2, painting=None)
    kept = measure_promises(made, promises, thresholds=Thresholds(0.3, 0.5), resamples=50)
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
    promises = promise(make_predictions(rows=1000, seed=1))
    made = with_sets(make_predictions, promises, rows=300, seed=2)
    kept = measure_promises(made, promises, thresholds=Thresholds(0.3, 0.5), resamples=0)
    (confidence, right), (family, family_right) = is_correct(made.probabilities, made.truth, made.taxonomy)
    movement, family_point = promises.precision.choose(PRECISIONS[1])
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
    promises = promise(make_predictions(rows=60, seed=1))
    made = with_sets(make_predictions, promises, rows=60, seed=2, painting=np.zeros(60))
    kept = measure_promises(made, promises, thresholds=Thresholds(0.3, 0.5), resamples=3)
    assert kept.precisions[0].answered.value == 0.0
    assert not kept.precisions[0].right.is_known
