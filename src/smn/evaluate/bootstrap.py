"""Intervals by resampling artists: pictures by one hand are not independent, so they are drawn together."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEVEL = 0.95
"""Share of the resampled values that an interval spans."""


@dataclass(frozen=True)
class Figure:
    """A measured value and its interval; all three are NaN where it cannot be measured.

    Args:
        value: measured on the rows as they are.
        low: lower end of the 95 % interval, at most ``value``.
        high: upper end, at least ``value``.
    """

    value: float
    low: float
    high: float

    @property
    def is_known(self) -> bool:
        """Whether it could be measured."""
        return not math.isnan(self.value)


UNKNOWN = Figure(math.nan, math.nan, math.nan)


def draw_weights(clusters: Ints, *, resamples: int, seed: int) -> Iterator[Floats]:
    """Draw as many clusters as there are, with replacement, again and again (Davison & Hinkley 1997, section 3.8).

    Args:
        clusters: (N,), each row's cluster, 0..C-1.
        resamples: how many drawings to make.
        seed: equal seeds draw equally.

    Yields:
        (N,), how often each row was drawn.
    """
    random = np.random.default_rng(seed)
    total = int(clusters.max(initial=-1)) + 1
    for _ in range(resamples):
        drawn = np.bincount(random.integers(0, total, total), minlength=total) if total else np.zeros(0)
        yield drawn[clusters].astype(np.float64)


def bootstrap(
    statistic: Callable[..., Floats], strata: Sequence[Ints], *, resamples: int = 1000, seed: int = 0
) -> list[Figure]:
    """Values with their 95 % percentile intervals (Efron & Tibshirani 1993, chapter 13).

    An interval is stretched to its value where it lies beside it. That happens to figures that grow with the noise,
    calibration error above all: of those the upper end is cautious.

    Args:
        statistic: takes one weighting (N,) for each stratum and gives M values, NaN for what cannot be measured.
        strata: clusters (N,) of each group of rows that is resampled on its own, such as paintings and the others.
        resamples: how many drawings to make; with 0 the interval is the value.
        seed: equal seeds give equal intervals.

    Returns:
        M figures.
    """
    values = np.asarray(statistic(*(np.ones(len(clusters)) for clusters in strata)), dtype=np.float64)
    draws = [draw_weights(clusters, resamples=resamples, seed=seed + at) for at, clusters in enumerate(strata)]
    drawn = np.array([statistic(*weights) for weights in zip(*draws, strict=True)], dtype=np.float64)
    drawn = drawn.reshape(-1, len(values))
    return [_figure(float(value), drawn[:, at]) for at, value in enumerate(values)]


def _figure(value: float, drawn: Floats) -> Figure:
    known = drawn[~np.isnan(drawn)]
    if math.isnan(value) or not len(known):
        return Figure(value, value, value)
    low, high = np.quantile(known, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return Figure(value, min(float(low), value), max(float(high), value))
