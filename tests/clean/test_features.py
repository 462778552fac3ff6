import numpy as np
import pytest

from smn.clean.features import reduce_embedding


def test_distances_are_kept_up_to_scale():
    rng = np.random.default_rng(0)
    embedding = rng.normal(size=(300, 6)).astype(np.float16)
    reduced = reduce_embedding(embedding, np.arange(300))
    plain = embedding.astype(np.float64)
    standardised = (plain - plain.mean(axis=0)) / plain.std(axis=0)
    ratio = np.linalg.norm(standardised[1:] - standardised[0], axis=1) / np.linalg.norm(
        reduced[1:] - reduced[0], axis=1
    )
    assert reduced.shape == (300, 6)
    assert ratio.std() / ratio.mean() < 0.01
    assert reduced[:, 0].std() == pytest.approx(1.0, abs=0.01)


def test_directions_of_little_variance_are_left_out():
    rng = np.random.default_rng(0)
    wide = np.repeat(rng.normal(size=(200, 1)), 10, axis=1)
    embedding = (np.concatenate([wide, rng.normal(size=(200, 1))], axis=1)).astype(np.float16)
    reduced = reduce_embedding(embedding, np.arange(200), components=1)
    assert reduced.shape == (200, 1)
    assert abs(np.corrcoef(reduced[:, 0], wide[:, 0])[0, 1]) > 0.999


def test_chosen_rows_only_and_in_their_order():
    embedding = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float16)
    embedding[7] = 6e4  # an unreadable or odd row that was not chosen has no part in it
    rows = np.array([9, 3, 20, 30, 40])
    reduced = reduce_embedding(embedding, rows)
    assert reduced.shape == (5, 4)
    assert np.allclose(np.abs(reduced), np.abs(reduce_embedding(embedding[rows], np.arange(5))), atol=1e-4)


def test_features_that_never_change_are_silent():
    embedding = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float16)
    embedding[:, 1] = 5.0
    assert np.isfinite(reduce_embedding(embedding, np.arange(60))).all()
    assert not reduce_embedding(np.ones((4, 3), np.float16), np.arange(4)).any()


def test_one_row():
    assert not reduce_embedding(np.ones((1, 3), np.float16), np.arange(1)).any()


def test_more_rows_than_are_held_at_once():
    embedding = np.random.default_rng(0).normal(size=(9000, 3)).astype(np.float16)
    reduced = reduce_embedding(embedding, np.arange(9000))
    assert reduced.shape == (9000, 3)
    assert np.allclose(reduced.mean(axis=0), 0.0, atol=1e-3)
