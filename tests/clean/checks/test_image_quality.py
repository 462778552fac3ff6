"""Size, shape, light, sharpness, detail and colour."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageOps

from cleaning_benchmark.faults import FAULTS
from smn.clean.checks import CHECKS, image_quality
from smn.clean.checks.image_quality import (
    LONGER,
    PICTURE_CHECKS,
    SHORTER,
    SIDES,
    find_margins,
    make_view,
    score_border,
    score_frame,
    score_picture,
    value_names,
)

Share = Callable[..., float]
Pictures = tuple[Image.Image, ...]

SPOILT = {
    "dark": image_quality.score_darkness,
    "light": image_quality.score_lightness,
    "blurred": image_quality.score_sharpness,
    "low_information": image_quality.score_information,
    "greyscale": image_quality.score_colour,
    "tiny": image_quality.score_size,
    "odd_aspect": image_quality.score_aspect,
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
        small = image_quality.score_sharpness(make_view(picture)).score
        large = image_quality.score_sharpness(make_view(picture.resize((1040, 896), Image.Resampling.LANCZOS))).score
        assert large == pytest.approx(small, abs=0.1)


def test_blur_does_not_depend_on_contrast(paintings: Pictures) -> None:
    picture = paintings[0]
    flat = Image.blend(picture, Image.new("RGB", picture.size, (128, 128, 128)), 0.5)
    scores = [image_quality.score_sharpness(make_view(image)).score for image in (picture, flat)]
    assert scores[0] == pytest.approx(scores[1], abs=0.06)


def test_more_blur_scores_lower(paintings: Pictures) -> None:
    scores = [
        image_quality.score_sharpness(make_view(paintings[0].filter(ImageFilter.GaussianBlur(radius)))).score
        for radius in (0, 1, 2, 4)
    ]
    assert scores == sorted(scores, reverse=True)


def test_flat_colour_with_clean_edges_is_not_blurred() -> None:
    stripes = np.zeros((200, 200, 3), np.uint8)
    stripes[:, 100:] = 200, 40, 40
    assert image_quality.score_sharpness(make_view(Image.fromarray(stripes))).score > CHECKS["blurred"].threshold


def test_sepia_counts_as_black_and_white_and_a_plain_red_canvas_does_not(paintings: Pictures) -> None:
    sepia = ImageOps.colorize(paintings[0].convert("L"), (30, 20, 10), (240, 220, 180))
    toned = image_quality.score_colour(make_view(sepia))
    grey = image_quality.score_colour(make_view(paintings[0].convert("L").convert("RGB")))
    red = image_quality.score_colour(make_view(Image.new("RGB", (100, 100), (200, 30, 30))))
    assert toned.score < CHECKS["greyscale"].threshold
    assert toned.evidence["tint"] > grey.evidence["tint"] + 5
    assert red.score == 1


def test_a_drawing_in_ink_on_white_is_not_washed_out() -> None:
    page = np.full((200, 200, 3), 250, np.uint8)
    page[::20, :] = 20
    assert image_quality.score_lightness(make_view(Image.fromarray(page))).score > CHECKS["light"].threshold


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


Share = Callable[..., float]
Pictures = tuple[Image.Image, ...]


@pytest.mark.parametrize(("check", "score"), [("border", score_border), ("frame", score_frame)])
def test_what_is_planted_is_found(
    check: str, score: Callable[..., object], paintings: Pictures, share_below: Share
) -> None:
    fault = next(fault for fault in FAULTS.values() if fault.check == check)
    assert fault.spoil is not None
    random = np.random.default_rng(2)
    spoilt = [fault.spoil(picture, random) for picture in paintings]
    threshold = CHECKS[check].threshold
    assert share_below(score, spoilt, threshold) >= 5 / 6
    assert share_below(score, paintings, threshold) <= 1 / 6


def test_the_evidence_says_how_deep_each_margin_is(paintings: Pictures) -> None:
    page = Image.new("RGB", (400, 300), (250, 250, 250))
    page.paste(paintings[0].resize((280, 240)), (40, 30))
    result = score_border(make_view(page))
    depths = [result.evidence[side] for side in SIDES]
    assert depths == pytest.approx([30 / 300, 80 / 400, 30 / 300, 40 / 400], abs=0.02)
    assert result.score < 0.1


def test_a_margin_on_one_side_only_is_no_border(paintings: Pictures) -> None:
    strip = ImageOps.expand(paintings[0], border=(0, 0, 0, 30), fill=(255, 255, 255))
    result = score_border(make_view(strip))
    assert result.evidence["bottom"] > 0.1
    assert result.score > CHECKS["border"].threshold


def test_a_sky_that_gives_way_little_by_little_is_no_margin() -> None:
    pixels = np.full((200, 200, 3), 230, np.uint8)
    ground = 60 + (np.abs(np.arange(200) - 100) * 0.8).astype(int)
    for column, top in enumerate(ground):
        pixels[top:, column] = 60, 90, 40
    assert find_margins(pixels)["top"].step < 0.5


def test_texture_is_no_frame() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    assert score_frame(make_view(Image.fromarray(noise))).score > CHECKS["frame"].threshold


SIZES = [(16, 16), (16, 3000), (3000, 16), (17, 300), (64, 64), (900, 700)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["noise", "flat", "black", "white", "stripes"])
def test_every_score_of_every_picture_is_a_number_from_0_to_1(size: tuple[int, int], kind: str) -> None:
    width, height = size
    pixels = {
        "noise": lambda: np.random.default_rng(0).integers(0, 256, (height, width, 3)),
        "flat": lambda: np.full((height, width, 3), 120),
        "black": lambda: np.zeros((height, width, 3)),
        "white": lambda: np.full((height, width, 3), 255),
        "stripes": lambda: np.tile((np.arange(width) // 3 % 2 * 255)[None, :, None], (height, 1, 3)),
    }[kind]()
    values = score_picture(Image.fromarray(pixels.astype(np.uint8)))
    assert tuple(values) == value_names()
    for name, value in values.items():
        assert np.isfinite(value), name
        assert value >= 0, name
        assert value <= 1 or name not in PICTURE_CHECKS, name


def test_the_same_picture_gives_the_same_scores(paintings: tuple[Image.Image, ...]) -> None:
    assert score_picture(paintings[0]) == score_picture(paintings[0].copy())
