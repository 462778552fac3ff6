import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from smn.clean.checks import out_of_fold as under_test
from smn.clean.checks.out_of_fold import (
    MIN_ROWS,
    assign_folds,
    choose_classes,
    extend_folds,
    group_artists,
    predict_out_of_fold,
    reduce_embedding,
)


def silent(what, done, total):
    """Shows nothing."""


def test_artists_are_grouped_however_they_are_spelled():
    groups = group_artists(["Claude Monet", None, "Monet, Claude", "Unknown", None, "Paul Signac"])
    assert groups[0] == groups[2]
    assert len(set(groups.tolist())) == 5


def test_no_rows_no_groups():
    assert group_artists([]).shape == (0,)


def test_thin_labels_are_left_out():
    few_rows, few_artists = MIN_ROWS - 1, 3
    labels = ["a"] * MIN_ROWS + ["b"] * few_rows + ["c"] * 60 + [None] * 40
    groups = [
        *range(MIN_ROWS),
        *range(100, 100 + few_rows),
        *[200 + at % few_artists for at in range(60)],
        *range(40),
    ]
    assert choose_classes(labels, np.array(groups), folds=5) == ("a",)
    assert choose_classes(labels, np.array(groups), folds=3) == ("a", "c")


@settings(max_examples=10)
@for_all(st.integers(0, 1000))
def test_no_artist_stands_in_two_folds(seed):
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 30, 200)
    given = (groups + rng.integers(0, 2, 200)) % 3
    cut = assign_folds(given, groups, folds=4, seed=seed)
    assert set(cut.tolist()) == {0, 1, 2, 3}
    assert all(len(set(cut[groups == group].tolist())) <= 1 for group in range(30))


def test_the_seed_decides_the_folds():
    rng = np.random.default_rng(0)
    groups, given = rng.integers(0, 60, 300), rng.integers(0, 3, 300)
    first, again, other = (assign_folds(given, groups, folds=5, seed=seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def make_classes(*, spread=1.0, seed=0):
    """Three labels of 40 artists with 5 works each, in ten features; half the spread is the artist's own."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(120), 5)
    given = groups % 3
    features = rng.normal(size=(600, 10)) * spread + rng.normal(size=(120, 10))[groups] * 0.5
    features[np.arange(600), given] += 3.0
    return features.astype(np.float32), given, groups


def judge(features, given, cut, *, classes=3, seed=0, progress=silent):
    return predict_out_of_fold(features, given, cut, classes=classes, seed=seed, progress=progress, what="Judging")


def test_probabilities_are_right_and_calibrated():
    features, given, groups = make_classes(spread=1.5)
    told = []
    cut = assign_folds(given, groups, folds=4, seed=0)
    probabilities = judge(features, given, cut, progress=lambda *step: told.append(step))
    assert probabilities.shape == (600, 3)
    assert np.allclose(probabilities.sum(axis=1), 1.0)
    accuracy = (probabilities.argmax(axis=1) == given).mean()
    assert accuracy > 0.75
    assert abs(probabilities.max(axis=1).mean() - accuracy) < 0.08
    assert told == [("Judging", done, 4) for done in (1, 2, 3, 4)]
    assert (judge(features, given, cut) == probabilities).all()


def test_no_artist_is_judged_by_a_model_that_saw_him():
    """Every artist has a mark of his own and a label by lot: only who saw him can know it."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 6)
    given = rng.permutation(np.arange(60) % 4)[groups]
    features = (3.0 * np.eye(60)[groups] + 0.1 * rng.normal(size=(360, 60))).astype(np.float32)
    apart = judge(features, given, assign_folds(given, groups, folds=5, seed=0), classes=4)
    mixed = judge(features, given, np.arange(360) % 5, classes=4)
    assert (mixed.argmax(axis=1) == given).mean() > 0.95
    assert (apart.argmax(axis=1) == given).mean() < 0.4
    assert apart[np.arange(360), given].mean() < 0.3


def test_a_prolific_artist_is_not_punished_for_his_absence():
    """Half of label 0 is by one artist; where he is left out, label 0 is rare among the others."""
    features, given, groups = make_classes(spread=3.0)
    groups = groups.copy()
    his = np.flatnonzero(given == 0)[:100]
    groups[his] = 500
    probabilities = judge(features, given, assign_folds(given, groups, folds=4, seed=0))
    rest = np.setdiff1d(np.flatnonzero(given == 0), his)
    assert probabilities[his, 0].mean() == pytest.approx(probabilities[rest, 0].mean(), abs=0.08)


def test_a_fold_beside_which_nothing_can_be_learned():
    features, given, _ = make_classes()
    cut = np.where(given == 0, 0, np.where(given == 1, 1, 2))
    probabilities = judge(features, given, cut)
    assert np.isnan(probabilities).all()  # beside one fold two labels are left, one of which tries the other


def test_more_rows_than_a_model_needs(monkeypatch):
    monkeypatch.setattr(under_test, "_MAX_ROWS", 150)
    features, given, groups = make_classes()
    cut = assign_folds(given, groups, folds=4, seed=0)
    first, again, other = (judge(features, given, cut, seed=seed) for seed in (0, 0, 1))
    assert (first.argmax(axis=1) == given).mean() > 0.8
    assert (first == again).all()
    assert (first != other).any()


def test_rows_held_back_are_judged_and_never_learned_from():
    features, given, groups = make_classes()
    held_back = groups >= 90
    cut = assign_folds(given[~held_back], groups[~held_back], folds=4, seed=0)
    whole = extend_folds(groups, cut, held_back, folds=4)
    assert (whole[held_back] == 4).all()

    def answers(labels):
        return predict_out_of_fold(
            features, labels, whole, classes=3, seed=0, progress=silent, what="Judging", held_back=held_back
        )

    probabilities = answers(given)
    assert (probabilities[held_back].argmax(axis=1) == given[held_back]).mean() > 0.8
    scrambled = np.where(held_back, (given + 1) % 3, given)
    assert (answers(scrambled) == probabilities).all(), "their labels have no say"


def test_a_held_back_row_of_an_artist_who_is_learned_from_is_judged_with_his_fold():
    groups = np.array([0, 0, 1, 1, 2, 2, 0, 7])
    held_back = np.array([False] * 6 + [True, True])
    assert extend_folds(groups, np.array([0, 0, 1, 1, 2, 2]), held_back, folds=3).tolist() == [0, 0, 1, 1, 2, 2, 0, 3]


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
