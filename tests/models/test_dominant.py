import numpy as np

from smn.models.dominant import learn_dominant, score_dominant


def one_colour(*lab: float) -> np.ndarray:
    return np.array([[*lab, 0.7], [0, 0, 0, 0.3]])


def test_a_label_s_colour_is_the_commonest_of_its_pictures_commonest() -> None:
    palettes = np.stack([one_colour(*lab) for lab in ((60, 30, 0), (40, 10, 0), (40, 10, 0), (90, 0, 0))])
    learned = learn_dominant(palettes, np.array([0, 0, 0, 2]), classes=3, seed=0)
    np.testing.assert_allclose(learned["palettes"][[0, 2], 0], [[40, 10, 0, 2 / 3], [90, 0, 0, 1]])
    assert np.isnan(learned["palettes"][1]).all()


def test_the_score_is_the_negative_of_a_tenth_of_the_difference_that_the_eye_sees() -> None:
    # Pair 1 of the test data of Sharma et al. 2005.
    learned = {"palettes": np.array([[[50.0, 0.0, -82.7485, 1.0]], [[np.nan] * 4]])}
    scores = score_dominant(learned, np.stack([one_colour(50, 2.6772, -79.7751)]))
    np.testing.assert_allclose(scores, [[-0.20425, -np.inf]], atol=1e-5)
