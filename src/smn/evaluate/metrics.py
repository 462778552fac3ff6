"""The figures of an evaluation as pure functions of arrays, and their intervals by resampling artists.

Pictures by one artist are not independent, so that they are drawn together.

Every function takes one weight a row, 1 for each where none are given. A bootstrap resample is such a weighting (how
often each row was drawn), so that the same code gives a figure and its interval. Rows that tie in confidence are never
told apart: all results are the same in whatever order the rows stand.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Bins:
    """Rows grouped by confidence, as a reliability diagram shows them; empty bins are left out.

    Args:
        confidence: (B,), mean confidence in each bin, 0..1, ascending.
        accuracy: (B,), share of right answers in each bin, 0..1.
        count: (B,), weight in each bin.
    """

    confidence: Floats
    accuracy: Floats
    count: Floats


def rank_truth(probabilities: Floats, truth: Ints) -> Ints:
    """How many labels stand before the right one when each row's labels are sorted by falling probability.

    Args:
        probabilities: (N, K).
        truth: (N,), the right labels, 0..K-1.

    Returns:
        (N,), 0..K-1; the answer is right within the first k where this is below k. Of equally probable labels the one
        with the lower number stands first, as with ``argmax``.
    """
    right = probabilities[np.arange(len(truth)), truth][:, None]
    before = np.arange(probabilities.shape[1]) < truth[:, None]
    return np.asarray(((probabilities > right) | ((probabilities == right) & before)).sum(axis=1), dtype=np.int64)


def rank_accepted(probabilities: Floats, accepted: Bools) -> Ints:
    """How many labels stand before the first accepted one when each row's labels are sorted by falling probability.

    Args:
        probabilities: (N, K).
        accepted: (N, K), the labels that are right.

    Returns:
        (N,), as from `rank_truth`; K for rows without an accepted label.
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")
    right = np.take_along_axis(accepted, order, axis=1)
    return np.asarray(np.where(right.any(axis=1), right.argmax(axis=1), right.shape[1]), dtype=np.int64)


def negative_log_likelihood(probabilities: Floats, truth: Ints) -> Floats:
    """The surprise (N,), in nats, at each right label, given probabilities (N, K); at most 27.6, as p is cut at 1e-12.

    Its mean is the log loss (cross-entropy), a proper score: Good 1952, "Rational Decisions".
    """
    right = probabilities[np.arange(len(truth)), truth]
    return np.asarray(-np.log(np.clip(right, 1e-12, 1.0)))


def weighted_mean(values: ArrayLike, weights: ArrayLike | None = None) -> float:
    """The mean of values (N,) under weights (N,); NaN where there is no weight."""
    values = np.asarray(values, dtype=np.float64)
    weights = _weights(len(values), weights)
    total = float(weights.sum())
    return float(values @ weights) / total if total else float("nan")


def count_confusion(truth: Ints, predicted: Ints, *, classes: int, weights: ArrayLike | None = None) -> Floats:
    """How often each label was answered for each right label.

    Args:
        truth: (N,), the right labels, 0..classes-1.
        predicted: (N,), the answers, 0..classes-1.
        classes: K, the number of labels.
        weights: (N,), not negative.

    Returns:
        (K, K), a row for each right label, a column for each answer.
    """
    cells = np.bincount(truth * classes + predicted, _weights(len(truth), weights), minlength=classes * classes)
    return np.asarray(cells, dtype=np.float64).reshape(classes, classes)


def recall(confusion: Floats) -> Floats:
    """Share of each label's pictures that were recognised: (K,), NaN where a confusion matrix (K, K) has none."""
    return _divide(np.diag(confusion), confusion.sum(axis=1))


def precision(confusion: Floats) -> Floats:
    """Share of each label's answers that were right: (K,), NaN where a confusion matrix (K, K) has none."""
    return _divide(np.diag(confusion), confusion.sum(axis=0))


def f1(confusion: Floats) -> Floats:
    """Harmonic mean of precision and recall (van Rijsbergen 1979): (K,), NaN for labels without pictures.

    Args:
        confusion: (K, K), as from `count_confusion`.
    """
    support = confusion.sum(axis=1)
    scores = _divide(2.0 * np.diag(confusion), support + confusion.sum(axis=0))
    return np.asarray(np.where(support > 0, scores, np.nan))


def mean_by_label(values: Floats, truth: Ints, *, classes: int, weights: ArrayLike | None = None) -> Floats:
    """The mean of values (N,) over each label's pictures: (K,), NaN for labels without pictures.

    Args:
        values: (N,), any numbers.
        truth: (N,), the right labels, 0..classes-1.
        classes: K, the number of labels.
        weights: (N,), not negative.
    """
    weights = _weights(len(truth), weights)
    sums: Floats = np.bincount(truth, values * weights, minlength=classes).astype(np.float64)
    totals: Floats = np.bincount(truth, weights, minlength=classes).astype(np.float64)
    return _divide(sums, totals)


