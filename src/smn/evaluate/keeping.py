"""How far a model keeps its promises on a set: precisions that were asked for, and sets of labels."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from smn.artists import cluster_artists
from smn.confidence.answer_policy import AnswerPolicy, Thresholds, is_correct
from smn.confidence.conformal import Bools, choose_sets
from smn.confidence.selective import OperatingPoint
from smn.evaluate.bootstrap import Figure, bootstrap
from smn.evaluate.metrics import Floats, weighted_mean
from smn.evaluate.predictions import Predictions
from smn.manifest.identity import cluster_artists
from smn.movements import Taxonomy

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
class PromiseReport:
    """How far a model kept on this set what it promises from validation data."""

    precisions: tuple[PrecisionReport, ...]
    sets: tuple[SizeReport, ...]


def list_sets(
    probabilities: Floats, promises: AnswerPolicy, *, source: Taxonomy, target: Taxonomy
) -> Mapping[float, Bools]:
    """Sets of the target's labels (N, L) for each of `COVERAGES`.

    Args:
        probabilities: (N, K), calibrated, over ``source``.
        promises: of the bundle.
        source: the taxonomy that the bundle answers in.
        target: the taxonomy of the sets.
    """
    return {
        coverage: choose_sets(probabilities, mass=promises.sets.choose(coverage), source=source, target=target)
        for coverage in COVERAGES
    }


def measure_promises(
    predictions: Predictions, promises: AnswerPolicy, *, thresholds: Thresholds, resamples: int = 1000, seed: int = 0
) -> PromiseReport:
    """What became of a bundle's promises on one set, with intervals over artists.

    Args:
        predictions: of the bundle, with its sets.
        promises: of the bundle.
        thresholds: of the bundle; what they refuse as no painting is not answered.
        resamples: how many times artists are drawn for the intervals.
        seed: of the drawing.
    """
    truth, rows = predictions.truth, np.arange(len(predictions))
    score = predictions.painting
    taken = np.ones(len(rows), dtype=bool) if score is None else score >= thresholds.painting
    levels = is_correct(predictions.probabilities, truth, predictions.taxonomy)
    answers = [_answer(levels, promises.precision.choose(asked), taken) for asked in PRECISIONS]
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
    return PromiseReport(precisions, sizes)


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
