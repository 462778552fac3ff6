"""What an artist's other works say of a work's label, and when an artist is too much of a movement to be judged."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_OF_A_MOVEMENT = 0.25
"""With more of a movement's rows than this by one artist, those that are left hardly tell what the movement is."""

_DOUBT = 3.0  # votes that the labels' frequencies in the whole set count for


def weigh_votes(
    probabilities: Floats, given: Integers, groups: Integers, *, copied: NDArray[np.bool_], doubt: float = _DOUBT
) -> Floats:
    """Probabilities of labels by the look of a work and by the labels of its artist's other works.

    A model that never saw the artist says p(label | look). Among the artist's works the labels are not as frequent as
    in the whole set: each *other* work's label is a vote, and the share of votes, smoothed with ``doubt`` votes of the
    whole set's frequencies, takes the place of those frequencies (Bayes' rule). So a Monet that looks like a Signac
    stays Impressionist among eighty Impressionist Monets, and a Monet that is labelled Baroque is found whatever it
    looks like. A label that was copied from artist to works is one statement and not many: the works of an artist
    that have such labels cast one vote together, the row's own share in it included.

    Args:
        probabilities: (M, K), of the look.
        given: (M,), labels 0..K-1.
        groups: (M,), equal where the artist is the same, 0 or more.
        copied: (M,), whose labels were copied from the artist.
        doubt: above 0; the more, the less the votes weigh.

    Returns:
        (M, K), rows summing to 1.
    """
    labels = probabilities.shape[1]
    everywhere = (np.bincount(given, minlength=labels) + 1.0) / (len(given) + labels)
    single, shared = (_count(given[which], groups[which], groups.max() + 1, labels) for which in (~copied, copied))
    votes = single[groups] + (shared / np.maximum(shared.sum(axis=1, keepdims=True), 1.0))[groups]
    own = np.flatnonzero(~copied)
    votes[own, given[own]] -= 1.0
    frequency = (votes + doubt * everywhere) / (votes.sum(axis=1, keepdims=True) + doubt)
    weighed = probabilities * frequency / everywhere
    return np.asarray(weighed / weighed.sum(axis=1, keepdims=True))


def share_of_label(given: Integers, groups: Integers) -> Floats:
    """The share (M,), above 0 up to 1, of its label's rows that are by the row's own artist."""
    counts = _count(given, groups, groups.max() + 1, given.max() + 1)
    return np.asarray((counts / np.maximum(counts.sum(axis=0), 1.0))[groups, given])


def _count(given: Integers, groups: Integers, rows: int, labels: int) -> Floats:
    counts = np.zeros((rows, labels))
    np.add.at(counts, (groups, given), 1.0)
    return counts
