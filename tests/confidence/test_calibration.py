import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from smn.confidence.calibration import fit_temperature, log_loss, sigmoid, softmax

logits = arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(2, 8)), elements=st.floats(-1e4, 1e4))
temperatures = st.floats(0.05, 20)


@given(logits, temperatures)
def test_probabilities_sum_to_one_and_keep_the_order(values: np.ndarray, temperature: float) -> None:
    probabilities = softmax(values, temperature=temperature)
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    best = np.take_along_axis(probabilities, values.argmax(axis=1)[:, None], axis=1)[:, 0]
    np.testing.assert_array_equal(best, probabilities.max(axis=1))


def test_softmax_is_the_textbook_formula() -> None:
    np.testing.assert_allclose(softmax([[np.log(1), np.log(3)]]), [[0.25, 0.75]])
    np.testing.assert_allclose(softmax([[0.0, np.log(3)]], temperature=0.5), [[0.1, 0.9]])


@given(arrays(np.float64, 5, elements=st.floats(-1e30, 1e30)))
def test_sigmoid_never_overflows_and_is_symmetric(values: np.ndarray) -> None:
    assert ((sigmoid(values) >= 0) & (sigmoid(values) <= 1)).all()
    np.testing.assert_allclose(sigmoid(values) + sigmoid(-values), 1.0)


def test_sigmoid_is_the_inverse_of_log_odds() -> None:
    np.testing.assert_allclose(sigmoid(np.log([1 / 9, 1.0, 9.0])), [0.1, 0.5, 0.9])


def test_log_loss_is_the_mean_surprise() -> None:
    probabilities = np.array([[0.5, 0.5], [0.25, 0.75]])
    assert log_loss(probabilities, np.array([0, 1])) == pytest.approx(-(np.log(0.5) + np.log(0.75)) / 2)
    assert np.isfinite(log_loss(np.array([[0.0, 1.0]]), np.array([0])))


@pytest.mark.parametrize("true", [0.3, 1.0, 4.0])
def test_the_temperature_that_made_the_answers_is_found_again(true: float) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(0, 3, (20_000, 5))
    drawn = (softmax(values, temperature=true).cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1)
    assert fit_temperature(values, drawn) == pytest.approx(true, rel=0.05)


def test_no_other_temperature_has_less_log_loss() -> None:
    rng = np.random.default_rng(1)
    values, targets = rng.normal(0, 2, (500, 4)), rng.integers(0, 4, 500)
    values[np.arange(500), targets] += 1.5
    fitted = fit_temperature(values, targets)
    least = log_loss(softmax(values, temperature=fitted), targets)
    for temperature in np.geomspace(0.05, 20, 60):
        assert least <= log_loss(softmax(values, temperature=float(temperature)), targets) + 1e-9


def test_answers_that_are_always_right_or_wrong_stay_in_range() -> None:
    values = [[5.0, 0.0], [0.0, 5.0]]
    assert 0.05 <= fit_temperature(values, np.array([0, 1])) < 0.2
    assert 19 < fit_temperature(values, np.array([1, 0])) <= 20


def test_any_of_several_right_classes_counts() -> None:
    probabilities = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1]])
    accepted = np.array([[True, True, False], [False, False, True]])
    assert log_loss(probabilities, accepted) == pytest.approx(-(np.log(0.8) + np.log(0.1)) / 2)
    one = np.eye(3, dtype=bool)[[0, 2]]
    assert log_loss(probabilities, one) == pytest.approx(log_loss(probabilities, np.array([0, 2])))


def test_more_accepted_classes_make_a_model_surer() -> None:
    rng = np.random.default_rng(2)
    logits = rng.normal(size=(400, 5)) * 2
    drawn = np.array([rng.choice(5, p=row) for row in softmax(logits, temperature=1.5)])
    accepted = np.eye(5, dtype=bool)[drawn]
    accepted[np.arange(400), logits.argmax(axis=1)] |= rng.random(400) < 0.3
    assert fit_temperature(logits, accepted) < fit_temperature(logits, drawn)
