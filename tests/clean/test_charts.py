"""Colour charts."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from smn.clean.charts import score_colour_chart
from smn.clean.checks import CHECKS
from smn.clean.faults import FAULTS
from smn.clean.view import make_view

THRESHOLD = CHECKS["colour_chart"].threshold


def test_a_planted_chart_is_found_at_any_size_and_turned(
    paintings: tuple[Image.Image, ...], share_below: Callable[..., float]
) -> None:
    fault = next(fault for fault in FAULTS.values() if fault.check == "colour_chart")
    assert fault.spoil is not None
    random = np.random.default_rng(3)
    spoilt = [fault.spoil(picture, random) for picture in paintings]
    large = [picture.resize((picture.width * 6, picture.height * 6), Image.Resampling.BICUBIC) for picture in spoilt]
    turned = [picture.transpose(Image.Transpose.ROTATE_90) for picture in spoilt]
    assert share_below(score_colour_chart, spoilt, THRESHOLD) == 1
    assert share_below(score_colour_chart, large, THRESHOLD) >= 5 / 6
    assert share_below(score_colour_chart, turned, THRESHOLD) == 1
    assert share_below(score_colour_chart, list(paintings), THRESHOLD) == 0


def test_a_grey_scale_counts_as_a_chart_and_a_fence_of_one_colour_does_not(paintings: tuple[Image.Image, ...]) -> None:
    steps, fence = paintings[0].copy(), paintings[0].copy()
    for image, shades in ((steps, range(0, 250, 26)), (fence, [240] * 10)):
        pen = ImageDraw.Draw(image)
        pen.rectangle((0, 196, 259, 223), fill=(120, 120, 120))
        for place, shade in enumerate(shades):
            pen.rectangle((20 + 20 * place, 202, 36 + 20 * place, 218), fill=(shade, shade, 255 - shade))
    assert score_colour_chart(make_view(steps)).evidence["patches"] >= 8
    assert score_colour_chart(make_view(fence)).score > THRESHOLD