def macro_f1(confusion: Floats) -> float:
    """The plain mean of F1 over the labels that have pictures, 0..1, given a confusion matrix (K, K)."""
    return _mean_of_known(f1(confusion))


def balanced_accuracy(confusion: Floats) -> float:
    """The plain mean of recall over the labels that have pictures, 0..1, unadjusted for chance (Brodersen et al. 2010).

    Args:
        confusion: (K, K), as from `count_confusion`.
    """
    return _mean_of_known(recall(confusion))


def bin_by_confidence(confidence: Floats, hits: ArrayLike, *, bins: int = 15, weights: ArrayLike | None = None) -> Bins:
    """Group rows into bins of equal mass by their confidence (Nguyen & O'Connor 2015).

    A group of rows with the same confidence falls as one into the bin where its middle lies.

    Args:
        confidence: (N,), the probability of each row's answer, 0..1.
        hits: (N,), whether each answer is right.
        bins: how many bins to make, 1 or more.
        weights: (N,), not negative.
    """
    level, mass, right = _by_confidence(confidence, hits, weights)
    ends = np.cumsum(mass)
    if not len(ends) or not ends[-1]:
        return Bins(*(np.zeros(0),) * 3)
    place = np.minimum(bins * (ends - mass / 2.0) / ends[-1], bins - 1).astype(np.int64)
    count = np.bincount(place, mass, minlength=bins)
    used = count > 0
    confident = np.bincount(place, mass * level, minlength=bins)[used] / count[used]
    accurate = np.bincount(place, right, minlength=bins)[used] / count[used]
    return Bins(np.asarray(confident), np.asarray(accurate), np.asarray(count[used], dtype=np.float64))


def calibration_error(
    confidence: Floats, hits: ArrayLike, *, bins: int = 15, weights: ArrayLike | None = None
) -> float:
    """Expected calibration error, 0..1: the mean distance between confidence and accuracy over bins.

    Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3, over the bins of equal mass of
    `bin_by_confidence`, whose arguments it takes. NaN where there is no weight.
    """
    made = bin_by_confidence(confidence, hits, bins=bins, weights=weights)
    return weighted_mean(np.abs(made.accuracy - made.confidence), made.count)


def calibration_error_by_chance(bins: Bins) -> float:
    """The calibration error, 0..1, that is to be expected of a model whose confidence is exactly right.

    In a bin of n pictures the share of right answers scatters about the confidence c with a deviation of
    sqrt(c (1 - c) / n), and its mean distance from c is sqrt(2 / pi) times that. Pictures by one artist are taken for
    independent; where they are not, it is more. NaN where there is no picture.

    Args:
        bins: as from `bin_by_confidence`, of pictures that all weigh 1.
    """
    deviation = np.sqrt(bins.confidence * (1.0 - bins.confidence) / bins.count)
    return weighted_mean(np.sqrt(2.0 / np.pi) * deviation, bins.count)


def accuracy_at_coverage(
    confidence: Floats, hits: ArrayLike, *, coverage: ArrayLike, weights: ArrayLike | None = None
) -> Floats:
    """Accuracy when only the most confident share of pictures is answered (Geifman & El-Yaniv 2017).

    Where the share ends inside a group of equal confidence (or inside one row), the group's mean counts in part: the
    value that is expected if ties were broken at random.

    Args:
        confidence: (N,), the probability of each row's answer, 0..1.
        hits: (N,), whether each answer is right.
        coverage: (M,), shares of the pictures to answer, above 0 and at most 1.
        weights: (N,), not negative.

    Returns:
        (M,), accuracies in 0..1; NaN where there is no weight.
    """
    _, mass, right = (values[::-1] for values in _by_confidence(confidence, hits, weights))
    answered = np.concatenate([[0.0], np.cumsum(mass)])
    correct = np.concatenate([[0.0], np.cumsum(right)])
    asked = np.asarray(coverage, dtype=np.float64) * answered[-1]
    return _divide(np.interp(asked, answered, correct), asked)


def coverage_at_precision(
    confidence: Floats, hits: ArrayLike, *, wanted: float = 0.9, weights: ArrayLike | None = None
) -> float:
    """The largest share of pictures, 0..1, that a confidence threshold can answer with the wanted precision.

    Args:
        confidence: (N,), the probability of each row's answer, 0..1.
        hits: (N,), whether each answer is right.
        wanted: share of right ones among the answers, 0..1.
        weights: (N,), not negative.
    """
    _, mass, right = (values[::-1] for values in _by_confidence(confidence, hits, weights))
    answered, correct = np.cumsum(mass), np.cumsum(right)
    if not len(answered) or not answered[-1]:
        return float("nan")
    enough = correct >= wanted * answered - 1e-9
    return float(np.max(answered[enough], initial=0.0) / answered[-1])


