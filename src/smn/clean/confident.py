"""Tells doubtful labels from those that a model merely does not recognise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LEAST = 1e-12


@dataclass(frozen=True)
class Doubts:
    """What speaks against the labels of M rows.

    Args:
        score: (M,), below 0.5 where another label is confidently and far more probable, down to 0; up to 1 elsewhere.
        suggestion: (M,), the other label that the score is about, 0..K-1.
        probability: (M,), of the suggestion.
        given: (M,), the probability of the row's own label.
    """

    score: Floats
    suggestion: Integers
    probability: Floats
    given: Floats


def mean_confidence(probabilities: Floats, given: Integers) -> Floats:
    """How sure (K,) of each label one is on average where it is given, 0..1; infinite where no row has it.

    These are the thresholds of confident learning (Northcutt, Jiang & Chuang 2021, "Confident Learning: Estimating
    Uncertainty in Dataset Labels", equation 2). They differ from label to label, because a model is never as sure of
    Symbolism as of Ukiyo-e.

    Args:
        probabilities: (M, K).
        given: (M,), 0..K-1.
    """
    labels = probabilities.shape[1]
    rows = np.bincount(given, minlength=labels)
    sums = np.bincount(given, weights=probabilities[np.arange(len(given)), given], minlength=labels)
    return np.where(rows > 0, sums / np.maximum(rows, 1), np.inf)


def score_labels_confidently(probabilities: Floats, given: Integers, *, odds: float) -> Doubts:
    """Score labels by the odds against them, of the labels that one is confident of.

    A row counts as another label only where the probability of that label reaches its `mean_confidence`: the
    off-diagonal of the confident joint. The paper then prunes as many rows as it counts there, which holds for a good
    model of classes that exclude each other. Movements overlap and the model is weak, so that would flag a third of
    all rows; instead the suggestion must be ``odds`` times as probable as the label given.

    Args:
        probabilities: (M, K), of models that did not learn from the row.
        given: (M,), the labels to doubt, 0..K-1.
        odds: of suggestion against given, above 1, at which the score is 0.5.

    Returns:
        Scores odds x given / (odds x given + suggestion); without a confident suggestion the best other label is
        suggested, and the score is raised into 0.5..1.
    """
    rows = np.arange(len(given))
    others = probabilities.copy()
    others[rows, given] = -1.0
    confident = np.where(others >= mean_confidence(probabilities, given), others, -1.0)
    sure = confident.max(axis=1) >= 0.0
    suggestion = np.where(sure, confident.argmax(axis=1), others.argmax(axis=1))
    suggested = np.maximum(probabilities[rows, suggestion], _LEAST)
    own = np.maximum(probabilities[rows, given], _LEAST)
    score = odds * own / (odds * own + suggested)
    return Doubts(np.where(sure, score, 0.5 + 0.5 * score), suggestion, suggested, own)
