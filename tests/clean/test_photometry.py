"""Size, shape, light, sharpness, detail and colour."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageOps

from cleaning_benchmark.faults import FAULTS
from smn.clean import photometry
from smn.clean.checks import CHECKS
from smn.clean.view import make_view

Share = Callable[..., float]
Pictures = tuple[Image.Image, ...]

SPOILT = {
    "dark": photometry.score_darkness,
    "light": photometry.score_lightness,
    "blurred": photometry.score_sharpness,
    "low_information": photometry.score_information,
    "greyscale": photometry.score_colour,
    "tiny": photometry.score_size,
    "odd_aspect": photometry.score_aspect,
}


@pytest.mark.parametrize("check", SPOILT)
def test_a_spoilt_picture_is_found_and_a_good_one_is_not(check: str, paintings: Pictures, share_below: Share) -> None:
    fault = next(fault for fault in FAULTS.values() if fault.check == check)
    assert fault.spoil is not None
    random = np.random.default_rng(1)
    spoilt = [fault.spoil(picture, random) for picture in paintings]
    threshold = CHECKS[check].threshold
    assert share_below(SPOILT[check], spoilt, threshold) == 1
    assert share_below(SPOILT[check], paintings, threshold) == 0


def test_blur_is_judged_alike_at_any_size(paintings: Pictures) -> None:
    for picture in paintings:
        small = photometry.score_sharpness(make_view(picture)).score
        large = photometry.score_sharpness(make_view(picture.resize((1040, 896), Image.Resampling.LANCZOS))).score
        assert large == pytest.approx(small, abs=0.1)


def test_blur_does_not_depend_on_contrast(paintings: Pictures) -> None:
    picture = paintings[0]
    flat = Image.blend(picture, Image.new("RGB", picture.size, (128, 128, 128)), 0.5)
    scores = [photometry.score_sharpness(make_view(image)).score for image in (picture, flat)]
    assert scores[0] == pytest.approx(scores[1], abs=0.06)


def test_more_blur_scores_lower(paintings: Pictures) -> None:
    scores = [
        photometry.score_sharpness(make_view(paintings[0].filter(ImageFilter.GaussianBlur(radius)))).score
        for radius in (0, 1, 2, 4)
    ]
    assert scores == sorted(scores, reverse=True)


def test_flat_colour_with_clean_edges_is_not_blurred() -> None:
    stripes = np.zeros((200, 200, 3), np.uint8)
    stripes[:, 100:] = 200, 40, 40
    assert photometry.score_sharpness(make_view(Image.fromarray(stripes))).score > CHECKS["blurred"].threshold


def test_sepia_counts_as_black_and_white_and_a_plain_red_canvas_does_not(paintings: Pictures) -> None:
    sepia = ImageOps.colorize(paintings[0].convert("L"), (30, 20, 10), (240, 220, 180))
    toned = photometry.score_colour(make_view(sepia))
    grey = photometry.score_colour(make_view(paintings[0].convert("L").convert("RGB")))
    red = photometry.score_colour(make_view(Image.new("RGB", (100, 100), (200, 30, 30))))
    assert toned.score < CHECKS["greyscale"].threshold
    assert toned.evidence["tint"] > grey.evidence["tint"] + 5
    assert red.score == 1


def test_a_drawing_in_ink_on_white_is_not_washed_out() -> None:
    page = np.full((200, 200, 3), 250, np.uint8)
    page[::20, :] = 20
    assert photometry.score_lightness(make_view(Image.fromarray(page))).score > CHECKS["light"].threshold
