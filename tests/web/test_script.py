"""The page's logic without a browser: Streamlit's own test runs the script as for a visitor."""

import re
import warnings
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import pytest

import smn.web
from smn.examples import paint
from smn.movements import list_movements
from smn.movements.translation import translate_movement
from smn.predict.phrasing import find_family, phrase
from smn.predict.prediction import Outcome
from smn.similar import read_index
from smn.story.pages import read_story
from smn.web.address import read_address
from smn.web.app_state import EXAMPLES, choose_examples, get_app_state, make_example, open_app_state
from smn.web.explore import TYPICAL, list_typical
from smn.web.frame import Visit
from smn.web.page_settings import PageSettings
from smn.web.uploads import AnyUpload, Upload, describe_error
from smn.web.words import LANGUAGES, Words
from web_pictures import encode

SCRIPT = Path(smn.web.__path__[0]) / "script.py"
EN = Words("en")


@pytest.fixture(scope="module", autouse=True)
def app_state() -> Iterator[None]:
    """One model for all of these, without a memory."""
    open_app_state(PageSettings())
    yield
    open_app_state(PageSettings())


@pytest.fixture
def run() -> Any:
    def run(*uploads: AnyUpload, address: str = "", kept: str = "", **state: object) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Streamlit's own, of the import
            from streamlit.testing.v1 import AppTest
        test = AppTest.from_file(str(SCRIPT), default_timeout=300)
        if uploads:
            test.session_state["uploads"] = list(uploads)
        for key, value in state.items():
            test.session_state[key] = value
        if address:
            test.query_params["answer"] = address
        if kept:
            test.query_params["kept"] = kept
        test.run()
        assert not test.exception
        return test

    return run


def said(test: Any) -> str:
    """Everything that the page says in its own HTML."""
    # What stands inside containers is listed with each of them.
    return " ".join(dict.fromkeys(str(one.proto.body) for one in test.get("html")))


def test_the_first_screen_offers_all_ways_in(run: Any) -> None:
    test = run()
    assert EN("start.heading") in said(test)
    labels = [button.label for button in test.button]
    assert [EN.movement(movement) for movement in EXAMPLES] == labels[-len(EXAMPLES) :]
    assert len(test.get("file_uploader")) == 1


def test_the_examples_that_are_offered_are_answered_rightly() -> None:
    analyzer = get_app_state().analyzer
    chosen = choose_examples(analyzer)
    assert chosen == EXAMPLES  # what the page offers without looking is answered rightly
    for movement in chosen:
        assert analyzer.analyze("", make_example(movement), find=True).prediction.movement == movement


def test_an_example_is_answered_and_let_go_of(run: Any) -> None:
    test = run()
    next(button for button in test.button if button.label == "Ukiyo-e").click().run()
    assert not test.exception
    assert '<span class="smn-headline">Ukiyo-e</span>' in said(test)
    assert EN("time.note") in said(test)
    next(button for button in test.button if button.label == EN("again.one")).click().run()
    assert EN("start.heading") in said(test)


def test_an_answer_has_an_address_that_shows_it_without_the_picture(run: Any) -> None:
    test = run(Upload("secret-name.jpg", encode(paint("fauvism"))))
    code = "".join(test.query_params["answer"])
    sentence = phrase(read_address(code).prediction).sentence
    again = run(address=code)
    assert sentence in re.sub("<[^>]*>", "", said(again))
    assert EN("kept.note") in said(again)
    assert "secret-name" not in said(again)
    next(button for button in again.button if button.label == EN("again.one")).click().run()
    assert EN("start.heading") in said(again)
    assert "answer" not in again.query_params
    assert EN("kept.bad") in said(run(address="nothing"))


def test_a_card_has_a_link_to_its_answer_and_cards_are_ordered(run: Any) -> None:
    names = ("fauvism", "ukiyo-e", "fauvism")
    files = [Upload(f"{2 - at}.jpg", encode(paint(name, seed=at))) for at, name in enumerate(names)]
    test = run(*files, Upload("bad.jpg", b"nothing"))
    model = get_app_state()
    sentences = [phrase(model.analyze("", one.data, find=True).prediction).sentence for one in files]
    assert opened(test) == sentences
    grouped = run(*files, order="movement")
    headings = re.findall(r'<h2 class="smn-small">([^<]*)</h2>', said(grouped))
    assert headings == ["Fauvism", "Ukiyo-e"]
    percents = [int(re.findall(r"(\d+) %", label)[0]) for label in opened(run(*files, order="sure"))]
    assert percents == sorted(percents, reverse=True)
    assert opened(run(*files, order="name")) == sentences[::-1]


