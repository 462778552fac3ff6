import numpy as np
import pytest

from smn.clean import outliers as under_test
from smn.clean.outliers import LEAST_NEIGHBOURS, measure_outliers


def make_movements(*, seed=0):
    """Two movements of 200 works by 40 artists each, the second three times as varied; works 0 and 200 are far off."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(80), 5)
    given = np.repeat([0, 1], 200)
    features = rng.normal(size=(400, 8)) * np.where(given == 0, 1.0, 3.0)[:, None]
    features[given == 1] += 30.0
    features[0] = 12.0
    features[200] = -10.0
    return features.astype(np.float32), given, groups


def test_far_from_its_movement():
    score, deviations = measure_outliers(*make_movements(), seed=0)
    assert score[0] < 0.05
    assert score[200] < 0.05
    others = np.setdiff1d(np.arange(400), [0, 200])
    assert (score[others] < 0.5).mean() < 0.02
    assert np.median(deviations) == pytest.approx(0.0, abs=0.01)


def test_a_mixed_movement_has_no_more_findings_than_an_even_one():
    score, given = measure_outliers(*make_movements(), seed=0)[0], make_movements()[1]
    assert abs((score[given == 0] < 0.9).mean() - (score[given == 1] < 0.9).mean()) < 0.05


def test_an_artist_is_not_compared_with_himself():
    """All works of artist 3 stand together far away: near each other, and all the same unlike the movement."""
    features, given, groups = make_movements()
    features[groups == 3] = 15.0 + np.arange(8)
    assert (measure_outliers(features, given, groups, seed=0)[0][groups == 3] < 0.05).all()


def test_too_few_others():
    features, given, groups = make_movements()
    few = np.flatnonzero(groups < LEAST_NEIGHBOURS // 5)
    score, deviations = measure_outliers(features[few], given[few], groups[few], seed=0)
    assert np.isnan(score).all()
    assert np.isnan(deviations).all()


def test_equal_pictures():
    score, _ = measure_outliers(np.ones((60, 4), np.float32), np.zeros(60, np.int64), np.arange(60), seed=0)
    assert (score > 0.9).all()


def test_a_large_movement_is_sampled(monkeypatch):
    monkeypatch.setattr(under_test, "_MOST", 100)
    monkeypatch.setattr(under_test, "_CHUNK", 64)
    first, again = (measure_outliers(*make_movements(), seed=3)[0] for _ in range(2))
    assert (first == again).all()
    assert first[0] < 0.05
    assert (first < 0.5).mean() < 0.03
