"""The check ``not_a_painting``: tells paintings from pictures of something else."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.clean.checks import Scores
from smn.clean.checks.out_of_fold import assign_folds, group_artists, reduce_embedding
from smn.clean.measurements import Measured
from smn.confidence.calibration import sigmoid
from smn.manifest import NOT_A_PAINTING
from smn.progress import Progress

Features = NDArray[np.float32]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MIN_NEGATIVES = 20
"""With fewer pictures of something else there is too little to learn from."""

_PRIOR_ODDS = 2.0  # of a painting, where both classes have the same weight
_STRENGTH = 30.0  # inverse penalty, times rows; at 1,000 a hundred photographs labelled as paintings spoil the model
_CHUNK = 2048


def score_non_paintings(
    measured: Measured, *, negatives: Measured | None, folds: int, seed: int, progress: Progress
) -> Scores:
    """Scores of every readable row that is given as a painting; see `smn.clean.checks.label_checks.score_labels`."""
    movements, raw = measured.manifest.column("movement"), measured.manifest.column("raw_label")
    others = np.array([name == NOT_A_PAINTING for name in movements], dtype=np.bool_)
    asked, inside = (np.flatnonzero(measured.readable & which) for which in (~others, others))
    kinds = [raw[row] for row in inside]
    embedding = [measured.embedding[asked], measured.embedding[inside]]
    log_odds = [measured.painting[asked], measured.painting[inside]]
    if negatives is not None:
        outside, also = np.flatnonzero(negatives.readable), negatives.manifest.column("raw_label")
        kinds += [also[row] for row in outside]
        embedding.append(negatives.embedding[outside])
        log_odds.append(negatives.painting[outside])
    artists = group_artists(measured.manifest.column("artist"))[asked]
    groups = np.concatenate([artists, group_kinds(kinds) + artists.max(initial=0) + 1])
    count = len(asked)
    is_painting = np.arange(len(groups)) < count
    like: NDArray[Any] = np.full(count, None, dtype=object)
    if not has_enough_negatives(is_painting, groups, folds=folds):
        score = scores_from_log_odds(measured.painting[asked])
    else:
        predicted, nearest = predict_paintings(
            np.concatenate(embedding),
            np.concatenate(log_odds),
            is_painting,
            groups,
            folds=folds,
            seed=seed,
            progress=progress,
            what="Judging what is a painting",
        )
        score, like = predicted[:count], np.array(kinds, dtype=object)[nearest[:count] - count]
    return Scores.of_rows(asked, score, {"like": like}, total=len(measured))


def scores_from_log_odds(log_odds: NDArray[np.float32]) -> Floats:
    """Scores (M,), 0..1, of log-odds (M,) that a picture is a painting: 0.5 at two to one against it."""
    return sigmoid(log_odds.astype(np.float64) + np.log(_PRIOR_ODDS))


def predict_paintings(
    embedding: NDArray[np.float16],
    log_odds: NDArray[np.float32],
    is_painting: NDArray[np.bool_],
    groups: Integers,
    *,
    folds: int,
    seed: int,
    progress: Progress,
    what: str,
) -> tuple[Floats, Integers]:
    """Out-of-fold scores that a picture is a painting, by models that saw neither its artist nor its kind.

    A set of paintings that was collected automatically holds sculptures and photographs. A model that was fitted on
    these as paintings would not find them; one that was fitted on other artists' works does. Each fold's model is a
    class-balanced logistic regression of the features and of the bundle's own log-odds; the odds are then doubled,
    because a picture in a set of paintings mostly is one.

    Args:
        embedding: (M, D), of paintings and of pictures of something else.
        log_odds: (M,), the bundle's, that each is a painting.
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
    features = np.column_stack([reduced, (log_odds - log_odds.mean()) / max(float(log_odds.std()), 1e-3)])
    cut = assign_folds(is_painting.astype(np.int64), groups, folds=folds, seed=seed)
    numbers = np.unique(cut)
    scores = np.full(len(embedding), np.nan)
    for done, number in enumerate(numbers, start=1):
        seen, left_out = cut != number, cut == number
        if is_painting[seen].any() and not is_painting[seen].all():
            model = LogisticRegression(C=_STRENGTH / seen.sum(), class_weight="balanced", tol=1e-3, max_iter=500)
            model.fit(features[seen], is_painting[seen])
            scores[left_out] = scores_from_log_odds(model.decision_function(features[left_out]))
        progress(what, done, len(numbers))
    return scores, _nearest(reduced, np.flatnonzero(~is_painting))


def has_enough_negatives(is_painting: NDArray[np.bool_], groups: Integers, *, folds: int) -> bool:
    """Whether there are enough pictures of something else, and artists and kinds enough for every fold."""
    kinds, artists = (len(np.unique(groups[which])) for which in (~is_painting, is_painting))
    return int((~is_painting).sum()) >= MIN_NEGATIVES and min(kinds, artists) >= folds


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
