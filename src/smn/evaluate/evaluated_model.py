"""A model to be measured, be it a bundle or a run of a colour model, and its answers to the rows of a manifest."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.bundle import Bundle, file_sha256
from smn.bundle.row_reader import Failure, read_pictures
from smn.bundle.runtime import Runtime
from smn.confidence.answer_policy import AnswerPolicy
from smn.confidence.calibration import sigmoid, softmax
from smn.errors import InputError
from smn.evaluate.metrics import Floats, Ints
from smn.evaluate.refusal import ScoreImages
from smn.evaluate.report import DataUse, Model, Use
from smn.evaluate.robustness import change_picture
from smn.feature_cache import FeatureCache, FeatureSet
from smn.images import open_image
from smn.manifest import Manifest
from smn.models.colour_models import describe_pictures, read_colour_model
from smn.movements import Taxonomy
from smn.progress import Progress
from smn.train.model_configs import ColourSettings
from smn.train.run import MODEL_FILE, read_run

_BATCH = 32
_STORED = 512  # pictures that are predicted before their answers are stored


@dataclass(frozen=True)
class Answers:
    """What a model says about the M readable of N rows.

    Args:
        kept: (M,), positions in 0..N-1 of the rows that could be read.
        probabilities: (M, K), calibrated, in the model's own taxonomy.
        painting: (M,), scores 0..1 that each is a painting; None for a model that does not say.
        failures: the N - M others.
        embedding: (M, D), features for comparing pictures; None for a model that has none.
    """

    kept: Ints
    probabilities: Floats
    painting: Floats | None
    failures: tuple[Failure, ...]
    embedding: NDArray[np.float32] | None = None


class Classified(NamedTuple):
    """What a model says about a batch of n pictures.

    Args:
        probabilities: (n, K), calibrated.
        painting: (n,), scores 0..1; None for a model that does not say.
        embedding: (n, D), features; None for a model that has none.
    """

    probabilities: Floats
    painting: Floats | None = None
    embedding: NDArray[np.float32] | None = None


class PredictRows(Protocol):
    """Predicts the pictures of some rows of a manifest, by their numbers (N,)."""

    def __call__(self, manifest: Manifest, rows: Ints, *, title: str, on_progress: Progress | None) -> Answers:
        """Its answers.

        Raises:
            InputError: not one of the pictures could be read.
        """


@dataclass(frozen=True)
class EvaluatedModel:
    """A model that can be measured.

    Args:
        about: what the report says of it.
        taxonomy: the labels that it answers in.
        data: what it learned from.
        predict_rows: see `PredictRows`.
        policy: how it meets a wanted precision or coverage; None for a model that cannot.
        score_images: how it is asked about pictures that stand in no manifest; None where it does not know paintings.
        predict_changed: the same after each of `smn.evaluate.robustness.CHANGES`, with ``probabilities`` (M, C, K);
            None for a model that is not asked about changed pictures.
    """

    about: Model
    taxonomy: Taxonomy
    data: tuple[DataUse, ...]
    predict_rows: PredictRows
    policy: AnswerPolicy | None = None
    score_images: ScoreImages | None = None
    predict_changed: PredictRows | None = None


def predict_pictures(
    pictures: Iterable[NDArray[Any] | Failure],
    classify: Callable[[NDArray[Any]], Classified],
    *,
    title: str,
) -> Answers:
    """Ask a model about pictures in batches, and set those apart that cannot be read.

    Args:
        pictures: as the model takes them, all of one shape, or failures.
        classify: answers to a batch of n pictures.
        title: what is being read, for the error.

    Raises:
        InputError: not one of the pictures could be read.
    """
    kept, failures, answers = _classify_readable(pictures, classify)
    if not kept:
        raise InputError(
            f"None of the {len(failures)} pictures of {title} could be read; "
            f"the first says: {failures[0].reason if failures else 'there is none.'}"
        )
    scores = [one.painting for one in answers if one.painting is not None]
    features = [one.embedding for one in answers if one.embedding is not None]
    return Answers(
        np.array(kept, dtype=np.int64),
        np.concatenate([one.probabilities for one in answers]),
        np.concatenate(scores) if scores else None,
        failures,
        np.concatenate(features) if features else None,
    )


def _classify_readable(
    pictures: Iterable[NDArray[Any] | Failure], classify: Callable[[NDArray[Any]], Classified]
) -> tuple[list[int], tuple[Failure, ...], list[Classified]]:
    """Positions of the pictures that can be read, the others, and what a model says about batches of the first."""
    kept: list[int] = []
    failures: list[Failure] = []
    batch: list[NDArray[Any]] = []
    answers: list[Classified] = []
    for position, picture in enumerate(pictures):
        if isinstance(picture, Failure):
            failures.append(picture)
            continue
        kept.append(position)
        batch.append(picture)
        if len(batch) == _BATCH:
            answers.append(classify(np.stack(batch)))
            batch.clear()
    if batch:
        answers.append(classify(np.stack(batch)))
    return kept, tuple(failures), answers


def list_training(name: str, data: Mapping[str, Any]) -> list[DataUse]:
    """The data that a model learned from, itself or through its teachers, as far as its bundle or run says.

    Args:
        name: the model's.
        data: what stands under ``data`` in ``bundle.json`` or ``run.json``.
    """
    pictures, others = sum((data.get("pictures") or {}).values()), data.get("negatives") or 0
    known = [(data.get("sha256"), pictures), (data.get("negatives_sha256"), others)]
    uses = [DataUse(Use.TRAINED, name, None, None, rows, str(sha256)) for sha256, rows in known if sha256]
    for teacher in data.get("teachers") or ():
        uses += list_training(f"{teacher['name']}, teacher of {name}", teacher["data"])
    return uses


def open_bundle(bundle: Bundle, *, cache: Path | None = None) -> EvaluatedModel:
    """Load a bundle's network, to be asked.

    Args:
        bundle: what to load.
        cache: folder of a `smn.feature_cache`, so that the rows of a manifest are predicted once; the answers then have
            no embedding.

    Raises:
        BundleError: the bundle cannot be loaded.
        InputError: the cache is damaged.
    """
    runtime, spec = Runtime(bundle), bundle.preprocess

    def classify(batch: NDArray[Any]) -> Classified:
        outputs = runtime.run(batch)
        probabilities = softmax(outputs.logits, temperature=bundle.temperature)
        return Classified(probabilities, sigmoid(outputs.painting.reshape(-1)), outputs.embedding)

    def predict_rows(manifest: Manifest, rows: Ints, *, title: str, on_progress: Progress | None) -> Answers:
        def read(chosen: Ints) -> Iterable[NDArray[Any] | Failure]:
            return read_pictures(
                manifest, chosen, spec.apply, reduce_to=spec.size, title=title, on_progress=on_progress
            )

        if cache is None:
            return predict_pictures(read(rows), classify, title=title)
        names = [manifest.column("sha256")[row] for row in rows.tolist()]
        return _predict_missing(lambda places: read(rows[places]), classify, bundle, cache, names, title=title)

    def predict_changed(manifest: Manifest, rows: Ints, *, title: str, on_progress: Progress | None) -> Answers:
        def look(image: Image.Image) -> NDArray[np.uint8]:
            changed = (
                open_image(one, reduce_to=spec.size) if isinstance(one, bytes) else one for one in change_picture(image)
            )
            return np.stack([np.asarray(spec.resize(one)) for one in changed])

        def answer(batch: NDArray[Any]) -> Classified:
            seen = (classify(spec.normalise(pictures)).probabilities for pictures in batch)
            return Classified(np.stack(list(seen)))

        # Twice the size of what the network takes is needed to halve the picture, and some more to change it.
        size = 4 * spec.size
        pictures = read_pictures(manifest, rows, look, reduce_to=size, title=title, on_progress=on_progress)
        return predict_pictures(pictures, answer, title=title)

    def score_images(images: Iterable[Image.Image]) -> Floats:
        return sigmoid(runtime.run(spec.apply_all(images)).painting.reshape(-1))

    about = Model(bundle.name, bundle.model_sha256, bundle.taxonomy.id, bundle.temperature, bundle.thresholds)
    data = tuple(list_training(bundle.name, bundle.data))
    return EvaluatedModel(
        about,
        bundle.taxonomy,
        data,
        predict_rows=predict_rows,
        policy=bundle.policy,
        score_images=score_images,
        predict_changed=predict_changed,
    )


def _predict_missing(
    read: Callable[[Ints], Iterable[NDArray[Any] | Failure]],
    classify: Callable[[NDArray[Any]], Classified],
    bundle: Bundle,
    cache: Path,
    pictures: Sequence[str],
    *,
    title: str,
) -> Answers:
    """Answers to N pictures, of which only those are read and classified that the cache does not hold."""
    # Without the temperature, so that a bundle that is calibrated again need not look at its pictures again.
    facts = {"model_sha256": bundle.model_sha256, "preprocess": bundle.preprocess.to_dict()}
    stored = np.dtype([("logits", "<f8", (len(bundle.labels),)), ("painting", "<f8")])
    failures: tuple[Failure, ...] = ()
    with FeatureCache(cache, FeatureSet("answers", 2, facts, stored)) as known:
        _, missing = known.read(pictures)
        places = np.array([places[0] for places in missing.values()], dtype=np.int64)
        for start in range(0, len(places), _STORED):
            asked = places[start : start + _STORED]
            kept, failed, answers = _classify_readable(read(asked), classify)
            values = np.zeros(len(kept), stored)
            if kept:
                probabilities = np.concatenate([one.probabilities for one in answers])
                values["logits"] = bundle.temperature * np.log(probabilities)
                values["painting"] = np.concatenate([one.painting for one in answers if one.painting is not None])
            known.write([pictures[place] for place in asked[kept]], values)
            failures += failed
        found, missing = known.read(pictures)
    unread = {place for places in missing.values() for place in places}
    if len(unread) == len(pictures):
        raise InputError(f"None of the {len(pictures)} pictures of {title} could be read; {failures[0].reason}")
    readable = np.array([place for place in range(len(pictures)) if place not in unread], dtype=np.int64)
    probabilities = softmax(found["logits"][readable], temperature=bundle.temperature)
    return Answers(readable, probabilities, found["painting"][readable], failures)


def open_colour_run(folder: str | Path) -> EvaluatedModel:
    """Read a finished run of kind colour, to be asked.

    Raises:
        InputError: the folder holds no run, one of another kind, or one that is not finished.
    """
    folder, known = Path(folder), read_run(folder)
    name = known.recipe.name
    if not isinstance(known.recipe.model, ColourSettings):
        raise InputError(
            f"{folder} is a run that trained a network; turn it into a bundle, which can be measured, with: "
            f"smn export {folder} --out bundles/{name} --name {name}-1"
        )
    file = folder / MODEL_FILE
    if not file.is_file():
        raise InputError(
            f"{folder} is not finished: it has no {MODEL_FILE}; continue it with the same smn train command."
        )
    model, taxonomy = read_colour_model(file), known.taxonomy

    def classify(batch: Floats) -> Classified:
        return Classified(model.predict_proba(batch))

    def predict_rows(manifest: Manifest, rows: Ints, *, title: str, on_progress: Progress | None) -> Answers:
        pictures = describe_pictures(model.name, manifest, rows.tolist(), title=title, progress=on_progress)
        return predict_pictures(pictures, classify, title=title)

    about = Model(name, file_sha256(file), taxonomy.id, model.temperature, None)
    return EvaluatedModel(
        about,
        taxonomy,
        tuple(list_training(name, known.data.to_dict())),
        predict_rows=predict_rows,
    )
