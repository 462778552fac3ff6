import numpy as np
import pytest

from smn.clean.confident import mean_confidence, score_labels_confidently


def test_mean_confidence_is_that_of_the_label_given():
    probabilities = np.array([[0.8, 0.2, 0.0], [0.4, 0.6, 0.0], [0.3, 0.7, 0.0]])
    assert mean_confidence(probabilities, np.array([0, 0, 1])) == pytest.approx([0.6, 0.7, np.inf])


def test_half_at_the_odds():
    probabilities = np.array([[0.03, 0.9, 0.07], *[[0.05, 0.9, 0.05]] * 5, *[[0.9, 0.05, 0.05]] * 5])
    given = np.array([0, *[1] * 5, *[0] * 5])
    doubts = score_labels_confidently(probabilities, given, odds=30.0)
    assert doubts.score[0] == pytest.approx(0.5)
    assert (doubts.suggestion[0], doubts.probability[0], doubts.given[0]) == (1, 0.9, 0.03)
    assert (doubts.score[1:] > 0.9).all()
    assert score_labels_confidently(probabilities, given, odds=10.0).score[0] < 0.5


def test_worse_odds_lower_score():
    own = np.array([0.3, 0.03, 0.003, 0.0003])
    sure = np.tile([[0.05, 0.95]], (9, 1))
    probabilities = np.concatenate([np.stack([own, 1.0 - own], axis=1), sure, sure[:, ::-1]])
    given = np.array([0] * 4 + [1] * 9 + [0] * 9)
    score = score_labels_confidently(probabilities, given, odds=30.0).score
    assert (np.diff(score[:4]) < 0).all()


def test_an_unsure_suggestion_is_no_finding():
    """Another label is forty times as probable, but where it is given it is far more probable still."""
    probabilities = np.array([[0.01, 0.4, 0.3, 0.29], *[[0.01, 0.97, 0.01, 0.01]] * 5])
    doubts = score_labels_confidently(probabilities, np.array([0, 1, 1, 1, 1, 1]), odds=30.0)
    assert doubts.score[0] >= 0.5
    assert doubts.suggestion[0] == 1


def test_the_confident_label_is_suggested_rather_than_the_likeliest():
    """Label 2 is never very probable, so 0.35 is much for it; label 1 mostly is, so 0.4 is little."""
    rows = [[0.005, 0.6, 0.395], *[[0.02, 0.95, 0.03]] * 5, *[[0.3, 0.4, 0.3]] * 5]
    doubts = score_labels_confidently(np.array(rows), np.array([0] + [1] * 5 + [2] * 5), odds=30.0)
    assert doubts.suggestion[0] == 2
    assert doubts.score[0] < 0.5


def test_probability_nought():
    doubts = score_labels_confidently(np.array([[0.0, 1.0], [0.0, 1.0]]), np.array([0, 1]), odds=30.0)
    assert doubts.score[0] < 1e-6
    assert doubts.score[1] > 0.99
