import numpy as np

from smn.models.codebook import CODES, learn_codebook, score_codebook

DARK = np.array([[10.0, 0, 0, 0.6], [20, 0, 0, 0.4]])
LIGHT = np.array([[90.0, 0, 0, 1.0], [90, 0, 0, 0.0]])


def test_labels_are_told_apart_by_what_colours_they_use() -> None:
    learned = learn_codebook(np.stack([DARK, DARK, LIGHT]), np.array([0, 0, 2]), classes=3, seed=0)
    assert learned["book"].shape == (CODES, 3)
    np.testing.assert_allclose(learned["histograms"].sum(axis=1), [1, np.nan, 1])
    scores = score_codebook(learned, np.stack([DARK, LIGHT]))
    # Equal histograms are 0 apart, and without a common colour the root of the logarithm of 2.
    far = -10 * np.sqrt(np.log(2))
    np.testing.assert_allclose(scores, [[0, -np.inf, far], [far, -np.inf, 0]], atol=1e-6)


def test_a_colour_that_is_not_in_the_book_counts_as_the_nearest() -> None:
    learned = learn_codebook(np.stack([DARK, LIGHT]), np.array([0, 1]), classes=2, seed=0)
    near = np.array([[11.0, 1, 0, 0.6], [21, 0, 1, 0.4]])
    np.testing.assert_allclose(score_codebook(learned, near[None])[0, 0], 0.0, atol=1e-6)
