"""Runs a bundle's network in ONNX Runtime."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smn.bundle import Bundle
from smn.errors import BundleError

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Outputs:
    """What the network says about N pictures.

    Args:
        logits: (N, K), before temperature and softmax.
        painting: (N,), the log-odds that the picture is a painting.
        embedding: (N, D), features for comparing pictures.
        evidence: (N, K, G, G), where in each picture the evidence for each label is, if it was asked for; the mean over
            a map differs from the label's logit by a constant of the label.
    """

    logits: Array
    painting: Array
    embedding: Array
    evidence: Array | None = None


class Runtime:
    """A bundle's network, loaded once, safe to call from several threads.

    Args:
        bundle: the bundle to load.
        threads: how many threads one call may use; 0 lets ONNX Runtime choose.

    Raises:
        BundleError: the graph cannot be loaded, or its inputs or outputs are not what the bundle says.
    """

    def __init__(self, bundle: Bundle, *, threads: int = 0) -> None:
        # Imported here, because importing smn must stay instant.
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(bundle.model_file), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime's exceptions share no base class of their own.
            raise BundleError(f"{bundle.model_file} cannot be loaded ({error}); export the model anew.") from error
        outputs = {value.name: value.shape for value in self._session.get_outputs()}
        inputs = {value.name: value.shape for value in self._session.get_inputs()}
        if list(inputs) != ["image"] or not {"logits", "painting", "embedding"} <= set(outputs):
            raise BundleError(
                f"{bundle.model_file} takes {list(inputs)} and gives {sorted(outputs)}, but a bundle's graph takes "
                "image and gives logits, painting and embedding; export the model anew."
            )
        size = bundle.preprocess.size
        wanted = (size, size, len(bundle.labels))
        found = (*inputs["image"][-2:], outputs["logits"][-1])
        # A side that the graph leaves open has a name instead of a number, and fits everything.
        if any(isinstance(side, int) and side != want for side, want in zip(found, wanted, strict=True)):
            raise BundleError(
                f"{bundle.model_file} takes pictures of {found[1]} x {found[0]} and gives {found[2]} logits, but "
                f"bundle.json says {size} x {size} and {len(bundle.labels)} labels; export the model anew."
            )

    @property
    def width(self) -> int:
        """Length D of an embedding."""
        return next(int(value.shape[-1]) for value in self._session.get_outputs() if value.name == "embedding")

    @property
    def explains(self) -> bool:
        """Whether the network can say where in a picture it finds its evidence."""
        return any(value.name == "evidence" for value in self._session.get_outputs())

    def run(self, batch: Array, *, evidence: bool = False) -> Outputs:
        """The network's outputs for a batch (N, 3, size, size) made by the bundle's preprocessing.

        Args:
            batch: the pictures.
            evidence: whether to ask where the evidence is, too, which costs a few hundredths more.

        Raises:
            BundleError: that was asked, and the network does not say.
        """
        names = ["logits", "painting", "embedding"]
        if not evidence:
            return Outputs(*self._session.run(names, {"image": batch}))
        if not self.explains:
            raise BundleError(
                "This bundle's graph has no output evidence, so it cannot show where it looks; export a model of kind "
                "statistics."
            )
        return Outputs(*self._session.run([*names, "evidence"], {"image": batch}))
