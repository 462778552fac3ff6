"""Reads one taxonomy's probabilities in another taxonomy."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smn.errors import TaxonomyError
from smn.movements.reader import Label, Taxonomy

Floats = NDArray[np.float64]


def regroup(probabilities: Floats, *, source: Taxonomy, target: Taxonomy) -> tuple[Floats, Floats]:
    """Sum probabilities over a coarser or smaller taxonomy.

    A source label belongs to the target label that covers its movements: all of them, else the one that names it.
    What the target leaves out is left out, and the rest is scaled to sum to 1, so that the answer reads "if it is
    one of these". How much was left out is returned too, because a small rest makes a weak answer.

    Args:
        probabilities: (N, K) over the source's labels, rows summing to 1.
        source: the taxonomy of the probabilities.
        target: the taxonomy to read them in.

    Returns:
        Probabilities (N, L) over the target's labels, rows summing to 1, and the share (N,), 0..1, that it covers.

    Raises:
        TaxonomyError: the two have no movement in common.
    """
    # Not by id: a file of one's own may carry a preset's id and other labels.
    if source.labels == target.labels:
        return probabilities, np.ones(len(probabilities))
    matrix = membership(source.labels, target)
    if not matrix.any():
        raise TaxonomyError(
            f"The model answers in taxonomy {source.id}, which shares no movement with {target.id}; choose another."
        )
    sums = probabilities @ matrix
    covered = sums.sum(axis=1)
    shares = sums / np.clip(covered, 1e-12, None)[:, None]
    return np.where(covered[:, None] > 1e-12, shares, 1.0 / len(target.labels)), covered


def membership(labels: Sequence[Label], target: Taxonomy) -> Floats:
    """Which of the target's L labels each of K labels belongs to: (K, L), 1 there and 0 elsewhere, or all 0."""
    matrix = np.zeros((len(labels), len(target.labels)))
    for row, label in enumerate(labels):
        homes = {home.id for movement in label.movements if (home := target.label_of(movement)) is not None}
        named = target.label_of(label.id)
        home_id = homes.pop() if len(homes) == 1 else (named.id if named else None)
        if home_id is not None:
            matrix[row, target.label_ids.index(home_id)] = 1.0
    return matrix


def families_of(probabilities: Floats, taxonomy: Taxonomy) -> tuple[tuple[str, ...], Floats]:
    """Family probabilities: sums over each family's labels.

    Args:
        probabilities: (N, K) over the taxonomy's labels.
        taxonomy: the taxonomy they belong to.

    Returns:
        The families' ids, in the order of their first label, and probabilities (N, F).
    """
    families = tuple(dict.fromkeys(label.family for label in taxonomy.labels))
    matrix = np.zeros((len(taxonomy.labels), len(families)))
    for row, label in enumerate(taxonomy.labels):
        matrix[row, families.index(label.family)] = 1.0
    return families, probabilities @ matrix
