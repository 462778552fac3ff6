import numpy as np
import pytest

from smn.clean.checks.confident_learning import apply_artist_prior, mean_confidence, score_label_quality, share_of_label


def test_mean_confidence_is_that_of_the_label_given():
    probabilities = np.array([[0.8, 0.2, 0.0], [0.4, 0.6, 0.0], [0.3, 0.7, 0.0]])
    assert mean_confidence(probabilities, np.array([0, 0, 1])) == pytest.approx([0.6, 0.7, np.inf])


def test_half_at_the_odds():
    probabilities = np.array([[0.03, 0.9, 0.07], *[[0.05, 0.9, 0.05]] * 5, *[[0.9, 0.05, 0.05]] * 5])
    given = np.array([0, *[1] * 5, *[0] * 5])
    doubts = score_label_quality(probabilities, given, odds=30.0)
    assert doubts.score[0] == pytest.approx(0.5)
    assert (doubts.suggestion[0], doubts.probability[0], doubts.given[0]) == (1, 0.9, 0.03)
    assert (doubts.score[1:] > 0.9).all()
    assert score_label_quality(probabilities, given, odds=10.0).score[0] < 0.5


def test_worse_odds_lower_score():
    own = np.array([0.3, 0.03, 0.003, 0.0003])
    sure = np.tile([[0.05, 0.95]], (9, 1))
    probabilities = np.concatenate([np.stack([own, 1.0 - own], axis=1), sure, sure[:, ::-1]])
    given = np.array([0] * 4 + [1] * 9 + [0] * 9)
    score = score_label_quality(probabilities, given, odds=30.0).score
    assert (np.diff(score[:4]) < 0).all()


def test_an_unsure_suggestion_is_no_finding():
    """Another label is forty times as probable, but where it is given it is far more probable still."""
    probabilities = np.array([[0.01, 0.4, 0.3, 0.29], *[[0.01, 0.97, 0.01, 0.01]] * 5])
    doubts = score_label_quality(probabilities, np.array([0, 1, 1, 1, 1, 1]), odds=30.0)
    assert doubts.score[0] >= 0.5
    assert doubts.suggestion[0] == 1


def test_the_confident_label_is_suggested_rather_than_the_likeliest():
    """Label 2 is never very probable, so 0.35 is much for it; label 1 mostly is, so 0.4 is little."""
    rows = [[0.005, 0.6, 0.395], *[[0.02, 0.95, 0.03]] * 5, *[[0.3, 0.4, 0.3]] * 5]
    doubts = score_label_quality(np.array(rows), np.array([0] + [1] * 5 + [2] * 5), odds=30.0)
    assert doubts.suggestion[0] == 2
    assert doubts.score[0] < 0.5


def test_probability_nought():
    doubts = score_label_quality(np.array([[0.0, 1.0], [0.0, 1.0]]), np.array([0, 1]), odds=30.0)
    assert doubts.score[0] < 1e-6
    assert doubts.score[1] > 0.99


RESTLESS = np.full(20, False)


def test_the_other_works_outweigh_a_look():
    """Ten works by one artist, nine of label 0; ten works of label 1 by others. All look a little like label 1."""
    given = np.array([0] * 9 + [1] + [1] * 10)
    groups = np.array([0] * 10 + list(range(1, 11)))
    weighed = apply_artist_prior(np.tile([[0.4, 0.6]], (20, 1)), given, groups, copied=RESTLESS)
    assert np.allclose(weighed.sum(axis=1), 1.0)
    assert (weighed[:10, 0] > 0.7).all()
    assert weighed[9, 0] > weighed[8, 0]  # its own label has no vote
    assert weighed[10:] == pytest.approx(np.tile([[0.4, 0.6]], (10, 1)))  # who has one work only is left as he looks


def test_a_copied_label_is_one_statement():
    """Twelve works that got their artist's label speak for it as loudly as one, and for a row's own label too."""
    given = np.array([0] * 12 + [1] * 13)
    many = np.array([0] * 12 + list(range(1, 14)))
    alone = np.arange(25)
    looks = np.tile([[0.4, 0.6]], (25, 1))
    copied = np.arange(25) < 12
    together = apply_artist_prior(looks, given, many, copied=copied)[0, 0]
    assert 0.4 < together < 0.6
    assert together == pytest.approx(apply_artist_prior(looks, given, alone, copied=copied)[0, 0])
    assert apply_artist_prior(looks, given, many, copied=np.full(25, False))[0, 0] > 0.7


def test_more_doubt_less_weight():
    given = np.array([0] * 9 + [1] * 11)
    groups = np.array([0] * 10 + list(range(1, 11)))
    looks = np.tile([[0.5, 0.5]], (20, 1))
    little, much = (
        apply_artist_prior(looks, given, groups, copied=RESTLESS, smoothing=smoothing)[0, 0]
        for smoothing in (1.0, 100.0)
    )
    assert little > much > 0.5


def test_shares_of_a_movement():
    shares = share_of_label(np.array([0, 0, 0, 0, 1, 1]), np.array([5, 5, 5, 2, 5, 3]))
    assert shares == pytest.approx([0.75, 0.75, 0.75, 0.25, 0.5, 0.5])
