"""From a model's predictions to the figures of one set."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from smn.confidence.answer_policy import Thresholds
from smn.evaluate import metrics
from smn.evaluate.evaluation_sets import Predictions
from smn.evaluate.metrics import Bools, Figure, Floats, Ints, bootstrap
from smn.evaluate.report import (
    FIGURES,
    AcceptedReport,
    ClassReport,
    CoveragePoint,
    GroupReport,
    SetReport,
)
from smn.evaluate.selective_answers import THRESHOLDS, Useful, UsefulPoint, judge_useful
from smn.manifest.identity import artist_key, cluster_artists
from smn.movements import family_names
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


@dataclass(frozen=True)
class _Accepted:
    """Ranks (N,) of the first accepted label and family, and the weight (N,), 0 for rows that have none."""

    rank: Ints
    family_rank: Ints
    known: Floats


@dataclass(frozen=True)
class _Outcomes:
    """Which pictures (N,) are refused, unsure, named a movement for, and named a family alone for."""

    refused: Bools
    unsure: Bools
    named: Bools
    alone: Bools


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
        coverage=_measure_coverage(confidence, hits, predictions.artists, resamples=resamples, seed=seed),
        unreachable=_find_unreachable(predictions),
        excluded=predictions.excluded,
        failures=predictions.failures,
        accepted=_measure_accepted(predictions, resamples=resamples, seed=seed),
        useful=_measure_useful(predictions, thresholds, resamples=resamples, seed=seed),
    )


def _measure_coverage(
    confidence: Floats, hits: Bools, artists: Sequence[str | None], *, resamples: int, seed: int
) -> tuple[CoveragePoint, ...]:
    curve = bootstrap(
        lambda weights: metrics.accuracy_at_coverage(confidence, hits, coverage=_SHARES, weights=weights),
        [cluster_artists(artists)],
        resamples=resamples,
        seed=seed,
    )
    return tuple(CoveragePoint(float(share), point) for share, point in zip(_SHARES, curve, strict=True))


def _measure_accepted(predictions: Predictions, *, resamples: int, seed: int) -> AcceptedReport | None:
    if predictions.accepted is None:
        return None
    rows = np.flatnonzero(predictions.accepted.any(axis=1))
    accepted, probabilities = predictions.accepted[rows], predictions.probabilities[rows]
    confidence, hits = probabilities.max(axis=1), metrics.rank_accepted(probabilities, accepted) == 0
    artists = [predictions.artists[row] for row in rows]
    return AcceptedReport(
        rows=len(rows),
        several=int((accepted.sum(axis=1) > 1).sum()),
        contradicted=int((~accepted[np.arange(len(rows)), predictions.truth[rows]]).sum()),
        reliability=metrics.bin_by_confidence(confidence, hits),
        coverage=_measure_coverage(confidence, hits, artists, resamples=resamples, seed=seed),
    )


def _measure_useful(
    predictions: Predictions, thresholds: Thresholds | None, *, resamples: int, seed: int
) -> tuple[UsefulPoint, ...]:
    judged, known = _judge_useful(predictions, thresholds), _accepted_rows(predictions)

    def statistic(weights: Floats) -> Floats:
        parts = [one.count(weights * (known if name else 1.0))[1] for name, one in judged.items()]
        return np.concatenate([*parts, *([np.full(len(THRESHOLDS), np.nan)] if len(parts) < 2 else [])])

    figures = bootstrap(statistic, [cluster_artists(predictions.artists)], resamples=resamples, seed=seed)
    count = len(THRESHOLDS)
    shares = np.stack([THRESHOLDS, *judged[""].shares()], axis=1).tolist()
    rows = zip(shares, figures[:count], figures[count:], strict=True)
    return tuple(
        UsefulPoint(threshold, movement, two, family, right, accepted)
        for (threshold, movement, two, family), right, accepted in rows
    )


def _judge_useful(predictions: Predictions, thresholds: Thresholds | None) -> dict[str, Useful]:
    """The useful answers by the sources' labels, ``""``, and by accepted ones, ``"accepted_"``, if they are known."""
    strict = np.eye(len(predictions.taxonomy.labels), dtype=bool)[predictions.truth]
    truths = {"": strict, "accepted_": predictions.accepted}
    taken = ~_find_outcomes(predictions, thresholds).refused
    return {
        name: judge_useful(predictions.probabilities, right, predictions.taxonomy, taken=taken)
        for name, right in truths.items()
        if right is not None
    }


def _accepted_rows(predictions: Predictions) -> Floats:
    """The weight (N,) of each row in accepted figures: 0 where the taxonomy covers none of its accepted movements."""
    accepted = predictions.accepted
    return np.asarray(np.zeros(len(predictions)) if accepted is None else accepted.any(axis=1), dtype=np.float64)


