"""Finds artists whose works together disagree with their label."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smn.clean.confident import mean_confidence

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LEAST_WORKS = 5
"""An artist with fewer works is not judged as a whole."""

_ODDS = 7.0  # of suggestion against label, in the mean of the works, at which the score is 0.5
_LEAST = 1e-9


@dataclass(frozen=True)
class ArtistDoubts:
    """What speaks against the labels of the artists of M rows; rows of one artist have the same values.

    Args:
        score: (M,), 0..1, below 0.5 a finding; NaN for artists with fewer than `LEAST_WORKS` works.
        suggestion: (M,), the label that suits the works better than the artist's most frequent one, 0..K-1.
        probability: (M,), its mean probability over the works.
        rows: (M,), how many works were judged together.
    """

    score: Floats
    suggestion: Integers
    probability: Floats
    rows: Integers


def judge_artists(probabilities: Floats, given: Integers, groups: Integers) -> ArtistDoubts:
    """Judge each artist by the mean log-probability of all his works.

    Works by one hand are no independent witnesses, so log-probabilities are averaged and not summed. Each is taken
    relative to the `mean_confidence` of its label, because models are never sure of some movements; without that the
    artists of thin movements would be found first.

    Args:
        probabilities: (M, K), of models that never saw the artist.
        given: (M,), labels 0..K-1.
        groups: (M,), equal where the artist is the same, 0 or more.
    """
    labels, artists = probabilities.shape[1], int(groups.max()) + 1
    sure = mean_confidence(probabilities, given)
    relative = np.log(np.maximum(probabilities, _LEAST)) - np.log(np.where(np.isfinite(sure), sure, 1.0))
    works = np.bincount(groups, minlength=artists)
    mean, plain, counts = (np.zeros((artists, labels)) for _ in range(3))
    np.add.at(mean, groups, relative)
    np.add.at(plain, groups, probabilities)
    np.add.at(counts, (groups, given), 1.0)
    own = np.bincount(groups, weights=relative[np.arange(len(given)), given], minlength=artists)
    every = np.arange(artists)
    mean[every, counts.argmax(axis=1)] = -np.inf
    suggestion = mean.argmax(axis=1)
    against = (mean[every, suggestion] - own) / np.maximum(works, 1)
    score = np.where(works >= LEAST_WORKS, 1.0 / (1.0 + np.exp(against) / _ODDS), np.nan)
    probability = plain[every, suggestion] / np.maximum(works, 1)
    return ArtistDoubts(score[groups], suggestion[groups], probability[groups], works[groups])