def opened(test: Any) -> list[str]:
    """The sentences of the cards that are shown, in order."""
    return [button.label for button in test.button if button.key.startswith("open-")]


def test_a_gallery_is_filtered_by_counts_selected_in_and_compared(run: Any) -> None:
    names = ("fauvism", "ukiyo-e", "fauvism")
    files = [Upload(f"{at}.jpg", encode(paint(name, seed=at))) for at, name in enumerate(names)]
    test = run(*files)
    pills = test.button_group(key="wanted")
    assert [option.content for option in pills.proto.options] == ["Fauvism · 2", "Ukiyo-e · 1"]
    filtered = run(*files, wanted=["ukiyo-e"])
    assert len(opened(filtered)) == 1
    assert said(filtered).count('<th scope="row">') == 1
    for box in (0, 2):
        test.checkbox(key=f"select-{box}").check().run()
    assert EN("many.selected", count=2) in said(test)
    test.button(key="compare").click().run()
    assert not test.exception
    assert EN("compare.heading") in said(test)
    for at in (0, 2):
        sentence = phrase(get_app_state().analyze("", files[at].data, find=True).prediction).headline
        assert f'<h2 class="smn-answer"><span class="smn-headline">{escape(sentence)}' in said(test)
    test.button(key="back").click().run()
    assert EN("many.selected", count=2) in said(test)
    test.button(key="select-none").click().run()
    assert EN("many.shown", count=3) in said(test)
    test.button(key="select-all").click().run()
    assert EN("many.selected", count=3) in said(test)


def test_one_picture_is_compared_with_another(run: Any) -> None:
    test = run(Upload("a.jpg", encode(paint("fauvism"))))
    test.button(key="compare-ask").click().run()
    assert EN("compare.waiting", name="a.jpg") in said(test)
    test.button(key="example-ukiyo-e").click().run()
    assert not test.exception
    assert EN("compare.heading") in said(test)
    assert '<span class="smn-headline">Ukiyo-e</span>' in said(test)
    assert len(test.session_state.uploads) == 2


