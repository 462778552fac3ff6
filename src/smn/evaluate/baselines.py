"""Baselines: the majority class, the artist's own movement and the mean colour, measured on the same rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.bundle.row_reader import Failure, read_pictures
from smn.evaluate.evaluation_sets import Predictions
from smn.evaluate.measure import measure_figures
from smn.evaluate.metrics import Floats, Ints
from smn.evaluate.report import BaselineReport
from smn.manifest import Manifest
from smn.manifest.identity import artist_key
from smn.progress import Progress


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


def measure_baselines(
    predictions: Predictions, *, train: TrainingRows, colours: Floats, resamples: int = 1000, seed: int = 0
) -> tuple[BaselineReport, ...]:
    """The baselines' figures on the rows that a model was measured on.

    Args:
        predictions: the model's; only what is known about the rows is used.
        train: what the baselines learn from.
        colours: (N, 3), the rows' mean colours in CIELAB.
        resamples: as for the model.
        seed: as for the model, so that the same artists are drawn.
    """
    known = count_known(predictions.artists, train=train)
    share = f"{known} of these {len(predictions)} paintings are by an artist whom it knows"
    answers = {
        ("majority", "Majority class", "Answers the commonest movement of the training data, whatever it sees."): (
            answer_majority(predictions, train=train)
        ),
        ("artist", "Artist look-up", f"Answers the artist's commonest movement in the training data; {share}."): (
            look_up_artist(predictions, train=train)
        ),
        ("colour", "Mean colour", "Answers the movement whose mean colour in CIELAB is nearest."): (
            match_colour(predictions, train=train, colours=colours)
        ),
    }
    return tuple(
        BaselineReport(*described, measure_figures(answer, resamples=resamples, seed=seed))
        for described, answer in answers.items()
    )


def answer_majority(predictions: Predictions, *, train: TrainingRows) -> Predictions:
    """The same answer to every picture: the labels by how common they are in the training rows."""
    prior = _prior(train.truth, len(predictions.taxonomy.labels))
    return _replace(predictions, np.tile(prior, (len(predictions), 1)))


def look_up_artist(predictions: Predictions, *, train: TrainingRows) -> Predictions:
    """Each artist's own labels in the training rows, without a look at the picture; the majority for unknown artists.

    An artist's labels are smoothed by one more row that is split like all training rows (Jeffreys 1939, additive
    smoothing), so that the commonest label stays the first answer and unknown artists get exactly the majority's.
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


_SIDE = 64
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = _TO_XYZ.sum(axis=1)


def convert_to_lab(pixels: NDArray[np.uint8]) -> Floats:
    """Pixels (..., 3) in sRGB, 0..255, as CIELAB (..., 3): lightness 0..100, a (green to red) and b (blue to yellow).

    The sRGB transfer function and matrix of IEC 61966-2-1 and the CIE 1976 formulas, with D65 as white.
    """
    encoded = pixels / 255.0
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    relative = linear @ _TO_XYZ.T / _WHITE
    cut = (6.0 / 29.0) ** 3
    bent = np.where(relative > cut, np.cbrt(relative), relative / (3.0 * (6.0 / 29.0) ** 2) + 4.0 / 29.0)
    x, y, z = np.moveaxis(bent, -1, 0)
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def average_colour(image: Image.Image) -> Floats:
    """The mean colour (3,) of an RGB picture in CIELAB, taken at 64 x 64 pixels."""
    small = image.resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return np.asarray(convert_to_lab(np.asarray(small, dtype=np.uint8)).mean(axis=(0, 1)))


def read_colours(manifest: Manifest, rows: Ints, *, title: str = "", on_progress: Progress | None = None) -> Floats:
    """The mean colours (N, 3) of the pictures of N rows, in CIELAB; NaN where a picture cannot be read."""
    unknown = np.full(3, np.nan)
    pictures = read_pictures(manifest, rows, average_colour, reduce_to=_SIDE, title=title, on_progress=on_progress)
    return np.array([unknown if isinstance(one, Failure) else one for one in pictures]).reshape(-1, 3)
