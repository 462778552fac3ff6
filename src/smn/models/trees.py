"""Boosted trees as plain arrays: scikit-learn grows them, numpy reads them back.

scikit-learn keeps its trees as pickles, which run code when they are opened and hold for one version of it. What a tree
is takes six numbers a node. Reading them takes attributes of scikit-learn that are not public, in `read_trees` alone; a
test compares the arrays' answers with scikit-learn's own.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from smn.models.palette import Floats


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
