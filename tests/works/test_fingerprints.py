import numpy as np
import pytest

from smn.examples import paint
from smn.images.preprocess import PreprocessSpec
from smn.works.fingerprints import BOXES, feature_type, hash_parts, hash_whole

SPEC = PreprocessSpec(size=224)


def differing(one: np.ndarray, other: np.ndarray) -> int:
    return int(np.bitwise_count(one ^ other).sum(axis=-1).min())


def test_the_first_part_is_the_whole_picture() -> None:
    values = SPEC.apply(paint("cubism", seed=0))
    parts = hash_parts(values, SPEC)
    assert parts.shape == (len(BOXES), 4)
    assert all(0 <= box[0] < box[2] <= 1 and 0 <= box[1] < box[3] <= 1 for box in BOXES)
    np.testing.assert_array_equal(parts[0], hash_whole(values, SPEC))


@pytest.mark.parametrize("share", [0.9, 0.8])
def test_a_part_of_a_picture_is_found_in_it(share: float) -> None:
    painting = paint("romanticism", seed=1).resize((300, 300))
    gap = round(150 * (1 - share))
    middle = hash_whole(SPEC.apply(painting.crop((gap, gap, 300 - gap, 300 - gap))), SPEC)
    other = hash_whole(SPEC.apply(paint("cubism", seed=3)), SPEC)
    parts = hash_parts(SPEC.apply(painting), SPEC)
    assert differing(parts, middle) < 30
    assert differing(parts, other) > 60


def test_features_have_an_embedding_and_a_hash() -> None:
    value = np.zeros(2, feature_type(7))
    assert value["embedding"].shape == (2, 7)
    assert value["hash"].dtype == np.uint64
