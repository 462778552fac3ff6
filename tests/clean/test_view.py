"""Pictures at the scales of the checks."""

import numpy as np
from PIL import Image

from smn.clean.view import LONGER, SHORTER, make_view


def test_a_large_picture_is_reduced_and_its_size_remembered() -> None:
    view = make_view(Image.new("RGB", (2000, 1000), (10, 200, 30)))
    assert (view.width, view.height) == (2000, 1000)
    assert view.rgb.shape == (LONGER // 2, LONGER, 3)
    assert view.grey.shape == view.rgb.shape[:2]
    assert min(view.fine.shape) == SHORTER
    assert np.ptp(view.rgb.reshape(-1, 3), axis=0).max() == 0


def test_a_small_picture_stays_as_it_is() -> None:
    view = make_view(Image.new("RGB", (60, 40)))
    assert view.rgb.shape == (40, 60, 3)
    assert view.fine.shape == (40, 60)
