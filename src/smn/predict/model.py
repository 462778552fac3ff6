"""A loaded model, which answers."""

import contextlib
import copy
import threading
from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.bundle import DEFAULT, Bundle, read_bundle
from smn.bundle.runtime import Outputs, Runtime
from smn.confidence.answer_policy import Thresholds
from smn.confidence.calibration import sigmoid, softmax
from smn.confidence.conformal import list_sets
from smn.errors import InputError
from smn.images import DEFAULT_LIMITS, ImageSource, Limits, Picture, picture_name
from smn.images.rectify import SURE, Found, Rectify, find_painting, straighten, warm_up
from smn.movements import Taxonomy, get_family, read_taxonomy, regroup
from smn.movements.regroup import families_of
from smn.predict.analysis import SIDE, Analysis
from smn.predict.lookup import Lookup
from smn.predict.prediction import FamilyGuess, Guess, Outcome, Prediction, Rectified

_MIN_COVERED = 0.5
"""In another taxonomy, the least share of probability, 0..1, on movements that it covers for an answer to be sure."""


class Model:
    """A model that is loaded once and then answers, from any thread.

    Args:
        bundle: what to load.
        taxonomy: id or file of the taxonomy to answer in; by default the one that the model was trained on.
        limits: how large a picture may be.
        threads: how many threads one answer may use; 0 lets ONNX Runtime choose.
        precision: the share of answers, 0.5 or more and below 1, that ought to be right; fewer are given the higher it
            is. None for the bundle's own thresholds.
        rectify: whether a painting on a wall is found and straightened first.
        lookup: whether the very work is looked up, in the index in the package if it fits the bundle, or in an index's
            folder. What is found is ``Prediction.work`` and changes nothing else.

    Raises:
        BundleError: its graph cannot be loaded.
        InputError: the precision lies outside, or the bundle does not know what its answers are worth.
        SimilarError: the folder is no index, or another model made it.
        UnknownNameError: there is no such taxonomy.
        TaxonomyError: the model cannot answer in this taxonomy.

    Example:
        >>> model = smn.load()
        >>> model.predict("monet.jpg").predictions[0].label
        'Impressionism'
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        taxonomy: str | Path | None = None,
        limits: Limits = DEFAULT_LIMITS,
        threads: int = 0,
        precision: float | None = None,
        rectify: Rectify = Rectify.AUTO,
        lookup: bool | str | Path = True,
    ) -> None:
        self.bundle = bundle
        self.thresholds, self.precision_note = _apply_precision(bundle, precision)
        self.limits = limits
        self.rectify = rectify
        self.taxonomy = bundle.taxonomy if taxonomy is None else _read_target(taxonomy, bundle)
        self.lookup = Lookup(bundle, None if isinstance(lookup, bool) else Path(lookup)) if lookup else None
        # The first picture's tables are read while ONNX Runtime reads the network. No daemon: Python would end it
        # within a library, which then aborts the process.
        threading.Thread(target=self._warm_up, name="smn-warm-up").start()
        self.runtime = Runtime(bundle, threads=threads)

    def _warm_up(self) -> None:
        # What fails here fails again, with its reason, where it is needed.
        with contextlib.suppress(Exception):
            if self.rectify is not Rectify.OFF:
                warm_up()
            if self.lookup is not None:
                self.lookup.warm_up()

    def __repr__(self) -> str:
        return f"<smn.Model {self.name}: {len(self.taxonomy.labels)} movements, taxonomy {self.taxonomy.id}>"

    @property
    def name(self) -> str:
        """The model's name and version."""
        return self.bundle.name

    def variant(
        self,
        *,
        taxonomy: str | Path | None = None,
        rectify: Rectify | None = None,
        precision: float | None = None,
        lookup: bool = True,
    ) -> "Model":
        """A model that answers otherwise and shares this one's network.

        Args:
            taxonomy: id or file of the taxonomy to answer in; None for this model's.
            rectify: whether a painting on a wall is found and straightened first; None as this model does.
            precision: the share of answers that ought to be right; None for this model's thresholds.
            lookup: False to look no work up; True as this model does.

        Raises:
            InputError, MissingExtraError, UnknownNameError, TaxonomyError: as for `Model`.
        """
        other = copy.copy(self)
        if taxonomy is not None:
            other.taxonomy = _read_target(taxonomy, self.bundle)
        if rectify is not None:
            other.rectify = rectify
        if precision is not None:
            other.thresholds, other.precision_note = _apply_precision(self.bundle, precision)
        if not lookup:
            other.lookup = None
        return other

    def predict(self, image: Picture, *, top_k: int = 3, coverage: float | None = None) -> Prediction:
        """Answer for one picture.

        Args:
            image: a path, an address, bytes, a file object, a PIL image or an array, see `smn.images.Picture`.
            top_k: how many guesses to list, 1 or more.
            coverage: with what probability, 0.5..0.99, the answer's ``set`` should hold the right movement; None for
                no set.

        Raises:
            ImageError: the picture cannot be read, or it is nothing that can hold one.
            FetchError: it cannot be downloaded.
            InputError: ``top_k`` or ``coverage`` lies outside, or the bundle knows no sets.
        """
        return self.analyze(image, top_k=top_k, coverage=coverage).prediction

    def predict_many(
        self,
        pictures: Iterable[Picture] | str | PathLike[str],
        *,
        top_k: int = 3,
        coverage: float | None = None,
        batch_size: int = 1,
        progress: bool = False,
    ) -> Iterator[Prediction]:
        """Answer for each picture of an iterable or a folder, in order; one that cannot be read gets the reason.

        Args:
            pictures: taken one by one, a few ahead, and answered several at a time; or a folder, which is searched with
                all its sub-folders.
            top_k: how many guesses to list, 1 or more.
            coverage: as for `predict`.
            batch_size: pictures that the network sees at once, 1 or more.
            progress: whether to show a progress bar.

        Raises:
            InputError: ``top_k`` or ``batch_size`` is below 1, or ``coverage`` is invalid.
        """
        from smn.predict.jobs import predict_each  # which imports this module

        return predict_each(self, pictures, top_k=top_k, coverage=coverage, batch_size=batch_size, progress=progress)

    def analyze(
        self, image: Picture, *, top_k: int = 3, coverage: float | None = None, evidence: bool = False
    ) -> Analysis:
        """Answer for one picture, and keep what the answer was made of: for explaining it, for finding similar works.

        Args:
            image: as for `predict`.
            top_k: how many guesses to list, 1 or more.
            coverage: as for `predict`.
            evidence: whether to ask where in the picture the evidence is, which costs a few hundredths more.

        Raises:
            ImageError: the picture cannot be read.
            InputError: ``top_k`` or ``coverage`` lies outside, or the bundle knows no sets.
            BundleError: evidence is asked for, and the network does not tell.
        """
        source = ImageSource(image, limits=self.limits)
        pixels, found = self.preprocess(source, show=evidence)
        outputs = self.runtime.run(pixels[None], evidence=evidence)
        (prediction,) = self.to_predictions(
            outputs, [picture_name(image)], found=[found], top_k=top_k, coverage=coverage, batch=pixels[None]
        )
        return Analysis(prediction, outputs, found, self, source)

    def preprocess(
        self, image: Picture | ImageSource, *, show: bool = False
    ) -> tuple[NDArray[np.float32], Found | None]:
        """One picture as network input (3, size, size), and the painting in it, if that was found and straightened.

        Args:
            image: as for `predict`, or a source, which then holds no decoded picture.
            show: whether the source keeps a thumbnail of `SIDE` pixels, so that showing it does not decode it again.

        Raises:
            ImageError: the picture cannot be read.
        """
        source = image if isinstance(image, ImageSource) else ImageSource(image, limits=self.limits)
        picture, found = self.load_image(source)
        if show:
            source.thumbnail(SIDE)
        source.release()
        return self.bundle.preprocess.apply(picture), found

    def load_image(self, image: Picture | ImageSource) -> tuple[Image.Image, Found | None]:
        """What the model looks at: the upright picture, or the painting that was found in it, straightened.

        Big JPEGs are decoded no larger than the model needs; so are opened ones, unless their pixels were loaded
        before. A loaded picture is scaled from all its pixels, and its probabilities may differ a little.

        Raises:
            ImageError: the picture cannot be read.
        """
        source = image if isinstance(image, ImageSource) else ImageSource(image, limits=self.limits)
        size = self.bundle.preprocess.size
        picture = source.load(reduce_to=size)
        if self.rectify is Rectify.OFF:
            return picture, None
        found = find_painting(picture, min_confidence=SURE if self.rectify is Rectify.AUTO else 0.0)
        if found is None:
            return picture, None
        # The painting is smaller than the picture, so that more of the picture's detail is needed.
        extent = float(min(np.ptp(found.corners, axis=0)))
        return straighten(source.load(reduce_to=round(size / max(extent, 0.1))), found), found

    def predict_batch(
        self,
        batch: NDArray[np.float32],
        paths: Sequence[str | None],
        *,
        found: Sequence[Found | None] | None = None,
        top_k: int = 3,
        coverage: float | None = None,
    ) -> tuple[Prediction, ...]:
        """Answer for a batch (N, 3, size, size) made by `preprocess`, whose pictures came from ``paths``.

        What `preprocess` ``found`` in each is told in the answers.

        Raises:
            InputError: ``top_k`` is below 1, or ``coverage`` outside 0.5..0.99 or unknown to the bundle.
        """
        return self.to_predictions(
            self.runtime.run(batch), paths, found=found, top_k=top_k, coverage=coverage, batch=batch
        )

    def to_predictions(
        self,
        outputs: Outputs,
        paths: Sequence[str | None],
        *,
        found: Sequence[Found | None] | None = None,
        top_k: int = 3,
        coverage: float | None = None,
        batch: NDArray[np.float32] | None = None,
    ) -> tuple[Prediction, ...]:
        """Like `predict_batch`, for N pictures that the network has seen already; works are looked up by their batch.

        Raises:
            InputError: ``top_k`` is below 1, or ``coverage`` outside 0.5..0.99 or unknown to the bundle.
        """
        if not isinstance(top_k, int) or top_k < 1:
            raise InputError(f"top_k is {top_k!r}; it must be a whole number, 1 or more.")
        own = softmax(outputs.logits, temperature=self.bundle.temperature)
        sets: Sequence[tuple[str, ...] | None] = [None] * len(own)
        if coverage is not None:
            mass = self.bundle.require_policy("coverage").sets.choose(coverage)
            sets = list_sets(own, mass=mass, source=self.bundle.taxonomy, target=self.taxonomy)
        probabilities, covered = regroup(own, source=self.bundle.taxonomy, target=self.taxonomy)
        families, sums = families_of(probabilities, self.taxonomy)
        painting = sigmoid(outputs.painting)
        likest = outputs.judges.argmin(axis=1) if self.bundle.groups and outputs.judges is not None else None
        predictions = tuple(
            self._to_prediction(
                path,
                self._guesses(probabilities[place], top_k),
                tuple(
                    FamilyGuess(families[at], get_family(families[at]).name, round(float(sums[place, at]), 4))
                    # Rounded as they are shown: sums of equals may differ in their last bit from batch to batch.
                    for at in np.argsort(-sums[place].round(4), kind="stable")
                ),
                painting=float(painting[place]),
                looks_like=None if likest is None else self.bundle.groups[likest[place]],
                sure=self._is_sure(probabilities[place], sums[place], covered=float(covered[place])),
                chosen=sets[place],
                found=None if found is None else found[place],
            )
            for place, path in enumerate(paths)
        )
        if batch is None or self.lookup is None:
            return predictions
        return self.lookup.add_works(predictions, outputs, batch)

    def _is_sure(
        self, probabilities: NDArray[np.float64], families: NDArray[np.float64], *, covered: float
    ) -> tuple[bool, bool]:
        """Whether the best movement, and the best family, pass their thresholds."""
        if covered < _MIN_COVERED:  # an answer among labels that the model hardly believes in is no answer
            return False, False
        family = self.thresholds.family
        return (
            bool(probabilities.max() >= self.thresholds.confidence),
            family is not None and bool(families.max() >= family),
        )

    def _guesses(self, probabilities: NDArray[np.float64], top_k: int) -> tuple[Guess, ...]:
        best = np.argsort(-probabilities, kind="stable")[:top_k]
        return tuple(
            Guess(self.taxonomy.labels[at].id, self.taxonomy.labels[at].name, round(float(probabilities[at]), 4))
            for at in best
        )

    def _to_prediction(
        self,
        path: str | None,
        guesses: tuple[Guess, ...],
        families: tuple[FamilyGuess, ...],
        *,
        painting: float,
        looks_like: str | None,
        sure: tuple[bool, bool],
        chosen: tuple[str, ...] | None,
        found: Found | None,
    ) -> Prediction:
        is_painting = painting >= self.thresholds.painting
        outcome = Outcome.MOVEMENT if sure[0] else Outcome.UNSURE
        family = families[0].family if sure[1] else None
        if outcome is Outcome.MOVEMENT:
            family = self.taxonomy.label(guesses[0].movement).family
        if not is_painting:
            outcome, family = Outcome.NOT_A_PAINTING, None
        return Prediction(
            path=path,
            outcome=outcome,
            movement=guesses[0].movement if outcome is Outcome.MOVEMENT else None,
            confidence=guesses[0].probability,
            predictions=guesses,
            families=families,
            is_painting=is_painting,
            painting_score=round(painting, 4),
            model=self.name,
            family=family,
            set=chosen,
            rectified=None if found is None else Rectified(found.points, found.confidence),
            looks_like=None if is_painting else looks_like,
        )


