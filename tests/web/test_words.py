import re
import string

import pytest

from smn.errors import UnknownNameError
from smn.movements import list_families, list_movements
from smn.movements.translation import translate_family, translate_movement
from smn.story.pages import list_stories, read_story
from smn.web.words import LANGUAGES, Words, choose_language, read_texts


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same_things_with_the_same_values() -> None:
    english, french = (read_texts(language) for language in LANGUAGES)
    assert list(english) == list(french)
    assert len(english) > 150
    assert {key: fields(text) for key, text in english.items()} == {key: fields(text) for key, text in french.items()}


def test_french_is_written_not_copied() -> None:
    english, french = (read_texts(language) for language in LANGUAGES)
    same = {key for key in english if english[key] == french[key]}
    # Names, patterns and words that are the same in both.
    assert {key for key in same if re.search(r"[A-Za-z]{3,} [A-Za-z]{3,}", re.sub(r"{\w+}", "", english[key]))} == set()


def test_every_text_of_the_page_is_used_and_every_used_one_is_there() -> None:
    from pathlib import Path

    import smn.web

    code = "".join(file.read_text(encoding="utf-8") for file in Path(smn.web.__path__[0]).rglob("*.py"))
    used = set(re.findall(r"""words\(\s*f?["']([a-z_]+\.[a-z_-]+)["']""", code)) | set(
        re.findall(r'"((?:bad|picture|page)\.[a-z_]+)"', code)
    )
    used -= {"page.css"}
    known = set(read_texts("en"))
    assert used <= known
    built = (
        "answer.",
        "camera.",
        "rung.",
        "section.",
        "many.",
        "how.limit_",
        "page.",
        "bad.",
        "alike.",
        "colour.",
        "keep.",
        "month.",
    )  # put together in the code
    assert {key for key in known - used if not key.startswith(built)} == set()


def test_shares_are_written_as_in_every_answer() -> None:
    assert Words("en").percent(0.78) == "78 %"
    assert Words("fr").percent(0.78) == "78\u00a0%"


def test_numbers_are_written_as_the_language_does() -> None:
    assert Words("en").number(2674.5, digits=1) == "2,674.5"
    assert Words("fr").number(2674.5, digits=1) == "2\u202f674,5"


@pytest.mark.parametrize(
    ("asked", "browser", "language"),
    [("fr", "en-US", "fr"), (None, "fr-CA", "fr"), (None, "de-DE", "en"), ("xx", "fr", "fr"), (None, None, "en")],
)
def test_the_language_is_asked_for_or_the_browsers(asked: str | None, browser: str | None, language: str) -> None:
    assert choose_language(asked, browser) == language


def test_unknown_languages_and_texts_are_errors() -> None:
    with pytest.raises(UnknownNameError, match="en, fr"):
        Words("de")
    with pytest.raises(UnknownNameError, match=r"answer\.years"):
        Words("en")("answer.year")
    with pytest.raises(UnknownNameError, match="en, fr"):
        translate_movement(list_movements()[0], "de")
    with pytest.raises(UnknownNameError, match="en, fr"):
        read_story("cubism", language="de")


def test_every_movement_and_family_has_a_french_name_and_as_many_traits() -> None:
    families = [translate_family(family, "fr").name for family in list_families()]
    assert len(set(families)) == len(list_families()) >= 13
    movements = list_movements()
    assert len(movements) >= 43
    for movement in movements:
        french = translate_movement(movement, "fr")
        assert len(french.traits) == len(movement.traits)
        assert french.summary != movement.summary
        assert (french.start, french.artists, french.aliases) == (movement.start, movement.artists, movement.aliases)
    assert len({translate_movement(movement, "fr").name for movement in movements}) == len(movements)


def test_french_stories_tell_the_same_facts() -> None:
    names = list_stories()
    assert len(names) >= 43
    for name in names:
        english, french = (read_story(name, language=language) for language in LANGUAGES)
        assert french.text != english.text
        assert [work.year for work in french.works] == [work.year for work in english.works]
        assert [one.movement for one in french.neighbours] == [one.movement for one in english.neighbours]
        assert [(one.composer, one.year) for one in french.music] == [(one.composer, one.year) for one in english.music]
        assert [one.note is None for one in french.music] == [one.note is None for one in english.music]
        assert french.sources == english.sources
        assert [one.openopus for one in french.music] == [one.openopus for one in english.music]