def test_a_large_gallery_shows_a_part_of_its_cards_at_a_time(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smn.web.answer_gallery.ON_PAGE", 4)
    files = [Upload("a.jpg", encode(paint("cubism", seed=seed, size=(64, 64)))) for seed in range(10)]
    test = run(*files)
    assert EN("many.part", first=1, last=4, count=10) in said(test)
    for _ in range(2):
        test.button(key="after").click().run()
    assert EN("many.part", first=9, last=10, count=10) in said(test)
    assert len(opened(test)) == 2
    assert said(test).count('<th scope="row">') == 10  # the table has all
    assert "a (10).jpg" in said(test)


def test_many_pictures_are_not_held_in_memory(run: Any) -> None:
    from smn.web.uploads import Spool, SpooledUpload

    spool, state = Spool(), get_app_state()
    files = []
    for seed in range(5):
        data = encode(paint("cubism", seed=100 + seed))
        files.append(SpooledUpload(f"{seed}.jpg", spool, spool.add(data)))
        assert files[-1].data == data
    before = len(state._analyses)
    test = run(*files)
    assert len(opened(test)) == 5
    assert len(state._analyses) == before
    test.button(key="open-3").click().run()
    assert not test.exception
    assert len(state._analyses) == before + 1


def test_a_picture_is_kept_only_if_it_is_asked_for_and_deleted_again(run: Any, tmp_path: Path) -> None:
    data = encode(paint("fauvism", seed=5))
    state = open_app_state(PageSettings(kept=tmp_path / "kept", kept_days=3))
    try:
        test = run(Upload("secret-name.jpg", data))
        assert not (tmp_path / "kept").exists()
        assert EN("share.keep", days=3) in [button.label for button in test.button]
        test.button(key="share-keep").click().run()
        assert not test.exception
        token = "".join(test.query_params["kept"])
        assert state.kept is not None
        found = state.kept.get(token)
        assert found is not None
        assert found.data == data
        assert escape(EN("share.kept", until=EN.day(found.until))) in said(test)
        again = run(kept=token)
        assert EN("kept.note") not in said(again)
        assert "secret-name" not in said(again)
        again.button(key="share-delete").click().run()
        assert not again.exception
        assert "kept" not in again.query_params
        assert list((tmp_path / "kept").iterdir()) == []
        assert EN("share.gone") in said(run(kept=token))
    finally:
        open_app_state(PageSettings())


def test_where_there_is_no_room_the_page_says_so(run: Any, tmp_path: Path) -> None:
    open_app_state(PageSettings(kept=tmp_path, kept_bytes=10))
    try:
        test = run(Upload("a.jpg", encode(paint("fauvism", seed=5))))
        test.button(key="share-keep").click().run()
        assert EN("share.full") in said(test)
        assert "kept" not in test.query_params
    finally:
        open_app_state(PageSettings())


def test_famous_works_are_offered_with_their_source(run: Any) -> None:
    from smn.web.famous_works import FamousExample, list_famous

    state, picture = get_app_state(), encode(paint("ukiyo-e"))
    state.famous = tuple(FamousExample(one, picture) for one in list_famous()[:4])
    try:
        test = run()
        labels = [button.label for button in test.button if button.key.startswith("example-")]
        assert labels[:4] == [one.known.work.title for one in state.famous]
        assert len(labels) == 6
        assert labels[4].startswith("Painted by smn")
        for one in state.famous:
            assert escape(one.known.work.page or "") in said(test)
            assert escape(one.known.work.artist or "") in said(test)
        test.button(key=f"example-{state.famous[0].known.work.id}").click().run()
        assert not test.exception
        assert test.session_state.uploads[0].name == "Girl with a Pearl Earring, Johannes Vermeer, 1665"
    finally:
        state.famous = ()


def test_no_feedback_is_asked_for_where_nothing_is_remembered(run: Any) -> None:
    test = run(Upload("a.jpg", encode(paint("fauvism"))))
    assert EN("feedback.yes") not in [button.label for button in test.button]


def test_a_name_is_text_whatever_it_holds(run: Any) -> None:
    hostile = '<img src=x onerror="alert(1)">.jpg'
    for test in (
        run(Upload(hostile, b"broken")),
        run(Upload(hostile, b"broken"), Upload(hostile, encode(paint("cubism")))),
    ):
        assert "<img src=x" not in said(test)
        assert "&lt;img src=x" in said(test)


def test_what_is_peculiar_about_a_picture_is_told(run: Any) -> None:
    grey = encode(paint("impressionism").convert("L"))
    assert EN("answer.grey") in said(run(Upload("grey.jpg", grey)))
    tiny = encode(paint("impressionism", size=(64, 48)))
    assert EN("answer.tiny", width=64, height=48) in said(run(Upload("tiny.jpg", tiny)))
    for size, shape in (((1200, 200), "wide"), ((200, 1200), "tall")):
        test = run(Upload("long.jpg", encode(paint("impressionism", size=size))))
        assert EN("answer.long", shape=EN(f"answer.{shape}")) in said(test)


def test_every_kind_of_answer_has_its_words(run: Any) -> None:
    """Each example and a page of text, in both languages: the words that belong to its outcome are there."""
    from smn.examples import draw_other, list_examples

    model_says = {}
    for language in ("EN", "FR"):
        words = Words(language.lower())
        pictures = [paint(movement) for movement in list_examples()] + [draw_other("text-page")]
        for picture in pictures:
            data = encode(picture)
            test = run(Upload("a.jpg", data), language=language)
            analysis = get_app_state().analyze("a.jpg", data, find=True)
            text = said(test)
            model_says[analysis.prediction.outcome] = True
            if analysis.prediction.outcome is Outcome.NOT_A_PAINTING:
                assert escape(phrase(analysis.prediction, words.language).headline) in text
                assert words("answer.anyway") in [button.label for button in test.button]
            else:
                own = find_family(analysis.prediction, analysis.taxonomy)
                assert own is not None
                assert escape(words("answer.together", family=words.family(own.family))) in text
    assert set(model_says) == {Outcome.MOVEMENT, Outcome.UNSURE, Outcome.NOT_A_PAINTING}


def explore_page() -> None:
    """A script of the one page; runs with nothing but its own imports."""
    import streamlit as st

    from smn.web.app_state import get_app_state
    from smn.web.explore import show_explore
    from smn.web.frame import Visit
    from smn.web.words import Words

    show_explore(Visit(Words(st.session_state.spoken), get_app_state(), "light"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_movement_can_be_explored(language: str) -> None:
    from streamlit.testing.v1 import AppTest

    words = Words(language)
    test = AppTest.from_function(explore_page, default_timeout=300)
    test.session_state["spoken"] = language
    test.run()
    links = set(re.findall(r'data-movement="([a-z-]+)"', said(test)))
    assert links == {movement.id for movement in list_movements()}
    typical = 0
    for movement in list_movements():
        test.query_params["movement"] = movement.id
        test.run()
        assert not test.exception
        text, story = said(test), read_story(movement.id, language=language)
        assert escape(translate_movement(movement, language).summary) in text
        for piece in story.music:
            assert escape(piece.why) in text
        for near in story.neighbours:
            assert f'data-movement="{near.movement}"' in text
        headings = re.findall(r"<h[123][^>]*>(.*?)</h[123]>", text)
        assert len(headings) == len(set(headings))
        shown = re.findall(r"<figcaption><em>", text)
        assert 3 <= len(shown) <= TYPICAL
        typical += len(shown) == TYPICAL
    assert typical >= 25  # the others have no works in the index, and show those that their page names
    assert words("explore.works") in said(test)


def test_typical_works_have_facts_and_are_by_several_artists() -> None:
    index = read_index()
    for movement in ("impressionism", "cubism", "ukiyo-e"):
        works = list_typical(index, movement)
        assert all(work.title and work.artist and work.movement == movement for work in works)
        assert not any("detected" in (work.title or "").casefold() for work in works)  # a source's word for none
        assert len({work.artist for work in works}) >= 5
    assert all(work.thumbnail for work in list_typical(index, "impressionism"))
    assert list_typical(index, "gothic") == ()


def test_every_palette_is_of_a_movement() -> None:
    from smn.web.explore import _palettes

    assert set(_palettes()) <= {movement.id for movement in list_movements()}
    assert len(_palettes()) == 29
    assert all(abs(sum(one.share for one in palette) - 1) < 0.01 for palette in _palettes().values())


def test_a_picture_is_analyzed_once_for_everybody(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode(paint("pop-art", seed=21))
    state = get_app_state()
    asked: list[str] = []
    real = type(state.analyzer).analyze

    def counted(self: object, name: str, data: bytes, *, find: bool) -> Any:
        asked.append(name)
        return real(self, name, data, find=find)  # type: ignore[arg-type]

    monkeypatch.setattr(type(state.analyzer), "analyze", counted)
    run(Upload("a.jpg", data))
    run(Upload("b.jpg", data))
    assert asked == ["a.jpg"]


def test_a_name_is_the_visitors_own_although_analyses_are_shared(run: Any) -> None:
    data = encode(paint("pop-art", seed=22))
    run(Upload("secret-name.jpg", data))
    test = run(Upload("b.jpg", data), Upload("c.jpg", encode(paint("pop-art", seed=23))))
    assert "secret-name" not in said(test)


def test_only_so_many_are_analyzed_in_one_go(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smn.web.answer_gallery.MAX_PICTURES", 2)
    files = [Upload(f"{number}.jpg", encode(paint("cubism", seed=number, size=(64, 64)))) for number in range(4)]
    text = said(run(*files))
    assert EN("many.more", count=2) in text
    assert text.count('<th scope="row">') == 2


def test_errors_of_a_service_are_described_in_words() -> None:
    from smn.errors import ServiceError, SmnError

    visit = Visit(EN, get_app_state(), "light")
    for status, key in ((429, "busy"), (503, "busy"), (413, "refused"), (None, "down"), (500, "down"), (401, "down")):
        assert describe_error(visit, ServiceError("x", status=status)) == EN(f"bad.{key}")
    assert describe_error(visit, SmnError("x")) == EN("bad.other")
