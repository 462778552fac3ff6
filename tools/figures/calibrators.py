"""Ways to calibrate that sureness.py compares: each learns from logits (N, K) and labels (N,)."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from smn.confidence.calibration import fit_temperature, softmax

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Calibrate = Callable[[Floats], Floats]


def fit_one_temperature(logits: Floats, truth: Ints) -> Calibrate:
    """One temperature for all (Guo et al. 2017), as export fits it."""
    temperature = fit_temperature(logits, truth)
    return lambda new: softmax(new, temperature=temperature)


def fit_nothing(_logits: Floats, _truth: Ints) -> Calibrate:
    """The softmax as it is."""
    return softmax


def fit_vector(logits: Floats, truth: Ints) -> Calibrate:
    """A scale and a shift for each label (vector scaling, Guo et al. 2017), drawn to 1 and 0 by a weak penalty."""
    classes, rows = logits.shape[1], np.arange(len(truth))

    def loss(values: Floats) -> tuple[float, Floats]:
        scale, shift = values[:classes], values[classes:]
        probabilities = softmax(logits * scale + shift)
        slope = probabilities.copy()
        slope[rows, truth] -= 1.0
        slope /= len(truth)
        away = np.concatenate([scale - 1.0, shift])
        value = -np.log(np.clip(probabilities[rows, truth], 1e-12, None)).mean() + 0.005 * float(away @ away)
        gradient = np.concatenate([(slope * logits).sum(axis=0), slope.sum(axis=0)]) + 0.01 * away
        return float(value), np.asarray(gradient)

    start = np.concatenate([np.ones(classes), np.zeros(classes)])
    found = minimize(loss, start, jac=True, method="L-BFGS-B").x
    return lambda new: softmax(new * found[:classes] + found[classes:])


def _fit_confidence(
    logits: Floats, truth: Ints, fit: Callable[[Floats, Ints], Callable[[Floats], Floats]]
) -> Calibrate:
    """Give the first answer another confidence, after temperature; the others share what is left as they did."""
    before = fit_one_temperature(logits, truth)
    known = before(logits)
    change = fit(known.max(axis=1), np.asarray(known.argmax(axis=1) == truth, dtype=np.int64))

    def calibrate(new: Floats) -> Floats:
        probabilities = before(new)
        rows, first = np.arange(len(new)), probabilities.argmax(axis=1)
        old = probabilities[rows, first]
        confidence = np.clip(change(old), 0.005, 0.995)
        probabilities *= ((1.0 - confidence) / np.clip(1.0 - old, 1e-9, None))[:, None]
        probabilities[rows, first] = confidence
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        return probabilities

    return calibrate


def fit_isotonic(logits: Floats, truth: Ints) -> Calibrate:
    """A rising staircase from confidence to share of right answers (Zadrozny & Elkan 2002)."""

    def fit(confidence: Floats, right: Ints) -> Callable[[Floats], Floats]:
        return IsotonicRegression(out_of_bounds="clip").fit(confidence, right).predict  # type: ignore[no-any-return]

    return _fit_confidence(logits, truth, fit)


def fit_beta(logits: Floats, truth: Ints) -> Calibrate:
    """Logistic regression on log c and -log(1 - c) of the confidence c (beta calibration, Kull et al. 2017)."""

    def terms(confidence: Floats) -> Floats:
        inside = np.clip(confidence, 1e-6, 1 - 1e-6)
        return np.stack([np.log(inside), -np.log1p(-inside)], axis=1)

    def fit(confidence: Floats, right: Ints) -> Callable[[Floats], Floats]:
        model = LogisticRegression(C=1e3, max_iter=1000).fit(terms(confidence), right)
        return lambda new: np.asarray(model.predict_proba(terms(new))[:, 1])

    return _fit_confidence(logits, truth, fit)


CALIBRATORS: Mapping[str, Callable[[Floats, Ints], Calibrate]] = {
    "temperature": fit_one_temperature,
    "none": fit_nothing,
    "vector scaling": fit_vector,
    "isotonic, on confidence": fit_isotonic,
    "beta, on confidence": fit_beta,
}
"""The first is what the others are compared with."""
