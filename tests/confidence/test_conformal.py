"""Prediction sets: by hand, and their coverage where pictures are exchangeable and where only artists are."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smn.confidence.conformal import COVERAGE_LEVELS, SetTable, choose_sets, fit_sets, mass_before
from smn.errors import InputError
from smn.movements import parse_taxonomy, read_taxonomy

SMN = read_taxonomy("smn-25")
TWO = parse_taxonomy(
    {"id": "two", "name": "T", "description": "D", "label": [
        {"id": "cubism"},
        {"id": "light", "name": "L", "family": "impressionist", "movements": ["impressionism", "neo-impressionism"]},
    ]}, where="two",
)  # fmt: skip


def spread(**shares: float) -> np.ndarray:
    """One row of probabilities over smn-25: given ones by id, the rest shared by the others."""
    row = np.full(25, (1.0 - sum(shares.values())) / (25 - len(shares)))
    for name, share in shares.items():
        row[SMN.label_ids.index(name.replace("_", "-"))] = share
    return row[None]


def drawn(random: np.random.Generator, count: int, *, classes: int = 6) -> tuple[np.ndarray, np.ndarray]:
    probabilities = random.dirichlet(np.full(classes, 0.6), count)
    return probabilities, np.array([random.choice(classes, p=row) for row in probabilities])


def test_what_stands_before_by_hand() -> None:
    given_rows = np.array([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]])
    np.testing.assert_allclose(mass_before(given_rows), [[0.8, 0.0, 0.5], [0.0, 0.4, 0.8]])


def test_the_quantile_by_hand() -> None:
    # Four artists with a picture each; what stands before the right label is 0, 0, 0.5 and 0.8.
    row = [0.5, 0.3, 0.2]
    table = fit_sets(np.array([row] * 4), np.array([0, 0, 1, 2]), artists=np.arange(4))
    assert table.choose(0.5) == pytest.approx(0.5)  # 0.5 of five artists: 2.5, so the third
    assert table.choose(0.8) == pytest.approx(0.8)
    assert table.choose(0.81) == 1.0  # four artists say nothing of one in six


def test_fewer_artists_promise_less() -> None:
    random = np.random.default_rng(0)
    probabilities, targets = drawn(random, 400)
    many = fit_sets(probabilities, targets, artists=np.arange(400))
    few = fit_sets(probabilities, targets, artists=np.arange(400) % 20)
    assert all(one >= other for one, other in zip(few.masses, many.masses, strict=True))
    assert few.choose(0.9) > many.choose(0.9)
    assert (few.choose(0.96), many.choose(0.99) < 1.0) == (1.0, True)


@given(st.integers(0, 50))
def test_a_set_is_a_head_of_the_sorted_labels_and_never_empty(seed: int) -> None:
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.full(25, 0.3), 20)
    smaller = choose_sets(probabilities, mass=0.0, source=SMN, target=SMN)
    chosen = choose_sets(probabilities, mass=0.6, source=SMN, target=SMN)
    assert (smaller.sum(axis=1) == 1).all()
    assert (chosen >= smaller).all()
    for row, kept in zip(probabilities, chosen, strict=True):
        assert row[kept].min() >= row[~kept].max(initial=0.0)
    assert choose_sets(probabilities, mass=1.0, source=SMN, target=SMN).all()


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_sets_hold_the_right_label_as_often_as_asked_where_pictures_are_exchangeable(coverage: float) -> None:
    random = np.random.default_rng(1)
    probabilities, targets = drawn(random, 8000)
    known, new = slice(0, 4000), slice(4000, None)
    # Probabilities that are far too sure: the promise must not need calibration.
    sharp = probabilities**3 / (probabilities**3).sum(axis=1, keepdims=True)
    mass = fit_sets(sharp[known], targets[known], artists=np.arange(4000)).choose(coverage)
    held = mass_before(sharp[new])[np.arange(4000), targets[new]] <= mass
    # Never empty means never less than the first label; where that alone is right more often, more is held.
    assert held.mean() >= coverage - 0.02
    assert held.mean() <= coverage + 0.02


def test_new_artists_are_covered_where_artists_differ() -> None:
    random = np.random.default_rng(2)
    shortfalls = []
    for _ in range(60):
        hard = random.uniform(0.0, 1.0, 60)  # how often an artist's label is drawn at random
        artists = np.repeat(np.arange(60), 10)
        probabilities, targets = drawn(random, 600)
        lost = random.uniform(size=600) < hard[artists]
        targets = np.where(lost, random.integers(0, 6, 600), targets)
        known = artists < 30
        mass = fit_sets(probabilities[known], targets[known], artists=artists[known]).choose(0.9)
        held = mass_before(probabilities[~known])[np.arange(300), targets[~known]] <= mass
        shortfalls.append(held.mean() - 0.9)
    assert np.mean(shortfalls) > 0.0


def test_a_set_in_another_taxonomy_holds_what_its_own_labels_are_read_as() -> None:
    row = spread(impressionism=0.3, neo_impressionism=0.3, cubism=0.25, baroque=0.1)
    assert choose_sets(row, mass=0.5, source=SMN, target=TWO).tolist() == [[False, True]]
    assert choose_sets(row, mass=0.7, source=SMN, target=TWO).tolist() == [[True, True]]
    # Baroque alone is in the set and left out there: the likeliest of the two stays.
    outside = spread(baroque=0.9, cubism=0.05)
    assert choose_sets(outside, mass=0.1, source=SMN, target=TWO).tolist() == [[True, False]]


def test_between_two_coverages_the_larger_set_is_taken() -> None:
    table = SetTable(tuple(level / 2 for level in COVERAGE_LEVELS))
    assert table.choose(0.5) == 0.25
    assert table.choose(0.901) == pytest.approx(0.455)
    assert table.choose(0.99) == pytest.approx(0.495)


@pytest.mark.parametrize("coverage", [0.0, 0.49, 0.995, 1.0, 90.0, float("nan")])
def test_a_coverage_that_cannot_be_meant_is_refused(coverage: float) -> None:
    with pytest.raises(InputError, match=r"must be 0\.5 to 0\.99, such as 0\.9"):
        SetTable((0.5,) * 50).choose(coverage)


def test_without_pictures_every_label_is_in() -> None:
    table = fit_sets(np.zeros((0, 5)), np.zeros(0, dtype=np.int64), artists=np.zeros(0, dtype=np.int64))
    assert set(table.masses) == {1.0}


def test_a_table_survives_json() -> None:
    table = fit_sets(*drawn(np.random.default_rng(0), 100), artists=np.arange(100) % 30)
    assert SetTable.from_dict(json.loads(json.dumps(table.to_dict()))) == table


@pytest.mark.parametrize(
    "damage", [{"coverage": [0.5]}, {"mass": [0.5] * 49}, {"mass": [0.5] * 49 + [0.4]}, {"mass": [1.5] * 50}]
)
def test_damaged_data_is_an_error(damage: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"promises\.sets"):
        SetTable.from_dict(SetTable((0.5,) * 50).to_dict() | damage)
