"""Looks up the very work in a picture; what is found is told beside the model's guess and never changes it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smn.bundle import Bundle
from smn.bundle.runtime import Outputs
from smn.errors import SimilarError
from smn.predict.prediction import Prediction, RecognizedWork
from smn.works import DEFAULT_INDEX, Match, WorkIndex, choose_index, read_index, recognize
from smn.works.fingerprints import hash_parts


class Lookup:
    """Looks works up in an index, which is read when the first picture is looked up.

    Args:
        bundle: whose pictures are looked up.
        folder: an index that the bundle's model made; None for the bundle's own, see `smn.works.choose_index`, or the
            one in the package, and for nothing where another model made that.

    Raises:
        SimilarError: the folder that is named is no index, or another model made it.
    """

    def __init__(self, bundle: Bundle, folder: Path | None = None) -> None:
        self.folder = choose_index(bundle, folder)
        self._bundle, self._named = bundle, folder is not None or self.folder != DEFAULT_INDEX
        if folder is not None:
            _ = self.index

    @cached_property
    def index(self) -> WorkIndex | None:
        """The index; None where the one in the package does not fit."""
        index = read_index(self.folder)
        if index.model_sha256 == self._bundle.embedding_id:
            return index
        if not self._named:
            return None
        raise SimilarError(
            f"The index {self.folder} was made by the model {index.model}, but {self._bundle.name} is asked, which "
            "sees otherwise; build one with: smn index build MANIFEST --model BUNDLE"
        )

    def warm_up(self) -> None:
        """Read the index in the package, if it fits, before the first picture is looked up."""
        if not self._named and self.index is not None:
            self.index.warm_up()

    def add_works(
        self, predictions: Sequence[Prediction], outputs: Outputs, batch: NDArray[np.float32]
    ) -> tuple[Prediction, ...]:
        """Predictions of N pictures with the works that were recognized.

        Args:
            predictions: N.
            outputs: of the network, for the same pictures.
            batch: (N, 3, size, size), what the network saw.

        Raises:
            SimilarError: the index is damaged.
        """
        index = self.index
        if index is None:
            return tuple(predictions)
        spec, found = self._bundle.preprocess, []
        for prediction, embedding, values in zip(predictions, outputs.embedding, batch, strict=True):
            refused = not prediction.is_painting
            match = recognize(index, embedding, hash_parts(values, spec), refused=refused)
            found.append(replace(prediction, work=None if match is None else _to_recognized(*match)))
        return tuple(found)


def _to_recognized(match: Match, confidence: float) -> RecognizedWork:
    work = match.work
    return RecognizedWork(
        title=work.title, artist=work.artist, year=work.year, movement=work.movement, source=work.source,
        museum=work.museum, wikidata_id=work.wikidata_id, image_url=work.image_url, similarity=match.similarity,
        confidence=confidence,
    )  # fmt: skip
