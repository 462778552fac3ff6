"""A model to be measured, whatever it is made of, and its answers to pictures."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from smn.errors import InputError
from smn.evaluate.kinds import Judge
from smn.evaluate.metrics import Floats, Ints
from smn.evaluate.report import DataUse, Model
from smn.manifest import Manifest
from smn.movements import Taxonomy
from smn.promises import Promises
from smn.reading import Failure, OnProgress

_BATCH = 32


@dataclass(frozen=True)
class Answers:
    """What a model says about the M readable of N rows.

    Args:
        kept: (M,), positions in 0..N-1 of the rows that could be read.
        probabilities: (M, K), calibrated, in the model's own taxonomy.
        painting: (M,), scores 0..1 that each is a painting; None for a model that does not say.
        failures: the N - M others.
    """

    kept: Ints
    probabilities: Floats
    painting: Floats | None
    failures: tuple[Failure, ...]


class Ask(Protocol):
    """How a model is asked about the pictures of some rows of a manifest, by their numbers (N,)."""

    def __call__(self, manifest: Manifest, rows: Ints, *, title: str, on_progress: OnProgress | None) -> Answers:
        """Its answers.

        Raises:
            InputError: not one of the pictures could be read.
        """


@dataclass(frozen=True)
class Candidate:
    """A model that can be measured.

    Args:
        about: what the report says of it.
        taxonomy: the labels that it answers in.
        data: what it learned from.
        knows_paintings: whether it says of a picture whether it is a painting.
        ask: see `Ask`.
        promises: what it promises about its answers; None for nothing.
        judge: how it is asked about pictures that stand in no manifest; None where it does not know paintings.
    """

    about: Model
    taxonomy: Taxonomy
    data: tuple[DataUse, ...]
    knows_paintings: bool
    ask: Ask
    promises: Promises | None = None
    judge: Judge | None = None


def answer_pictures(
    pictures: Iterable[NDArray[Any] | Failure],
    classify: Callable[[NDArray[Any]], tuple[Floats, Floats | None]],
    *,
    title: str,
) -> Answers:
    """Ask a model about pictures in batches, and set those apart that cannot be read.

    Args:
        pictures: as the model takes them, all of one shape, or failures.
        classify: makes probabilities (n, K) of n pictures, and painting scores (n,) or None.
        title: what is being read, for the error.

    Raises:
        InputError: not one of the pictures could be read.
    """
    kept: list[int] = []
    failures: list[Failure] = []
    batch: list[NDArray[Any]] = []
    answers: list[tuple[Floats, Floats | None]] = []
    for position, picture in enumerate(pictures):
        if isinstance(picture, Failure):
            failures.append(picture)
            continue
        kept.append(position)
        batch.append(picture)
        if len(batch) == _BATCH:
            answers.append(classify(np.stack(batch)))
            batch.clear()
    if batch:
        answers.append(classify(np.stack(batch)))
    if not kept:
        raise InputError(
            f"None of the {len(failures)} pictures of {title} could be read; "
            f"the first says: {failures[0].reason if failures else 'there is none.'}"
        )
    scores = [painting for _, painting in answers if painting is not None]
    return Answers(
        np.array(kept, dtype=np.int64),
        np.concatenate([probabilities for probabilities, _ in answers]),
        np.concatenate(scores) if scores else None,
        tuple(failures),
    )
