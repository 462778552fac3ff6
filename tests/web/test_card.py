import io

import pytest
from PIL import Image

from smn.examples import paint
from smn.predict.phrasing import phrase
from smn.web.address import read_address, write_address
from smn.web.analyzer import LocalAnalyzer, PageAnalysis
from smn.web.card import draw_card, write_text
from smn.web.page_settings import PageSettings
from smn.web.words import LANGUAGES, Words
from web_pictures import encode


@pytest.fixture(scope="module")
def analysis() -> PageAnalysis:
    return LocalAnalyzer(PageSettings()).analyze("a.jpg", encode(paint("ukiyo-e", seed=0)), find=True)


def test_a_card_is_a_picture_or_a_document(analysis: PageAnalysis) -> None:
    with Image.open(io.BytesIO(draw_card(analysis, Words("fr"), form="png"))) as card:
        assert card.format == "PNG"
        assert card.width > 1500
        assert card.height > 600
    assert draw_card(analysis, Words("en"), form="pdf").startswith(b"%PDF-")


def test_a_card_of_an_address_has_no_evidence_and_is_narrower(analysis: PageAnalysis) -> None:
    again = read_address(write_address(analysis))
    whole, narrow = (Image.open(io.BytesIO(draw_card(one, Words("en"), form="png"))).width for one in (analysis, again))
    assert narrow < whole


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_says_what_the_page_says(analysis: PageAnalysis, language: str) -> None:
    text = write_text(analysis, Words(language))
    assert text.startswith(f"{phrase(analysis.prediction, language).sentence}.\n")
    assert text.count("\n- ") == len(analysis.prediction.predictions)
    assert text.endswith(analysis.prediction.model)
