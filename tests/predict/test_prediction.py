import copy
import json
from dataclasses import FrozenInstanceError, asdict, replace

import pytest

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
