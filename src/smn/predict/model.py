"""A loaded model that answers."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.bundle import DEFAULT, Bundle, read_bundle
from smn.calibration import sigmoid, softmax
from smn.errors import InputError
from smn.images import DEFAULT_LIMITS, Limits, convert_image, open_image, read_undecoded
from smn.movements import get_family, read_taxonomy, regroup
from smn.movements.regroup import families_of
from smn.predict.prediction import FamilyGuess, Guess, Outcome, Prediction, Rectified
from smn.predict.sureness import choose_bar, list_sets
from smn.rectify import SURE, Found, Rectify, find_painting, straighten
from smn.runtime import Outputs, Runtime

if TYPE_CHECKING:
    from smn.explain import Explanation

Picture = bytes | str | Path | Image.Image
"""An encoded picture's bytes, a path to it, or a picture already opened."""

_LEAST_COVERED = 0.5
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

    Raises:
        BundleError: its graph cannot be loaded.
        InputError: the precision lies outside, or the bundle does not know what its answers are worth.
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
    ) -> None:
        self.bundle = bundle
        self.bar = choose_bar(bundle, precision)
        self.limits = limits
        self.rectify = rectify
        self.taxonomy = read_taxonomy(taxonomy) if taxonomy is not None else bundle.taxonomy
        # A taxonomy that cannot be answered in must fail now, not at the first picture.
        regroup(np.full((1, len(bundle.labels)), 1 / len(bundle.labels)), source=bundle.taxonomy, target=self.taxonomy)
        self.runtime = Runtime(bundle, threads=threads)

    @property
    def name(self) -> str:
        """The model's name and version."""
        return self.bundle.name

    def predict(self, image: Picture, *, top_k: int = 3, coverage: float | None = None) -> Prediction:
        """Answer for one picture.

        Args:
            image: bytes, a path, or an opened picture.
            top_k: how many guesses to list, 1 or more.
            coverage: with what probability, 0.5..0.99, the answer's ``set`` should hold the right movement; None for
                no set.

        Raises:
            ImageError: the picture cannot be read.
            InputError: ``top_k`` or ``coverage`` lies outside, or the bundle knows no sets.
        """
        path = str(image) if isinstance(image, str | Path) else None
        if isinstance(image, Image.Image):  # its file, because it may be closed before the answer is explained
            image = read_undecoded(image, limits=self.limits) or image
        prepared, found = self.prepare(image)
        answer = self.answer(prepared[None], [path], found=[found], top_k=top_k, coverage=coverage)[0]
        return replace(answer, explainer=partial(self.explain, image, top_k=top_k))

    def explain(self, image: Picture, *, top_k: int = 3) -> "Explanation":
        """Answer for one picture and say why: where in it the evidence lies, its colours, what a person can check.

        Args:
            image: bytes, a path, or an opened picture.
            top_k: how many guesses to list, 1 or more.

        Raises:
            ImageError: the picture cannot be read.
            InputError: ``top_k`` is below 1.
            BundleError: the network does not tell where it finds its evidence.
        """
        from smn.explain import explain_picture

        return explain_picture(self, image, top_k=top_k)

    def prepare(self, image: Picture) -> tuple[NDArray[np.float32], Found | None]:
        """One picture as network input (3, size, size), and the painting in it, if that was found and straightened.

        Raises:
            ImageError: the picture cannot be read.
        """
        shown, found = self.open(image)
        return self.bundle.preprocess.apply(shown), found

    def open(self, image: Picture) -> tuple[Image.Image, Found | None]:
        """What the model looks at: the upright picture, or the painting that was found in it, straightened.

        Big JPEGs are decoded no larger than the model needs; so are opened ones, unless their pixels were loaded
        before. A loaded picture is scaled from all its pixels, and its probabilities may differ a little.

        Raises:
            ImageError: the picture cannot be read.
        """
        size = self.bundle.preprocess.size

        def read(reduce_to: int) -> Image.Image:
            if isinstance(image, Image.Image):
                return convert_image(image, limits=self.limits, reduce_to=reduce_to)
            return open_image(image, limits=self.limits, reduce_to=reduce_to)

        shown = read(size)
        if self.rectify is Rectify.OFF:
            return shown, None
        found = find_painting(shown, least=SURE if self.rectify is Rectify.AUTO else 0.0)
        if found is None:
            return shown, None
        # The painting is smaller than the picture, so that more of the picture's detail is needed.
        extent = float(min(np.ptp(found.corners, axis=0)))
        return straighten(read(round(size / max(extent, 0.1))), found), found

    def answer(
        self,
        batch: NDArray[np.float32],
        paths: Sequence[str | None],
        *,
        found: Sequence[Found | None] | None = None,
        top_k: int = 3,
        coverage: float | None = None,
    ) -> tuple[Prediction, ...]:
        """Answer for a batch (N, 3, size, size) made by `prepare`, whose pictures came from ``paths``.

        What `prepare` ``found`` in each is told in the answers.

        Raises:
            InputError: ``top_k`` is below 1, or ``coverage`` outside 0.5..0.99 or unknown to the bundle.
        """
        return self.tell(self.runtime.run(batch), paths, found=found, top_k=top_k, coverage=coverage)

    def tell(
        self,
        outputs: Outputs,
        paths: Sequence[str | None],
        *,
        found: Sequence[Found | None] | None = None,
        top_k: int = 3,
        coverage: float | None = None,
    ) -> tuple[Prediction, ...]:
        """Like `answer`, for pictures that the network has seen already.

        Raises:
            InputError: ``top_k`` is below 1, or ``coverage`` outside 0.5..0.99 or unknown to the bundle.
        """
        if top_k < 1:
            raise InputError(f"top_k is {top_k}; it must be 1 or more.")
        own = softmax(outputs.logits, temperature=self.bundle.temperature)
        sets = list_sets(own, bundle=self.bundle, target=self.taxonomy, coverage=coverage)
        probabilities, covered = regroup(own, source=self.bundle.taxonomy, target=self.taxonomy)
        families, sums = families_of(probabilities, self.taxonomy)
        painting = sigmoid(outputs.painting)
        return tuple(
            self._one(
                path,
                self._guesses(probabilities[place], top_k),
                tuple(
                    FamilyGuess(families[at], get_family(families[at]).name, round(float(sums[place, at]), 4))
                    # Rounded as they are shown: sums of equals may differ in their last bit from batch to batch.
                    for at in np.argsort(-sums[place].round(4), kind="stable")
                ),
                painting=float(painting[place]),
                # An answer among labels that the model hardly believes in is no answer.
                sure=(
                    bool(probabilities[place].max() >= self.bar.movement and covered[place] >= _LEAST_COVERED),
                    bool(sums[place].max() >= self.bar.family and covered[place] >= _LEAST_COVERED),
                ),
                chosen=sets[place],
                found=None if found is None else found[place],
            )
            for place, path in enumerate(paths)
        )

    def _guesses(self, probabilities: NDArray[np.float64], top_k: int) -> tuple[Guess, ...]:
        best = np.argsort(-probabilities, kind="stable")[:top_k]
        return tuple(
            Guess(self.taxonomy.labels[at].id, self.taxonomy.labels[at].name, round(float(probabilities[at]), 4))
            for at in best
        )

    def _one(
        self,
        path: str | None,
        guesses: tuple[Guess, ...],
        families: tuple[FamilyGuess, ...],
        *,
        painting: float,
        sure: tuple[bool, bool],
        chosen: tuple[str, ...] | None,
        found: Found | None,
    ) -> Prediction:
        is_painting = painting >= self.bundle.thresholds.painting
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
            rectified=None if found is None else _tell(found),
        )


