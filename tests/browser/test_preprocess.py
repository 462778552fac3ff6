"""The square that the network sees is the same in the page as in Python, to the last bit."""

import numpy as np
import pytest

from chromium import needs_chromium
from smn.examples import paint
from smn.images.preprocess import Fit, PreprocessSpec, Resample

pytestmark = needs_chromium

MAKE = """(module, data, width, height, spec) =>
    module.normalise(module.makeSquare({ width, height, data }, spec), spec)"""


@pytest.mark.parametrize(("size", "jpeg"), [(224, 0), (224, 75), (100, 0), (100, 30), (97, 95)])
@pytest.mark.parametrize(("width", "height"), [(333, 251), (90, 400), (300, 420), (35, 40), (224, 224)])
@pytest.mark.parametrize("fit", Fit)
@pytest.mark.parametrize("resample", Resample)
def test_the_input_is_that_of_python(run, *, resample: Resample, fit: Fit, size: int, width, height, jpeg) -> None:
    spec = PreprocessSpec(size, fit, resample, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), jpeg)
    image = paint("post-impressionism", size=(width, height))
    found = run(MAKE, "preprocess.js", image.tobytes(), width, height, spec.to_dict())
    np.testing.assert_array_equal(found.reshape(3, size, size), spec.apply(image))
