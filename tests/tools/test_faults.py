"""Every fault spoils a picture, and no other way of entering a data set is left without one."""

import io

import numpy as np
import pytest
from PIL import Image

from cleaning_benchmark.faults import FAULTS, Way, encode
from smn.clean import CHECKS
from smn.examples import paint


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    return paint("impressionism", seed=1, size=(240, 200))


def test_there_are_as_many_as_the_documentation_says() -> None:
    assert len(FAULTS) == 18
    assert {fault.check for fault in FAULTS.values()} == set(CHECKS) - {"outlier"}  # planted photographs are outliers


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.spoil])
@pytest.mark.parametrize("size", [(240, 200), (40, 33), (900, 120)])
def test_every_fault_gives_a_picture_of_its_own(name: str, size: tuple[int, int], picture: Image.Image) -> None:
    spoil = FAULTS[name].spoil
    assert spoil is not None
    good = picture.resize(size)
    before = good.tobytes()
    spoilt = spoil(good, np.random.default_rng(0))
    assert spoilt.mode == "RGB"
    assert min(spoilt.size) >= 8
    assert good.tobytes() == before, "the original is left as it is"
    assert (spoilt.size == good.size and spoilt.tobytes() == before) is (name == "same-pixels")
    again = spoil(good, np.random.default_rng(0))
    assert again.tobytes() == spoilt.tobytes()
    assert Image.open(io.BytesIO(encode(spoilt))).size == spoilt.size


def test_faults_that_make_no_picture_enter_in_a_way_that_needs_none() -> None:
    ways = {name: fault.way for name, fault in FAULTS.items() if fault.spoil is None}
    assert ways == {
        "truncated": Way.CHANGE,
        "photograph": Way.FOREIGN,
        "swapped": Way.SWAP,
    }


def test_what_the_faults_do(picture: Image.Image) -> None:
    random = np.random.default_rng(3)

    def spoilt(name: str) -> Image.Image:
        spoil = FAULTS[name].spoil
        assert spoil is not None
        return spoil(picture, random)

    def mean(image: Image.Image) -> float:
        return float(np.asarray(image, dtype=np.float32).mean())

    assert mean(spoilt("dark")) < 0.2 * mean(picture)
    assert mean(spoilt("washed-out")) > 220
    assert min(spoilt("tiny").size) < 64
    strip = spoilt("strip")
    assert strip.width > 5 * strip.height
    grey = np.asarray(spoilt("grey"))
    assert (grey[..., 0] == grey[..., 2]).all()
    assert spoilt("border").size > picture.size
    assert 0.45 < np.prod(spoilt("detail").size) / np.prod(picture.size) < 0.85
    assert np.asarray(spoilt("blank"), dtype=np.float32).std(axis=(0, 1)).max() < 4
    assert spoilt("mirrored").transpose(Image.Transpose.FLIP_LEFT_RIGHT).tobytes() == picture.tobytes()
