import numpy as np
import pytest

from smn.clean.votes import share_of_label, weigh_votes

RESTLESS = np.full(20, False)


def test_the_other_works_outweigh_a_look():
    """Ten works by one artist, nine of label 0; ten works of label 1 by others. All look a little like label 1."""
    given = np.array([0] * 9 + [1] + [1] * 10)
    groups = np.array([0] * 10 + list(range(1, 11)))
    weighed = weigh_votes(np.tile([[0.4, 0.6]], (20, 1)), given, groups, copied=RESTLESS)
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
    together = weigh_votes(looks, given, many, copied=copied)[0, 0]
    assert 0.4 < together < 0.6
    assert together == pytest.approx(weigh_votes(looks, given, alone, copied=copied)[0, 0])
    assert weigh_votes(looks, given, many, copied=np.full(25, False))[0, 0] > 0.7


def test_more_doubt_less_weight():
    given = np.array([0] * 9 + [1] * 11)
    groups = np.array([0] * 10 + list(range(1, 11)))
    looks = np.tile([[0.5, 0.5]], (20, 1))
    little, much = (weigh_votes(looks, given, groups, copied=RESTLESS, doubt=doubt)[0, 0] for doubt in (1.0, 100.0))
    assert little > much > 0.5


def test_shares_of_a_movement():
    shares = share_of_label(np.array([0, 0, 0, 0, 1, 1]), np.array([5, 5, 5, 2, 5, 3]))
    assert shares == pytest.approx([0.75, 0.75, 0.75, 0.25, 0.5, 0.5])
