from collections.abc import Callable

import numpy as np
import pytest

from smn.errors import InputError
from smn.evaluate import Predictions

Make = Callable[..., Predictions]


def test_length_is_the_number_of_rows(make_predictions: Make) -> None:
    assert len(make_predictions(rows=7)) == 7


def test_lengths_that_differ_are_all_named(make_predictions: Make) -> None:
    with pytest.raises(InputError, match=r"truth has 3 rows instead of 5; artists has 1 rows"):
        make_predictions(rows=5, truth=np.zeros(3, dtype=np.int64), artists=("one",))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"probabilities": np.ones((5, 2)) / 2}, "but there are 8 labels"),
        ({"probabilities": np.ones((5, 8))}, "do not sum to 1"),
        ({"truth": np.full(5, 8)}, r"truth must lie in 0\.\.7"),
    ],
)
def test_values_out_of_range(make_predictions: Make, given: dict[str, np.ndarray], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        make_predictions(rows=5, **given)
