"""The checks ``label`` and ``outlier``: labels that models doubt, and pictures far from their movement."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smn.clean.checks import Scores
from smn.clean.checks.confident_learning import (
    MAX_ARTIST_SHARE,
    apply_artist_prior,
    score_label_quality,
    share_of_label,
)
from smn.clean.checks.non_paintings import score_non_paintings
from smn.clean.checks.out_of_fold import (
    assign_folds,
    choose_classes,
    extend_folds,
    group_artists,
    predict_out_of_fold,
    reduce_embedding,
)
from smn.clean.measurements import Measured
from smn.confidence.calibration import sigmoid
from smn.errors import InputError
from smn.manifest import NOT_A_PAINTING
from smn.progress import Progress

Features = NDArray[np.float32]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MIN_NEIGHBOURS = 20
"""A row with fewer pictures of its movement by other artists is not scored as an outlier."""

_LABEL_ODDS = 30.0
_HELD_BACK = ("val", "test")  # splits whose labels must not influence what is cleaned from the training split
_COPIED = "artist"  # the value of label_kind where the artist's label was copied to the works
_NEAREST = 10
_CUTOFF = 3.5  # deviations at which the score is 0.5
_NORMAL = 1.4826  # standard deviation of a normal distribution, in median absolute deviations
_MAX_REFERENCES = 5_000  # pictures of a movement that distances are measured to
_CHUNK = 512


@dataclass(frozen=True)
class _Predicted:
    """Out-of-fold predictions of M rows.

    Args:
        rows: (M,), numbers of the rows.
        classes: ids of the K movements.
        given: (M,), the rows' own labels, as places in ``classes``.
        groups: (M,), equal where the artist is the same.
        features: (M, C).
        probabilities: (M, K).
    """

    rows: Integers
    classes: tuple[str, ...]
    given: Integers
    groups: Integers
    features: Features
    probabilities: Floats


def score_labels(
    measured: Measured, *, negatives: Measured | None = None, folds: int = 5, seed: int = 0, progress: Progress
) -> dict[str, Scores]:
    """Score the checks that need a model: ``label``, ``outlier`` and ``not_a_painting``.

    Models are fitted on the set itself, cross-validated with artists kept together: no row is scored by a model that
    saw its artist, nor by one that was fitted on the splits ``val`` and ``test``. A movement with fewer than 20 rows or
    fewer artists than ``folds`` is neither learned nor scored. Labels are not scored where the artist has more than a
    quarter of the movement's rows. Large sets are subsampled for fitting, so that beyond that only prediction takes
    longer.

    Args:
        measured: N rows.
        negatives: pictures of something else, grouped by ``raw_label``; rows of `NOT_A_PAINTING` in the set itself
            serve too. Without at least 20, of as many kinds as there are folds, the bundle's own logit is used.
        folds: 3 or more.
        seed: the same seed gives the same scores.
        progress: called after each fold.

    Returns:
        By check. Evidence of ``label`` is ``suggestion`` (a movement), ``probability`` (of it) and ``given`` (that of
        the row's own movement); of ``outlier`` ``deviations``; of ``not_a_painting`` ``like``, the kind of the nearest
        picture of something else.

    Raises:
        InputError: ``folds`` is below 3.
    """
    if folds < 3:
        raise InputError(
            f"folds is {folds}; it must be 3 or more: one to score, one to tune on, the others to learn from."
        )
    predicted = _predict(measured, folds=folds, seed=seed, progress=progress)
    scores = _empty_scores(len(measured)) if predicted is None else _score(measured, predicted, seed=seed)
    scores["not_a_painting"] = score_non_paintings(
        measured, negatives=negatives, folds=folds, seed=seed, progress=progress
    )
    return scores


def _predict(measured: Measured, *, folds: int, seed: int, progress: Progress) -> _Predicted | None:
    """Out-of-fold predictions of all rows whose movement can be learned; None where there are none."""
    movements = measured.manifest.column("movement")
    splits, readable = measured.manifest.column("split"), measured.readable
    labels = [
        name if name != NOT_A_PAINTING and can_read else None
        for name, can_read in zip(movements, readable, strict=True)
    ]
    groups = group_artists(measured.manifest.column("artist"))
    learnable = [label if split not in _HELD_BACK else None for label, split in zip(labels, splits, strict=True)]
    classes = choose_classes(learnable, groups, folds=folds)
    if len(classes) < 2:
        return None
    places = {name: place for place, name in enumerate(classes)}
    rows = np.array([row for row, label in enumerate(labels) if label in places], dtype=np.int64)
    given = np.array([places[movements[row]] for row in rows], dtype=np.int64)
    features = reduce_embedding(measured.embedding, rows)
    held_back = np.array([splits[row] in _HELD_BACK for row in rows], dtype=np.bool_)
    cut = assign_folds(given[~held_back], groups[rows][~held_back], folds=folds, seed=seed)
    probabilities = predict_out_of_fold(
        features,
        given,
        extend_folds(groups[rows], cut, held_back, folds=folds),
        classes=len(classes),
        seed=seed,
        progress=progress,
        what="Judging movements",
        held_back=held_back,
    )
    known = np.isfinite(probabilities[:, 0])
    if not known.any():
        return None
    return _Predicted(rows[known], classes, given[known], groups[rows[known]], features[known], probabilities[known])


def _empty_scores(total: int) -> dict[str, Scores]:
    """The same columns where not a single row can be scored."""
    none, empty = np.zeros(0, np.int64), np.zeros(0)
    columns = {"label": ("suggestion", "probability", "given"), "outlier": ("deviations",)}
    return {
        check: Scores.of_rows(none, empty, dict.fromkeys(names, empty), total=total) for check, names in columns.items()
    }


def _score(measured: Measured, predicted: _Predicted, *, seed: int) -> dict[str, Scores]:
    total, rows, given, groups = len(measured), predicted.rows, predicted.given, predicted.groups
    names = np.array(predicted.classes, dtype=object)
    fair = share_of_label(given, groups) <= MAX_ARTIST_SHARE
    kinds = measured.manifest.column("label_kind")
    copied = np.array([kinds[row] == _COPIED for row in rows], dtype=np.bool_)
    issues = score_label_quality(
        apply_artist_prior(predicted.probabilities, given, groups, copied=copied), given, odds=_LABEL_ODDS
    )
    outlying, deviations = score_outliers(predicted.features, given, groups, seed=seed)
    known = np.isfinite(deviations)
    return {
        "label": Scores.of_rows(
            rows[fair],
            issues.score[fair],
            {
                "suggestion": names[issues.suggestion[fair]],
                "probability": issues.probability[fair].round(4),
                "given": issues.given[fair].round(4),
            },
            total=total,
        ),
        "outlier": Scores.of_rows(
            rows[known], outlying[known], {"deviations": deviations[known].round(2)}, total=total
        ),
    }


def score_outliers(features: Features, given: Integers, groups: Integers, *, seed: int) -> tuple[Floats, Floats]:
    """How far each picture is from the rest of its movement.

    The distance of a picture is the mean distance to its ten nearest neighbours of the same movement *by other
    artists*, because an artist's works resemble each other most. The logarithms of a movement's distances are compared
    by the modified z-score (Iglewicz & Hoaglin 1993), which is robust against a few outliers, so that a homogeneous
    movement such as Ukiyo-e and a mixed one such as Pop Art have about as many findings.

    Args:
        features: (M, C), as from `smn.clean.checks.out_of_fold.reduce_embedding`.
        given: (M,), labels.
        groups: (M,), equal where the artist is the same.
        seed: decides which 5,000 pictures of a larger movement are measured against.

    Returns:
        Scores (M,), 0..1 and 0.5 at 3.5 deviations, and deviations (M,); both NaN where there are too few others.
    """
    rng = np.random.default_rng(seed)
    deviations = np.full(len(given), np.nan)
    for label in np.unique(given):
        rows = np.flatnonzero(given == label)
        others = rows if len(rows) <= _MAX_REFERENCES else np.sort(rng.choice(rows, _MAX_REFERENCES, replace=False))
        distance = _distances(features, groups, rows=rows, others=others)
        known = np.isfinite(distance)
        if known.any():
            logarithm = np.log(np.maximum(distance[known], 1e-6))
            middle = np.median(logarithm)
            spread = max(_NORMAL * float(np.median(np.abs(logarithm - middle))), 1e-6)
            deviations[rows[known]] = (logarithm - middle) / spread
    return sigmoid(_CUTOFF - deviations), deviations


def _distances(features: Features, groups: Integers, *, rows: Integers, others: Integers) -> Floats:
    """The mean distance (len(rows),) to the nearest others of another group; NaN where there are too few."""
    there = features[others]
    lengths = np.einsum("ij,ij->i", there, there)
    distances = np.full(len(rows), np.nan)
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        here = features[part]
        squares = np.einsum("ij,ij->i", here, here)[:, None] + lengths - 2.0 * here @ there.T
        own = groups[part][:, None] == groups[others]
        squares[own] = np.inf
        enough = (~own).sum(axis=1) >= MIN_NEIGHBOURS
        nearest = np.partition(squares[enough], _NEAREST - 1, axis=1)[:, :_NEAREST] if enough.any() else squares[enough]
        distances[start : start + _CHUNK][enough] = np.sqrt(np.clip(nearest, 0.0, None)).mean(axis=1)
    return distances
