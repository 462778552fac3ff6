"""A loaded model that answers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.bundle import DEFAULT, Bundle, read_bundle
from smn.calibration import sigmoid, softmax
from smn.errors import InputError
from smn.images import DEFAULT_LIMITS, Limits, convert_image, open_image
from smn.movements import get_family, read_taxonomy, regroup
from smn.movements.regroup import families_of
from smn.predict.prediction import FamilyGuess, Guess, Outcome, Prediction
from smn.runtime import Runtime

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

    Raises:
        BundleError: its graph cannot be loaded.
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
    ) -> None:
        self.bundle = bundle
        self.limits = limits
        self.taxonomy = read_taxonomy(taxonomy) if taxonomy is not None else bundle.taxonomy
        # A taxonomy that cannot be answered in must fail now, not at the first picture.
        regroup(np.full((1, len(bundle.labels)), 1 / len(bundle.labels)), source=bundle.taxonomy, target=self.taxonomy)
        self._runtime = Runtime(bundle, threads=threads)

    @property
    def name(self) -> str:
        """The model's name and version."""
        return self.bundle.name

    def predict(self, image: Picture, *, top_k: int = 3) -> Prediction:
        """Answer for one picture.

        Args:
            image: bytes, a path, or an opened picture.
            top_k: how many guesses to list, 1 or more.

        Raises:
            ImageError: the picture cannot be read.
        """
        path = str(image) if isinstance(image, str | Path) else None
        return self.answer(self.prepare(image)[None], [path], top_k=top_k)[0]

    def prepare(self, image: Picture) -> NDArray[np.float32]:
        """One picture as network input (3, size, size).

        Raises:
            ImageError: the picture cannot be read.
        """
        if isinstance(image, Image.Image):
            return self.bundle.preprocess.apply(convert_image(image, limits=self.limits))
        return self.bundle.preprocess.apply(
            open_image(image, limits=self.limits, reduce_to=self.bundle.preprocess.size)
        )

    def answer(
        self, batch: NDArray[np.float32], paths: Sequence[str | None], *, top_k: int = 3
    ) -> tuple[Prediction, ...]:
        """Answer for a batch (N, 3, size, size) made by `prepare`, whose pictures came from ``paths``.

        Raises:
            InputError: ``top_k`` is below 1.
        """
        if top_k < 1:
            raise InputError(f"top_k is {top_k}; it must be 1 or more.")
        outputs = self._runtime.run(batch)
        probabilities, covered = regroup(
            softmax(outputs.logits, temperature=self.bundle.temperature),
            source=self.bundle.taxonomy,
            target=self.taxonomy,
        )
        families, sums = families_of(probabilities, self.taxonomy)
        painting = sigmoid(outputs.painting)
        return tuple(
            self._one(
                path,
                self._guesses(probabilities[place], top_k),
                tuple(
                    FamilyGuess(families[at], get_family(families[at]).name, round(float(sums[place, at]), 4))
                    for at in np.argsort(-sums[place], kind="stable")
                ),
                painting=float(painting[place]),
                # An answer among labels that the model hardly believes in is no answer.
                sure=bool(
                    probabilities[place].max() >= self.bundle.thresholds.confidence and covered[place] >= _LEAST_COVERED
                ),
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
        sure: bool,
    ) -> Prediction:
        is_painting = painting >= self.bundle.thresholds.painting
        outcome = Outcome.MOVEMENT if sure else Outcome.UNSURE
        if not is_painting:
            outcome = Outcome.NOT_A_PAINTING
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
        )


def load(
    bundle: str | Path = DEFAULT,
    *,
    taxonomy: str | Path | None = None,
    limits: Limits = DEFAULT_LIMITS,
    threads: int = 0,
) -> Model:
    """Load a model: the one inside the package, or one of your own.

    Args:
        bundle: a bundle's folder.
        taxonomy: id or file of the taxonomy to answer in; by default the one that the model was trained on.
        limits: how large a picture may be.
        threads: how many threads one answer may use; 0 lets ONNX Runtime choose.

    Raises:
        BundleError: the bundle is missing or damaged.
        UnknownNameError: there is no such taxonomy.
        TaxonomyError: the model cannot answer in this taxonomy.
    """
    return Model(read_bundle(bundle), taxonomy=taxonomy, limits=limits, threads=threads)
