"""Thresholds for a wanted precision: small cases by hand, and what must hold for any."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smn.confidence.selective import (
    MIN_ANSWERS,
    PRECISION_LEVELS,
    PrecisionTable,
    choose_confidence,
    choose_painting,
    find_threshold,
    fit_precision,
)
from smn.errors import InputError

Arrays = tuple[np.ndarray, np.ndarray]


def made(seed: int, count: int = 600) -> tuple[Arrays, Arrays]:
    """Calibrated confidences of movements, and of families that are surer."""
    random = np.random.default_rng(seed)
    movement = random.uniform(0.1, 1.0, count)
    family = np.minimum(movement + random.uniform(0.0, 0.3, count), 1.0)
    lot = random.uniform(size=count)
    return (movement, lot < movement), (family, lot < family)


def test_the_precisions_that_people_ask_for_are_in_the_table() -> None:
    assert len(PRECISION_LEVELS) == 20
    assert {0.5, 0.6, 0.75, 0.8, 0.9, 0.95} <= set(PRECISION_LEVELS)


def test_too_few_answers_and_a_floor_by_hand() -> None:
    confidence, right = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])
    assert find_threshold(confidence, right, precision=1.0) == 0.8
    assert find_threshold(confidence, right, precision=1.0, min_answers=3) is None
    assert find_threshold(confidence, right, precision=0.7) == 0.6
    assert find_threshold(confidence, right, precision=0.7, floor=0.65) == 0.8
    assert find_threshold(np.zeros(0), np.zeros(0, dtype=bool), precision=0.5) is None


@given(st.integers(0, 200))
def test_every_threshold_keeps_its_precision_on_what_it_was_chosen_on(seed: int) -> None:
    movements, families = made(seed)
    table = fit_precision(movements, families)
    for asked, movement, family in zip(PRECISION_LEVELS, table.movements, table.families, strict=True):
        sure = movements[0] >= (movement.confidence if movement else np.inf)
        if movement:
            assert sure.sum() >= MIN_ANSWERS
            assert movements[1][sure].mean() == pytest.approx(movement.precision)
            assert (movement.precision >= asked, movement.coverage) == (True, pytest.approx(sure.mean()))
        if family:
            # A family alone is said where the movement is not sure, and it is there that the promise must hold.
            alone = ~sure & (families[0] >= family.confidence)
            assert alone.sum() >= MIN_ANSWERS
            assert families[1][alone].mean() == pytest.approx(family.precision)
            assert (family.precision >= asked, family.coverage) == (True, pytest.approx(alone.mean()))


@given(st.integers(0, 200))
def test_more_precision_never_lowers_a_threshold(seed: int) -> None:
    table = fit_precision(*made(seed))
    heights = [np.inf if point is None else point.confidence for point in table.movements]
    assert heights == sorted(heights)
    # Where nearly every picture has a sure movement, too few are left for a family alone: gaps at either end.
    families = [point.confidence for point in table.families if point]
    assert families == sorted(families)


def test_what_nothing_reaches_is_none() -> None:
    wrong = (np.linspace(0, 1, 100), np.zeros(100, dtype=bool))
    table = fit_precision(wrong, wrong)
    assert set(table.movements) == set(table.families) == {None}
    assert table.choose(0.9) == (None, None)


def test_between_two_precisions_the_higher_holds() -> None:
    table = fit_precision(*made(0))
    assert table.choose(0.5) == (table.movements[0], table.families[0])
    assert table.choose(0.76) == table.choose(0.775) != table.choose(0.75)
    assert table.choose(0.99) == (None, None)  # beyond the table: nobody has measured it


@pytest.mark.parametrize("precision", [0.0, 0.49, 1.0, 90.0, float("nan")])
def test_a_precision_that_cannot_be_meant_is_refused(precision: float) -> None:
    with pytest.raises(InputError, match=r"must be 0\.5 or more and below 1, such as 0\.9"):
        fit_precision(*made(0)).choose(precision)


def test_a_table_survives_json() -> None:
    table = fit_precision(*made(3, count=200))
    assert PrecisionTable.from_dict(json.loads(json.dumps(table.to_dict()))) == table


@pytest.mark.parametrize(
    "damage",
    [
        {"asked": [0.5]},
        {"movements": {"confidence": [0.5], "precision": [0.5], "coverage": [0.5]}},
        {"movements": {"confidence": [0.5] * 20, "precision": [0.5] * 19, "coverage": [0.5] * 20}},
        {"families": {"confidence": [1.5] * 20, "precision": [0.5] * 20, "coverage": [0.5] * 20}},
        {"families": {"confidence": [float("nan")] * 20, "precision": [0.5] * 20, "coverage": [0.5] * 20}},
    ],
)
def test_damaged_data_is_an_error(damage: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"promises\.precision|argument"):
        PrecisionTable.from_dict(fit_precision(*made(0)).to_dict() | damage)


# Few distinct values, so that equal confidences are common; none is 1, which stands for "nothing reaches it".
ANSWERS = st.lists(
    st.tuples(st.sampled_from([step / 10 for step in range(10)]), st.booleans()), min_size=1, max_size=30
)
SHARES = st.floats(0, 1)


def choose(answers: list[tuple[float, bool]], precision: float) -> float:
    confidence, right = zip(*answers, strict=True)
    return choose_confidence(np.array(confidence), np.array(right), precision=precision)


@pytest.mark.parametrize(
    ("precision", "expected"),
    [
        (1.0, 0.9),  # only the first answer
        (0.75, 0.6),  # three of four
        (0.7, 0.6),
        (0.6, 0.4),  # four of six, with a wrong one before the last
        (0.5, 0.3),  # four of seven
        (0.0, 0.3),
    ],
)
def test_confidence_by_hand(precision: float, expected: float) -> None:
    answers = [(0.6, True), (0.9, True), (0.5, False), (0.7, True), (0.8, False), (0.4, True), (0.3, False)]
    assert choose(answers, precision) == expected


def test_where_nothing_is_right_hardly_anything_is_answered() -> None:
    assert choose([(0.9, False), (0.8, False)], 0.5) == 1.0


def test_the_best_answer_wrong_does_not_spoil_the_rest() -> None:
    assert choose([(0.9, False), (0.8, True), (0.7, True), (0.6, True)], 0.7) == 0.6


def test_equal_confidences_stand_or_fall_together() -> None:
    # A threshold of 0.5 would answer both, of which one is wrong.
    assert choose([(0.9, True), (0.5, True), (0.5, False)], 1.0) == 0.9
    assert choose([(0.5, True), (0.5, False)], 0.6) == 1.0


def test_no_answers_at_all() -> None:
    assert choose_confidence(np.array([]), np.array([], dtype=bool), precision=0.5) == 1.0


@given(ANSWERS, SHARES)
def test_the_precision_is_really_reached(answers: list[tuple[float, bool]], precision: float) -> None:
    threshold = choose(answers, precision)
    assert 0 <= threshold <= 1
    given_answers = [right for confidence, right in answers if confidence >= threshold]
    if given_answers:
        assert np.mean(given_answers) >= precision
    else:
        assert threshold == 1.0


@given(ANSWERS, SHARES)
def test_no_lower_threshold_reaches_it(answers: list[tuple[float, bool]], precision: float) -> None:
    threshold = choose(answers, precision)
    for lower in {confidence for confidence, _ in answers if confidence < threshold}:
        assert np.mean([right for confidence, right in answers if confidence >= lower]) < precision


@given(ANSWERS, SHARES, SHARES)
def test_more_precision_never_answers_more(answers: list[tuple[float, bool]], one: float, other: float) -> None:
    assert choose(answers, min(one, other)) <= choose(answers, max(one, other))


def test_painting_by_hand() -> None:
    scores = np.arange(1, 11) / 10.0
    np.random.default_rng(0).shuffle(scores)
    assert choose_painting(scores, refused=0.0) == 0.1
    assert choose_painting(scores, refused=0.09) == 0.1  # a tenth of the paintings would be too many
    assert choose_painting(scores, refused=0.25) == 0.3
    assert choose_painting(scores, refused=1.0) == 1.0


def test_a_small_source_counts_as_much_as_a_large_one() -> None:
    scores = np.concatenate([np.linspace(0.5, 1.0, 90), np.linspace(0.1, 0.55, 10)])
    sources = ["large"] * 90 + ["small"] * 10
    allowed = 0.1
    threshold = choose_painting(scores, refused=allowed, sources=sources)
    refused = [(scores[:90] < threshold).mean(), (scores[90:] < threshold).mean()]
    assert np.mean(refused) <= allowed
    assert threshold < choose_painting(scores, refused=allowed)  # where each painting counts the same


@given(st.lists(SHARES, min_size=1, max_size=200), SHARES)
def test_no_more_paintings_are_refused_than_allowed(scores: list[float], refused: float) -> None:
    threshold = choose_painting(np.array(scores), refused=refused)
    below = sum(score < threshold for score in scores)
    assert below <= refused * len(scores)
    # The next score up would refuse too many, or is none.
    assert sum(score <= threshold for score in scores) > refused * (len(scores) - 1) - 1e-6


@given(st.lists(SHARES, min_size=1, max_size=50), SHARES, SHARES)
def test_more_refusals_never_lower_the_bar(scores: list[float], one: float, other: float) -> None:
    values = np.array(scores)
    assert choose_painting(values, refused=min(one, other)) <= choose_painting(values, refused=max(one, other))


def test_a_model_without_a_painting_head_refuses_nothing() -> None:
    scores = np.full(50, 0.5)
    threshold = choose_painting(scores, refused=0.01)
    assert not (scores < threshold).any()
