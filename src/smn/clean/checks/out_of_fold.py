"""Out-of-fold predictions of movements: cross-validated linear models that never saw a picture's artist."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from smn.confidence.calibration import fit_temperature, log_loss, softmax
from smn.manifest.identity import artist_key
from smn.progress import Progress

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

Floats = NDArray[np.float64]
Features = NDArray[np.float32]
Integers = NDArray[np.int64]

MIN_ROWS = 20
"""A movement with fewer pictures is too small to learn, and so is one with fewer artists than there are folds."""

COMPONENTS = 256
STRENGTHS = (0.1, 0.3, 1.0)  # inverse of the penalty on the weights; the best differs from fold to fold
_MAX_ROWS = 20_000  # that one model is fitted on; a linear model of 256 features gains nothing from more
_MIN_PROBABILITY = 1e-9
_CHUNK = 4096  # rows that are held in double precision at once
_MIN_DEVIATION = 1e-4


def group_artists(artists: Sequence[str | None]) -> Integers:
    """Numbers (N,) that are equal where the artist is the same; a row without artist is a group of its own."""
    keys = [artist_key(artist) or f"\0{row}" for row, artist in enumerate(artists)]
    return np.asarray(np.unique(keys, return_inverse=True)[1], dtype=np.int64)


def choose_classes(labels: Sequence[str | None], groups: Integers, *, folds: int) -> tuple[str, ...]:
    """The labels with at least `MIN_ROWS` rows and ``folds`` groups, sorted; the others are too small to learn."""
    members: dict[str, list[int]] = {}
    for label, group in zip(labels, groups, strict=True):
        if label is not None:
            members.setdefault(label, []).append(int(group))
    return tuple(label for label, who in sorted(members.items()) if len(who) >= MIN_ROWS and len(set(who)) >= folds)


def assign_folds(given: Integers, groups: Integers, *, folds: int, seed: int) -> Integers:
    """The fold (M,), 0..folds-1, of each row: no group is in two folds; stratified by label as far as that permits."""
    from sklearn.model_selection import StratifiedGroupKFold

    cut = np.zeros(len(given), dtype=np.int64)
    cutter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for number, (_, left_out) in enumerate(cutter.split(np.zeros(len(given)), given, groups)):
        cut[left_out] = number
    return cut


def extend_folds(groups: Integers, cut: Integers, held_back: NDArray[np.bool_], *, folds: int) -> Integers:
    """Folds (M,) of all rows, given those of the rows that are not held back.

    Args:
        groups: (M,), of all rows.
        cut: folds of the rows that are not held back, in their order.
        held_back: (M,), the others.
        folds: how many there are; a row held back joins its group's fold, or one more fold where its group has none.
    """
    whole = np.full(len(groups), folds, dtype=np.int64)
    whole[~held_back] = cut
    fold_of = dict(zip(groups[~held_back].tolist(), cut.tolist(), strict=True))
    for row in np.flatnonzero(held_back):
        whole[row] = fold_of.get(int(groups[row]), folds)
    return whole


def predict_out_of_fold(
    features: Features,
    given: Integers,
    cut: Integers,
    *,
    classes: int,
    seed: int,
    progress: Progress,
    what: str,
    held_back: NDArray[np.bool_] | None = None,
) -> Floats:
    """Calibrated probabilities (M, K) of every row by a model that was fitted on the other folds only.

    Each fold's model is a multinomial logistic regression. The strength of its penalty and its temperature are chosen
    on one of the training folds, by log loss; then it is refitted on all of them. Where an artist with many works is
    left out, his movement is rarer in training than in the set; the probabilities are corrected for that prior shift
    (Saerens, Latinne & Decaestecker 2002).

    The time grows with rows, up to 20,000 rows a model; after that only with the rows to predict.

    Args:
        features: (M, C), as from `reduce_embedding`.
        given: (M,), the labels to learn, 0..K-1.
        cut: (M,), as from `assign_folds`; at least 3 folds.
        classes: K.
        seed: decides which rows a model is fitted on where there are more than it needs.
        progress: called after each fold.
        what: what ``progress`` calls it.
        held_back: (M,), rows that are predicted and never learned from: a validation or test split, whose labels must
            not influence what is cleaned from the training split. A fold may consist of them alone.

    Returns:
        NaN in the rows of a fold for which the other folds hold fewer than two labels.
    """
    rng = np.random.default_rng(seed)
    open_rows = np.ones(len(given), dtype=np.bool_) if held_back is None else ~held_back
    numbers, learnable = np.unique(cut), np.unique(cut[open_rows])
    probabilities = np.full((len(given), classes), np.nan)
    for done, number in enumerate(numbers, start=1):
        left_out, seen = np.flatnonzero(cut == number), np.flatnonzero((cut != number) & open_rows)
        after = learnable[learnable > number]
        held = cut[seen] == (after[0] if len(after) else learnable[0])
        if len(np.unique(given[seen[~held]])) >= 2:
            learn = _sample(seen[~held], rng)
            strength, temperature = _choose(features, given, learn=learn, held=seen[held], classes=classes)
            model = _fit(features, given, _sample(seen, rng), strength=strength)
            logits = _logits(model, features[left_out], classes=classes)
            logits = logits / temperature + _prior_shift(given[open_rows], given[seen], classes=classes)
            probabilities[left_out] = softmax(logits)
        progress(what, done, len(numbers))
    return probabilities


def _prior_shift(labels: Integers, seen: Integers, *, classes: int) -> Floats:
    """(K,), log of each label's frequency among all over that among those seen; 0 where it was never seen."""
    everywhere, there = (np.bincount(part, minlength=classes) for part in (labels, seen))
    known = there > 0
    shift = np.zeros(classes)
    shift[known] = np.log(everywhere[known] / len(labels)) - np.log(there[known] / len(seen))
    return shift


