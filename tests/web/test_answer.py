import re
from html import unescape

import pytest

import smn
from smn.examples import draw_other, list_examples, paint
from smn.predict.phrasing import Level, list_languages, phrase
from smn.web.answer import draw_headline
from web_pictures import encode


def read_text(html: str) -> str:
    """The text of a piece of HTML."""
    return unescape(re.sub("<[^>]*>", "", html))


@pytest.mark.parametrize("language", list_languages())
def test_the_headings_text_is_the_sentence_of_every_other_place(language: str) -> None:
    model = smn.load(threads=1)
    pictures = [*(paint(name, seed=1, size=(320, 256)) for name in list_examples()), draw_other("text-page")]
    levels = set()
    for picture in pictures:
        said = phrase(model.predict(encode(picture)), language)
        assert read_text(draw_headline(said)) == said.sentence
        levels.add(said.level)
    assert Level.NOT_A_PAINTING in levels
    assert len(levels) > 2
