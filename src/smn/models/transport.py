"""colour-5: palettes compared by the earth mover's distance, to a prototype a movement or to the nearest pictures.

The distance of two palettes is the least work of turning one into the other: shares moved, times how far they move in
CIELAB (Rubner et al. 2000, "The Earth Mover's Distance as a Metric for Image Retrieval"). Euclidean distance is the
ground here and not CIEDE2000: being a norm, it has barycentres and the lower bound by which neighbours are chosen.
"""

from collections.abc import Mapping
from itertools import product

import numpy as np

from smn.extras import require_extra
from smn.models.palette import Floats, Ints, find_typical_palettes

NEIGHBOURS = 15
"""Pictures that vote."""

CANDIDATES = 40
"""Pictures that a new one is compared with in full; POT solves some ten thousand such problems a second."""

_DIRECTIONS = np.array([(1, 0, 0), (0, 1, 0), (0, 0, 1), *product([1], [-1, 1], [-1, 1])], dtype=np.float64).T
_DIRECTIONS /= np.linalg.norm(_DIRECTIONS, axis=0)

_PICTURES, _STEPS, _STILL = 300, 10, 0.01
"""A barycentre is found from so many pictures of its movement at most, in so many steps, or until it moves less."""


def measure_transport(one: Floats, others: Floats) -> Floats:
    """The earth mover's distances (M,), in units of CIELAB, from a palette (P, 4) to palettes (M, Q, 4).

    Raises:
        MissingExtraError: POT is not installed.
    """
    require_extra("colour", "ot")
    import ot

    costs = np.linalg.norm(one[None, :, None, :3] - others[:, None, :, :3], axis=3)
    own, pairs = one[:, 3].copy(), zip(others[:, :, 3].copy(), costs, strict=True)
    return np.array([ot.emd2(own, shares, cost, check_marginals=False) for shares, cost in pairs])


def learn_barycentres(palettes: Floats, targets: Ints, *, classes: int, seed: int) -> dict[str, Floats]:
    """Each label's palette: the barycentre of its pictures' palettes.

    It begins as the label's typical palette, whose shares it keeps, and moves its colours until the squared distances
    to the pictures' palettes are least (Cuturi & Doucet 2014, with free support).

    Args:
        palettes: (N, P, 4), of pictures.
        targets: (N,), their labels, 0..classes-1.
        classes: K.
        seed: of the clustering, and of which pictures are looked at where a label has more than enough.

    Returns:
        ``palettes`` (K, 5, 4), NaN for a label without pictures.

    Raises:
        MissingExtraError: POT is not installed.
    """
    require_extra("colour", "ot")
    from ot.lp import free_support_barycenter

    found = find_typical_palettes(palettes, targets, classes=classes, seed=seed)
    random = np.random.default_rng(seed)
    for label in np.unique(targets):
        own = palettes[targets == label]
        own = own[np.sort(random.permutation(len(own))[:_PICTURES])]
        used = found[label, :, 3] > 0
        found[label, used, :3] = free_support_barycenter(
            list(own[:, :, :3]),
            list(own[:, :, 3]),
            found[label, used, :3],
            b=found[label, used, 3],
            numItermax=_STEPS,
            stopThr=_STILL,
        )
    return {"palettes": found}


def score_barycentres(learned: Mapping[str, Floats], palettes: Floats) -> Floats:
    """How near (N, K) palettes (N, P, 4) are to the labels' palettes; minus infinity for a label without one."""
    known = ~np.isnan(learned["palettes"][:, 0, 0])
    scores = np.full((len(palettes), len(known)), -np.inf)
    for row, palette in enumerate(palettes):
        scores[row, known] = -measure_transport(palette, learned["palettes"][known])
    return scores


def learn_neighbours(palettes: Floats, targets: Ints, *, classes: int, seed: int) -> dict[str, Floats]:
    """The pictures themselves.

    Args:
        palettes: (N, P, 4), of pictures.
        targets: (N,), their labels, 0..classes-1.
        classes: K.
        seed: of the typical palettes, which are for looking at.

    Returns:
        ``pictures`` (N, P, 4), ``targets`` (N,), and ``palettes`` (K, 5, 4), NaN for a label without pictures.
    """
    return {
        "pictures": palettes,
        "targets": targets.astype(np.float64),
        "palettes": find_typical_palettes(palettes, targets, classes=classes, seed=seed),
    }


def score_neighbours(learned: Mapping[str, Floats], palettes: Floats) -> Floats:
    """The logarithm of each label's share (N, K) among the `NEIGHBOURS` nearest pictures to palettes (N, P, 4).

    Nearest among the `CANDIDATES` that are nearest by the sliced distance (Bonneel et al. 2015): the mean, over seven
    directions of CIELAB, of the earth mover's distance along each alone, which takes no solver and is never more than
    the whole one. One more vote is split as all pictures are, so that only labels without pictures are impossible.
    """
    pictures, classes = learned["pictures"], len(learned["palettes"])
    targets = learned["targets"].astype(np.int64)
    prior = np.bincount(targets, minlength=classes) / len(targets)
    slices = _slice(pictures)
    votes = np.empty((len(palettes), classes))
    for row, (palette, own) in enumerate(zip(palettes, _slice(palettes), strict=True)):
        candidates = np.argsort(np.abs(slices - own).sum(axis=1), kind="stable")[:CANDIDATES]
        order = np.argsort(measure_transport(palette, pictures[candidates]), kind="stable")
        votes[row] = np.bincount(targets[candidates[order[:NEIGHBOURS]]], minlength=classes)
    shares = (votes + prior) / (votes.sum(axis=1, keepdims=True) + 1.0)
    scores: Floats = np.full_like(shares, -np.inf)
    np.log(shares, out=scores, where=shares > 0)
    return scores


def _slice(palettes: Floats) -> Floats:
    """Quantiles (N, 7 * 10) of palettes (N, P, 4) along each direction; the mean L1 distance is the sliced one."""
    along = palettes[:, :, :3] @ _DIRECTIONS
    order = np.argsort(along, axis=1)
    reached = np.cumsum(np.take_along_axis(palettes[:, :, 3:], order, axis=1), axis=1)
    levels = np.arange(0.05, 1.0, 0.1)
    place = np.minimum((reached[:, None] < levels[:, None, None]).sum(axis=2), palettes.shape[1] - 1)
    return np.take_along_axis(np.take_along_axis(along, order, axis=1), place, axis=1).reshape(len(palettes), -1)
