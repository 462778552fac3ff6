"""What a model's embedding gives away: a linear probe that predicts where a picture comes from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.evaluate.metrics import Figure, Floats, Ints, balanced_accuracy, bootstrap, count_confusion, recall
from smn.extras import require_extra
from smn.manifest.identity import cluster_artists

_FOLDS = 5
_ROWS = 10  # a value needs at least so many pictures
_STRENGTH = 0.01  # inverse of the L2 penalty


@dataclass(frozen=True)
class ProbeClass:
    """How well a probe recognises one value.

    Args:
        name: the value.
        rows: its pictures.
        recall: share of them that the probe recognises.
    """

    name: str
    rows: int
    recall: Figure


@dataclass(frozen=True)
class ProbeReport:
    """How well a column can be predicted from the embedding, by artists that the probe has not seen.

    Args:
        column: the manifest's column.
        rows: pictures with a value that was probed.
        artists: clusters by which they were held out.
        left_out: pictures of values that are too rare, by value.
        chance: balanced accuracy of a guess, 1 divided by the number of values.
        balanced_accuracy: mean recall over the values.
        by_movement: the same of a probe that is told the picture's label and nothing else: how far the movements alone
            give the column away.
        classes: each value.
    """

    column: str
    rows: int
    artists: int
    left_out: Mapping[str, int]
    chance: float
    balanced_accuracy: Figure
    by_movement: Figure
    classes: tuple[ProbeClass, ...]


def measure_probe(
    embedding: NDArray[np.floating[Any]],
    values: Sequence[Any],
    *,
    column: str,
    truth: Ints,
    artists: Sequence[str | None],
    resamples: int = 1000,
    seed: int = 0,
) -> ProbeReport | None:
    """Predict a column from the embedding with logistic regression, cross-validated with artists held out.

    Standardised features, an L2 penalty (C = 0.01), classes weighted equally, five folds that keep an artist together
    and the values balanced. Alain & Bengio 2016, "Understanding intermediate layers using linear classifier probes".

    Args:
        embedding: (N, D), the model's features.
        values: N values of the column, None where unknown; those pictures are left out.
        column: its name, for the report.
        truth: (N,), each picture's label.
        artists: N names, None where unknown.
        resamples: how many times artists are drawn for the intervals.
        seed: of the folds and of the drawing.

    Returns:
        The report; None where fewer than two values have ten pictures by five artists.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    require_extra("evaluate", "sklearn")
    clusters = cluster_artists(artists)
    names = ["" if value is None else str(value) for value in values]
    counts = Counter(name for name in names if name)
    owners = {name: {int(one) for one, own in zip(clusters, names, strict=True) if own == name} for name in counts}
    kept = [name for name, count in counts.most_common() if count >= _ROWS and len(owners[name]) >= _FOLDS]
    if len(kept) < 2:
        return None
    rows = np.array([at for at, name in enumerate(names) if name in kept])
    target = np.array([kept.index(names[row]) for row in rows], dtype=np.int64)
    groups = np.unique(clusters[rows], return_inverse=True)[1].astype(np.int64)
    labels = np.eye(int(truth.max()) + 1)[truth[rows]]
    from_embedding, from_label = (
        _predict(features, target, groups, seed=seed) for features in (embedding[rows], labels)
    )

    def statistic(weights: Floats) -> Floats:
        tables = [
            count_confusion(target, answer, classes=len(kept), weights=weights)
            for answer in (from_embedding, from_label)
        ]
        return np.array([*map(balanced_accuracy, tables), *recall(tables[0])])

    figures = bootstrap(statistic, [groups], resamples=resamples, seed=seed)
    return ProbeReport(
        column=column,
        rows=len(rows),
        artists=int(groups.max()) + 1,
        left_out={name: count for name, count in counts.most_common() if name not in kept},
        chance=1.0 / len(kept),
        balanced_accuracy=figures[0],
        by_movement=figures[1],
        classes=tuple(ProbeClass(name, counts[name], figures[2 + at]) for at, name in enumerate(kept)),
    )


def _predict(features: NDArray[np.floating[Any]], target: Ints, groups: Ints, *, seed: int) -> Ints:
    """The value (N,) that a probe of the other folds predicts for each picture."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=2000, random_state=seed)
    )
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed)
    return np.asarray(cross_val_predict(model, features, target, groups=groups, cv=folds), dtype=np.int64)
