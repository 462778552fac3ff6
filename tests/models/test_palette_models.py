""""""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smn.models.palette_models import (
    CANDIDATES,
    CODES,
    NEIGHBOURS,
    _slice,
    learn_barycentres,
    learn_codebook,
    learn_dominant,
    learn_neighbours,
    measure_transport,
    score_barycentres,
    score_codebook,
    score_dominant,
    score_neighbours,
)


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


def draw_palettes(count: int, *, seed: int, middle: float = 50.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    colours = random.normal((middle, 0, 0), 8.0, (count, 5, 3))
    shares = -np.sort(-random.dirichlet(np.ones(5), count), axis=1)
    return np.concatenate([colours, shares[:, :, None]], axis=2)


def test_moving_a_quarter_by_forty_is_work_of_ten() -> None:
    one = np.array([[20.0, 0, 0, 0.75], [60, 0, 0, 0.25]])
    other = np.array([[[20.0, 0, 0, 1.0], [60, 0, 0, 0.0]]])
    np.testing.assert_allclose(measure_transport(one, other), [10.0])


@given(st.integers(0, 10_000))
def test_the_distance_is_a_metric_and_the_means_bound_it(seed: int) -> None:
    one, other, third = draw_palettes(3, seed=seed)
    there, back = measure_transport(one, other[None])[0], measure_transport(other, one[None])[0]
    assert measure_transport(one, one[None])[0] == pytest.approx(0.0, abs=1e-9)
    assert there == pytest.approx(back)
    assert there <= measure_transport(one, third[None])[0] + measure_transport(third, other[None])[0] + 1e-9
    means = [(palette[:, :3] * palette[:, 3:]).sum(axis=0) for palette in (one, other)]
    assert there >= np.linalg.norm(means[0] - means[1]) - 1e-9


def test_a_barycentre_lies_between_its_pictures() -> None:
    left, right = np.array([[40.0, -10, 0, 1.0]]), np.array([[60.0, 10, 0, 1.0]])
    learned = learn_barycentres(np.stack([left, right]), np.array([1, 1]), classes=2, seed=0)
    used = learned["palettes"][1][learned["palettes"][1, :, 3] > 0]
    np.testing.assert_allclose(used[:, :3].mean(axis=0), [50, 0, 0], atol=1e-6)
    assert np.isnan(learned["palettes"][0]).all()


def test_a_barycentre_of_equal_pictures_is_that_picture() -> None:
    palette = draw_palettes(1, seed=4)
    learned = learn_barycentres(np.repeat(palette, 6, axis=0), np.zeros(6, dtype=np.int64), classes=1, seed=0)
    np.testing.assert_allclose(score_barycentres(learned, palette), [[0.0]], atol=1e-6)


def test_a_label_with_more_pictures_than_enough_is_learnt_from_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smn.models.palette_models._PICTURES", 5)
    palettes = draw_palettes(30, seed=1)
    learned = [learn_barycentres(palettes, np.zeros(30, dtype=np.int64), classes=1, seed=at) for at in (0, 0, 1)]
    np.testing.assert_array_equal(learned[0]["palettes"], learned[1]["palettes"])
    assert not np.array_equal(learned[0]["palettes"], learned[2]["palettes"])


def test_neighbours_vote_and_only_labels_without_pictures_are_impossible() -> None:
    palettes = np.concatenate([draw_palettes(60, seed=0, middle=30), draw_palettes(20, seed=1, middle=70)])
    targets = np.repeat([0, 2], [60, 20])
    learned = learn_neighbours(palettes, targets, classes=3, seed=0)
    scores = score_neighbours(learned, draw_palettes(4, seed=2, middle=70))
    # All neighbours are of label 2, whose share of one more vote is a quarter.
    expected = [0.75 / (NEIGHBOURS + 1), 0.0, (NEIGHBOURS + 0.25) / (NEIGHBOURS + 1)]
    np.testing.assert_allclose(np.exp(scores), [expected] * 4)


def test_a_short_list_finds_nearly_the_same_neighbours_as_all_pictures() -> None:
    pictures, palette = draw_palettes(400, seed=0), draw_palettes(1, seed=9)[0]
    apart = np.abs(_slice(pictures) - _slice(palette[None])).sum(axis=1)
    nearest = np.argsort(measure_transport(palette, pictures))[:NEIGHBOURS]
    assert len(set(nearest) & set(np.argsort(apart)[:CANDIDATES])) >= 0.8 * NEIGHBOURS


def test_slices_of_two_plain_colours_are_as_far_apart_as_along_each_direction() -> None:
    grey = np.array([[[40.0, 0, 0, 1.0]], [[70.0, 0, 0, 1.0]]])
    one, other = _slice(grey)
    np.testing.assert_allclose(np.abs(one - other).reshape(10, 7)[0], [30, 0, 0, *[30 / np.sqrt(3)] * 4], atol=1e-9)


def test_fewer_pictures_than_neighbours_all_vote() -> None:
    learned = learn_neighbours(draw_palettes(3, seed=0), np.array([0, 1, 1]), classes=2, seed=0)
    np.testing.assert_allclose(np.exp(score_neighbours(learned, draw_palettes(1, seed=1))), [[1 / 3, 2 / 3]])
