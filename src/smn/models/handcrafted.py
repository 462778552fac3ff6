"""handcrafted: histograms of colour and texture, and boosted trees that decide by them, as plain arrays.

scikit-learn grows the trees and numpy reads them back, because scikit-learn keeps them as pickles, which run code when
they are opened and hold for one version of it. Reading takes attributes of scikit-learn that are not public, in
`read_trees` alone; a test compares the arrays' answers with scikit-learn's own.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.extras import require_extra
from smn.models.palette import COLOURS, Floats, Ints, convert_to_lab, extract_palette, find_typical_palettes

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
        The arrays of `smn.models.handcrafted`, and ``palettes`` (K, 5, 4), NaN for a label without pictures.
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


def read_trees(boosting: Any) -> dict[str, Floats]:
    """The trees of a fitted ``HistGradientBoostingClassifier`` without categories or missing values.

    Returns:
        ``tree_labels`` (C,), the labels that were seen in training; ``tree_start`` (C,), their scores before the first
        tree; ``tree_roots`` (steps, C), where each tree begins among the nodes; and for each of M nodes
        ``tree_feature``, ``tree_threshold``, ``tree_left``, ``tree_right`` and ``tree_value`` (M,). A feature up to its
        threshold goes to the left. A leaf leads to itself. Of two labels only the second has trees, and C is 1 but in
        ``tree_labels``.
    """
    grown = [[tree.nodes for tree in step] for step in boosting._predictors]
    sizes = np.array([[len(nodes) for nodes in step] for step in grown])
    roots = np.cumsum(sizes).reshape(sizes.shape) - sizes
    nodes = np.concatenate([nodes for step in grown for nodes in step])
    begin = np.repeat(roots.ravel(), sizes.ravel())
    own, is_leaf = np.arange(len(nodes)), nodes["is_leaf"].astype(np.bool_)
    arrays = {
        "tree_labels": boosting.classes_,
        "tree_start": boosting._baseline_prediction.ravel(),
        "tree_roots": roots,
        "tree_feature": np.where(is_leaf, 0, nodes["feature_idx"]),
        "tree_threshold": nodes["num_threshold"],
        "tree_left": np.where(is_leaf, own, begin + nodes["left"]),
        "tree_right": np.where(is_leaf, own, begin + nodes["right"]),
        "tree_value": np.where(is_leaf, nodes["value"], 0.0),
    }
    return {name: np.asarray(values, dtype=np.float64) for name, values in arrays.items()}


def score_trees(arrays: Mapping[str, Floats], features: Floats) -> Floats:
    """The logits (N, C) of features (N, D), a column for each of ``tree_labels``."""
    feature, left, right = (arrays[f"tree_{name}"].astype(np.int64) for name in ("feature", "left", "right"))
    threshold, rows = arrays["tree_threshold"], np.arange(len(features))[:, None]
    logits = np.tile(arrays["tree_start"], (len(features), 1))
    for roots in arrays["tree_roots"].astype(np.int64):
        at = np.tile(roots, (len(features), 1))
        while True:
            goes_left = features[rows, feature[at]] <= threshold[at]
            following = np.where(goes_left, left[at], right[at])
            if (following == at).all():
                break
            at = following
        logits += arrays["tree_value"][at]
    if logits.shape[1] < len(arrays["tree_labels"]):
        return np.column_stack([np.zeros(len(features)), logits])
    return logits
