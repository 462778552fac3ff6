"""The checks that ask a model: doubtful labels, outliers, and what is no painting."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.clean.confident import score_labels_confidently
from smn.clean.features import Floats, reduce_embedding
from smn.clean.folds import choose_classes, cut_folds, cut_held_back, group_artists, judge_out_of_fold
from smn.clean.outliers import measure_outliers
from smn.clean.paintings import can_judge, group_kinds, judge_paintings, trust_opinion
from smn.clean.scores import Measured, Progress, Scores
from smn.clean.votes import MOST_OF_A_MOVEMENT, share_of_label, weigh_votes
from smn.errors import InputError
from smn.manifest import NOT_A_PAINTING

_LABEL_ODDS = 30.0
_HELD_BACK = ("val", "test")  # splits whose labels must have no say in what is cleaned from training
_COPIED = "artist"  # the value of label_kind where the artist's label was copied to the works

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class _Judged:
    """The M rows whose movements can be judged; places in ``classes``, artists as numbers, and what the models say."""

    rows: Integers
    classes: tuple[str, ...]
    given: Integers
    groups: Integers
    features: Floats
    probabilities: NDArray[np.float64]


def score_labels(
    measured: Measured, *, negatives: Measured | None = None, folds: int = 5, seed: int = 0, progress: Progress
) -> dict[str, Scores]:
    """Score what only a model can: the checks ``label``, ``outlier`` and ``not_a_painting``.

    Movements are learned anew from the set itself, in folds that keep artists together; nothing is judged by a model
    that saw its artist, nor by one that learned from the splits ``val`` and ``test``. A movement with fewer than 20
    rows or fewer artists than ``folds`` is neither learned nor judged. Labels are not judged where the artist has more
    than a quarter of the movement's rows. Models learn from a sample where there are very many rows, so that after
    that only the asking takes longer.

    Args:
        measured: N rows.
        negatives: pictures of something else, grouped by ``raw_label``; rows of `NOT_A_PAINTING` in the set itself
            serve too. Without at least 20, of as many kinds as there are folds, the model's own opinion is taken.
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
            f"folds is {folds}; it must be 3 or more: one is judged, one tried on, the others learned from."
        )
    judged = _judge(measured, folds=folds, seed=seed, progress=progress)
    scores = _nothing(len(measured)) if judged is None else _score(measured, judged, seed=seed)
    scores["not_a_painting"] = _score_paintings(measured, negatives, folds=folds, seed=seed, progress=progress)
    return scores


def _judge(measured: Measured, *, folds: int, seed: int, progress: Progress) -> _Judged | None:
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
    cut = cut_folds(given[~held_back], groups[rows][~held_back], folds=folds, seed=seed)
    probabilities = judge_out_of_fold(
        features,
        given,
        cut_held_back(groups[rows], cut, held_back, folds=folds),
        classes=len(classes),
        seed=seed,
        progress=progress,
        what="Judging movements",
        held_back=held_back,
    )
    known = np.isfinite(probabilities[:, 0])
    if not known.any():
        return None
    return _Judged(rows[known], classes, given[known], groups[rows[known]], features[known], probabilities[known])


def _score(measured: Measured, judged: _Judged, *, seed: int) -> dict[str, Scores]:
    total, rows, given, groups = len(measured), judged.rows, judged.given, judged.groups
    names = np.array(judged.classes, dtype=object)
    fair = share_of_label(given, groups) <= MOST_OF_A_MOVEMENT
    kinds = measured.manifest.column("label_kind")
    copied = np.array([kinds[row] == _COPIED for row in rows], dtype=np.bool_)
    doubts = score_labels_confidently(
        weigh_votes(judged.probabilities, given, groups, copied=copied), given, odds=_LABEL_ODDS
    )
    outlying, deviations = measure_outliers(judged.features, given, groups, seed=seed)
    near = np.isfinite(deviations)
    return {
        "label": Scores(
            _scores_of(rows[fair], doubts.score[fair], total=total),
            {
                "suggestion": _column(rows[fair], names[doubts.suggestion[fair]], total=total),
                "probability": _column(rows[fair], doubts.probability[fair].round(4), total=total),
                "given": _column(rows[fair], doubts.given[fair].round(4), total=total),
            },
        ),
        "outlier": Scores(
            _scores_of(rows[near], outlying[near], total=total),
            {"deviations": _column(rows[near], deviations[near].round(2), total=total)},
        ),
    }


def _nothing(total: int) -> dict[str, Scores]:
    """The same columns where not a single row can be judged."""
    columns = {"label": ("suggestion", "probability", "given"), "outlier": ("deviations",)}
    blank: list[Any] = [None] * total
    return {
        check: Scores(np.full(total, np.nan, dtype=np.float32), {name: list(blank) for name in names})
        for check, names in columns.items()
    }


def _score_paintings(
    measured: Measured, negatives: Measured | None, *, folds: int, seed: int, progress: Progress
) -> Scores:
    """Scores of every readable row that is given as a painting."""
    total = len(measured)
    others = np.array([name == NOT_A_PAINTING for name in measured.manifest.column("movement")], dtype=np.bool_)
    asked, inside = (np.flatnonzero(measured.readable & which) for which in (~others, others))
    outside = np.flatnonzero(negatives.readable) if negatives is not None else np.zeros(0, dtype=np.int64)
    raw = measured.manifest.column("raw_label")
    kinds = [raw[row] for row in inside]
    embedding = [measured.embedding[asked], measured.embedding[inside]]
    opinion = [measured.painting[asked], measured.painting[inside]]
    if negatives is not None:
        also = negatives.manifest.column("raw_label")
        kinds += [also[row] for row in outside]
        embedding.append(negatives.embedding[outside])
        opinion.append(negatives.painting[outside])
    artists = group_artists(measured.manifest.column("artist"))[asked]
    groups = np.concatenate([artists, group_kinds(kinds) + artists.max(initial=0) + 1])
    is_painting = np.arange(len(groups)) < len(asked)
    if not can_judge(is_painting, groups, folds=folds):
        score = trust_opinion(measured.painting[asked])
        return Scores(_scores_of(asked, score, total=total), {"like": [None] * total})
    judged, nearest = judge_paintings(
        np.concatenate(embedding),
        np.concatenate(opinion),
        is_painting,
        groups,
        folds=folds,
        seed=seed,
        progress=progress,
        what="Judging what is a painting",
    )
    count = len(asked)
    like = np.array(kinds, dtype=object)[nearest[:count] - count]
    return Scores(_scores_of(asked, judged[:count], total=total), {"like": _column(asked, like, total=total)})


def _scores_of(rows: Integers, values: NDArray[np.float64], *, total: int) -> Floats:
    scores = np.full(total, np.nan, dtype=np.float32)
    scores[rows] = values
    return scores


def _column(rows: Integers, values: NDArray[Any], *, total: int) -> list[Any]:
    """The values as a list of all rows, as plain Python values; None elsewhere."""
    column: list[Any] = [None] * total
    for row, value in zip(rows.tolist(), values.tolist(), strict=True):
        column[row] = value
    return column