def _sample(rows: Integers, rng: np.random.Generator) -> Integers:
    return rows if len(rows) <= _MAX_ROWS else np.sort(rng.choice(rows, _MAX_ROWS, replace=False))


def _choose(
    features: Features, given: Integers, *, learn: Integers, held: Integers, classes: int
) -> tuple[float, float]:
    """The strength and temperature with the least log loss on the held rows."""
    best = (np.inf, STRENGTHS[0], 1.0)
    for strength in STRENGTHS:
        logits = _logits(_fit(features, given, learn, strength=strength), features[held], classes=classes)
        temperature = fit_temperature(logits, given[held])
        loss = log_loss(softmax(logits, temperature=temperature), given[held])
        best = min(best, (loss, strength, temperature))
    return best[1:]


def _fit(features: Features, given: Integers, rows: Integers, *, strength: float) -> "LogisticRegression":
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        # The loss is flat long before the last digit; a hundred iterations are enough for a ranking.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=strength, tol=1e-3, max_iter=100).fit(features[rows], given[rows])


def _logits(model: "LogisticRegression", features: Features, *, classes: int) -> Floats:
    """Log-probabilities (n, K); those of `_MIN_PROBABILITY` for a label that the model was not fitted on."""
    logits = np.full((len(features), classes), np.log(_MIN_PROBABILITY))
    logits[:, model.classes_] = np.log(np.clip(model.predict_proba(features), _MIN_PROBABILITY, None))
    return logits


def reduce_embedding(
    embedding: NDArray[np.float16], rows: NDArray[np.int64], *, components: int = COMPONENTS
) -> Features:
    """Principal components of some rows' standardised features.

    Every feature is standardised over the rows, then the directions of the largest variance are kept (Pearson 1901);
    labels are not used. The result is divided by the largest component's deviation, so that the same strength of
    regularisation means the same whatever the number of features. Memory grows with rows times ``components``, not
    with rows times features.

    Args:
        embedding: (N, D), as in `smn.clean.measurements.Measured`.
        rows: (M,), the rows to reduce; at least one.
        components: how many directions to keep at most.

    Returns:
        (M, C) with C the smallest of ``components``, D and M.
    """
    features = embedding.shape[1]
    chunks = [rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK)]
    total, products = np.zeros(features), np.zeros((features, features))
    for chunk in chunks:
        values = embedding[chunk].astype(np.float64)
        total += values.sum(axis=0)
        products += values.T @ values
    mean = total / len(rows)
    covariance = products / len(rows) - np.outer(mean, mean)
    spread = np.sqrt(np.clip(np.diag(covariance), 0.0, None))
    # A constant feature is left out: dividing by its rounding error would amplify noise.
    scale = np.where(spread > _MIN_DEVIATION, 1.0 / np.maximum(spread, _MIN_DEVIATION), 0.0)
    variances, directions = np.linalg.eigh(covariance * np.outer(scale, scale))
    kept = np.argsort(-variances, kind="stable")[: min(components, len(rows))]
    largest = np.sqrt(max(float(variances[kept[0]]), _MIN_DEVIATION))
    projection = scale[:, None] * directions[:, kept] / largest
    reduced = [(embedding[chunk].astype(np.float64) - mean) @ projection for chunk in chunks]
    return np.concatenate(reduced).astype(np.float32)
