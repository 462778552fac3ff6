"""Selective prediction on a set: useful answers at every threshold, and how far a policy keeps what it says."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from smn.confidence.answer_policy import AnswerPolicy, Thresholds, is_correct
from smn.confidence.conformal import choose_sets
from smn.confidence.selective import OperatingPoint
from smn.evaluate.evaluation_sets import Predictions
from smn.evaluate.metrics import Bools, Figure, Floats, bootstrap, weighted_mean
from smn.manifest.identity import cluster_artists
from smn.movements import Taxonomy
from smn.movements.regroup import families_of

THRESHOLDS = np.arange(1, 100) / 100.0
"""The T thresholds of probability at which useful answers are counted."""

WANTED = 0.85
"""Share of right ones among the useful answers that `Useful.coverage_at` asks for."""


@dataclass(frozen=True)
class Useful:
    """Which answer N pictures get at each of T thresholds, and whether it is right.

    A picture gets the best movement where its probability reaches the threshold; else the two best movements where
    their sum does; else the best family where its probability does; else nothing.

    Args:
        movement: (N, T), a movement is named.
        two: (N, T), two movements are named.
        family: (N, T), a family is named.
        right: (N, T), what is named is right, or one of the two is; False where nothing is named.
    """

    movement: Bools
    two: Bools
    family: Bools
    right: Bools

    @cached_property
    def given(self) -> Floats:
        """(N, T), 1 where anything is named and 0 elsewhere."""
        return (self.movement | self.two | self.family).astype(np.float64)

    @cached_property
    def _right(self) -> Floats:
        return self.right.astype(np.float64)

    def count(self, weights: Floats) -> tuple[Floats, Floats]:
        """The share of pictures (T,) that get a useful answer, and the share (T,) of these answers that are right."""
        total, given, right = weights.sum(), weights @ self.given, weights @ self._right
        precision = np.divide(right, given, out=np.full(len(given), np.nan), where=given > 0)
        return given / total if total else np.full(len(given), np.nan), precision

    def coverage_at(self, weights: Floats, *, wanted: float = WANTED) -> float:
        """The largest share of pictures, 0..1, that get a useful answer with the wanted share of right ones."""
        share, precision = self.count(weights)
        if np.isnan(share).all():
            return float("nan")
        return float(np.max(share[np.nan_to_num(precision) >= wanted - 1e-9], initial=0.0))

    def shares(self) -> tuple[Floats, Floats, Floats]:
        """The shares of pictures (T,) that get a movement, two movements, and a family."""
        ones = np.ones(len(self.right))
        shares = ([weighted_mean(column, ones) for column in kind.T] for kind in (self.movement, self.two, self.family))
        movement, two, family = (np.array(share) for share in shares)
        return movement, two, family


@dataclass(frozen=True)
class UsefulPoint:
    """What is named when one threshold of probability holds for movements, pairs of movements and families.

    Args:
        threshold: 0..1.
        movement: share of the paintings that get a movement.
        two: share that gets two movements.
        family: share that gets a family.
        right: share of right ones among all of these, by the sources' labels.
        accepted_right: the same by accepted movements; unknown where there are none.
    """

    threshold: float
    movement: float
    two: float
    family: float
    right: Figure
    accepted_right: Figure

    @property
    def share(self) -> float:
        """Share of the paintings that get any of the three."""
        return self.movement + self.two + self.family


def judge_useful(probabilities: Floats, accepted: Bools, taxonomy: Taxonomy, *, taken: Bools) -> Useful:
    """Give each picture its useful answer at every threshold of `THRESHOLDS`.

    Args:
        probabilities: (N, K) over the taxonomy's labels.
        accepted: (N, K), the labels that are right.
        taxonomy: the K labels.
        taken: (N,), whether a picture is answered at all; the others are refused as no paintings.
    """
    rows = np.arange(len(probabilities))
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    first, second = probabilities[rows, best[:, 0]], probabilities[rows, best[:, 1]]
    sums = families_of(probabilities, taxonomy)[1]
    homes = families_of(accepted.astype(np.float64), taxonomy)[1] > 0
    family = sums.argmax(axis=1)
    reaches = [taken[:, None] & (score[:, None] >= THRESHOLDS) for score in (first, first + second, sums.max(axis=1))]
    movement, two, kin = reaches[0], reaches[1] & ~reaches[0], reaches[2] & ~reaches[1] & ~reaches[0]
    one, either = accepted[rows, best[:, 0]], accepted[rows, best[:, 0]] | accepted[rows, best[:, 1]]
    right = (movement & one[:, None]) | (two & either[:, None]) | (kin & homes[rows, family][:, None])
    return Useful(movement, two, kin, right)


COVERAGES = (0.8, 0.9, 0.95)
"""Of the sets that are measured."""

PRECISIONS = (0.6, 0.75, 0.9)
"""That are asked for."""


@dataclass(frozen=True)
class PrecisionReport:
    """What came of asking for a precision.

    Args:
        precision: asked for, 0..1.
        answered: share of the paintings that a movement is named for.
        right: share of right ones among those movements.
        family_answered: share of the paintings that a family alone is named for.
        family_right: share of right ones among those families.
    """

    precision: float
    answered: Figure
    right: Figure
    family_answered: Figure
    family_right: Figure


@dataclass(frozen=True)
class SizeReport:
    """What came of asking for sets that hold the right label.

    Args:
        coverage: asked for, 0..1.
        held: share of sets that hold it.
        size: mean number of labels in a set.
    """

    coverage: float
    held: Figure
    size: Figure


@dataclass(frozen=True)
class PolicyReport:
    """How far a model's policy, learned on validation data, holds on this set."""

    precisions: tuple[PrecisionReport, ...]
    sets: tuple[SizeReport, ...]


