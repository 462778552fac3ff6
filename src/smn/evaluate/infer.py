"""Runs a bundle's network over the rows of a manifest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smn.bundle import Bundle
from smn.calibration import sigmoid, softmax
from smn.errors import InputError
from smn.evaluate.metrics import Floats, Ints
from smn.evaluate.predictions import Predictions
from smn.evaluate.sets import Selection
from smn.manifest import Manifest
from smn.movements import Taxonomy, regroup
from smn.reading import Failure, OnProgress, read_pictures
from smn.runtime import Runtime

_BATCH = 32


@dataclass(frozen=True)
class Answers:
    """What the network says about the M readable of N rows.

    Args:
        kept: (M,), positions in 0..N-1 of the rows that could be read.
        logits: (M, K), before temperature and softmax.
        painting: (M,), scores 0..1 that each is a painting.
        failures: the N - M others.
    """

    kept: Ints
    logits: Floats
    painting: Floats
    failures: tuple[Failure, ...]


def run_network(
    runtime: Runtime,
    bundle: Bundle,
    manifest: Manifest,
    *,
    rows: Ints,
    title: str = "",
    on_progress: OnProgress | None = None,
) -> Answers:
    """Ask the network about the pictures of some rows.

    Args:
        runtime: the bundle's network, loaded.
        bundle: says how pictures are prepared.
        manifest: where the rows are.
        rows: (N,), their numbers.
        title: what is being read, for ``on_progress`` and the error.
        on_progress: called after each picture.

    Raises:
        InputError: not one of the pictures could be read.
    """
    spec = bundle.preprocess
    pictures = read_pictures(manifest, rows, spec.apply, reduce_to=spec.size, title=title, on_progress=on_progress)
    kept: list[int] = []
    failures: list[Failure] = []
    batch: list[NDArray[np.float32]] = []
    logits: list[NDArray[np.float32]] = []
    painting: list[NDArray[np.float32]] = []

    def flush() -> None:
        outputs = runtime.run(np.stack(batch))
        logits.append(outputs.logits)
        painting.append(outputs.painting)
        batch.clear()

    for position, picture in enumerate(pictures):
        if isinstance(picture, Failure):
            failures.append(picture)
            continue
        kept.append(position)
        batch.append(picture)
        if len(batch) == _BATCH:
            flush()
    if batch:
        flush()
    if not kept:
        raise InputError(
            f"None of the {len(rows)} pictures of {title or manifest.file} could be read; "
            f"the first says: {failures[0].reason if failures else 'there is none.'}"
        )
    return Answers(
        np.array(kept, dtype=np.int64),
        np.concatenate(logits).astype(np.float64),
        sigmoid(np.concatenate(painting).reshape(-1)),
        tuple(failures),
    )


def predict_selection(
    answers: Answers,
    selection: Selection,
    *,
    name: str,
    bundle: Bundle,
    taxonomy: Taxonomy,
    not_paintings: Floats | None = None,
) -> Predictions:
    """Turn the network's answers to a selection into calibrated predictions in a taxonomy.

    Args:
        answers: to the selection's rows.
        selection: the rows and their truth in ``taxonomy``.
        name: the set's name.
        bundle: gives temperature and own taxonomy.
        taxonomy: the labels that are asked for.
        not_paintings: (Q,), the network's scores 0..1 of pictures that are no paintings.
    """
    own = softmax(answers.logits, temperature=bundle.temperature)
    probabilities, _ = regroup(own, source=bundle.taxonomy, target=taxonomy)

    def kept(column: str) -> tuple[str | None, ...]:
        values = selection.values(column)
        return tuple(values[at] for at in answers.kept)

    return Predictions(
        name=name,
        taxonomy=taxonomy,
        ids=tuple(str(value) for value in kept("id")),
        probabilities=probabilities,
        truth=selection.truth[answers.kept],
        artists=kept("artist"),
        sources=kept("source"),
        label_kinds=kept("label_kind"),
        painting=answers.painting,
        not_paintings=np.zeros(0) if not_paintings is None else not_paintings,
        excluded=selection.excluded,
        failures=answers.failures,
        data_hash=selection.manifest.data_hash(),
    )
