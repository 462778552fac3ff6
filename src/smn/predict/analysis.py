"""Everything that a model gives for one picture."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.bundle.runtime import Outputs
from smn.images import ImageSource
from smn.images.rectify import Found, straighten
from smn.predict.notebook_html import show_prediction
from smn.predict.prediction import Prediction

if TYPE_CHECKING:
    from smn.predict.model import Model

SIDE = 1024
"""The longer side, in pixels, of a picture that is shown to people, at most."""


@dataclass(frozen=True, eq=False)
class Analysis:
    """Everything that a model gives for one picture.

    Args:
        prediction: the answer.
        outputs: of the network for this picture alone (N = 1).
        found: the painting on a wall that was found and straightened before the network saw it; None where the whole
            picture was seen.
        model: which answered.
        source: the picture, encoded; an analysis with evidence keeps a thumbnail of it, too.

    Example:
        >>> analysis = smn.load().analyze("monet.jpg")
        >>> analysis.prediction.movement, analysis.embedding.shape
    """

    prediction: Prediction
    outputs: Outputs
    found: Found | None
    model: "Model"
    source: ImageSource

    def __repr__(self) -> str:
        return f"<smn.Analysis of {self.prediction.path or 'a picture'!r}: {self.prediction}>"

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        return show_prediction(self.prediction, self.picture)

    @property
    def logits(self) -> NDArray[np.float32]:
        """(K,), before temperature and softmax, in the bundle's own taxonomy."""
        return np.asarray(self.outputs.logits[0])

    @property
    def embedding(self) -> NDArray[np.float32]:
        """(D,), the features by which pictures are compared."""
        return np.asarray(self.outputs.embedding[0])

    @property
    def evidence(self) -> NDArray[np.float32] | None:
        """(K, G, G), where in the picture the evidence for each label is; None where that was not asked for."""
        return None if self.outputs.evidence is None else np.asarray(self.outputs.evidence[0])

    @cached_property
    def upright(self) -> Image.Image:
        """The whole picture as it was given, upright, mode ``RGB``, its longer side at most `SIDE` pixels.

        Raises:
            ImageError: the picture cannot be read any more.
        """
        return self.source.thumbnail(SIDE)

    @cached_property
    def picture(self) -> Image.Image:
        """What the model saw: the whole picture as `upright`, or the painting that was found in it, straightened.

        Raises:
            ImageError: the picture cannot be read any more.
        """
        return self.upright if self.found is None else straighten(self.upright, self.found)
