"""How much a model refuses of each kind of picture that is no painting."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from smn.evaluate.metrics import Floats
from smn.examples.gallery import OTHERS, Photographs, draw_other, list_others
from smn.progress import Progress

FIRST_SEED = 100_000
"""No training draws pictures from seeds as high as this."""

ScoreImages = Callable[[Iterable[Image.Image]], Floats]
"""Gives painting scores (N,), 0..1, of N pictures."""


@dataclass(frozen=True)
class KindReport:
    """One kind of drawn pictures that are no paintings.

    Args:
        kind: its name, one of `smn.examples.list_others`.
        part: whether training may have seen other pictures of the kind, ``"learned"`` or ``"held out"``.
        group: what it is for whoever looks at it, a value of `smn.examples.gallery.Group`.
        pictures: how many were asked about.
        caught: share of them that the model takes for no paintings, 0..1.
    """

    kind: str
    part: str
    group: str
    pictures: int
    caught: float


def measure_kinds(
    score_images: ScoreImages,
    *,
    threshold: float,
    photographs: Photographs | None = None,
    count: int = 40,
    on_progress: Progress | None = None,
) -> tuple[KindReport, ...]:
    """Evaluate a model on pictures of every kind that can be drawn.

    Args:
        score_images: the model.
        threshold: the painting score below which it refuses.
        photographs: ones that no training saw, for kinds that are made of them; without any they are left out.
        count: pictures of each kind.
        on_progress: called after each kind.
    """
    reports = []
    kinds = list_others(needs_photograph=None if photographs else False)
    for done, name in enumerate(kinds, start=1):
        numbers = range(FIRST_SEED, FIRST_SEED + count)
        scores = score_images(draw_other(name, seed=number, photographs=photographs) for number in numbers)
        kind, caught = OTHERS[name], float(np.mean(scores < threshold))
        reports.append(KindReport(name, kind.part.value, kind.group.value, len(scores), caught))
        if on_progress is not None:
            on_progress("drawn pictures", done, len(kinds))
    return tuple(reports)
