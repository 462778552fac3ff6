import numpy as np
import pytest

from smn.evaluate import Figure
from smn.evaluate.bootstrap import bootstrap, draw_weights
from smn.evaluate.metrics import weighted_mean


def test_weights_draw_whole_clusters_as_many_as_there_are() -> None:
    clusters = np.array([0, 0, 0, 1, 2, 2])
    for weights in draw_weights(clusters, resamples=20, seed=1):
        assert weights[0] == weights[1] == weights[2]
        assert weights[0] + weights[3] + weights[4] == 3


def _interval(hits: np.ndarray, clusters: np.ndarray) -> Figure:
    return bootstrap(lambda weights: np.array([weighted_mean(hits, weights)]), [clusters], resamples=400, seed=5)[0]


def test_interval_is_wider_when_artists_are_clustered() -> None:
    random = np.random.default_rng(0)
    hits = np.repeat(random.random(40) < 0.5, 20)  # all of an artist's works succeed or fail together
    alone, together = _interval(hits, np.arange(800)), _interval(hits, np.repeat(np.arange(40), 20))
    assert alone.value == together.value
    assert (together.high - together.low) > 3 * (alone.high - alone.low)


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(60):
        figure = _interval(random.random(200) < 0.6, np.arange(200))
        covered += figure.low <= 0.6 <= figure.high
    assert covered >= 52


def test_equal_seeds_give_equal_intervals() -> None:
    hits = np.random.default_rng(0).random(50) < 0.5
    assert _interval(hits, np.arange(50)) == _interval(hits, np.arange(50))


def test_interval_holds_its_value_and_strata_are_drawn_apart() -> None:
    def statistic(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        assert first.sum() == 5
        assert second.sum() == 7
        return np.array([first.max(), np.nan])

    known, unknown = bootstrap(statistic, [np.arange(5), np.arange(7)], resamples=10)
    assert known.low == known.value == 1.0
    assert known.high > 1.0
    assert not unknown.is_known


def test_without_resamples_the_interval_is_the_value() -> None:
    figure = bootstrap(lambda weights: weights[:1] * 3, [np.arange(4)], resamples=0)[0]
    assert figure == Figure(3.0, 3.0, 3.0)


def test_no_rows_are_no_error() -> None:
    figure = bootstrap(
        lambda weights: np.array([weighted_mean([], weights)]), [np.zeros(0, dtype=np.int64)], resamples=3
    )
    assert not figure[0].is_known
    assert figure[0].value == pytest.approx(float("nan"), nan_ok=True)
