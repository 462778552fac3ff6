"""Tells paintings from pictures of something else."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smn.calibration import sigmoid
from smn.clean.features import reduce_embedding
from smn.clean.folds import cut_folds
from smn.clean.scores import Progress

Features = NDArray[np.float32]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LEAST_NEGATIVES = 20
"""With fewer pictures of something else there is too little to learn from."""

_EXPECTED = 2.0  # odds of a painting before one has looked, when both sides count the same
_STRENGTH = (
    30.0  # inverse of the penalty, by rows; with 1,000 a hundred photographs among the paintings spoil the model
)
_CHUNK = 2048


def trust_opinion(opinion: NDArray[np.float32]) -> Floats:
    """Scores (M,), 0..1, of log-odds (M,) that a picture is a painting: 0.5 at two to one against it."""
    return sigmoid(opinion.astype(np.float64) + np.log(_EXPECTED))


def judge_paintings(
    embedding: NDArray[np.float16],
    opinion: NDArray[np.float32],
    is_painting: NDArray[np.bool_],
    groups: Integers,
    *,
    folds: int,
    seed: int,
    progress: Progress,
    what: str,
) -> tuple[Floats, Integers]:
    """Ask models that saw neither a picture's artist nor its kind whether it is a painting.

    A set of paintings that was gathered by machine holds sculptures and photographs. A model that learned to call these
    paintings would not find them; one that learned from other artists' works does. Each fold's model is a logistic
    regression of the features and of the bundle's own opinion, in which both sides count the same, however many they
    are; the odds are then raised twofold, because a picture in a set of paintings mostly is one.

    Args:
        embedding: (M, D), of paintings and of pictures of something else.
        opinion: (M,), the bundle's log-odds that each is a painting.
        is_painting: (M,), which are given as paintings.
        groups: (M,), equal for one artist's paintings and for one kind of thing.
        folds: how many.
        seed: the same seed gives the same folds.
        progress: called after each fold.
        what: what ``progress`` calls it.

    Returns:
        Scores (M,), 0..1, and (M,) the row of the nearest picture of something else.
    """
    from sklearn.linear_model import LogisticRegression

    reduced = reduce_embedding(embedding, np.arange(len(embedding)))
    features = np.column_stack([reduced, (opinion - opinion.mean()) / max(float(opinion.std()), 1e-3)])
    cut = cut_folds(is_painting.astype(np.int64), groups, folds=folds, seed=seed)
    numbers = np.unique(cut)
    scores = np.full(len(embedding), np.nan)
    for done, number in enumerate(numbers, start=1):
        seen, left_out = cut != number, cut == number
        if is_painting[seen].any() and not is_painting[seen].all():
            model = LogisticRegression(C=_STRENGTH / seen.sum(), class_weight="balanced", tol=1e-3, max_iter=500)
            model.fit(features[seen], is_painting[seen])
            scores[left_out] = trust_opinion(model.decision_function(features[left_out]))
        progress(what, done, len(numbers))
    return scores, _nearest(reduced, np.flatnonzero(~is_painting))


def can_judge(is_painting: NDArray[np.bool_], groups: Integers, *, folds: int) -> bool:
    """Whether there are enough pictures of something else, and artists and kinds enough for every fold."""
    kinds, artists = (len(np.unique(groups[which])) for which in (~is_painting, is_painting))
    return int((~is_painting).sum()) >= LEAST_NEGATIVES and min(kinds, artists) >= folds


def group_kinds(kinds: Sequence[str | None]) -> Integers:
    """Numbers (N,) that are equal where the kind is the same; a row without a kind is a group of its own."""
    keys = [kind if kind else f"\0{row}" for row, kind in enumerate(kinds)]
    return np.asarray(np.unique(keys, return_inverse=True)[1], dtype=np.int64)


def _nearest(features: Features, others: Integers) -> Integers:
    there = features[others]
    lengths = np.einsum("ij,ij->i", there, there)
    nearest = [
        (lengths - 2.0 * features[start : start + _CHUNK] @ there.T).argmin(axis=1)
        for start in range(0, len(features), _CHUNK)
    ]
    return np.asarray(others[np.concatenate(nearest)])
