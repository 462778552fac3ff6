"""What a person can look at to see why."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.calibration import softmax
from smn.errors import UnknownNameError
from smn.explain.evidence import weigh_evidence
from smn.explain.heatmap import overlay_evidence
from smn.images import Limits, convert_image, open_image
from smn.movements import Label, Taxonomy, get_movement
from smn.movements.regroup import membership
from smn.predict.model import Model, Picture
from smn.predict.prediction import Prediction
from smn.rectify import Found, straighten
from smn.runtime import Outputs

SIDE = 1024
"""An explained picture is shown no larger than about this, in pixels."""


@dataclass(frozen=True)
class Swatch:
    """A colour of a picture.

    Args:
        colour: ``#RRGGBB``.
        share: of the picture, 0..1.
    """

    colour: str
    share: float


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why an answer is what it is.

    Args:
        prediction: the answer.
        image: what was looked at, upright: the picture, or the painting that was found in it, straightened.
        evidence: for each label of the taxonomy, by its id, where the picture speaks for it (G, G) more than the
            picture does on average; what speaks for its rivals, too, does not count.
        embedding: (D,), the features by which pictures are compared.
        taxonomy: what was answered in.

    Example:
        >>> why = smn.load().explain("monet.jpg")
        >>> why.overlay().save("why.png")
    """

    prediction: Prediction
    image: Image.Image
    evidence: Mapping[str, NDArray[np.float64]]
    embedding: NDArray[np.float32]
    taxonomy: Taxonomy

    @property
    def movement(self) -> str:
        """Id of the best guess, which is explained where no other is asked for."""
        return self.prediction.predictions[0].movement

    def overlay(self, movement: str | None = None, *, strength: float = 0.6) -> Image.Image:
        """The picture with what speaks for a movement glowing and the rest dimmed.

        Args:
            movement: id of any label of the taxonomy; by default the best guess.
            strength: how much of the picture is given up for it, 0..1.

        Raises:
            UnknownNameError: the taxonomy has no such label.
            InputError: the strength lies outside.
        """
        return overlay_evidence(self.image, self.evidence[self._label(movement).id], strength=strength)

    def traits(self, movement: str | None = None) -> tuple[str, ...]:
        """What a person can check in the picture, for a label of the taxonomy; by default the best guess.

        Raises:
            UnknownNameError: the taxonomy has no such label.
        """
        return get_movement(self._label(movement).movements[0]).traits

    @cached_property
    def palette(self) -> tuple[Swatch, ...]:
        """The five colours that the picture is made of, commonest first: those of the colour baseline.

        Raises:
            MissingExtraError: the extra ``explain`` is not installed.
        """
        return list_colours(self.image)

    def _label(self, movement: str | None) -> Label:
        wanted = self.movement if movement is None else movement
        if wanted not in self.evidence:
            raise UnknownNameError(f"label of taxonomy {self.taxonomy.id}", wanted, self.evidence)
        return self.taxonomy.label(wanted)


def list_colours(image: Image.Image) -> tuple[Swatch, ...]:
    """The five colours that an RGB picture is made of, commonest first: those of the colour baseline.

    Raises:
        MissingExtraError: the extra ``explain`` is not installed.
    """
    from smn.extras import require_extra

    require_extra("explain", "skimage", "sklearn")
    from skimage.color import lab2rgb

    from smn.models.palette import extract_palette

    found = extract_palette(image)
    colours = np.round(lab2rgb(found[:, :3]) * 255).astype(int)
    return tuple(
        Swatch("#{:02X}{:02X}{:02X}".format(*colour), round(float(share), 4))
        for colour, share in zip(colours, found[:, 3], strict=True)
        if share > 0
    )


def explain_picture(model: Model, image: Picture, *, top_k: int = 3) -> Explanation:
    """Answer for one picture, and say why.

    Args:
        model: whose answer it is; its network must tell where it finds its evidence.
        image: bytes, a path, or an opened picture.
        top_k: how many guesses to list, 1 or more.

    Raises:
        ImageError: the picture cannot be read.
        InputError: ``top_k`` is below 1.
        BundleError: the network does not tell where it finds its evidence.
    """
    prepared, found = model.prepare(image)
    outputs = model.runtime.run(prepared[None], evidence=True)
    path = str(image) if isinstance(image, str | Path) else None
    prediction = model.tell(outputs, [path], found=[found], top_k=top_k)[0]
    return explain_outputs(model, image, outputs, prediction=prediction, found=found)


def explain_outputs(
    model: Model, image: Picture, outputs: Outputs, *, prediction: Prediction, found: Found | None
) -> Explanation:
    """Like `explain_picture`, for a picture that the network has seen already.

    Args:
        model: whose answer it is.
        image: the picture; it is decoded again, larger than the network needs.
        outputs: of the network for this picture alone, with evidence.
        prediction: the answer.
        found: the painting in the picture, if that was straightened.

    Raises:
        ImageError: the picture cannot be read.
    """
    shown = _show(image, model.limits)
    return Explanation(
        prediction=prediction,
        image=straighten(shown, found) if found else shown,
        evidence=_weigh(model, outputs),
        embedding=outputs.embedding[0],
        taxonomy=model.taxonomy,
    )


def _weigh(model: Model, outputs: Outputs) -> dict[str, NDArray[np.float64]]:
    """Evidence for each label of the taxonomy that the network knows of, for the first picture."""
    bundle, target = model.bundle, model.taxonomy
    own = bundle.taxonomy.labels
    matrix = np.eye(len(own)) if own == target.labels else membership(own, target)
    probabilities = softmax(outputs.logits[:1], temperature=bundle.temperature)[0]
    located = np.asarray(outputs.evidence)[0]
    return {
        label.id: weigh_evidence(
            located, probabilities, np.flatnonzero(matrix[:, at]).tolist(), temperature=bundle.temperature
        )
        for at, label in enumerate(target.labels)
        if matrix[:, at].any()
    }


def _show(image: Picture, limits: Limits) -> Image.Image:
    shown = (
        convert_image(image, limits=limits, reduce_to=SIDE)
        if isinstance(image, Image.Image)
        else open_image(image, limits=limits, reduce_to=SIDE)
    )
    shown.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return shown
