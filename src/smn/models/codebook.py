"""colour-5-histogram: palettes as histograms over one book of colours."""

from collections.abc import Mapping

import numpy as np

from smn.extras import require_extra
from smn.models.palette import Floats, Ints, cluster_colours, find_typical_palettes

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
