"""A bundle as a model to be measured: its network, run in ONNX Runtime over the rows of a manifest."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.bundle import Bundle
from smn.confidence.calibration import sigmoid, softmax
from smn.evaluate.candidate import Answers, Candidate, Classified, answer_pictures
from smn.evaluate.metrics import Floats, Ints
from smn.evaluate.provenance import list_training
from smn.evaluate.report import Model
from smn.evaluate.robustness import change_picture
from smn.images import open_image
from smn.manifest import Manifest
from smn.reading import OnProgress, read_pictures
from smn.runtime import Runtime


def open_bundle(bundle: Bundle) -> Candidate:
    """Load a bundle's network, to be asked.

    Raises:
        BundleError: the bundle cannot be loaded.
    """
    runtime, spec = Runtime(bundle), bundle.preprocess

    def classify(batch: NDArray[Any]) -> Classified:
        outputs = runtime.run(batch)
        probabilities = softmax(outputs.logits, temperature=bundle.temperature)
        return Classified(probabilities, sigmoid(outputs.painting.reshape(-1)), outputs.embedding)

    def ask(manifest: Manifest, rows: Ints, *, title: str, on_progress: OnProgress | None) -> Answers:
        pictures = read_pictures(manifest, rows, spec.apply, reduce_to=spec.size, title=title, on_progress=on_progress)
        return answer_pictures(pictures, classify, title=title)

    def ask_changed(manifest: Manifest, rows: Ints, *, title: str, on_progress: OnProgress | None) -> Answers:
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
        return answer_pictures(pictures, answer, title=title)

    def judge(images: Iterable[Image.Image]) -> Floats:
        return sigmoid(runtime.run(spec.apply_all(images)).painting.reshape(-1))

    about = Model(bundle.name, bundle.model_sha256, bundle.taxonomy.id, bundle.temperature, bundle.thresholds)
    data = tuple(list_training(bundle.name, bundle.data))
    return Candidate(
        about,
        bundle.taxonomy,
        data,
        knows_paintings=True,
        ask=ask,
        promises=bundle.promises,
        judge=judge,
        ask_changed=ask_changed,
    )
