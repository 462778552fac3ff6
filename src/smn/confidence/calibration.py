"""From logits to probabilities that mean what they say."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

MIN_PICTURES = 50
"""With fewer pictures than this, an accuracy, a temperature or a threshold is left to chance."""


def softmax(logits: ArrayLike, *, temperature: float = 1.0) -> Floats:
    """Probabilities (N, K), rows summing to 1, of logits (N, K) divided by a temperature above 0."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    raised = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def sigmoid(logits: ArrayLike) -> Floats:
    """Probability of each log-odds value, elementwise and without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * np.asarray(logits, dtype=np.float64))))


def log_loss(probabilities: Floats, targets: NDArray[np.int64] | NDArray[np.bool_]) -> float:
    """Mean negative log-likelihood, in nats, of the right class, or of any of several that are right.

    Args:
        probabilities: (N, K).
        targets: (N,), the right classes, 0..K-1; or (N, K), which classes are right, one at least in each row.
    """
    if targets.ndim == 2:
        right = np.asarray(np.where(targets, probabilities, 0.0).sum(axis=1))
    else:
        right = probabilities[np.arange(len(targets)), targets]
    return float(-np.log(np.clip(right, 1e-12, None)).mean())


def fit_temperature(logits: ArrayLike, targets: NDArray[np.int64] | NDArray[np.bool_]) -> float:
    """The temperature that minimises log loss (Guo et al. 2017, "On Calibration of Modern Neural Networks").

    Args:
        logits: (N, K), of data that the network was not trained on.
        targets: as for `log_loss`.

    Returns:
        A value in 0.05..20, found by golden-section search on its logarithm; the loss has one minimum there.
    """
    low, high = np.log(0.05), np.log(20.0)
    ratio = (np.sqrt(5.0) - 1.0) / 2.0
    while high - low > 1e-4:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        losses = [log_loss(softmax(logits, temperature=float(np.exp(at))), targets) for at in (left, right)]
        low, high = (low, right) if losses[0] < losses[1] else (left, high)
    return float(np.exp((low + high) / 2.0))
