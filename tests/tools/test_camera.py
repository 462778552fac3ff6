"""Photographs of paintings, made from scans."""

import numpy as np

from camera import take_photograph
from smn.examples import paint


def test_a_seed_gives_the_same_photograph_and_another_seed_another() -> None:
    painting = paint("cubism", size=(160, 128))
    one, again, other = (take_photograph(painting, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(np.asarray(one.image), np.asarray(again.image))
    assert np.array_equal(one.corners, again.corners)
    assert not np.array_equal(one.corners, other.corners)


def test_the_painting_is_where_the_corners_say() -> None:
    white, black = (paint("cubism", size=(160, 128)).point([level] * 768) for level in (250, 5))
    for seed in range(6):
        light, dark = (take_photograph(picture, seed=seed) for picture in (white, black))
        assert sorted(light.image.size) == [900, 1200]
        assert np.array_equal(light.corners, dark.corners)
        assert (light.corners >= 0).all()
        assert (light.corners <= np.array(light.image.size)).all()
        change = np.asarray(light.image, float).mean(2) - np.asarray(dark.image, float).mean(2)
        x, y = light.corners.mean(0).astype(int)
        assert change[y, x] > 60  # the canvas was changed,
        outside = np.array([[3, 3], [3, -3], [-3, 3], [-3, -3]])
        assert all(abs(change[y, x]) < 40 for x, y in outside)  # and the wall was not
