import copy
import json
from dataclasses import FrozenInstanceError

import pytest

from smn.predict.prediction import FamilyGuess, Guess, Outcome, Prediction, failed

KEYS = [
    "path", "outcome", "movement", "confidence", "predictions", "families", "is_painting", "painting_score", "model",
    "error", "family", "set", "rectified", "looks_like",
]  # fmt: skip


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
