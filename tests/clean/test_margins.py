"""Margins and frames."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageOps

from cleaning_benchmark.faults import FAULTS
from smn.clean.checks import CHECKS
from smn.clean.margins import SIDES, find_margins, score_border, score_frame
from smn.clean.view import make_view

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
    reading = score_border(make_view(page))
    depths = [reading.evidence[side] for side in SIDES]
    assert depths == pytest.approx([30 / 300, 80 / 400, 30 / 300, 40 / 400], abs=0.02)
    assert reading.score < 0.1


def test_a_margin_on_one_side_only_is_no_border(paintings: Pictures) -> None:
    strip = ImageOps.expand(paintings[0], border=(0, 0, 0, 30), fill=(255, 255, 255))
    reading = score_border(make_view(strip))
    assert reading.evidence["bottom"] > 0.1
    assert reading.score > CHECKS["border"].threshold


def test_a_sky_that_gives_way_little_by_little_is_no_margin() -> None:
    pixels = np.full((200, 200, 3), 230, np.uint8)
    ground = 60 + (np.abs(np.arange(200) - 100) * 0.8).astype(int)
    for column, top in enumerate(ground):
        pixels[top:, column] = 60, 90, 40
    assert find_margins(pixels)["top"].step < 0.5


def test_texture_is_no_frame() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    assert score_frame(make_view(Image.fromarray(noise))).score > CHECKS["frame"].threshold