def _apply_precision(bundle: Bundle, precision: float | None) -> tuple[Thresholds, str | None]:
    """The thresholds for a precision, and what to expect of it; the bundle's own and None where none is asked for."""
    if precision is None:
        return bundle.thresholds, None
    policy = bundle.require_policy("precision")
    thresholds = policy.choose_thresholds(precision, painting=bundle.thresholds.painting)
    return thresholds, policy.describe_precision(precision, model=bundle.name)


def _read_target(taxonomy: str | Path, bundle: Bundle) -> Taxonomy:
    """A taxonomy; one that the bundle cannot answer in must fail now, not at the first picture."""
    target = read_taxonomy(taxonomy)
    regroup(np.full((1, len(bundle.labels)), 1 / len(bundle.labels)), source=bundle.taxonomy, target=target)
    return target


def load(
    bundle: str | Path = DEFAULT,
    *,
    taxonomy: str | Path | None = None,
    limits: Limits = DEFAULT_LIMITS,
    threads: int = 0,
    precision: float | None = None,
    rectify: Rectify = Rectify.AUTO,
    lookup: bool | str | Path = True,
) -> Model:
    """Load a model: the one inside the package, or one of your own.

    Args:
        bundle: a bundle's folder, or the name of one inside the package, see `smn.bundle.list_models`.
        taxonomy: as for `Model`, as are ``limits``, ``threads``, ``precision``, ``rectify`` and ``lookup``.
        limits: how large a picture may be.
        threads: of the network.
        precision: the share of answers that ought to be right.
        rectify: whether a painting on a wall is found and straightened first: ``Rectify.AUTO`` where it is surely
            found, ``ON`` where anything like one is found, ``OFF`` never.
        lookup: whether the very work is looked up.

    Raises:
        BundleError: the bundle is missing or damaged.
        InputError, SimilarError, UnknownNameError, TaxonomyError: as for `Model`.
    """
    return Model(
        read_bundle(bundle), taxonomy=taxonomy, limits=limits, threads=threads, precision=precision, rectify=rectify,
        lookup=lookup,
    )  # fmt: skip
