"""Which labels a model confuses, as clusters, and how far these agree with the families of the taxonomy."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smn.errors import InputError
from smn.evaluate.taxonomy_search import Floats, Step, count_step
from smn.extras import require_extra
from smn.movements import Taxonomy

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Grouping:
    """Labels grouped by what a model confuses.

    Args:
        step: the groups and their figures.
        agreement: adjusted Rand index with the families (Hubert & Arabie 1985): 1 for the same groups, about 0 for
            random groups, below 0 for less than that.
        by_lot: the 95th percentile of random groupings with groups of the same sizes.
    """

    step: Step
    agreement: float
    by_lot: float


def group_confused(
    confusion: Floats, taxonomy: Taxonomy, *, counts: Sequence[int], draws: int = 1000, seed: int = 0
) -> list[Grouping]:
    """Group labels by average linkage on how often they are taken for each other, once for each number of groups.

    The nearness of two labels is the mean of the two rates of confusion, each a share of its row. Labels without
    pictures are near to nothing.

    Args:
        confusion: (K, K) counts, right label by row, answer by column, of artists that the model has not seen.
        taxonomy: the K labels.
        counts: numbers of groups, 2..K.
        draws: how many random groupings to compare with.
        seed: of the random groupings.

    Raises:
        InputError: a number of groups lies outside.
        MissingExtraError: scikit-learn is not installed.
    """
    require_extra("evaluate", "sklearn")
    from sklearn.cluster import AgglomerativeClustering

    size = len(taxonomy.labels)
    wrong = [count for count in counts if not 2 <= count <= size]
    if wrong:
        raise InputError(f"{wrong[0]} groups of {size} labels were asked for; ask for 2 to {size}.")
    table = np.asarray(confusion, dtype=np.float64)
    rates = table / np.maximum(table.sum(axis=1, keepdims=True), 1.0)
    distance = 1.0 - (rates + rates.T) / 2.0
    np.fill_diagonal(distance, 0.0)
    _, families = np.unique([label.family for label in taxonomy.labels], return_inverse=True)
    random = np.random.default_rng(seed)
    found = []
    for count in counts:
        model = AgglomerativeClustering(n_clusters=count, metric="precomputed", linkage="average")
        groups: Ints = model.fit_predict(distance)
        drawn = random.permuted(np.tile(groups, (draws, 1)), axis=1)
        places = [tuple(np.flatnonzero(groups == one).tolist()) for one in dict.fromkeys(groups.tolist())]
        agreement = float(adjusted_rand(families, groups[None])[0])
        by_lot = float(np.quantile(adjusted_rand(families, drawn), 0.95))
        found.append(Grouping(count_step(places, table, taxonomy), agreement, by_lot))
    return found


def adjusted_rand(one: Ints, others: Ints) -> Floats:
    """How far groupings agree, chance taken off (Hubert & Arabie 1985, equation 5).

    Args:
        one: (K,), each item's group, 0 or more; neither one group only nor every item a group of its own.
        others: (D, K), the same of D other groupings.

    Returns:
        (D,), 1 for the same groups.
    """
    mine = np.eye(int(one.max()) + 1)[one]
    theirs = np.eye(int(others.max()) + 1)[others]
    together = _pairs(np.einsum("kf,dkg->dfg", mine, theirs)).sum(axis=(1, 2))
    first, second = _pairs(mine.sum(axis=0)).sum(), _pairs(theirs.sum(axis=1)).sum(axis=1)
    expected = first * second / _pairs(np.array(float(len(one))))
    return np.asarray((together - expected) / ((first + second) / 2.0 - expected), dtype=np.float64)


def _pairs(counts: Floats) -> Floats:
    return np.asarray(counts * (counts - 1.0) / 2.0)
