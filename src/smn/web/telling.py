"""From an answer to what a person would say."""

from enum import StrEnum

from smn.predict.prediction import Outcome, Prediction

SURE, FAIRLY = 0.8, 0.5
"""Calibrated confidence, 0..1, from which an answer is sure, or fairly sure."""


class Telling(StrEnum):
    """How an answer is said."""

    SURE = "sure"
    """The movement's name alone."""
    FAIRLY = "fairly"
    """The movement, fairly sure."""
    PERHAPS = "perhaps"
    """The movement, perhaps: the likeliest by far, but less likely than not."""
    TORN = "torn"
    """Between two movements, one of which is likelier right than not."""
    UNSURE = "unsure"
    """I can't tell."""
    NO_PAINTING = "no_painting"
    """This does not look like a painting."""


def choose_telling(prediction: Prediction, *, whatever_it_is: bool = False) -> Telling:
    """How an answer is said.

    Args:
        prediction: any answer but an error; it lists two guesses or more where its taxonomy has them.
        whatever_it_is: told as if it were a painting.
    """
    if prediction.outcome is Outcome.NOT_A_PAINTING and not whatever_it_is:
        return Telling.NO_PAINTING
    best, *rest = (guess.probability for guess in prediction.predictions)
    second = rest[0] if rest else 0.0
    named = prediction.outcome is not Outcome.UNSURE
    if named and best >= FAIRLY:
        return Telling.SURE if best >= SURE else Telling.FAIRLY
    if best + second >= FAIRLY and second >= best / 2:
        return Telling.TORN
    return Telling.PERHAPS if prediction.outcome is Outcome.MOVEMENT else Telling.UNSURE
