"""How much a model refuses of each kind of thing that is no painting."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from smn.evaluate.metrics import Floats
from smn.examples.others import OTHERS, draw_other
from smn.reading import OnProgress

FIRST_SEED = 100_000
"""No training draws pictures from seeds as high as this."""

Judge = Callable[[Iterable[Image.Image]], Floats]
"""Gives painting scores (N,), 0..1, of N pictures."""


@dataclass(frozen=True)
class KindReport:
    """One kind of drawn pictures that are no paintings.

    Args:
        kind: its name, one of `smn.examples.list_others`.
        part: whether training may have seen other pictures of the kind, ``"learned"`` or ``"held out"``.
        pictures: how many were asked about.
        caught: share of them that the model takes for no paintings, 0..1.
    """

    kind: str
    part: str
    pictures: int
    caught: float


def measure_kinds(
    judge: Judge, *, threshold: float, count: int = 40, on_progress: OnProgress | None = None
) -> tuple[KindReport, ...]:
    """Ask a model about pictures of every kind that can be drawn.

    Args:
        judge: the model.
        threshold: the painting score below which it refuses.
        count: pictures of each kind.
        on_progress: called after each kind.
    """
    reports = []
    for done, (kind, (part, _)) in enumerate(OTHERS.items(), start=1):
        scores = judge(draw_other(kind, seed=FIRST_SEED + number) for number in range(count))
        reports.append(KindReport(kind, part.value, len(scores), float(np.mean(scores < threshold))))
        if on_progress is not None:
            on_progress("drawn pictures", done, len(OTHERS))
    return tuple(reports)
