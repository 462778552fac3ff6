"""Which phrase fits an answer, by how sure it is."""

from enum import StrEnum

from smn.predict.prediction import Outcome, Prediction

SURE, FAIRLY = 0.8, 0.5
"""Calibrated confidence, 0..1, from which an answer is sure, or fairly sure."""


class Phrasing(StrEnum):
    """How an answer is phrased."""

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


def choose_phrasing(prediction: Prediction, *, whatever_it_is: bool = False) -> Phrasing:
    """How an answer is phrased.

    Args:
        prediction: any answer but an error; it lists two guesses or more where its taxonomy has them.
        whatever_it_is: told as if it were a painting.
    """
    if prediction.outcome is Outcome.NOT_A_PAINTING and not whatever_it_is:
        return Phrasing.NO_PAINTING
    best, *rest = (guess.probability for guess in prediction.predictions)
    second = rest[0] if rest else 0.0
    named = prediction.outcome is not Outcome.UNSURE
    if named and best >= FAIRLY:
        return Phrasing.SURE if best >= SURE else Phrasing.FAIRLY
    if best + second >= FAIRLY and second >= best / 2:
        return Phrasing.TORN
    return Phrasing.PERHAPS if prediction.outcome is Outcome.MOVEMENT else Phrasing.UNSURE
