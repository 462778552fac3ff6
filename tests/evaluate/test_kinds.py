"""How much is refused of each kind of thing that is no painting."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.evaluate.kinds import measure_kinds
from smn.examples import list_others


def test_every_kind_is_asked_about_and_counted() -> None:
    asked: list[int] = []

    def judge(images: Iterable[Image.Image]) -> NDArray[np.float64]:
        """The n-th picture of a kind gets the score n / 4."""
        sizes = [image.size for image in images]
        asked.append(len(sizes))
        return np.arange(len(sizes)) / 4

    reports = measure_kinds(judge, threshold=0.5, count=4)
    assert [one.kind for one in reports] == list(list_others())
    assert asked == [4] * len(reports)
    assert {one.caught for one in reports} == {0.5}  # 0 and 0.25; what reaches the threshold is a painting
    assert {one.part for one in reports} == {"learned", "held out"}
