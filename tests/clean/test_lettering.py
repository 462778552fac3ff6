"""Watermarks, captions, pages."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from smn.clean.checks import CHECKS
from smn.clean.faults import FAULTS
from smn.clean.lettering import score_text_overlay
from smn.clean.view import make_view

THRESHOLD = CHECKS["text_overlay"].threshold


def test_a_page_of_print_is_found(paintings: tuple[Image.Image, ...], share_below: Callable[..., float]) -> None:
    page = next(fault for fault in FAULTS.values() if fault.name == "page")
    assert page.spoil is not None
    random = np.random.default_rng(4)
    assert share_below(score_text_overlay, [page.spoil(picture, random) for picture in paintings], THRESHOLD) >= 5 / 6


def test_a_caption_on_paper_is_found_dark_or_light(paintings: tuple[Image.Image, ...]) -> None:
    for paper, ink in (((250, 248, 240), (20, 20, 20)), ((15, 15, 20), (240, 240, 240))):
        sheet = Image.new("RGB", (260, 264), paper)
        sheet.paste(paintings[0], (0, 0))
        ImageDraw.Draw(sheet).text((20, 236), "Claude Monet, Paris 1872", fill=ink, font=ImageFont.load_default(16))
        assert score_text_overlay(make_view(sheet)).score < THRESHOLD


def test_paintings_and_fences_are_no_text(
    paintings: tuple[Image.Image, ...], share_below: Callable[..., float]
) -> None:
    fence = np.full((200, 200, 3), 200, np.uint8)
    fence[90:106, ::12], fence[90:106, 1::12], fence[90:106, 2::12] = 10, 10, 10
    assert share_below(score_text_overlay, [*paintings, Image.fromarray(fence)], THRESHOLD) <= 1 / 7


def test_nothing_is_no_text() -> None:
    assert score_text_overlay(make_view(Image.new("RGB", (64, 64)))).score == 1