def auroc(
    positive: Floats, negative: Floats, *, weights: tuple[ArrayLike | None, ArrayLike | None] = (None, None)
) -> float:
    """Area under the ROC curve: how often a positive scores above a negative, ties counting half.

    The Mann-Whitney U statistic divided by the number of pairs (Hanley & McNeil 1982).

    Args:
        positive: (P,), scores of the pictures that ought to score high.
        negative: (Q,), scores of the others.
        weights: (P,) and (Q,), not negative.

    Returns:
        0..1, one half for scores that tell nothing; NaN where either side has no weight.
    """
    above, below = _weights(len(positive), weights[0]), _weights(len(negative), weights[1])
    pairs = float(above.sum() * below.sum())
    if not pairs:
        return float("nan")
    levels, place = np.unique(np.concatenate([positive, negative]), return_inverse=True)
    ups = np.bincount(place[: len(positive)], above, minlength=len(levels))
    downs = np.bincount(place[len(positive) :], below, minlength=len(levels))
    return float(ups @ (np.cumsum(downs) - downs / 2.0)) / pairs


def _weights(length: int, weights: ArrayLike | None) -> Floats:
    return np.ones(length) if weights is None else np.asarray(weights, dtype=np.float64)


def _by_confidence(confidence: Floats, hits: ArrayLike, weights: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    """Each distinct confidence, ascending, with the weight of its rows and the weight of its right rows."""
    weights = _weights(len(confidence), weights)
    levels, place = np.unique(confidence, return_inverse=True)
    mass = np.bincount(place, weights, minlength=len(levels))
    right = np.bincount(place, weights * np.asarray(hits, dtype=np.float64), minlength=len(levels))
    return levels, np.asarray(mass, dtype=np.float64), np.asarray(right, dtype=np.float64)


def _divide(above: Floats, below: Floats) -> Floats:
    """The quotient, NaN where ``below`` is 0."""
    quotient: Floats = np.full(np.shape(above), np.nan)
    np.divide(above, below, out=quotient, where=below > 0)
    return quotient


def _mean_of_known(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


LEVEL = 0.95
"""Share of the resampled values that an interval spans."""


@dataclass(frozen=True)
class Figure:
    """A measured value and its interval; all three are NaN where it cannot be measured.

    Args:
        value: measured on the rows as they are.
        low: lower end of the 95 % interval, at most ``value``.
        high: upper end, at least ``value``.
    """

    value: float
    low: float
    high: float

    @property
    def is_known(self) -> bool:
        """Whether it could be measured."""
        return not math.isnan(self.value)


UNKNOWN = Figure(math.nan, math.nan, math.nan)


def draw_weights(clusters: Ints, *, resamples: int, seed: int) -> Iterator[Floats]:
    """Draw as many clusters as there are, with replacement, again and again (Davison & Hinkley 1997, section 3.8).

    Args:
        clusters: (N,), each row's cluster, 0..C-1.
        resamples: how many drawings to make.
        seed: equal seeds draw equally.

    Yields:
        (N,), how often each row was drawn.
    """
    random = np.random.default_rng(seed)
    total = int(clusters.max(initial=-1)) + 1
    for _ in range(resamples):
        drawn = np.bincount(random.integers(0, total, total), minlength=total) if total else np.zeros(0)
        yield drawn[clusters].astype(np.float64)


def bootstrap(
    statistic: Callable[..., Floats], strata: Sequence[Ints], *, resamples: int = 1000, seed: int = 0
) -> list[Figure]:
    """Values with their 95 % percentile intervals (Efron & Tibshirani 1993, chapter 13).

    An interval is stretched to its value where it lies beside it. That happens to figures that grow with the noise,
    calibration error above all: of those the upper end is cautious.

    Args:
        statistic: takes one weighting (N,) for each stratum and gives M values, NaN for what cannot be measured.
        strata: clusters (N,) of each group of rows that is resampled on its own, such as paintings and the others.
        resamples: how many drawings to make; with 0 the interval is the value.
        seed: equal seeds give equal intervals.

    Returns:
        M figures.
    """
    values = np.asarray(statistic(*(np.ones(len(clusters)) for clusters in strata)), dtype=np.float64)
    draws = [draw_weights(clusters, resamples=resamples, seed=seed + at) for at, clusters in enumerate(strata)]
    drawn = np.array([statistic(*weights) for weights in zip(*draws, strict=True)], dtype=np.float64)
    drawn = drawn.reshape(-1, len(values))
    return [_figure(float(value), drawn[:, at]) for at, value in enumerate(values)]


def _figure(value: float, drawn: Floats) -> Figure:
    known = drawn[~np.isnan(drawn)]
    if math.isnan(value) or not len(known):
        return Figure(value, value, value)
    low, high = np.quantile(known, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return Figure(value, min(float(low), value), max(float(high), value))
