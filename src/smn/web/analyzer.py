"""Analyzes pictures for the page: with a model in the page's own process, or through a service."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.bundle import read_bundle
from smn.bundle.runtime import limit_library_threads
from smn.errors import ServiceError, SimilarError
from smn.explain.explanation import Swatch, list_colours, overlay_evidence, weigh_labels
from smn.images import ImageSource, Limits
from smn.images.rectify import Found, Rectify, straighten
from smn.movements import Taxonomy, list_taxonomies, read_taxonomy
from smn.predict.analysis import SIDE
from smn.predict.model import Model
from smn.predict.prediction import Prediction, parse_prediction
from smn.service.records import Records
from smn.similar.index import SimilarIndex, SimilarWork, check_fit, parse_work, read_index
from smn.web.page_settings import PageSettings
from smn.works import choose_index

TOP_K, SIMILAR = 5, 8
"""How many guesses and similar works are shown."""


_OVERLAY = 640
"""Pixels of the longer side of a picture with its evidence."""


@dataclass(frozen=True, eq=False)
class PageAnalysis:
    """A picture and everything that the page shows of it.

    Args:
        name: of the uploaded file.
        sha256: of its bytes.
        prediction: the answer.
        image: what the model saw, upright; straightened where a painting was found on a wall.
        whole: the picture that the painting was found in, upright; None where the model saw it whole.
        evidence: (G, G) by the movement's id, for the guesses; empty where the model does not tell.
        works: similar works, most similar first; empty where there is no index.
        taxonomy: what was answered in, if it is known here.
        prediction_id: the answer's id at a service that remembers it.
    """

    name: str
    sha256: str
    prediction: Prediction
    image: Image.Image
    whole: Image.Image | None
    evidence: Mapping[str, NDArray[np.float64]]
    works: tuple[SimilarWork, ...]
    taxonomy: Taxonomy
    prediction_id: str | None = None

    @cached_property
    def palette(self) -> tuple[Swatch, ...]:
        """Its colours, commonest first."""
        return list_colours(self.image)

    def overlay(self, movement: str) -> Image.Image:
        """The picture with what speaks for a movement glowing, a little smaller: evidence has no fine detail."""
        small = self.image.copy()
        small.thumbnail((_OVERLAY, _OVERLAY), Image.Resampling.BILINEAR)
        return overlay_evidence(small, self.evidence[movement], strength=0.75)


class Analyzer(Protocol):
    """The interface of the page to a model or a service."""

    @property
    def model(self) -> str:
        """Name of the model that answers."""

    @property
    def remembers(self) -> bool:
        """Whether feedback is kept."""

    @property
    def keeps_pictures(self) -> bool:
        """Whether a picture may be kept with its feedback, if its sender lets it."""

    def analyze(self, name: str, data: bytes, *, find: bool) -> PageAnalysis:
        """Analyze an encoded picture; ``find`` a painting on a wall and straighten it.

        Raises:
            ImageError: it cannot be read.
            ServiceError: the service refuses, or cannot be reached.
        """

    def add_feedback(
        self, analysis: PageAnalysis, *, agree: bool, movement: str | None, text: str | None, picture: bytes | None
    ) -> None:
        """Store feedback on an answer; it is committed when this returns.

        Args:
            analysis: what it is about.
            agree: whether the answer was right.
            movement: the right one, if somebody says so.
            text: whatever else they say.
            picture: the picture, if its sender lets it be kept.

        Raises:
            ServiceError: the service refuses, or cannot be reached.
        """


class LocalAnalyzer:
    """A model in this process.

    Args:
        settings: of the page.

    Raises:
        BundleError: the model cannot be loaded.
    """

    def __init__(self, settings: PageSettings) -> None:
        service = settings.service
        limits = Limits(max_bytes=service.max_body, max_pixels=service.max_pixels)
        limit_library_threads()
        self._model = Model(read_bundle(service.bundle), limits=limits, threads=service.threads)
        self._whole = self._model.variant(rectify=Rectify.OFF)
        self._database, self._images = service.database, service.images
        self._index = _read_index(choose_index(self._model.bundle, service.index), self._model)
        self._opening = Lock()
        # Two at a time: more are not faster, and take more memory.
        self._turn = BoundedSemaphore(2)

    @property
    def model(self) -> str:
        """The model's name."""
        return self._model.name

    @property
    def sha256(self) -> str:
        """Of the model."""
        return self._model.bundle.model_sha256

    @property
    def remembers(self) -> bool:
        """Whether there is a database."""
        return bool(self._database)

    @property
    def keeps_pictures(self) -> bool:
        """Whether there is a folder for them."""
        return self.remembers and self._images is not None

    def analyze(self, name: str, data: bytes, *, find: bool) -> PageAnalysis:
        """See `Analyzer.analyze`."""
        model = self._model if find else self._whole
        with self._turn:
            analysis = model.analyze(data, top_k=TOP_K, evidence=model.runtime.explains)
            prediction = replace(analysis.prediction, path=name)
            evidence = weigh_labels(analysis) if model.runtime.explains else {}
            return PageAnalysis(
                name=name, sha256=_digest(data), prediction=prediction, image=analysis.picture,
                whole=analysis.upright if analysis.found else None,
                evidence={guess.movement: evidence[guess.movement] for guess in prediction.predictions
                          if guess.movement in evidence},
                works=self._index.search(analysis.embedding, top_k=SIMILAR) if self._index else (),
                taxonomy=model.taxonomy,
            )  # fmt: skip

    def add_feedback(
        self, analysis: PageAnalysis, *, agree: bool, movement: str | None, text: str | None, picture: bytes | None
    ) -> None:
        """See `Analyzer.add_feedback`: nothing is stored of a picture without feedback."""
        answer = analysis.prediction.to_dict() | {"path": None}
        known = self._records.add_prediction(answer, sha256=analysis.sha256, caller="page", image=picture)
        self._records.add_feedback(known, verdict=_verdict(agree=agree), movement=movement, text=text)

    @property
    def _records(self) -> Records:
        with self._opening:
            return self._opened

    @cached_property
    def _opened(self) -> Records:
        return Records(self._database, images=self._images)


