"""Confident learning: scores labels by predicted probabilities and by the labels of the artist's other works."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MAX_ARTIST_SHARE = 0.25
"""With more of a movement's rows than this by one artist, the rows that are left hardly show the movement."""

_MIN_PROBABILITY = 1e-12
_SMOOTHING = 3.0  # rows that the labels' frequencies in the whole set count for


@dataclass(frozen=True)
class LabelIssues:
    """Scores of the labels of M rows.

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
    """Mean probability (K,) of each label over the rows that are given it, 0..1; infinite where no row has it.

    These are the thresholds of confident learning (Northcutt, Jiang & Chuang 2021, "Confident Learning: Estimating
    Uncertainty in Dataset Labels", equation 2). They differ from label to label, because a model is never as confident
    of Symbolism as of Ukiyo-e.

    Args:
        probabilities: (M, K).
        given: (M,), 0..K-1.
    """
    labels = probabilities.shape[1]
    rows = np.bincount(given, minlength=labels)
    sums = np.bincount(given, weights=probabilities[np.arange(len(given)), given], minlength=labels)
    return np.where(rows > 0, sums / np.maximum(rows, 1), np.inf)


def score_label_quality(probabilities: Floats, given: Integers, *, odds: float) -> LabelIssues:
    """Score labels by the odds of the most probable other label that the model is confident of.

    A row counts as another label only where the probability of that label reaches its `mean_confidence`: the
    off-diagonal of the confident joint. The paper then prunes as many rows as it counts there, which holds for a good
    model of classes that exclude each other. Movements overlap and the model is weak, so that would flag a third of
    all rows; instead the suggestion must be ``odds`` times as probable as the label given.

    Args:
        probabilities: (M, K), out of fold.
        given: (M,), the labels to score, 0..K-1.
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
    suggested = np.maximum(probabilities[rows, suggestion], _MIN_PROBABILITY)
    own = np.maximum(probabilities[rows, given], _MIN_PROBABILITY)
    score = odds * own / (odds * own + suggested)
    return LabelIssues(np.where(sure, score, 0.5 + 0.5 * score), suggestion, suggested, own)


def apply_artist_prior(
    probabilities: Floats,
    given: Integers,
    groups: Integers,
    *,
    copied: NDArray[np.bool_],
    smoothing: float = _SMOOTHING,
) -> Floats:
    """Combine predicted probabilities with the labels of the artist's other works.

    A model that never saw the artist predicts p(label | picture). The labels of the artist's *other* works, smoothed
    with ``smoothing`` rows of the whole set's frequencies, replace those frequencies as the prior (Bayes' rule). So a
    Monet that looks like a Signac stays Impressionist among eighty Impressionist Monets, and a Monet that is labelled
    Baroque is found whatever it looks like. A label that was copied from artist to works is one statement and not
    many: all works of an artist with such labels count as one row together, the row itself included.

    Args:
        probabilities: (M, K), out of fold.
        given: (M,), labels 0..K-1.
        groups: (M,), equal where the artist is the same, 0 or more.
        copied: (M,), whose labels were copied from the artist.
        smoothing: above 0; the larger, the weaker the prior of the artist.

    Returns:
        (M, K), rows summing to 1.
    """
    labels = probabilities.shape[1]
    everywhere = (np.bincount(given, minlength=labels) + 1.0) / (len(given) + labels)
    single, shared = (_count(given[which], groups[which], groups.max() + 1, labels) for which in (~copied, copied))
    counts = single[groups] + (shared / np.maximum(shared.sum(axis=1, keepdims=True), 1.0))[groups]
    own = np.flatnonzero(~copied)
    counts[own, given[own]] -= 1.0
    prior = (counts + smoothing * everywhere) / (counts.sum(axis=1, keepdims=True) + smoothing)
    posterior = probabilities * prior / everywhere
    return np.asarray(posterior / posterior.sum(axis=1, keepdims=True))


def share_of_label(given: Integers, groups: Integers) -> Floats:
    """The share (M,), above 0 up to 1, of its label's rows that are by the row's own artist."""
    counts = _count(given, groups, groups.max() + 1, given.max() + 1)
    return np.asarray((counts / np.maximum(counts.sum(axis=0), 1.0))[groups, given])


def _count(given: Integers, groups: Integers, rows: int, labels: int) -> Floats:
    counts = np.zeros((rows, labels))
    np.add.at(counts, (groups, given), 1.0)
    return counts
