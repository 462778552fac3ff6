from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smn.examples.gallery import Group
from smn.predict.prediction import Guess, Outcome, Prediction
from smn.web.answer import Phrasing, choose_phrasing, phrase_confidence
from smn.web.words import Words


def make(outcome: Outcome, *shares: float) -> Prediction:
    guesses = tuple(Guess(f"m{at}", f"M{at}", share) for at, share in enumerate(shares))
    named = guesses[0].movement if outcome is Outcome.MOVEMENT else None
    return Prediction(None, outcome, named, shares[0], guesses, (), is_painting=True, painting_score=1.0, model="m")


@pytest.mark.parametrize(
    ("outcome", "shares", "phrasing"),
    [
        (Outcome.MOVEMENT, (0.8, 0.1), Phrasing.SURE),
        (Outcome.MOVEMENT, (0.79, 0.1), Phrasing.FAIRLY),
        (Outcome.MOVEMENT, (0.5, 0.45), Phrasing.FAIRLY),
        (Outcome.MOVEMENT, (0.45, 0.3), Phrasing.TORN),
        (Outcome.MOVEMENT, (0.45, 0.1), Phrasing.PERHAPS),
        (Outcome.UNSURE, (0.3, 0.25), Phrasing.TORN),
        (Outcome.UNSURE, (0.3, 0.15), Phrasing.UNSURE),
        (Outcome.UNSURE, (0.9, 0.05), Phrasing.UNSURE),  # a bundle that wants to be surer still
        (Outcome.NOT_A_PAINTING, (0.9, 0.05), Phrasing.NO_PAINTING),
        (Outcome.MOVEMENT, (1.0,), Phrasing.SURE),
    ],
)
def test_answers_are_phrased_by_how_sure_they_are(
    outcome: Outcome, shares: tuple[float, ...], phrasing: Phrasing
) -> None:
    assert choose_phrasing(make(outcome, *shares)) is phrasing


def test_what_is_no_painting_can_be_phrased_all_the_same() -> None:
    given_anyway = make(Outcome.NOT_A_PAINTING, 0.9, 0.05)
    assert choose_phrasing(given_anyway, as_painting=True) is Phrasing.SURE
    assert choose_phrasing(make(Outcome.NOT_A_PAINTING, 0.2, 0.1), as_painting=True) is Phrasing.UNSURE


@given(st.floats(0.04, 1), st.floats(0, 1), st.sampled_from([Outcome.MOVEMENT, Outcome.UNSURE]))
def test_a_pair_is_named_only_where_one_of_the_two_is_likelier_right_than_not(
    first: float, share: float, outcome: Outcome
) -> None:
    second = min(first, 1 - first) * share
    if choose_phrasing(make(outcome, first, second)) is Phrasing.TORN:
        assert first + second >= 0.5


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_is_no_painting_is_told_what_it_looks_like(language: str) -> None:
    words, refused = Words(language), make(Outcome.NOT_A_PAINTING, 0.9, 0.05)
    told = {
        phrase_confidence(replace(refused, looks_like=looks_like), Phrasing.NO_PAINTING, words)
        for looks_like in (None, *(group.value for group in Group))
    }
    assert len(told) == 1 + len(Group)
