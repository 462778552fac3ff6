"""Distillation: a network learns from what a trained bundle answers (Hinton et al. 2015), not from labels alone."""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor

from smn.bundle import DEFAULT, Bundle, read_bundle
from smn.confidence.calibration import softmax
from smn.errors import InputError
from smn.movements import Taxonomy
from smn.preprocess import PreprocessSpec
from smn.runtime import Runtime
from smn.train.targets import soften


class Teacher:
    """A bundle that is asked about the very pictures that the student sees, however they are changed.

    That the two see the same view matters more than anything else in distillation (Beyer et al. 2022).

    Args:
        folder: of the bundle; ``"default"`` is the one inside the package.
        taxonomy: the student's labels.
        spec: how the student's pictures become numbers.

    Raises:
        BundleError: there is no such bundle.
        InputError: it has other labels, or takes pictures that are prepared otherwise.
    """

    def __init__(self, folder: str, *, taxonomy: Taxonomy, spec: PreprocessSpec) -> None:
        self.bundle: Bundle = read_bundle(DEFAULT if folder == "default" else folder)
        if self.bundle.labels != taxonomy.label_ids:
            raise InputError(
                f"finetune.teacher is {folder}, which answers in taxonomy {self.bundle.taxonomy.id}, but the recipe "
                f"learns {taxonomy.id}; both must have the same labels, so choose another teacher or taxonomy."
            )
        if self.bundle.preprocess != spec:
            raise InputError(
                f"finetune.teacher is {folder}, whose pictures are prepared as {self.bundle.preprocess}, but the "
                f"recipe's as {spec}; both must be the same, so set model.size and model.fit to the teacher's or "
                "choose another backbone."
            )
        self._runtime = Runtime(self.bundle)

    def describe(self) -> dict[str, Any]:
        """What a run keeps of it: its name, its graph, and the data that it was trained on."""
        return {"name": self.bundle.name, "sha256": self.bundle.model_sha256, "data": dict(self.bundle.data)}

    def answer(self, images: Tensor) -> Tensor:
        """Calibrated probabilities (N, K) of prepared pictures (N, 3, size, size)."""
        logits = self._runtime.run(images.contiguous().numpy()).logits
        return torch.from_numpy(softmax(logits, temperature=self.bundle.temperature)).float()


def teach_batches(
    batches: Iterable[tuple[Tensor, Tensor]], teacher: Teacher, *, share: float
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches whose targets (N, K) are partly what a teacher answers.

    Args:
        batches: pictures (N, 3, H, W) with labels (N,) or probabilities (N, K).
        teacher: whom to ask.
        share: of each target that the teacher's answer makes, 0..1; the rest is the target that was there.
    """
    for images, targets in batches:
        yield images, soften(targets, teacher.answer(images), share=share)
