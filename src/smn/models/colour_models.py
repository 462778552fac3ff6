"""Models of colour and hand-made features: the lowest rungs of the ladder, which every network has to beat.

They need the extra ``colour`` and no torch. `smn.evaluate.baselines` has a humbler one, the mean colour, which stands
beside every report because it needs nothing but numpy. A fitted model is one file of plain arrays, which runs no code
when it is opened.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.bundle.row_reader import Failure, read_pictures
from smn.confidence.calibration import fit_temperature, softmax
from smn.errors import InputError, UnknownNameError
from smn.extras import require_extra
from smn.files import write_partial
from smn.manifest import Manifest
from smn.manifest.identity import cluster_artists
from smn.models import handcrafted, palette
from smn.models.handcrafted import describe_picture, learn_boosting, score_boosting
from smn.models.palette import Floats, Ints, extract_palette
from smn.models.palette_models import (
    learn_barycentres,
    learn_codebook,
    learn_dominant,
    learn_neighbours,
    score_barycentres,
    score_codebook,
    score_dominant,
    score_neighbours,
)
from smn.progress import Progress

_PALETTE_VERSION = _TEXTURE_VERSION = 1  # see `Method.version`; textures hold a palette, so raise both for palettes
_HELD_OUT = 0.2
_ROWS = 256
_THREADS = 4


@dataclass(frozen=True)
class Method:
    """How one colour model works.

    Args:
        summary: one sentence for people.
        side: pixels that a picture's shorter side needs.
        describe: makes features, an array of a fixed shape, of an RGB picture.
        version: of these features: raise it where ``describe`` gives others than before.
        learn: makes arrays of features (N, ...) and labels (N,), given ``classes`` and ``seed``; ``palettes`` (K, Q, 4)
            is always among them.
        score: makes scores (N, K) of these arrays and features (N, ...), higher for what is likelier.
    """

    summary: str
    side: int
    describe: Callable[[Image.Image], Floats]
    version: int
    learn: Callable[..., dict[str, Floats]]
    score: Callable[[Mapping[str, Floats], Floats], Floats]


COLOUR_MODELS: Mapping[str, Method] = {
    "colour-1": Method(
        "The commonest colour; the movement whose own is nearest by CIEDE2000.",
        palette.SIDE,
        extract_palette,
        _PALETTE_VERSION,
        learn_dominant,
        score_dominant,
    ),
    "colour-5": Method(
        "Five colours and their shares; the movement whose palette is the least work away.",
        palette.SIDE,
        extract_palette,
        _PALETTE_VERSION,
        learn_barycentres,
        score_barycentres,
    ),
    "colour-5-neighbours": Method(
        "Five colours and their shares; what the pictures with the nearest palettes are.",
        palette.SIDE,
        extract_palette,
        _PALETTE_VERSION,
        learn_neighbours,
        score_neighbours,
    ),
    "colour-5-histogram": Method(
        "Five colours and their shares, counted by a book of 64 colours; the movement that counts most alike.",
        palette.SIDE,
        extract_palette,
        _PALETTE_VERSION,
        learn_codebook,
        score_codebook,
    ),
    "handcrafted": Method(
        "Histograms of colour, local binary patterns and oriented gradients; boosted trees.",
        handcrafted.SIDE,
        describe_picture,
        _TEXTURE_VERSION,
        learn_boosting,
        score_boosting,
    ),
}
"""Every model by its name, the simplest first."""


class ColourClassifier:
    """A colour model in the manner of scikit-learn: ``fit``, then ``predict_proba``.

    Args:
        name: one of `COLOUR_MODELS`.
        classes: K, the number of labels.
        seed: decides whatever is drawn by lot.

    Attributes:
        learned: plain arrays by name, empty before ``fit``; ``palettes`` (K, Q, 4) are the labels' typical palettes,
            NaN for a label without training pictures.
        temperature: what scores are divided by before the softmax.

    Raises:
        UnknownNameError: there is no such model.

    Example:
        >>> model = ColourClassifier("colour-5", classes=25).fit(palettes, targets, artists=artists)
        >>> model.predict_proba(palettes).shape
        (9162, 25)
    """

    def __init__(self, name: str, *, classes: int, seed: int = 0) -> None:
        self.method = _find_method(name)
        self.name, self.classes, self.seed = name, classes, seed
        self.learned: dict[str, Floats] = {}
        self.temperature = 1.0

    def fit(
        self,
        features: Floats,
        targets: Ints,
        *,
        artists: Sequence[str | None] | None = None,
        progress: Progress = lambda *_: None,
    ) -> Self:
        """Learn from pictures.

        The temperature is the one that suits a fifth of the artists when the others were learnt from; then all are.

        Args:
            features: (N, ...), as ``method.describe`` makes them; rows of NaN are left out.
            targets: (N,), their labels, 0..K-1.
            artists: N names, None where unknown; without them every picture has an artist of its own.
            progress: called before and after each of the two times that it learns.

        Raises:
            InputError: the lengths differ, a label is out of range, or fewer than two artists have readable pictures.
            MissingExtraError: what the model needs is not installed.
        """
        self._check(features, targets, artists)
        require_extra("colour", "sklearn")
        from sklearn.model_selection import GroupShuffleSplit

        groups = np.arange(len(targets)) if artists is None else cluster_artists(artists)
        known = ~_is_blank(features)
        features, targets, groups = features[known], targets[known], groups[known]
        if len(np.unique(groups)) < 2:
            raise InputError(
                f"{self.name} has readable pictures of {len(np.unique(groups))} artists to learn from; "
                "it needs two at least, so give it more."
            )
        splitter = GroupShuffleSplit(1, test_size=_HELD_OUT, random_state=self.seed)
        shown, held_out = next(splitter.split(features, groups=groups))
        with _limit_threads():
            progress(f"{self.name}: learning", 0, 2)
            first = self._learn(features[shown], targets[shown])
            self.temperature = fit_temperature(self.method.score(first, features[held_out]), targets[held_out])
            progress(f"{self.name}: learning", 1, 2)
            self.learned = self._learn(features, targets)
            progress(f"{self.name}: learning", 2, 2)
        return self

    def _learn(self, features: Floats, targets: Ints) -> dict[str, Floats]:
        return self.method.learn(features, targets, classes=self.classes, seed=self.seed)

    def _check(self, features: Floats, targets: Ints, artists: Sequence[str | None] | None) -> None:
        names = len(targets) if artists is None else len(artists)
        if not len(features) == len(targets) == names:
            raise InputError(
                f"{self.name} was given {len(features)} pictures, {len(targets)} labels and {names} artists; "
                "give one of each a picture."
            )
        if len(targets) and not 0 <= targets.min() <= targets.max() < self.classes:
            raise InputError(
                f"{self.name} was given labels {targets.min()} to {targets.max()}; "
                f"they must lie in 0..{self.classes - 1}, so map them to the taxonomy or raise classes."
            )

    def predict_proba(self, features: Floats) -> Floats:
        """Probabilities (N, K) of features (N, ...), rows summing to 1; NaN for rows of NaN.

        Raises:
            InputError: it has not learnt anything yet.
            MissingExtraError: what the model needs is not installed.
        """
        if not self.learned:
            raise InputError(f"{self.name} has not learnt anything yet; call fit, or read a model that was written.")
        known = ~_is_blank(features)
        probabilities = np.full((len(features), self.classes), np.nan)
        if known.any():
            scores = self.method.score(self.learned, features[known])
            probabilities[known] = softmax(scores, temperature=self.temperature)
        return probabilities


def compare_features(model: ColourClassifier, features: Floats, *, progress: Progress = lambda *_: None) -> Floats:
    """A colour model's answers to the features of pictures, a part that fits into memory at a time.

    Args:
        model: fitted.
        features: (N, ...), as ``model.method.describe`` makes them.
        progress: called after each part.

    Returns:
        (N, K), rows summing to 1; NaN for rows of NaN.

    Raises:
        InputError: the model is not fitted.
        MissingExtraError: what the model needs is not installed.
    """
    parts = [np.zeros((0, model.classes))]
    for start in range(0, len(features), _ROWS):
        parts.append(model.predict_proba(features[start : start + _ROWS]))
        progress(f"{model.name}: comparing", min(start + _ROWS, len(features)), len(features))
    return np.concatenate(parts)


def describe_pictures(
    name: str, manifest: Manifest, rows: Sequence[int], *, title: str = "", progress: Progress | None = None
) -> Iterator[Floats | Failure]:
    """The features of pictures that a colour model works on; models that share ``describe`` share them.

    Args:
        name: one of `COLOUR_MODELS`.
        manifest: where the rows are.
        rows: N numbers of rows.
        title: what is being read, for ``progress``.
        progress: called after each picture.

    Yields:
        N times a palette (5, 4) or a vector (257,), or why the picture cannot be read.

    Raises:
        UnknownNameError: there is no such model.
        MissingExtraError: the extra ``colour`` is not installed.
    """
    method = _find_method(name)
    require_extra("colour", "skimage", "sklearn")
    from threadpoolctl import threadpool_limits

    # KMeans sets the process's number of BLAS threads and puts it back; of several at once, one would put back wrong.
    with threadpool_limits(1, user_api="blas"):
        yield from read_pictures(
            manifest,
            np.asarray(rows, dtype=np.int64),
            method.describe,
            reduce_to=method.side,
            title=title,
            on_progress=progress,
        )


def _find_method(name: str) -> Method:
    if name not in COLOUR_MODELS:
        raise UnknownNameError("colour model", name, COLOUR_MODELS)
    return COLOUR_MODELS[name]


def _limit_threads() -> AbstractContextManager[object]:
    """As many OpenMP threads as there are now, four at most: trees and clusters gain little from more."""
    from threadpoolctl import threadpool_info, threadpool_limits

    allowed = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "openmp"]
    limits: AbstractContextManager[object] = threadpool_limits(min([_THREADS, *allowed]), user_api="openmp")
    return limits


def _is_blank(features: Floats) -> NDArray[np.bool_]:
    return np.array([np.isnan(one).any() for one in features], dtype=np.bool_)


_ABOUT = "about"


def write_colour_model(model: ColourClassifier, file: Path) -> Path:
    """Write a fitted model as NumPy's ``.npz``, all of it or nothing; a file of that name is replaced.

    Raises:
        InputError: the model has not learnt anything yet.
    """
    if not model.learned:
        raise InputError(f"{model.name} has not learnt anything yet; call fit before it is written.")
    about = {"model": model.name, "classes": model.classes, "seed": model.seed, "temperature": model.temperature}
    arrays: dict[str, Any] = {_ABOUT: np.array(json.dumps(about)), **model.learned}
    with write_partial(file) as partial, partial.open("wb") as stream:
        np.savez_compressed(stream, **arrays)
    return file


def read_colour_model(file: str | Path) -> ColourClassifier:
    """Read a model that `write_colour_model` wrote.

    Raises:
        InputError: there is no such file, or it holds something else.
        UnknownNameError: it holds a model that this version of smn does not know.
    """
    try:
        # NumPy leaves a file open that it cannot read.
        with Path(file).open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            about = json.loads(str(stored[_ABOUT]))
            arrays = {name: stored[name] for name in stored.files if name != _ABOUT}
        model = ColourClassifier(about["model"], classes=int(about["classes"]), seed=int(about["seed"]))
        model.temperature, model.learned = float(about["temperature"]), arrays
    except (OSError, ValueError, KeyError, TypeError, IndexError, EOFError, BadZipFile) as error:
        raise InputError(f"{file} is not a colour model that can be read ({error}); fit and write it anew.") from error
    return model
