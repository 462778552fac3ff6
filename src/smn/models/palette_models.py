"""From palettes to a movement: ``colour-1``, ``colour-5``, ``colour-5-neighbours`` and ``colour-5-histogram``.

colour-1 compares the commonest colours, colour-5-histogram counts over one codebook of colours. The other two use the
earth mover's distance: the least work of turning one palette into another, shares moved times how far they move in
CIELAB (Rubner et al. 2000, "The Earth Mover's Distance as a Metric for Image Retrieval"), to a prototype of each
movement or to the nearest pictures. Euclidean distance is the ground here and not CIEDE2000: being a norm, it has
barycentres and the lower bound by which neighbours are chosen.
"""

from collections.abc import Mapping
from itertools import product

import numpy as np

from smn.extras import require_extra
from smn.models.palette import Floats, Ints, cluster_colours, find_typical_palettes


def learn_dominant(palettes: Floats, targets: Ints, *, classes: int, seed: int) -> dict[str, Floats]:
    """Each label's colour: the commonest of its pictures' commonest colours, clustered as a picture's pixels are.

    Args:
        palettes: (N, P, 4), of pictures.
        targets: (N,), their labels, 0..classes-1.
        classes: K.
        seed: of the clustering.

    Returns:
        ``palettes`` (K, 1, 4), NaN for a label without pictures.
    """
    return {"palettes": find_typical_palettes(palettes[:, :1], targets, classes=classes, seed=seed)[:, :1]}


def score_dominant(learned: Mapping[str, Floats], palettes: Floats) -> Floats:
    """How near (N, K) the commonest colours of pictures (N, P, 4) are to the labels' colours.

    The negative of a tenth of CIEDE2000, the difference that the eye sees (Sharma et al. 2005); minus infinity for a
    label without a colour. Tenths keep the temperature in the range that is searched.

    Raises:
        MissingExtraError: scikit-image is not installed.
    """
    require_extra("colour", "skimage")
    from skimage.color import deltaE_ciede2000

    own = learned["palettes"][:, 0, :3]
    known = ~np.isnan(own[:, 0])
    scores = np.full((len(palettes), len(own)), -np.inf)
    scores[:, known] = -deltaE_ciede2000(palettes[:, None, 0, :3], own[None, known]) / 10.0
    return scores


CODES = 64
"""Colours in the book."""


def learn_codebook(palettes: Floats, targets: Ints, *, classes: int, seed: int) -> dict[str, Floats]:
    """A book of the colours that there are, and how often each label uses them.

    Args:
        palettes: (N, P, 4), of pictures.
        targets: (N,), their labels, 0..classes-1.
        classes: K.
        seed: of the clustering.

    Returns:
        ``book`` (64, 3) in CIELAB, ``histograms`` (K, 64) whose rows sum to 1, and ``palettes`` (K, 5, 4); NaN for a
        label without pictures.
    """
    colours = palettes.reshape(-1, 4)
    book = cluster_colours(colours[:, :3], colours=CODES, weights=colours[:, 3], seed=seed)[:, :3]
    counted = _count_codes(palettes, book)
    histograms = np.full((classes, CODES), np.nan)
    for label in np.unique(targets):
        histograms[label] = counted[targets == label].mean(axis=0)
    typical = find_typical_palettes(palettes, targets, classes=classes, seed=seed)
    return {"book": book, "histograms": histograms, "palettes": typical}


def score_codebook(learned: Mapping[str, Floats], palettes: Floats) -> Floats:
    """How near (N, K) the histograms of palettes (N, P, 4) are to the labels' histograms.

    The negative of ten times the Jensen-Shannon distance (Endres & Schindelin 2003); minus infinity for a label without
    one. Ten times keeps the temperature in the range that is searched.
    """
    require_extra("colour", "sklearn")  # brings SciPy
    from scipy.spatial.distance import cdist  # type: ignore[import-untyped, unused-ignore]

    known = ~np.isnan(learned["histograms"][:, 0])
    scores = np.full((len(palettes), len(known)), -np.inf)
    counted = _count_codes(palettes, learned["book"])
    scores[:, known] = -10.0 * cdist(counted, learned["histograms"][known], "jensenshannon")
    return scores


def _count_codes(palettes: Floats, book: Floats) -> Floats:
    """Each palette's shares (N, 64) at the codes that are nearest to its colours."""
    apart = np.linalg.norm(palettes[:, :, None, :3] - book, axis=3)
    histograms = np.zeros((len(palettes), len(book)))
    np.add.at(histograms, (np.arange(len(palettes))[:, None], apart.argmin(axis=2)), palettes[:, :, 3])
    return histograms


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
