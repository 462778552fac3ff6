import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from awkward_files import READABLE, UNREADABLE
from smn.bundle import Bundle
from smn.errors import ImageError, InputError
from smn.predict.inputs import Input, find_inputs
from smn.predict.model import Model
from smn.predict.prediction import Outcome, Prediction, failed
from smn.predict.stream import predict_stream


class CountingModel:
    """Answers with the path alone, and counts the pictures that are prepared and not yet answered."""

    name = "counting"

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.held = self.most = self.prepared = 0
        self.batches: list[int] = []

    def prepare(self, source: bytes) -> tuple[np.ndarray, None]:
        if source == b"bad":
            raise ImageError("It is bad; mend it.")
        # Later pictures are ready sooner, so that an order by readiness would show.
        time.sleep(0.002 / int(source))
        with self.lock:
            self.prepared += 1
            self.held += 1
            self.most = max(self.most, self.held)
        return np.array([int(source)]), None

    def answer(
        self, batch: np.ndarray, paths: Sequence[str], *, found: list[None], top_k: int, coverage: float | None
    ) -> tuple[Prediction, ...]:
        assert (top_k, coverage) == (3, None)
        assert found == [None] * len(batch)
        with self.lock:
            self.held -= len(batch)
        self.batches.append(len(batch))
        assert [str(number) for number in batch[:, 0]] == list(paths)
        return tuple(failed(path, "no answer", model=self.name) for path in paths)


def numbered(count: int, *, bad: Sequence[int] = ()) -> list[Input]:
    return [Input(str(at), b"bad" if at in bad else str(at).encode()) for at in range(1, count + 1)]


@pytest.mark.parametrize("count", [0, 1, 4, 5, 8, 30])
def test_answers_come_in_order_and_in_batches(count: int) -> None:
    model: Any = CountingModel()
    answers = list(predict_stream(model, numbered(count), batch_size=4))
    assert [answer.path for answer in answers] == [str(number) for number in range(1, count + 1)]
    assert model.batches == [4] * (count // 4) + [count % 4] * (count % 4 > 0)


def test_no_more_than_two_batches_are_ever_held() -> None:
    model: Any = CountingModel()
    for number, _ in enumerate(predict_stream(model, numbered(60), batch_size=4), start=1):
        time.sleep(0.001)  # a slow reader must not make the decoders run ahead
        assert model.prepared <= number + 2 * 4
    assert model.most <= 8


def test_the_next_batch_is_decoded_while_the_network_answers() -> None:
    class Waiting(CountingModel):
        ahead = threading.Event()

        def prepare(self, source: bytes) -> tuple[np.ndarray, None]:
            if source == b"5":
                self.ahead.set()
            return super().prepare(source)

        def answer(
            self, batch: np.ndarray, paths: Sequence[str], *, found: list[None], top_k: int, coverage: float | None
        ) -> tuple[Prediction, ...]:
            assert self.ahead.wait(10)
            return super().answer(batch, paths, found=found, top_k=top_k, coverage=coverage)

    model: Any = Waiting()
    assert len(list(predict_stream(model, numbered(8), batch_size=4))) == 8


def test_a_bad_picture_becomes_a_row_where_it_stood() -> None:
    model: Any = CountingModel()
    answers = list(predict_stream(model, numbered(9, bad=(2, 5, 6, 7, 8)), batch_size=4))
    assert [answer.path for answer in answers] == [str(number) for number in range(1, 10)]
    assert [at for at, answer in enumerate(answers, 1) if answer.error == "It is bad; mend it."] == [2, 5, 6, 7, 8]
    assert model.batches == [3, 1]  # the second batch holds no readable picture and is never asked for


def test_what_is_no_image_error_is_not_swallowed() -> None:
    model: Any = CountingModel()
    with pytest.raises(ValueError, match="invalid literal"):
        list(predict_stream(model, [Input("a", b"word")]))


def test_a_stream_can_be_left_early() -> None:
    model: Any = CountingModel()
    threads = threading.active_count()
    stream = predict_stream(model, numbered(1000), batch_size=4)
    assert next(stream).path == "1"
    stream.close()
    assert model.prepared <= 8
    assert threading.active_count() == threads


def test_the_stream_answers_as_the_model_does(tiny_bundle: Bundle, awkward_folder: Path) -> None:
    model = Model(tiny_bundle, threads=1)
    inputs = find_inputs([str(awkward_folder)])
    for batch_size in (1, 7, 100):
        for item, answer in zip(inputs, predict_stream(model, inputs, top_k=2, batch_size=batch_size), strict=True):
            name = Path(item.path).name
            assert answer.path == item.path
            assert (answer.outcome is Outcome.ERROR) == (name in UNREADABLE)
            if name in READABLE:
                assert answer == model.predict(Path(item.path), top_k=2)
    assert len(inputs) == len(READABLE) + len(UNREADABLE)


def test_a_wrong_top_k_is_an_input_error(tiny_bundle: Bundle, awkward_folder: Path) -> None:
    with pytest.raises(InputError, match="top_k"):
        list(predict_stream(Model(tiny_bundle), find_inputs([str(awkward_folder / "plain.jpg")]), top_k=0))
