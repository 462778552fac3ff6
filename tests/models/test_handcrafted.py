import numpy as np
from PIL import Image

from smn.examples import paint
from smn.models.handcrafted import describe_picture, learn_boosting, score_boosting
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
