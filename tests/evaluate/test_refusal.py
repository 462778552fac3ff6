"""How much is refused of each kind of thing that is no painting."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.evaluate.refusal import measure_kinds
from smn.examples import list_others


def test_every_kind_is_asked_about_and_counted() -> None:
    asked: list[int] = []

    def score_images(images: Iterable[Image.Image]) -> NDArray[np.float64]:
        """The n-th picture of a kind gets the score n / 2."""
        sizes = [image.size for image in images]
        asked.append(len(sizes))
        return np.arange(len(sizes)) / 2

    photographs = [Image.new("RGB", (64, 48), "blue")]
    reports = measure_kinds(score_images, threshold=0.5, photographs=photographs, count=2)
    assert [one.kind for one in reports] == list(list_others())
    assert asked == [2] * len(reports)
    assert {one.caught for one in reports} == {0.5}  # 0; what reaches the threshold is a painting
    assert {one.part for one in reports} == {"learned", "held out"}
    assert {one.group for one in reports} == {"photograph", "page", "drawing"}


def test_without_photographs_kinds_that_are_made_of_them_are_left_out() -> None:
    reports = measure_kinds(lambda images: np.zeros(len(list(images))), threshold=0.5, count=1)
    assert [one.kind for one in reports] == list(list_others(needs_photograph=False))