def _tell(found: Found) -> Rectified:
    corners = tuple((round(float(x), 4), round(float(y), 4)) for x, y in found.corners)
    return Rectified(corners, found.confidence)


def load(
    bundle: str | Path = DEFAULT,
    *,
    taxonomy: str | Path | None = None,
    limits: Limits = DEFAULT_LIMITS,
    threads: int = 0,
    precision: float | None = None,
    rectify: Rectify = Rectify.AUTO,
) -> Model:
    """Load a model: the one inside the package, or one of your own.

    Args:
        bundle: a bundle's folder.
        taxonomy: id or file of the taxonomy to answer in; by default the one that the model was trained on.
        limits: how large a picture may be.
        threads: how many threads one answer may use; 0 lets ONNX Runtime choose.
        precision: the share of answers that ought to be right, as for `Model`.
        rectify: whether a painting on a wall is found and straightened first: ``Rectify.AUTO`` where it is surely
            found, ``ON`` where anything like one is found, ``OFF`` never.

    Raises:
        BundleError: the bundle is missing or damaged.
        InputError: the precision lies outside, or the bundle does not know what its answers are worth.
        UnknownNameError: there is no such taxonomy.
        TaxonomyError: the model cannot answer in this taxonomy.
    """
    return Model(
        read_bundle(bundle), taxonomy=taxonomy, limits=limits, threads=threads, precision=precision, rectify=rectify
    )
