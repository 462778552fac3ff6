import numpy as np
import pytest

from smn.clean.misjudged import LEAST_WORKS, judge_artists


def make_artists(*, wrong=(), works=6, sure=0.8, seed=0):
    """Thirty artists of three labels; models give true labels ``sure`` on average; some are labelled wrong."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(30), works)
    truth = groups % 3
    strength = np.where(np.eye(3, dtype=bool)[truth], sure * 10, (1 - sure) * 5)
    probabilities = np.array([rng.dirichlet(row) for row in strength])
    given = np.where(np.isin(groups, wrong), (truth + 1) % 3, truth)
    return probabilities, given, groups, truth


def test_artists_with_the_wrong_label():
    probabilities, given, groups, truth = make_artists(wrong=(4, 17))
    doubts = judge_artists(probabilities, given, groups)
    assert set(groups[doubts.score < 0.5].tolist()) == {4, 17}
    wrong = np.isin(groups, (4, 17))
    assert (doubts.suggestion[wrong] == truth[wrong]).all()
    assert doubts.probability[wrong] == pytest.approx(0.8, abs=0.2)
    assert (doubts.rows == 6).all()


def test_all_works_of_an_artist_have_his_score():
    doubts = judge_artists(*make_artists(wrong=(4,))[:3])
    assert all(len(set(doubts.score[start : start + 6].tolist())) == 1 for start in range(0, 180, 6))


def test_few_works_are_not_judged():
    doubts = judge_artists(*make_artists(wrong=(4,), works=LEAST_WORKS - 1)[:3])
    assert np.isnan(doubts.score).all()


def test_one_strange_work_condemns_nobody():
    probabilities, given, groups, _ = make_artists()
    probabilities[0] = [0.01, 0.98, 0.01]
    assert judge_artists(probabilities, given, groups).score[0] > 0.5


def test_a_movement_that_is_never_recognised_is_not_full_of_wrong_artists():
    """Label 2 gets 0.1 wherever it is given, and label 0 gets 0.85 there: unsure, but equally so of all its artists."""
    groups = np.repeat(np.arange(20), 5)
    given = np.where(groups < 10, 0, 2)
    probabilities = np.tile([[0.85, 0.05, 0.1]], (100, 1))
    assert (judge_artists(probabilities, given, groups).score[given == 2] > 0.5).all()