def sets_by_coverage(
    probabilities: Floats, policy: AnswerPolicy, *, source: Taxonomy, target: Taxonomy
) -> Mapping[float, Bools]:
    """Sets of the target's labels (N, L) for each of `COVERAGES`.

    Args:
        probabilities: (N, K), calibrated, over ``source``.
        policy: of the bundle.
        source: the taxonomy that the bundle answers in.
        target: the taxonomy of the sets.
    """
    return {
        coverage: choose_sets(probabilities, mass=policy.sets.choose(coverage), source=source, target=target)
        for coverage in COVERAGES
    }


def measure_policy(
    predictions: Predictions, policy: AnswerPolicy, *, thresholds: Thresholds, resamples: int = 1000, seed: int = 0
) -> PolicyReport:
    """How far a bundle's policy holds on one set, with intervals over artists.

    Args:
        predictions: of the bundle, with its sets.
        policy: of the bundle.
        thresholds: of the bundle; what they refuse as no painting is not answered.
        resamples: how many times artists are drawn for the intervals.
        seed: of the drawing.
    """
    truth, rows = predictions.truth, np.arange(len(predictions))
    score = predictions.painting
    taken = np.ones(len(rows), dtype=bool) if score is None else score >= thresholds.painting
    levels = is_correct(predictions.probabilities, truth, predictions.taxonomy)
    answers = [_answer(levels, policy.precision.choose(asked), taken) for asked in PRECISIONS]
    rights = (levels[0][1], levels[1][1])
    sets = {coverage: (chosen[rows, truth], chosen.sum(axis=1)) for coverage, chosen in predictions.sets.items()}

    def statistic(weights: Floats) -> Floats:
        values = [weighted_mean(one, weights) for pair in sets.values() for one in pair]
        for given in answers:
            for answered, right in zip(given, rights, strict=True):
                values += [weighted_mean(answered, weights), weighted_mean(right, weights * answered)]
        return np.array(values)

    figures = iter(bootstrap(statistic, [cluster_artists(predictions.artists)], resamples=resamples, seed=seed))
    sizes = tuple(SizeReport(coverage, next(figures), next(figures)) for coverage in sets)
    precisions = tuple(PrecisionReport(asked, *(next(figures) for _ in range(4))) for asked in PRECISIONS)
    return PolicyReport(precisions, sizes)


def _answer(
    levels: tuple[tuple[Floats, Bools], tuple[Floats, Bools]],
    points: tuple[OperatingPoint | None, OperatingPoint | None],
    taken: Bools,
) -> tuple[Bools, Bools]:
    """Which pictures get a movement, and which a family alone."""
    movement, family = (
        taken & (confidence >= (np.inf if point is None else point.confidence))
        for (confidence, _), point in zip(levels, points, strict=True)
    )
    return movement, family & ~movement
