"""Answers for any number of pictures in bounded memory."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from smn.errors import ImageError
from smn.predict.inputs import Input
from smn.predict.model import Model
from smn.predict.prediction import Prediction, failed
from smn.rectify import Found

Prepared = tuple[NDArray[np.float32], Found | None] | ImageError


def predict_stream(
    model: Model, inputs: Sequence[Input], *, top_k: int = 3, batch_size: int = 4, coverage: float | None = None
) -> Iterator[Prediction]:
    """Answer for each picture, in order; one that cannot be read gets an answer with the reason.

    Pictures are decoded by a few threads, one batch ahead of the network, so no more than two batches are ever in
    memory.

    Args:
        model: who answers.
        inputs: the pictures.
        top_k: how many guesses to list, 1 or more.
        batch_size: pictures that the network sees at once; on a CPU more cost memory and save nothing.
        coverage: with what probability each answer's set should hold the right movement; None for no sets.
    """
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        ahead: list[Future[Prepared]] = []
        for start in range(0, len(inputs), batch_size):
            current = ahead or _submit(pool, model, inputs[start : start + batch_size])
            ahead = _submit(pool, model, inputs[start + batch_size : start + 2 * batch_size])
            yield from _answer(model, inputs[start : start + batch_size], current, top_k, coverage)


def _submit(pool: ThreadPoolExecutor, model: Model, inputs: Sequence[Input]) -> list[Future[Prepared]]:
    return [pool.submit(_prepare, model, item) for item in inputs]


def _prepare(model: Model, item: Input) -> Prepared:
    try:
        return model.prepare(item.source)
    except ImageError as error:
        return error


def _answer(
    model: Model,
    inputs: Sequence[Input],
    prepared: Sequence[Future[Prepared]],
    top_k: int,
    coverage: float | None,
) -> Iterator[Prediction]:
    results = [future.result() for future in prepared]
    readable = {place: result for place, result in enumerate(results) if not isinstance(result, ImageError)}
    answers: dict[int, Prediction] = {}
    if readable:
        batch = np.stack([prepared for prepared, _ in readable.values()])
        paths, found = [inputs[place].path for place in readable], [found for _, found in readable.values()]
        answered = model.answer(batch, paths, found=found, top_k=top_k, coverage=coverage)
        answers = dict(zip(readable, answered, strict=True))
    for place, result in enumerate(results):
        if isinstance(result, ImageError):
            yield failed(inputs[place].path, result.reason, model=model.name)
        else:
            yield answers[place]