class RemoteAnalyzer:
    """A service that answers.

    Args:
        settings: of the page, with ``api``.

    Raises:
        MissingExtraError: the extra ``client`` is not installed.
    """

    remembers = True
    keeps_pictures = False

    def __init__(self, settings: PageSettings) -> None:
        from smn.client import Client

        service = settings.service
        self._limits = Limits(max_bytes=service.max_body, max_pixels=service.max_pixels)
        self._client = Client(settings.api, key=settings.api_key or None, timeout=service.timeout, attempts=3)
        self.model = ""

    def analyze(self, name: str, data: bytes, *, find: bool) -> PageAnalysis:
        """See `Analyzer.analyze`."""
        # First: an unreadable picture is not sent.
        upright = ImageSource(data, limits=self._limits).thumbnail(SIDE)
        wanted = Rectify.AUTO if find else Rectify.OFF
        asked: dict[str, Any] = {"top_k": TOP_K, "rectify": wanted.value, "explain": True, "similar": SIMILAR}
        try:
            answer = self._ask(data, asked)
        except ServiceError as error:
            # A model without evidence, or an index that does not fit: ask for the answer alone.
            if error.status not in (422, 503):
                raise
            answer = self._ask(data, {key: asked[key] for key in ("top_k", "rectify")})
        prediction = parse_prediction(answer)
        self.model = prediction.model
        found = None
        if prediction.rectified is not None:
            found = Found(np.array(prediction.rectified.corners), prediction.rectified.confidence)
        maps = (answer.get("explanation") or {}).get("maps") or {}
        return PageAnalysis(
            name=name, sha256=_digest(data), prediction=prediction,
            image=straighten(upright, found) if found else upright, whole=upright if found else None,
            evidence={movement: np.array(grid, dtype=np.float64) for movement, grid in maps.items()},
            works=tuple(SimilarWork(parse_work(one), one["similarity"]) for one in answer.get("similar") or ()),
            taxonomy=guess_taxonomy([guess.movement for guess in prediction.predictions]), prediction_id=answer["id"],
        )  # fmt: skip

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _ask(self, data: bytes, asked: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._client.predict(data, **asked)[0]
        if answer["outcome"] == "error":
            raise ServiceError(str(answer["error"]), status=422)
        return answer

    def add_feedback(
        self, analysis: PageAnalysis, *, agree: bool, movement: str | None, text: str | None, picture: bytes | None
    ) -> None:
        """See `Analyzer.add_feedback`; a picture is not sent again to be kept."""
        del picture
        if analysis.prediction_id is None:
            raise ServiceError("The service does not remember its answers.", status=503)
        self._client.send_feedback(analysis.prediction_id, agree=agree, movement=movement, text=text)


def make_analyzer(settings: PageSettings) -> Analyzer:
    """What answers, as the settings say.

    Raises:
        BundleError: the model cannot be loaded.
    """
    return RemoteAnalyzer(settings) if settings.api else LocalAnalyzer(settings)


def _read_index(folder: Path, model: Model) -> SimilarIndex | None:
    """The index, or None where there is none for this model: then nothing alike is shown."""
    try:
        index = read_index(folder)
        check_fit(index, model)
    except SimilarError:
        return None
    return index


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _verdict(*, agree: bool) -> str:
    return "agree" if agree else "disagree"


def guess_taxonomy(labels: Sequence[str]) -> Taxonomy:
    """The first taxonomy inside the package that has all of these labels, the default before the others."""
    default = read_taxonomy()
    known = [default, *(read_taxonomy(name) for name in list_taxonomies() if name != default.id)]
    return next((one for one in known if set(labels) <= set(one.label_ids)), default)
