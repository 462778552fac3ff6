"""From a model's predictions to the figures of one set."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from smn.artists import cluster_artists
from smn.bundle import Thresholds
from smn.evaluate import metrics
from smn.evaluate.bootstrap import Figure, bootstrap
from smn.evaluate.metrics import Floats, Ints
from smn.evaluate.predictions import Predictions
from smn.evaluate.report import FIGURES, ClassReport, CoveragePoint, GroupReport, SetReport
from smn.movements import family_names, normalise
from smn.movements.regroup import families_of

PER_WORK = frozenset({"work", "wikidata-work"})
"""Values of ``label_kind`` that say: somebody looked at this very work. The most reliable truth."""

_SHARES = np.arange(2, 101) / 100.0


@dataclass(frozen=True)
class _Level:
    """Predictions at one level, movements or families, reduced to what the figures need."""

    truth: Ints
    answer: Ints
    rank: Ints
    classes: int

    def confusion(self, weights: Floats) -> Floats:
        return metrics.count_confusion(self.truth, self.answer, classes=self.classes, weights=weights)


def measure(
    predictions: Predictions, *, thresholds: Thresholds | None = None, resamples: int = 1000, seed: int = 0
) -> SetReport:
    """Everything that a report says about one set, baselines excepted.

    Args:
        predictions: of any model; this function does not ask how they were made.
        thresholds: where the model's answers become ``not_a_painting`` or ``unsure``; without them those are unknown.
        resamples: how many times artists are drawn for the intervals.
        seed: of the drawing.
    """
    taxonomy = predictions.taxonomy
    labels, families = _levels(predictions)
    strata = [cluster_artists(predictions.artists)]
    hits, confidence = labels.rank == 0, predictions.probabilities.max(axis=1)
    curve = bootstrap(
        lambda weights: metrics.accuracy_at_coverage(confidence, hits, coverage=_SHARES, weights=weights),
        strata,
        resamples=resamples,
        seed=seed,
    )
    family_ids = families_of(predictions.probabilities[:0], taxonomy)[0]
    named = family_names(taxonomy.labels)
    score = predictions.painting
    refused = None if score is None or thresholds is None else (score < thresholds.painting).astype(np.float64)
    label_rows = [(label.id, label.name, label.family) for label in taxonomy.labels]
    family_rows = [(family, named[family], family) for family in family_ids]
    return SetReport(
        name=predictions.name,
        data_hash=predictions.data_hash,
        rows=len(predictions),
        artists=_count_artists(predictions.artists),
        not_paintings=len(predictions.not_paintings),
        figures=measure_figures(predictions, thresholds=thresholds, resamples=resamples, seed=seed),
        groups=tuple(_measure_groups(predictions, labels, resamples=resamples, seed=seed)),
        classes=_measure_classes(labels, label_rows, strata, refused, resamples=resamples, seed=seed),
        families=_measure_classes(families, family_rows, strata, refused, resamples=resamples, seed=seed),
        confusion=labels.confusion(np.ones(len(predictions))).astype(np.int64),
        reliability=metrics.bin_by_confidence(confidence, hits),
        coverage=tuple(CoveragePoint(float(share), point) for share, point in zip(_SHARES, curve, strict=True)),
        unreachable=_find_unreachable(predictions),
        excluded=predictions.excluded,
        failures=predictions.failures,
    )


def measure_figures(
    predictions: Predictions, *, thresholds: Thresholds | None = None, resamples: int = 1000, seed: int = 0
) -> dict[str, Figure]:
    """The figures of `FIGURES` with their intervals; takes what `measure` takes."""
    labels, families = _levels(predictions)
    losses = metrics.negative_log_likelihood(predictions.probabilities, predictions.truth)
    confidence, hits = predictions.probabilities.max(axis=1), labels.rank == 0

    def statistic(weights: Floats, others: Floats) -> Floats:
        confusion = labels.confusion(weights)
        at = metrics.accuracy_at_coverage(confidence, hits, coverage=[0.9, 0.75, 0.5], weights=weights)
        found = {
            "top1": metrics.weighted_mean(hits, weights),
            "top3": metrics.weighted_mean(labels.rank < 3, weights),
            "macro_f1": metrics.macro_f1(confusion),
            "balanced_accuracy": metrics.balanced_accuracy(confusion),
            "log_loss": metrics.weighted_mean(losses, weights),
            "calibration_error": metrics.calibration_error(confidence, hits, weights=weights),
            **dict(zip(("accuracy_at_90", "accuracy_at_75", "accuracy_at_50"), at, strict=True)),
            "coverage_at_90_precision": metrics.coverage_at_precision(confidence, hits, weights=weights),
            "family_top1": metrics.weighted_mean(families.rank == 0, weights),
            "family_top3": metrics.weighted_mean(families.rank < 3, weights),
            **_judge_outcomes(predictions, thresholds, (labels, families), weights=(weights, others)),
        }
        return np.array([found.get(name, np.nan) for name in FIGURES])

    strata = [cluster_artists(predictions.artists), np.arange(len(predictions.not_paintings))]
    return dict(zip(FIGURES, bootstrap(statistic, strata, resamples=resamples, seed=seed), strict=True))


def _judge_outcomes(
    predictions: Predictions,
    thresholds: Thresholds | None,
    levels: tuple[_Level, _Level],
    *,
    weights: tuple[Floats, Floats],
) -> dict[str, float]:
    """The figures about refusing and being unsure, as far as the model has scores and thresholds."""
    found = {}
    score, others = predictions.painting, predictions.not_paintings
    if score is not None:
        found["painting_auroc"] = metrics.auroc(score, others, weights=weights)
    if thresholds is None:
        return found
    hits, family_hits = (level.rank == 0 for level in levels)
    refused = np.zeros(len(hits), dtype=bool)
    if score is not None:
        refused = score < thresholds.painting
        found["paintings_refused"] = metrics.weighted_mean(refused, weights[0])
        found["not_paintings_caught"] = metrics.weighted_mean(others < thresholds.painting, weights[1])
    unsure = ~refused & (predictions.probabilities.max(axis=1) < thresholds.confidence)
    found["unsure"] = metrics.weighted_mean(unsure, weights[0])
    found["answered_accuracy"] = metrics.weighted_mean(hits, weights[0] * ~(refused | unsure))
    if thresholds.family is not None:
        sums = families_of(predictions.probabilities, predictions.taxonomy)[1]
        alone = unsure & (sums.max(axis=1) >= thresholds.family)
        found["family_alone"] = metrics.weighted_mean(alone, weights[0])
        found["family_alone_accuracy"] = metrics.weighted_mean(family_hits, weights[0] * alone)
    return found


def _levels(predictions: Predictions) -> tuple[_Level, _Level]:
    """The predictions read as labels and as families."""
    taxonomy, truth = predictions.taxonomy, predictions.truth
    families, sums = families_of(predictions.probabilities, taxonomy)
    home = np.array([families.index(label.family) for label in taxonomy.labels], dtype=np.int64)
    return _level(predictions.probabilities, truth), _level(sums, home[truth])


def _level(probabilities: Floats, truth: Ints) -> _Level:
    rank = metrics.rank_truth(probabilities, truth)
    return _Level(truth, probabilities.argmax(axis=1).astype(np.int64), rank, probabilities.shape[1])


def _measure_classes(
    level: _Level,
    rows: Sequence[tuple[str, str, str]],
    strata: Sequence[Ints],
    refused: Floats | None,
    *,
    resamples: int,
    seed: int,
) -> tuple[ClassReport, ...]:
    """``refused`` (N,) is 1 where the model refuses a picture, else 0; None where it refuses nothing."""
    known = np.full(len(level.truth), np.nan) if refused is None else refused

    def statistic(weights: Floats) -> Floats:
        confusion = level.confusion(weights)
        share = metrics.mean_by_label(known, level.truth, classes=level.classes, weights=weights)
        return np.concatenate([metrics.precision(confusion), metrics.recall(confusion), metrics.f1(confusion), share])

    figures = bootstrap(statistic, strata, resamples=resamples, seed=seed)
    support = np.bincount(level.truth, minlength=level.classes)
    return tuple(ClassReport(*row, int(support[at]), *figures[at :: level.classes]) for at, row in enumerate(rows))


def _measure_groups(predictions: Predictions, level: _Level, *, resamples: int, seed: int) -> list[GroupReport]:
    reports = []
    for (kind, name), rows in _group_rows(predictions).items():
        part = _Level(level.truth[rows], level.answer[rows], level.rank[rows], level.classes)
        artists = [predictions.artists[row] for row in rows]
        figures = bootstrap(_three_figures(part), [cluster_artists(artists)], resamples=resamples, seed=seed)
        named = dict(zip(("top1", "top3", "macro_f1"), figures, strict=True))
        reports.append(GroupReport(kind, name, len(rows), _count_artists(artists), named))
    return reports


def _three_figures(level: _Level) -> Callable[[Floats], Floats]:
    def statistic(weights: Floats) -> Floats:
        shares = [metrics.weighted_mean(level.rank < count, weights) for count in (1, 3)]
        return np.array([*shares, metrics.macro_f1(level.confusion(weights))])

    return statistic


def _group_rows(predictions: Predictions) -> Mapping[tuple[str, str], list[int]]:
    """Row numbers by group: sources, the largest first; labels known per work; artists known; centuries, in turn."""
    sources: dict[tuple[str, str], list[int]] = {}
    for row, source in enumerate(predictions.sources):
        sources.setdefault(("source", source or "unknown"), []).append(row)
    groups = dict(sorted(sources.items(), key=lambda item: (-len(item[1]), item[0])))
    per_work = [row for row, kind in enumerate(predictions.label_kinds) if kind in PER_WORK]
    others = [row for row, kind in enumerate(predictions.label_kinds) if kind not in PER_WORK]
    if per_work and others:
        groups |= {("labels", "per-work"): per_work, ("labels", "other"): others}
    return groups | _group_artists(predictions) | _group_centuries(predictions)


def _group_artists(predictions: Predictions) -> dict[tuple[str, str], list[int]]:
    known, names = predictions.known_artists, [normalise(artist or "") for artist in predictions.artists]
    if known is None:
        return {}
    seen = [row for row, name in enumerate(names) if name in known]
    unseen = [row for row, name in enumerate(names) if name and name not in known]
    return {("artists", "seen in training"): seen, ("artists", "never seen"): unseen} if seen and unseen else {}


def _group_centuries(predictions: Predictions) -> dict[tuple[str, str], list[int]]:
    centuries: dict[tuple[str, str], list[int]] = {}
    for row, year in enumerate(predictions.years):
        if year is not None:
            centuries.setdefault(("century", f"{(year - 1) // 100 + 1}th century"), []).append(row)
    return dict(sorted(centuries.items())) if len(centuries) > 1 else {}


def _find_unreachable(predictions: Predictions) -> tuple[str, ...]:
    highest = predictions.probabilities.max(axis=0)
    support = np.bincount(predictions.truth, minlength=len(highest))
    return tuple(predictions.taxonomy.label_ids[at] for at in np.flatnonzero((support > 0) & (highest == 0)))


def _count_artists(artists: Sequence[str | None]) -> int:
    return len({normalise(artist) for artist in artists if artist} - {""})
