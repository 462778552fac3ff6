""""""

import numpy as np
import pytest
from PIL import Image
from sklearn.ensemble import HistGradientBoostingClassifier

from smn.examples import paint
from smn.models.handcrafted import describe_picture, learn_boosting, read_trees, score_boosting, score_trees
from smn.models.palette import extract_palette

PALETTE, ALONE, JOINTLY, PATTERNS, GRADIENTS = np.cumsum([20, 48, 125, 28, 36])


def test_the_parts_stand_where_the_docstring_says() -> None:
    picture = paint("pop-art", size=(160, 128))
    vector = describe_picture(picture)
    assert vector.shape == (GRADIENTS,)
    np.testing.assert_array_equal(vector[:PALETTE], extract_palette(picture).ravel())
    histograms = np.split(vector[PALETTE:PATTERNS], [16, 32, 48, 173, 183])
    np.testing.assert_allclose([part.sum() for part in histograms], 1.0)
    assert np.isfinite(vector).all()


def test_texture_is_seen_where_colour_is_the_same() -> None:
    along = np.zeros((128, 128, 3), dtype=np.uint8)
    along[::8], along[1::8], along[2::8], along[3::8] = 255, 255, 255, 255
    vectors = [describe_picture(Image.fromarray(pixels)) for pixels in (along, along.transpose(1, 0, 2).copy())]
    np.testing.assert_allclose(vectors[0][PALETTE:JOINTLY], vectors[1][PALETTE:JOINTLY])
    assert np.abs(vectors[0][PATTERNS:] - vectors[1][PATTERNS:]).max() > 0.1


def test_a_picture_of_one_colour_has_no_gradients() -> None:
    vector = describe_picture(Image.new("RGB", (16, 16), (200, 30, 30)))
    assert (vector[PATTERNS:] == 0).all()


def test_trees_learn_what_tells_labels_apart() -> None:
    random = np.random.default_rng(0)
    features = random.random((90, GRADIENTS))
    targets = np.repeat([0, 1, 3], 30)
    features[:, 200] += targets
    learned = learn_boosting(features, targets, classes=5, seed=0)
    scores = score_boosting(learned, features)
    assert (scores.argmax(axis=1) == targets).mean() > 0.95
    assert np.isneginf(scores[:, [2, 4]]).all()
    assert np.isfinite(scores[:, [0, 1, 3]]).all()
    assert learned["palettes"].shape == (5, 5, 4)


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
