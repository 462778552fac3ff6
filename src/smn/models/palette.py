"""The few colours that a picture, or a movement, is made of.

A palette is an array (P, 4), a row a colour: lightness 0..100, a (green to red) and b (blue to yellow) of CIELAB under
D65, and the colour's share of the picture, 0..1. The commonest colour comes first and the shares sum to 1; a picture of
fewer colours repeats its first one with share 0.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.extras import require_extra

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLOURS = 5
"""Colours of a palette."""

SIDE = 32
"""Pixels a side at which colours are taken: brush strokes are averaged, areas of colour stay."""


def convert_to_lab(image: Image.Image, *, side: int = SIDE) -> Floats:
    """An RGB picture, squashed to a square, as CIELAB (side, side, 3).

    Raises:
        MissingExtraError: scikit-image is not installed.
    """
    require_extra("colour", "skimage")
    from skimage.color import rgb2lab

    small = image.resize((side, side), Image.Resampling.BOX)
    return np.asarray(rgb2lab(np.asarray(small, dtype=np.uint8)), dtype=np.float64)


def extract_palette(image: Image.Image, *, colours: int = COLOURS, seed: int = 0) -> Floats:
    """The palette of a picture.

    Args:
        image: an RGB picture of any size; `SIDE` pixels are enough.
        colours: how many, P.
        seed: of the clustering.

    Returns:
        (colours, 4).

    Raises:
        MissingExtraError: scikit-image or scikit-learn is not installed.

    Example:
        >>> lightness, a, b, share = extract_palette(open_image("painting.jpg"))[0]
    """
    return cluster_colours(convert_to_lab(image).reshape(-1, 3), colours=colours, seed=seed)


def cluster_colours(values: Floats, *, colours: int, weights: Floats | None = None, seed: int = 0) -> Floats:
    """The palette of a heap of colours: the centres of their clusters (k-means, k-means++ start) and their shares.

    Args:
        values: (M, 3), in CIELAB, at least one.
        colours: how many clusters, P.
        weights: (M,), not negative, not all 0; 1 for each where none are given.
        seed: of the clustering.

    Returns:
        (colours, 4).

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    require_extra("colour", "sklearn")
    from sklearn.cluster import KMeans

    weights = np.ones(len(values)) if weights is None else weights
    values, weights = values[weights > 0], weights[weights > 0]
    found = min(colours, len(np.unique(values, axis=0)))
    fitted = KMeans(found, n_init=1, random_state=seed).fit(values, sample_weight=weights)
    shares = np.bincount(fitted.labels_, weights, minlength=found) / weights.sum()
    order = np.argsort(-shares, kind="stable")
    order = np.concatenate([order, np.repeat(order[:1], colours - found)])
    shares = np.where(np.arange(colours) < found, shares[order], 0.0)
    return np.column_stack([fitted.cluster_centers_[order], shares])


def find_typical_palettes(
    palettes: Floats, targets: Ints, *, classes: int, colours: int = COLOURS, seed: int = 0
) -> Floats:
    """A palette for each label: the clusters of all its pictures' colours, weighted by their shares.

    Args:
        palettes: (N, P, 4), of pictures.
        targets: (N,), the pictures' labels, 0..classes-1.
        classes: K.
        colours: how many a palette has, Q.
        seed: of the clustering.

    Returns:
        (K, Q, 4); NaN for a label without pictures.
    """
    typical = np.full((classes, colours, 4), np.nan)
    for label in np.unique(targets):
        rows = palettes[targets == label].reshape(-1, 4)
        typical[label] = cluster_colours(rows[:, :3], colours=colours, weights=rows[:, 3], seed=seed)
    return typical
