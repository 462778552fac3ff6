import base64
import copy
import io
import json
import re
from dataclasses import FrozenInstanceError, asdict, replace
from pathlib import Path

import pytest
from PIL import Image

from smn.errors import InputError
from smn.predict.prediction import FamilyGuess, Guess, Outcome, Prediction, RecognizedWork, failed, parse_prediction

KEYS = [
    "path", "outcome", "movement", "confidence", "predictions", "families", "is_painting", "painting_score", "model",
    "error", "family", "set", "rectified", "looks_like", "work",
]  # fmt: skip

WORK = RecognizedWork(
    "The Kiss", "Gustav Klimt", 1908, "art-nouveau", "WikiArt", "Belvedere", "Q698487", None, similarity=0.92,
    confidence=0.99,
)  # fmt: skip


def answered() -> Prediction:
    return Prediction(
        path="a.jpg",
        outcome=Outcome.MOVEMENT,
        movement="naive-art",
        confidence=0.71,
        predictions=(Guess("naive-art", "Naïve Art", 0.71), Guess("realism", "Realism", 0.2)),
        families=(FamilyGuess("naive", "Naïve", 0.71),),
        is_painting=True,
        painting_score=0.99,
        model="default-1",
        family="naive",
        set=("naive-art",),
    )


def test_an_answer_has_the_documented_keys_in_the_documented_order() -> None:
    data = answered().to_dict()
    assert list(data) == KEYS
    assert [list(guess) for guess in data["predictions"]] == [["movement", "label", "probability"]] * 2
    assert [list(family) for family in data["families"]] == [["family", "label", "probability"]]


def test_an_answer_is_plain_data() -> None:
    data = answered().to_dict()
    assert json.loads(json.dumps(data)) == data
    assert type(data["outcome"]) is str
    assert data["error"] is None
    assert data["set"] == ["naive-art"]
    assert copy.deepcopy(answered()) == answered()


def test_outcomes_are_the_documented_words() -> None:
    assert [outcome.value for outcome in Outcome] == ["movement", "unsure", "not_a_painting", "error"]


def test_a_failure_has_the_same_shape() -> None:
    data = failed("b.jpg", "It is empty; copy it again.", model="default-1").to_dict()
    assert list(data) == KEYS
    assert data == dict.fromkeys(KEYS) | {
        "path": "b.jpg", "outcome": "error", "predictions": [], "families": [], "model": "default-1",
        "error": "It is empty; copy it again.",
    }  # fmt: skip


def test_an_answer_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        answered().movement = "realism"  # type: ignore[misc]


def test_a_recognized_work_is_read_back_and_changes_nothing_else() -> None:
    plain = answered().to_dict()
    told = replace(answered(), work=WORK)
    assert told.to_dict() == plain | {"work": asdict(WORK)}
    assert parse_prediction(json.loads(json.dumps(told.to_dict()))) == told


def test_an_answer_of_an_older_service_has_no_work() -> None:
    older = {key: value for key, value in answered().to_dict().items() if key != "work"}
    assert parse_prediction(older) == answered()


def test_half_a_work_is_refused() -> None:
    with pytest.raises(InputError, match="similarity"):
        parse_prediction(answered().to_dict() | {"work": dict.fromkeys(list(asdict(WORK))[:8])})


NO_PAINTING = "This does not look like a painting to me"
OTHER = "a computer drawing, or a page of text"


def refused(looks_like: str | None) -> Prediction:
    return replace(answered(), outcome=Outcome.NOT_A_PAINTING, movement=None, looks_like=looks_like)


@pytest.mark.parametrize(
    ("prediction", "label", "said"),
    [
        (answered(), "Naïve Art", "of 'a.jpg': Naïve Art, fairly sure, 71 %"),
        (replace(answered(), outcome=Outcome.UNSURE), None, "of 'a.jpg': Some kind of Naïve Art, 71 %"),
        (refused("page"), None, f"of 'a.jpg': {NO_PAINTING}. It looks like a page, a screen or a pattern"),
        (replace(refused(None), path=None), None, f": {NO_PAINTING}. Perhaps it is a photograph, {OTHER}"),
        (failed("b.jpg", "It is empty;\ncopy it.", model="m"), None, "of 'b.jpg': It is empty; copy it."),
    ],
)  # fmt: skip
def test_an_answer_is_shown_on_one_line_and_has_a_label(prediction: Prediction, label: str | None, said: str) -> None:
    assert prediction.label == label
    assert repr(prediction) == f"<smn.Prediction {said}>".replace(" :", ":")


def test_a_notebook_shows_the_picture_the_answer_and_a_bar_for_each_guess(tmp_path: Path) -> None:
    file = tmp_path / "<b>.png"
    Image.new("RGB", (600, 300), (200, 30, 30)).save(file)
    html = replace(answered(), path=str(file))._repr_html_()
    shown = re.search(r'src="data:image/jpeg;base64,([^"]+)"', html)
    assert shown is not None
    with Image.open(io.BytesIO(base64.b64decode(shown[1]))) as picture:
        assert picture.size == (260, 130)
    assert re.findall(r"width:(\d+)px", html) == [f"{160 * 0.71:.0f}", f"{160 * 0.2:.0f}"]
    assert "&lt;b&gt;.png" in html
    assert "<b>.png" not in html


@pytest.mark.parametrize("path", [None, "gone.png", "https://example.org/a.png", __file__])
def test_an_answer_without_a_readable_file_is_shown_without_a_picture(path: str | None) -> None:
    html = replace(answered(), path=path)._repr_html_()
    assert "<img" not in html
    assert "Naïve Art" in html
