"""Asks models that never saw a picture's artist which movement it belongs to."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from smn.calibration import fit_temperature, log_loss, softmax
from smn.clean.scores import Progress
from smn.manifest.identity import artist_key

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

Floats = NDArray[np.float64]
Features = NDArray[np.float32]
Integers = NDArray[np.int64]

LEAST_ROWS = 20
"""A movement with fewer pictures is too thin to be judged, and so is one with fewer artists than there are folds."""

STRENGTHS = (0.1, 0.3, 1.0)  # inverse of the penalty on the weights; the best differs from fold to fold
_MOST_ROWS = 20_000  # that one model learns from; a linear model of 256 features gains nothing from more
_LEAST_PROBABILITY = 1e-9


def group_artists(artists: Sequence[str | None]) -> Integers:
    """Numbers (N,) that are equal where the artist is the same; a row without artist is a group of its own."""
    keys = [artist_key(artist) or f"\0{row}" for row, artist in enumerate(artists)]
    return np.asarray(np.unique(keys, return_inverse=True)[1], dtype=np.int64)


def choose_classes(labels: Sequence[str | None], groups: Integers, *, folds: int) -> tuple[str, ...]:
    """The labels with at least `LEAST_ROWS` rows and ``folds`` groups, sorted; the others are too thin to be judged."""
    members: dict[str, list[int]] = {}
    for label, group in zip(labels, groups, strict=True):
        if label is not None:
            members.setdefault(label, []).append(int(group))
    return tuple(label for label, who in sorted(members.items()) if len(who) >= LEAST_ROWS and len(set(who)) >= folds)


def cut_folds(given: Integers, groups: Integers, *, folds: int, seed: int) -> Integers:
    """The fold (M,), 0..folds-1, of each row: no group stands in two, labels are spread as evenly as that permits."""
    from sklearn.model_selection import StratifiedGroupKFold

    cut = np.zeros(len(given), dtype=np.int64)
    cutter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for number, (_, left_out) in enumerate(cutter.split(np.zeros(len(given)), given, groups)):
        cut[left_out] = number
    return cut


def cut_held_back(groups: Integers, cut: Integers, held_back: NDArray[np.bool_], *, folds: int) -> Integers:
    """Folds (M,) of all rows, when only those not held back were cut.

    Args:
        groups: (M,), of all rows.
        cut: folds of the rows that are not held back, in their order.
        held_back: (M,), the others.
        folds: how many there are; the others form one more, except for those whose group was cut, who join it.
    """
    whole = np.full(len(groups), folds, dtype=np.int64)
    whole[~held_back] = cut
    fold_of = dict(zip(groups[~held_back].tolist(), cut.tolist(), strict=True))
    for row in np.flatnonzero(held_back):
        whole[row] = fold_of.get(int(groups[row]), folds)
    return whole


def judge_out_of_fold(
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
    """Calibrated probabilities (M, K) of every row by a model that learned from the other folds only.

    Each fold's model is a multinomial logistic regression. The strength of its penalty and its temperature are chosen
    on one of the folds that it may see, by log loss; then it learns from all of those. Where an artist with many works
    is left out, his movement is rarer among the others than it is; the probabilities are set right for that with
    Bayes' rule (Saerens, Latinne & Decaestecker 2002).

    The time grows with rows, up to 20,000 rows a model; after that only with the rows that are asked about.

    Args:
        features: (M, C), as from `reduce_embedding`.
        given: (M,), the labels to learn, 0..K-1.
        cut: (M,), as from `cut_folds`; at least 3 folds.
        classes: K.
        seed: decides which rows are learned from where there are more than a model needs.
        progress: called after each fold.
        what: what ``progress`` calls it.
        held_back: (M,), rows that are judged and never learned from: a validation or test split, whose labels must have
            no say in what is cleaned from the training split. A fold may consist of them alone.

    Returns:
        NaN in the rows of a fold beside which the others hold fewer than two labels.
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
            logits = logits / temperature + _rarity(given[open_rows], given[seen], classes=classes)
            probabilities[left_out] = softmax(logits)
        progress(what, done, len(numbers))
    return probabilities


def _rarity(labels: Integers, seen: Integers, *, classes: int) -> Floats:
    """How much rarer (K,) each label is among those seen than among all, as log-odds; 0 where it was never seen."""
    everywhere, there = (np.bincount(part, minlength=classes) for part in (labels, seen))
    known = there > 0
    rarity = np.zeros(classes)
    rarity[known] = np.log(everywhere[known] / len(labels)) - np.log(there[known] / len(seen))
    return rarity


def _sample(rows: Integers, rng: np.random.Generator) -> Integers:
    return rows if len(rows) <= _MOST_ROWS else np.sort(rng.choice(rows, _MOST_ROWS, replace=False))


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
        # The loss is flat long before the last digit; a hundred rounds are enough for a ranking.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=strength, tol=1e-3, max_iter=100).fit(features[rows], given[rows])


def _logits(model: "LogisticRegression", features: Features, *, classes: int) -> Floats:
    """Log-probabilities (n, K); next to nothing for a label that the model never met."""
    logits = np.full((len(features), classes), np.log(_LEAST_PROBABILITY))
    logits[:, model.classes_] = np.log(np.clip(model.predict_proba(features), _LEAST_PROBABILITY, None))
    return logits
