import pytest
from hypothesis import given
from hypothesis import strategies as st

from smn.web.drawing import FALLBACK, PAPER, READABLE, choose_accent, choose_ink, measure_contrast

COLOUR = st.integers(0, 0xFFFFFF).map("#{:06X}".format)


def test_contrast_is_that_of_the_guidelines() -> None:
    assert measure_contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert measure_contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)  # WCAG's own near miss
    assert measure_contrast("#123456", "#123456") == 1


@given(st.lists(COLOUR, max_size=5), st.sampled_from(["light", "dark"]))
def test_an_accent_can_always_be_read(palette: list[str], theme: str) -> None:
    assert measure_contrast(choose_accent(palette, theme=theme), PAPER[theme]) >= READABLE


def test_the_accent_is_the_paintings_where_that_can_be() -> None:
    assert choose_accent(["#808080", "#1F4E9C", "#EEEEEE"], theme="light") == "#1F4E9C"
    assert choose_accent(["#808080", "#7A7A78"], theme="light") == FALLBACK["light"]
    assert choose_accent([], theme="dark") == FALLBACK["dark"]
    assert choose_accent(["#FFF200"], theme="light") == FALLBACK["light"]  # no yellow can be read on paper


@given(COLOUR)
def test_ink_on_a_card_can_be_read(colour: str) -> None:
    assert measure_contrast(choose_ink(colour), colour) >= READABLE
