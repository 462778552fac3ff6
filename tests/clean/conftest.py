"""What the tests of cleaning share: paintings large enough to spoil."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from smn.clean.checks.image_quality import View, make_view
from smn.examples import paint

MANNERS = ("impressionism", "cubism", "romanticism", "baroque", "post-impressionism", "fauvism")


@pytest.fixture(scope="session")
def paintings() -> tuple[Image.Image, ...]:
    """Six generated paintings in different manners, about the size of the pool's."""
    return tuple(paint(manner, seed=3, size=(260, 224)) for manner in MANNERS)


@pytest.fixture(scope="session")
def share_below() -> Callable[..., float]:
    """The share of pictures that a check scores below a threshold: ``share_below(score, pictures, 0.5)``."""

    def share(score: Callable[[View], object], pictures: list[Image.Image], threshold: float) -> float:
        scores = [score(make_view(picture)).score for picture in pictures]  # type: ignore[attr-defined]
        return float(np.mean([value < threshold for value in scores]))

    return share
