"""handcrafted: what colours a picture has, how they are mixed and how it is brushed, and trees that decide by it."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.extras import require_extra
from smn.models.palette import COLOURS, Floats, Ints, convert_to_lab, extract_palette, find_typical_palettes
from smn.models.trees import read_trees, score_trees

SIDE = 128
"""Pixels a side at which texture is seen."""

_RANGES = ((0.0, 100.0), (-60.0, 60.0), (-60.0, 60.0))
_BINS, _JOINT = 16, 5
_CIRCLES = ((8, 1), (16, 3))
"""Local binary patterns: points on a circle, and its radius in pixels."""


def describe_picture(image: Image.Image) -> Floats:
    """Colour and texture of an RGB picture, squashed to 128 x 128 pixels, as one vector (257,).

    In this order: its palette (20); histograms of lightness, a and b by themselves (48) and jointly (125); histograms
    of uniform local binary patterns at two radii (28; Ojala et al. 2002); oriented gradients in 2 x 2 cells (36; Dalal
    & Triggs 2005).

    Raises:
        MissingExtraError: scikit-image or scikit-learn is not installed.
    """
    require_extra("colour", "skimage")
    from skimage.feature import hog

    lab = convert_to_lab(image, side=SIDE).reshape(-1, 3)
    lab = np.clip(lab, *np.transpose(_RANGES))
    alone = [np.histogram(lab[:, at], _BINS, _RANGES[at])[0] / len(lab) for at in range(3)]
    jointly = np.histogramdd(lab, _JOINT, _RANGES)[0].ravel() / len(lab)
    grey = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX).convert("L"), dtype=np.uint8)
    patterns = [_count_patterns(grey, points=points, radius=radius) for points, radius in _CIRCLES]
    gradients = hog(grey, orientations=9, pixels_per_cell=(SIDE // 2, SIDE // 2), cells_per_block=(1, 1))
    return np.concatenate([extract_palette(image).ravel(), *alone, jointly, *patterns, gradients])


def _count_patterns(grey: NDArray[np.uint8], *, points: int, radius: int) -> Floats:
    from skimage.feature import local_binary_pattern

    patterns = local_binary_pattern(grey, points, radius, "uniform").astype(np.int64)
    return np.bincount(patterns.ravel(), minlength=points + 2) / grey.size


def learn_boosting(features: Floats, targets: Ints, *, classes: int, seed: int) -> dict[str, Floats]:
    """Gradient-boosted trees (scikit-learn's, by histograms as in LightGBM: Ke et al. 2017), as arrays.

    Args:
        features: (N, 257), of `describe_picture`.
        targets: (N,), their labels, 0..classes-1.
        classes: K.
        seed: of the clustering of the palettes.

    Returns:
        The arrays of `smn.models.trees`, and ``palettes`` (K, 5, 4), NaN for a label without pictures.
    """
    require_extra("colour", "sklearn")
    from sklearn.ensemble import HistGradientBoostingClassifier

    palettes = features[:, : 4 * COLOURS].reshape(-1, COLOURS, 4)
    typical = {"palettes": find_typical_palettes(palettes, targets, classes=classes, seed=seed)}
    boosting = HistGradientBoostingClassifier(
        max_iter=100,
        learning_rate=0.08,
        max_leaf_nodes=15,
        min_samples_leaf=20,
        l2_regularization=1.0,
        categorical_features=None,
        early_stopping=False,
        random_state=seed,
    )
    return typical | read_trees(boosting.fit(features, targets))


def score_boosting(learned: Mapping[str, Floats], features: Floats) -> Floats:
    """The logits (N, K) of features (N, 257); minus infinity for a label without training pictures."""
    scores = np.full((len(features), len(learned["palettes"])), -np.inf)
    scores[:, learned["tree_labels"].astype(np.int64)] = score_trees(learned, features)
    return scores
