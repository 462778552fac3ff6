"""A model to be measured, whatever it is made of, and its answers to pictures."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from smn.confidence.answer_policy import AnswerPolicy
from smn.errors import InputError
from smn.evaluate.kinds import Judge
from smn.evaluate.metrics import Floats, Ints
from smn.evaluate.report import DataUse, Model
from smn.manifest import Manifest
from smn.movements import Taxonomy
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
        embedding: (M, D), features for comparing pictures; None for a model that has none.
    """

    kept: Ints
    probabilities: Floats
    painting: Floats | None
    failures: tuple[Failure, ...]
    embedding: NDArray[np.float32] | None = None


class Classified(NamedTuple):
    """What a model says about a batch of n pictures.

    Args:
        probabilities: (n, K), calibrated.
        painting: (n,), scores 0..1; None for a model that does not say.
        embedding: (n, D), features; None for a model that has none.
    """

    probabilities: Floats
    painting: Floats | None = None
    embedding: NDArray[np.float32] | None = None


class Ask(Protocol):
    """How a model is asked about the pictures of some rows of a manifest, by their numbers (N,)."""

    def __call__(self, manifest: Manifest, rows: Ints, *, title: str, on_progress: OnProgress | None) -> Answers:
        """Its answers.

        Raises:
            InputError: not one of the pictures could be read.
        """


class AskChanged(Protocol):
    """How a model is asked about the pictures of some rows after each of `smn.evaluate.robustness.CHANGES`."""

    def __call__(self, manifest: Manifest, rows: Ints, *, title: str, on_progress: OnProgress | None) -> Answers:
        """Its answers, whose ``probabilities`` are (M, C, K)."""


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
        ask_changed: see `AskChanged`; None for a model that is not asked about changed pictures.
    """

    about: Model
    taxonomy: Taxonomy
    data: tuple[DataUse, ...]
    knows_paintings: bool
    ask: Ask
    promises: AnswerPolicy | None = None
    judge: Judge | None = None
    ask_changed: AskChanged | None = None


def answer_pictures(
    pictures: Iterable[NDArray[Any] | Failure],
    classify: Callable[[NDArray[Any]], Classified],
    *,
    title: str,
) -> Answers:
    """Ask a model about pictures in batches, and set those apart that cannot be read.

    Args:
        pictures: as the model takes them, all of one shape, or failures.
        classify: answers to a batch of n pictures.
        title: what is being read, for the error.

    Raises:
        InputError: not one of the pictures could be read.
    """
    kept: list[int] = []
    failures: list[Failure] = []
    batch: list[NDArray[Any]] = []
    answers: list[Classified] = []
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
    scores = [one.painting for one in answers if one.painting is not None]
    features = [one.embedding for one in answers if one.embedding is not None]
    return Answers(
        np.array(kept, dtype=np.int64),
        np.concatenate([one.probabilities for one in answers]),
        np.concatenate(scores) if scores else None,
        tuple(failures),
        np.concatenate(features) if features else None,
    )
