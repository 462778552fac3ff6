import base64
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smn.errors import InputError
from smn.examples import draw_other, paint
from smn.predict.phrasing import phrase
from smn.predict.prediction import RecognizedWork
from smn.web.address import read_address, write_address
from smn.web.analyzer import LocalAnalyzer, PageAnalysis
from smn.web.page_settings import PageSettings
from web_pictures import encode


@pytest.fixture(scope="module")
def analyze() -> Callable[..., PageAnalysis]:
    analyzer = LocalAnalyzer(PageSettings())

    def analyze(image: Any) -> PageAnalysis:
        return analyzer.analyze("secret-name.jpg", encode(image), find=True)

    return analyze


@pytest.mark.parametrize("name", ["neo-impressionism", "post-impressionism", "text-page"])
def test_an_address_shows_the_same_answer_and_nothing_of_the_file(analyze: Any, name: str) -> None:
    analysis = analyze(draw_other(name) if name == "text-page" else paint(name, seed=0))
    code = write_address(analysis)
    assert len(code) < 2000
    again = read_address(code)
    for language in ("en", "fr"):
        assert phrase(again.prediction, language) == phrase(analysis.prediction, language)
    assert again.prediction.predictions == analysis.prediction.predictions
    assert again.prediction.families == analysis.prediction.families
    assert [swatch.colour for swatch in again.palette] != []
    assert analysis.sha256[:12] not in repr(unpack(code))
    assert "secret-name" not in repr(unpack(code))


def unpack(code: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(zlib.decompress(base64.urlsafe_b64decode(code + "==")))
    return data


def pack(data: object) -> str:
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(data).encode())).decode().rstrip("=")


@pytest.fixture(scope="module")
def known(analyze: Any) -> dict[str, Any]:
    return unpack(write_address(analyze(paint("fauvism", seed=0))))


def test_names_come_from_smns_own_lists_whatever_the_address_says(known: dict[str, Any]) -> None:
    forged = json.loads(json.dumps(known))
    forged["answer"]["predictions"][0]["label"] = "Buy this"
    forged["answer"]["families"][0]["label"] = "Buy that"
    assert "Buy" not in repr(read_address(pack(forged)).prediction)


def test_a_works_texts_are_cut_and_its_addresses_are_left_out(known: dict[str, Any]) -> None:
    work = RecognizedWork("t" * 900, "a", 1908, "art-nouveau", "WikiArt", None, "Q1", "http://evil.example/", 0.9, 0.9)
    forged = {**known, "answer": {**known["answer"], "work": vars(work)}}
    read = read_address(pack(forged)).prediction.work
    assert read is not None
    assert (len(read.title or ""), read.image_url, read.year) == (200, None, 1908)


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "error"}, {"outcome": "magic"}, {"predictions": []}, {"model": "<b>x</b>"}, {"looks_like": "ghost"},
        {"predictions": [{"movement": "no-such", "label": "x", "probability": 0.5}]},
        {"predictions": [{"movement": "fauvism", "label": "x", "probability": 7}]},
        {"predictions": [{"movement": "fauvism", "label": "x", "probability": "0.5"}]},
        {"families": [{"family": "no-such", "label": "x", "probability": 0.5}]},
        {"work": {"title": "x"}},
    ],
)  # fmt: skip
def test_what_is_no_answer_is_an_error(known: dict[str, Any], change: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="look at the picture again"):
        read_address(pack({**known, "answer": {**known["answer"], **change}}))


@pytest.mark.parametrize("palette", [[], [["red", 1]], [["#FF0000", -1]], "x", [["#FF0000;}", 1]]])
def test_a_palette_holds_colours_only(known: dict[str, Any], palette: object) -> None:
    with pytest.raises(InputError):
        read_address(pack({**known, "palette": palette}))


def test_an_address_that_was_cut_or_swells_is_an_error(known: dict[str, Any]) -> None:
    code = pack(known)
    for bad in (code[:-20], "", "é", code[:10] + "!" + code[11:], pack([0] * 500_000), pack("[" * 9000)):
        with pytest.raises(InputError):
            read_address(bad)


@given(st.text(max_size=80))
def test_any_text_is_an_answer_or_an_error(text: str) -> None:
    with pytest.raises(InputError):
        read_address(text)
