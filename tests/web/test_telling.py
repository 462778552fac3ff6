import pytest
from hypothesis import given
from hypothesis import strategies as st

from smn.predict.prediction import Guess, Outcome, Prediction
from smn.web.telling import Telling, choose_telling


def make(outcome: Outcome, *shares: float) -> Prediction:
    guesses = tuple(Guess(f"m{at}", f"M{at}", share) for at, share in enumerate(shares))
    named = guesses[0].movement if outcome is Outcome.MOVEMENT else None
    return Prediction(None, outcome, named, shares[0], guesses, (), is_painting=True, painting_score=1.0, model="m")


@pytest.mark.parametrize(
    ("outcome", "shares", "telling"),
    [
        (Outcome.MOVEMENT, (0.8, 0.1), Telling.SURE),
        (Outcome.MOVEMENT, (0.79, 0.1), Telling.FAIRLY),
        (Outcome.MOVEMENT, (0.5, 0.45), Telling.FAIRLY),
        (Outcome.MOVEMENT, (0.45, 0.3), Telling.TORN),
        (Outcome.MOVEMENT, (0.45, 0.1), Telling.PERHAPS),
        (Outcome.UNSURE, (0.3, 0.25), Telling.TORN),
        (Outcome.UNSURE, (0.3, 0.15), Telling.UNSURE),
        (Outcome.UNSURE, (0.9, 0.05), Telling.UNSURE),  # a bundle that wants to be surer still
        (Outcome.NOT_A_PAINTING, (0.9, 0.05), Telling.NO_PAINTING),
        (Outcome.MOVEMENT, (1.0,), Telling.SURE),
    ],
)
def test_answers_are_told_by_how_sure_they_are(outcome: Outcome, shares: tuple[float, ...], telling: Telling) -> None:
    assert choose_telling(make(outcome, *shares)) is telling


def test_what_is_no_painting_can_be_told_all_the_same() -> None:
    given_anyway = make(Outcome.NOT_A_PAINTING, 0.9, 0.05)
    assert choose_telling(given_anyway, whatever_it_is=True) is Telling.SURE
    assert choose_telling(make(Outcome.NOT_A_PAINTING, 0.2, 0.1), whatever_it_is=True) is Telling.UNSURE


@given(st.floats(0.04, 1), st.floats(0, 1), st.sampled_from([Outcome.MOVEMENT, Outcome.UNSURE]))
def test_a_pair_is_named_only_where_one_of_the_two_is_likelier_right_than_not(
    first: float, share: float, outcome: Outcome
) -> None:
    second = min(first, 1 - first) * share
    if choose_telling(make(outcome, first, second)) is Telling.TORN:
        assert first + second >= 0.5