def measure_figures(
    predictions: Predictions, *, thresholds: Thresholds | None = None, resamples: int = 1000, seed: int = 0
) -> dict[str, Figure]:
    """The figures of `FIGURES` with their intervals; takes what `measure` takes."""
    labels, families = _levels(predictions)
    losses = metrics.negative_log_likelihood(predictions.probabilities, predictions.truth)
    confidence, hits = predictions.probabilities.max(axis=1), labels.rank == 0
    accepted, outcomes = _read_accepted(predictions), _find_outcomes(predictions, thresholds)
    useful = _judge_useful(predictions, thresholds)

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
            "useful_at_85_precision": useful[""].coverage_at(weights),
            **_judge_outcomes(predictions, thresholds, outcomes, (labels, families), weights=(weights, others)),
        }
        if accepted is not None:
            counted, right = weights * accepted.known, accepted.rank == 0
            found |= {
                "accepted_top1": metrics.weighted_mean(right, counted),
                "accepted_top3": metrics.weighted_mean(accepted.rank < 3, counted),
                "accepted_calibration_error": metrics.calibration_error(confidence, right, weights=counted),
                "accepted_family_top1": metrics.weighted_mean(accepted.family_rank == 0, counted),
                "accepted_useful_at_85_precision": useful["accepted_"].coverage_at(counted),
            }
            if thresholds is not None:
                found["accepted_answered_accuracy"] = metrics.weighted_mean(right, counted * outcomes.named)
        return np.array([found.get(name, np.nan) for name in FIGURES])

    strata = [cluster_artists(predictions.artists), np.arange(len(predictions.not_paintings))]
    return dict(zip(FIGURES, bootstrap(statistic, strata, resamples=resamples, seed=seed), strict=True))


def _read_accepted(predictions: Predictions) -> _Accepted | None:
    if predictions.accepted is None:
        return None
    sums = families_of(predictions.probabilities, predictions.taxonomy)[1]
    homes = families_of(predictions.accepted.astype(np.float64), predictions.taxonomy)[1] > 0
    rank = metrics.rank_accepted(predictions.probabilities, predictions.accepted)
    return _Accepted(rank, metrics.rank_accepted(sums, homes), _accepted_rows(predictions))


def _find_outcomes(predictions: Predictions, thresholds: Thresholds | None) -> _Outcomes:
    """What becomes of each picture; a model without thresholds names a movement for all."""
    nothing = np.zeros(len(predictions), dtype=bool)
    if thresholds is None:
        return _Outcomes(nothing, nothing, ~nothing, nothing)
    refused = nothing if predictions.painting is None else predictions.painting < thresholds.painting
    unsure = ~refused & (predictions.probabilities.max(axis=1) < thresholds.confidence)
    alone = nothing
    if thresholds.family is not None:
        sums = families_of(predictions.probabilities, predictions.taxonomy)[1]
        alone = unsure & (sums.max(axis=1) >= thresholds.family)
    return _Outcomes(refused, unsure, ~(refused | unsure), alone)


def _judge_outcomes(
    predictions: Predictions,
    thresholds: Thresholds | None,
    outcomes: _Outcomes,
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
    if score is not None:
        found["paintings_refused"] = metrics.weighted_mean(outcomes.refused, weights[0])
        found["not_paintings_caught"] = metrics.weighted_mean(others < thresholds.painting, weights[1])
    found["unsure"] = metrics.weighted_mean(outcomes.unsure, weights[0])
    found["named"] = metrics.weighted_mean(outcomes.named, weights[0])
    found["answered_accuracy"] = metrics.weighted_mean(hits, weights[0] * outcomes.named)
    if thresholds.family is not None:
        found["family_alone"] = metrics.weighted_mean(outcomes.alone, weights[0])
        found["family_alone_accuracy"] = metrics.weighted_mean(family_hits, weights[0] * outcomes.alone)
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
    reports, accepted = [], _read_accepted(predictions)
    for (kind, name), rows in _group_rows(predictions).items():
        part = _Level(level.truth[rows], level.answer[rows], level.rank[rows], level.classes)
        artists = [predictions.artists[row] for row in rows]
        own = None if accepted is None else _Accepted(*(getattr(accepted, name)[rows] for name in vars(accepted)))
        figures = bootstrap(_group_figures(part, own), [cluster_artists(artists)], resamples=resamples, seed=seed)
        named = dict(zip(("top1", "top3", "macro_f1", "accepted_top1", "accepted_top3"), figures, strict=True))
        reports.append(GroupReport(kind, name, len(rows), _count_artists(artists), named))
    return reports


def _group_figures(level: _Level, accepted: _Accepted | None) -> Callable[[Floats], Floats]:
    def statistic(weights: Floats) -> Floats:
        shares = [metrics.weighted_mean(level.rank < count, weights) for count in (1, 3)]
        counted = [] if accepted is None else [(accepted.rank < count, weights * accepted.known) for count in (1, 3)]
        right = [metrics.weighted_mean(*one) for one in counted] or [float("nan")] * 2
        return np.array([*shares, metrics.macro_f1(level.confusion(weights)), *right])

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
    known, names = predictions.known_artists, [artist_key(artist) for artist in predictions.artists]
    if known is None:
        return {}
    seen = [row for row, name in enumerate(names) if name in known]
    unseen = [row for row, name in enumerate(names) if name and name not in known]
    return {("artists", "seen in training"): seen, ("artists", "never seen"): unseen} if seen and unseen else {}


def _group_centuries(predictions: Predictions) -> dict[tuple[str, str], list[int]]:
    centuries: dict[int, list[int]] = {}
    for row, year in enumerate(predictions.years):
        if year is not None:
            centuries.setdefault((year - 1) // 100 + 1, []).append(row)
    named = {("century", f"{_write_ordinal(number)} century"): rows for number, rows in sorted(centuries.items())}
    return named if len(named) > 1 else {}


def _write_ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    teens = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _find_unreachable(predictions: Predictions) -> tuple[str, ...]:
    highest = predictions.probabilities.max(axis=0)
    support = np.bincount(predictions.truth, minlength=len(highest))
    return tuple(predictions.taxonomy.label_ids[at] for at in np.flatnonzero((support > 0) & (highest == 0)))


def _count_artists(artists: Sequence[str | None]) -> int:
    return len(set(map(artist_key, artists)) - {None})
