import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from smn.models.trees import read_trees, score_trees


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_arrays_answer_as_scikit_learn_does(classes: int) -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(300, 6))
    labels = (features[:, 0] * features[:, 1] * 3 + features[:, 2]).astype(int) % classes + 4
    boosting = HistGradientBoostingClassifier(max_iter=8, early_stopping=False, min_samples_leaf=5)
    boosting.fit(features, labels)
    arrays = read_trees(boosting)
    fresh = random.normal(size=(200, 6))
    wanted = boosting.decision_function(fresh)
    wanted = wanted if classes > 2 else np.column_stack([np.zeros(200), wanted])
    np.testing.assert_allclose(score_trees(arrays, fresh), wanted, atol=1e-9)
    assert arrays["tree_labels"].tolist() == list(range(4, 4 + classes))
    assert all(array.dtype == np.float64 for array in arrays.values())


def test_a_tree_without_splits_and_a_single_label_answer_too() -> None:
    features = np.zeros((10, 2))
    boosting = HistGradientBoostingClassifier(max_iter=2, early_stopping=False).fit(features, np.zeros(10))
    assert score_trees(read_trees(boosting), features[:3]).shape == (3, 1)
