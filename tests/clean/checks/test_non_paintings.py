import numpy as np
import pytest

from smn.clean.checks.non_paintings import (
    MIN_NEGATIVES,
    group_kinds,
    has_enough_negatives,
    predict_paintings,
    scores_from_log_odds,
)


def silent(what, done, total):
    """Shows nothing."""


def make_sides(*, hidden=6, seed=0):
    """300 paintings by 60 artists, some of them photographs, and 100 photographs of 20 things."""
    rng = np.random.default_rng(seed)
    is_painting = np.arange(400) < 300
    embedding = rng.normal(size=(400, 12))
    embedding[~is_painting, :3] += 4.0
    found = np.arange(0, 5 * hidden, 5)
    embedding[found, :3] += 4.5
    groups = np.concatenate([np.repeat(np.arange(60), 5), 60 + np.repeat(np.arange(20), 5)])
    return embedding.astype(np.float16), is_painting, groups, found


def judge(embedding, is_painting, groups, *, opinion=None, seed=0, progress=silent):
    opinion = np.zeros(len(groups), np.float32) if opinion is None else opinion
    return predict_paintings(
        embedding, opinion, is_painting, groups, folds=5, seed=seed, progress=progress, what="Judging"
    )


def test_photographs_among_the_paintings():
    embedding, is_painting, groups, found = make_sides()
    told = []
    scores, nearest = judge(embedding, is_painting, groups, progress=lambda *step: told.append(step))
    flagged = np.flatnonzero((scores < 0.5) & is_painting)
    assert len(np.intersect1d(flagged, found)) >= 5
    assert len(np.setdiff1d(flagged, found)) <= 3
    assert (scores[~is_painting] < 0.5).mean() > 0.8
    assert not is_painting[nearest].any()
    assert told == [("Judging", done, 5) for done in range(1, 6)]


def test_the_same_seed_the_same_scores():
    embedding, is_painting, groups, _ = make_sides()
    first, again = (judge(embedding, is_painting, groups, seed=2)[0] for _ in range(2))
    assert (first == again).all()


def test_an_artist_of_sculptures_is_not_learned_as_a_painter():
    """All works of an artist are alike and photographs: a model that saw him would call them paintings."""
    embedding, is_painting, groups, _ = make_sides(hidden=0)
    embedding[:5, :3] += 4.5
    embedding[:5, 11] = 9.0
    assert (judge(embedding, is_painting, groups)[0][:5] < 0.5).all()


def test_the_bundle_has_a_say():
    """Where the features tell nothing, its opinion does."""
    embedding, is_painting, groups, _ = make_sides(hidden=0)
    embedding = np.random.default_rng(1).normal(size=embedding.shape).astype(np.float16)
    opinion = np.where(is_painting, 2.0, -2.0).astype(np.float32)
    opinion[[3, 77]] = -2.0
    scores, _ = judge(embedding, is_painting, groups, opinion=opinion)
    assert np.argsort(scores[:300])[:2].tolist() in ([3, 77], [77, 3])


def test_opinion_alone():
    scores = scores_from_log_odds(np.array([-5.0, -np.log(2.0), 0.0, 5.0], np.float32))
    assert scores == pytest.approx([0.013, 0.5, 0.667, 0.997], abs=1e-3)


def test_enough_to_judge():
    is_painting = np.arange(60) < 30
    assert has_enough_negatives(is_painting, np.arange(60), folds=5)
    assert not has_enough_negatives(is_painting, np.where(is_painting, np.arange(60), 99), folds=5)  # one kind of thing
    assert not has_enough_negatives(is_painting, np.where(is_painting, 0, np.arange(60)), folds=5)  # one artist
    assert not has_enough_negatives(np.arange(60) < 60 - MIN_NEGATIVES + 1, np.arange(60), folds=5)
    assert not has_enough_negatives(np.full(60, True), np.arange(60), folds=5)


def test_kinds():
    groups = group_kinds(["photo of teapot", None, "photo of teapot", "", None])
    assert groups[0] == groups[2]
    assert len(set(groups.tolist())) == 4
    assert group_kinds([]).shape == (0,)
