"""Runs a bundle's network in ONNX Runtime, over any number of pictures in batches."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from smn.bundle import Bundle
from smn.bundle.row_reader import Failure, read_pictures
from smn.errors import BundleError

if TYPE_CHECKING:
    from smn.manifest import Manifest
    from smn.progress import Progress

Array = NDArray[np.float32]
T = TypeVar("T")


@dataclass(frozen=True)
class Outputs:
    """What the network says about N pictures.

    Args:
        logits: (N, K), before temperature and softmax.
        painting: (N,), the log-odds that the picture is a painting, by the judge that doubts it most.
        embedding: (N, D), features for comparing pictures.
        evidence: (N, K, G, G), where in each picture the evidence for each label is, if it was asked for; the mean over
            a map differs from the label's logit by a constant of the label.
        judges: (N, J), the log-odds by the judge of each of `smn.bundle.Bundle.groups`; None from graphs that give the
            lowest alone.
    """

    logits: Array
    painting: Array
    embedding: Array
    evidence: Array | None = None
    judges: Array | None = None

    def split(self) -> "tuple[Outputs, ...]":
        """The same, N times for one picture."""
        return tuple(
            Outputs(
                logits=self.logits[at : at + 1],
                painting=self.painting[at : at + 1],
                embedding=self.embedding[at : at + 1],
                evidence=None if self.evidence is None else self.evidence[at : at + 1],
                judges=None if self.judges is None else self.judges[at : at + 1],
            )
            for at in range(len(self.logits))
        )


def limit_library_threads() -> None:
    """Let NumPy's linear algebra and OpenCV use one thread a call, in this process from now on.

    For servers, which look at several pictures at once: more threads a picture wait for each other.
    """
    import cv2
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")
    cv2.setNumThreads(1)


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

        self._preprocess = bundle.preprocess
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Threads that spin while they wait take the cores from decoding and looking up.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
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
        if evidence and not self.explains:
            raise BundleError(
                "This bundle's graph has no output evidence, so it cannot show where it looks; export a model of kind "
                "statistics."
            )
        logits, painting, embedding, *located = self._session.run(
            [*names, "evidence"] if evidence else names, {"image": batch}
        )
        judges = painting if painting.ndim == 2 else None
        lowest = painting if judges is None else painting.min(axis=1)
        return Outputs(logits, lowest, embedding, located[0] if located else None, judges)

    def run_batches(
        self, pictures: Iterable[tuple[Array, T] | Failure], *, batch_size: int = 16, evidence: bool = False
    ) -> Iterator[tuple[Outputs, T] | Failure]:
        """The network's outputs for any number of pictures, of which one batch is held at a time.

        Args:
            pictures: each preprocessed (3, size, size), with whatever belongs to it, or a failure.
            batch_size: how many are run at once, at most, 1 or more.
            evidence: as for `run`.

        Yields:
            For each picture, in order, its outputs (N = 1) with what belongs to it; failures as they came.

        Raises:
            BundleError: as for `run`.
        """
        waiting = iter(pictures)
        while batch := list(islice(waiting, batch_size)):
            arrays = [one[0] for one in batch if not isinstance(one, Failure)]
            outputs = iter(self.run(np.stack(arrays), evidence=evidence).split() if arrays else ())
            for one in batch:
                yield one if isinstance(one, Failure) else (next(outputs), one[1])

    def run_rows(
        self,
        manifest: "Manifest",
        rows: NDArray[np.int64],
        *,
        title: str,
        batch_size: int = 16,
        on_progress: "Progress | None" = None,
    ) -> Iterator[Outputs | Failure]:
        """The network's outputs for the pictures of some rows of a manifest.

        Args:
            manifest: where the rows are.
            rows: (N,), their numbers.
            title: what is being run, for ``on_progress``.
            batch_size: how many are run at once, at most, 1 or more.
            on_progress: called after each picture.

        Yields:
            For each row, in order, its picture's outputs (N = 1) or why it cannot be read.
        """
        pictures = read_pictures(
            manifest, rows, lambda image: (self._preprocess.apply(image), None),
            reduce_to=self._preprocess.size, title=title, ahead=batch_size,
        )  # fmt: skip
        for done, one in enumerate(self.run_batches(pictures, batch_size=batch_size), start=1):
            yield one if isinstance(one, Failure) else one[0]
            if on_progress is not None:
                on_progress(title, done, len(rows))
