"""Thresholds for a wanted precision: small cases by hand, and what must hold for any."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smn.errors import InputError
from smn.precision import ASKED, FEWEST, PrecisionTable, find_threshold, fit_precision

Arrays = tuple[np.ndarray, np.ndarray]


def made(seed: int, count: int = 600) -> tuple[Arrays, Arrays]:
    """Calibrated confidences of movements, and of families that are surer."""
    random = np.random.default_rng(seed)
    movement = random.uniform(0.1, 1.0, count)
    family = np.minimum(movement + random.uniform(0.0, 0.3, count), 1.0)
    lot = random.uniform(size=count)
    return (movement, lot < movement), (family, lot < family)


def test_the_precisions_that_people_ask_for_are_in_the_table() -> None:
    assert len(ASKED) == 20
    assert {0.5, 0.6, 0.75, 0.8, 0.9, 0.95} <= set(ASKED)


def test_too_few_answers_and_a_floor_by_hand() -> None:
    confidence, right = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])
    assert find_threshold(confidence, right, precision=1.0) == 0.8
    assert find_threshold(confidence, right, precision=1.0, fewest=3) is None
    assert find_threshold(confidence, right, precision=0.7) == 0.6
    assert find_threshold(confidence, right, precision=0.7, floor=0.65) == 0.8
    assert find_threshold(np.zeros(0), np.zeros(0, dtype=bool), precision=0.5) is None


@given(st.integers(0, 200))
def test_every_threshold_keeps_its_precision_on_what_it_was_chosen_on(seed: int) -> None:
    movements, families = made(seed)
    table = fit_precision(movements, families)
    for asked, movement, family in zip(ASKED, table.movements, table.families, strict=True):
        sure = movements[0] >= (movement.confidence if movement else np.inf)
        if movement:
            assert sure.sum() >= FEWEST
            assert movements[1][sure].mean() == pytest.approx(movement.precision)
            assert (movement.precision >= asked, movement.coverage) == (True, pytest.approx(sure.mean()))
        if family:
            # A family alone is said where the movement is not sure, and it is there that the promise must hold.
            alone = ~sure & (families[0] >= family.confidence)
            assert alone.sum() >= FEWEST
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
