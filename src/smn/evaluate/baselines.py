"""How far something simple gets: what a model has to beat before its figures mean anything."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from smn.evaluate.metrics import Floats, Ints
from smn.evaluate.predictions import Predictions
from smn.manifest.identity import artist_key


@dataclass(frozen=True)
class TrainingRows:
    """What the baselines learn from.

    Args:
        truth: (M,), labels in 0..K-1 of the taxonomy that is asked for.
        artists: M names, None where unknown.
        colours: (M, 3), mean colours, NaN where unknown.
        data_hash: of the manifest.
    """

    truth: Ints
    artists: tuple[str | None, ...]
    colours: Floats
    data_hash: str = ""


def answer_majority(predictions: Predictions, *, train: TrainingRows) -> Predictions:
    """The same answer to every picture: the labels by how common they are in the training rows."""
    prior = _prior(train.truth, len(predictions.taxonomy.labels))
    return _replace(predictions, np.tile(prior, (len(predictions), 1)))


def look_up_artist(predictions: Predictions, *, train: TrainingRows) -> Predictions:
    """Each artist's own labels in the training rows, without a look at the picture; the majority for strangers.

    An artist's labels are smoothed by one more row that is split like all training rows (Jeffreys 1939, additive
    smoothing), so that the commonest label stays the first answer and strangers get the majority's answer exactly.
    """
    classes = len(predictions.taxonomy.labels)
    prior = _prior(train.truth, classes)
    counts: dict[str, Floats] = {}
    for artist, label in zip(train.artists, train.truth.tolist(), strict=True):
        if name := artist_key(artist):
            counts.setdefault(name, np.zeros(classes))[label] += 1.0
    nothing = np.zeros(classes)
    rows = np.array([counts.get(artist_key(artist) or "", nothing) + prior for artist in predictions.artists])
    return _replace(predictions, rows / rows.sum(axis=1, keepdims=True))


def match_colour(predictions: Predictions, *, train: TrainingRows, colours: Floats) -> Predictions:
    """The label whose mean colour in the training rows is nearest.

    Probabilities are those of round normal distributions of one width about the labels' means, each label as likely
    as the next (nearest centroids as a linear discriminant: Hastie et al. 2009, section 4.3).

    Args:
        predictions: what to replace the probabilities of.
        train: the rows to learn from; at least one must have a colour.
        colours: (N, 3), the pictures' mean colours; a row of NaN gets the same probability for every label.
    """
    classes = len(predictions.taxonomy.labels)
    known = ~np.isnan(train.colours).any(axis=1)
    truth, seen = train.truth[known], train.colours[known]
    count = np.bincount(truth, minlength=classes)
    sums = np.stack([np.bincount(truth, seen[:, at], minlength=classes) for at in range(3)], axis=1)
    means = sums / np.maximum(count, 1)[:, None]
    width = max(float(((seen - means[truth]) ** 2).mean()), 1e-6)
    distance = ((colours[:, None, :] - means[None]) ** 2).sum(axis=2) / (2.0 * width)
    distance[np.isnan(distance)] = 0.0
    distance[:, count == 0] = np.inf
    likely = np.exp(distance.min(axis=1, keepdims=True) - distance)
    return _replace(predictions, likely / likely.sum(axis=1, keepdims=True))


def count_known(artists: Sequence[str | None], *, train: TrainingRows) -> int:
    """How many rows are by an artist who also stands in the training rows; 0 for a split that is clean of leakage."""
    known = name_artists(train.artists)
    return sum(artist_key(artist) in known for artist in artists)


def name_artists(artists: Sequence[str | None]) -> frozenset[str]:
    """The artists, each as `smn.manifest.identity.artist_key` writes it."""
    return frozenset(filter(None, map(artist_key, artists)))


def _prior(truth: Ints, classes: int) -> Floats:
    counts = np.bincount(truth, minlength=classes).astype(np.float64)
    return np.asarray(counts / counts.sum())


def _replace(predictions: Predictions, probabilities: Floats) -> Predictions:
    return replace(predictions, probabilities=probabilities, painting=None, not_paintings=np.zeros(0))
