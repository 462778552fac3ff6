import numpy as np
import pytest

from smn.errors import InputError
from smn.evaluate.candidate import Classified, answer_pictures
from smn.reading import Failure


def test_pictures_are_asked_about_in_batches_and_failures_set_apart() -> None:
    sizes: list[int] = []

    def classify(batch: np.ndarray) -> Classified:
        sizes.append(len(batch))
        return Classified(np.column_stack([batch, 1 - batch]), batch[:, 0], batch)

    pictures = [np.array([at / 100]) for at in range(70)]
    answers = answer_pictures([*pictures[:3], Failure("a", "gone."), *pictures[3:]], classify, title="set")
    assert sizes == [32, 32, 6]
    assert answers.kept.tolist() == [*range(3), *range(4, 71)]
    assert answers.failures == (Failure("a", "gone."),)
    assert answers.painting is not None
    np.testing.assert_array_equal(answers.probabilities[:, 0], answers.painting)
    assert answers.embedding is not None
    assert answers.embedding.shape == (70, 1)


def test_a_model_need_not_say_what_is_a_painting() -> None:
    answers = answer_pictures([np.zeros(2)], lambda batch: Classified(np.ones((len(batch), 1))), title="set")
    assert answers.painting is None
    assert answers.embedding is None
    assert answers.probabilities.shape == (1, 1)


@pytest.mark.parametrize(
    ("pictures", "said"), [([Failure("a", "gone.")], "None of the 1 pictures of set .* gone."), ([], "there is none")]
)
def test_nothing_to_ask_about_is_an_error(pictures: list[Failure], said: str) -> None:
    with pytest.raises(InputError, match=said):
        answer_pictures(pictures, Classified, title="set")
