"""Distillation: a network learns from what others predict, not from labels alone.

The others are a trained bundle (Hinton et al. 2015), or heads that have seen no picture by the artist in question:
their predictions are softer and often better targets than noisy labels.
"""

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from smn.bundle import DEFAULT, Bundle, read_bundle
from smn.bundle.runtime import Runtime
from smn.confidence.calibration import softmax
from smn.errors import InputError, ManifestError
from smn.images.preprocess import PreprocessSpec
from smn.manifest.identity import cluster_artists
from smn.movements import Taxonomy
from smn.train.batches import soften
from smn.train.selection import TrainingData


class Teacher:
    """A bundle that is asked about the very pictures that the student sees, however they are changed.

    That the two see the same view matters more than anything else in distillation (Beyer et al. 2022).

    Args:
        folder: of the bundle; ``"default"`` is the one inside the package.
        taxonomy: the student's labels.
        spec: how the student's pictures become numbers.

    Raises:
        BundleError: there is no such bundle.
        InputError: it has other labels, or takes pictures that are prepared otherwise; whether they are encoded as
            JPEG at its size, too, may differ.
    """

    def __init__(self, folder: str, *, taxonomy: Taxonomy, spec: PreprocessSpec) -> None:
        self.bundle: Bundle = read_bundle(DEFAULT if folder == "default" else folder)
        if self.bundle.labels != taxonomy.label_ids:
            raise InputError(
                f"finetune.teacher is {folder}, which answers in taxonomy {self.bundle.taxonomy.id}, but the recipe "
                f"learns {taxonomy.id}; both must have the same labels, so choose another teacher or taxonomy."
            )
        if replace(self.bundle.preprocess, jpeg=spec.jpeg) != spec:
            raise InputError(
                f"finetune.teacher is {folder}, whose pictures are prepared as {self.bundle.preprocess}, but the "
                f"recipe's as {spec}; both must be the same, so set model.size and model.fit to the teacher's or "
                "choose another backbone."
            )
        self._runtime = Runtime(self.bundle)

    def describe(self) -> dict[str, Any]:
        """What a run keeps of it: its name, its graph, and the data that it was trained on."""
        return {"name": self.bundle.name, "sha256": self.bundle.model_sha256, "data": dict(self.bundle.data)}

    def predict(self, images: Tensor) -> Tensor:
        """Calibrated probabilities (N, K) of prepared pictures (N, 3, size, size)."""
        spec, batch = self.bundle.preprocess, images.contiguous().numpy()
        if spec.jpeg:
            batch = spec.apply_all(spec.restore(values) for values in batch)
        logits = self._runtime.run(batch).logits
        return torch.from_numpy(softmax(logits, temperature=self.bundle.temperature)).float()


def distill_batches(
    batches: Iterable[tuple[Tensor, Tensor]], teacher: Teacher, *, share: float
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches whose targets (N, K) are partly what a teacher answers.

    Args:
        batches: pictures (N, 3, H, W) with labels (N,) or probabilities (N, K).
        teacher: whom to ask.
        share: of each target that the teacher's answer makes, 0..1; the rest is the target that was there.
    """
    for images, targets in batches:
        yield images, soften(targets, teacher.predict(images), share=share)


FOLDS = 5
"""Parts into which the artists are divided; each head is fitted on all but one."""

FitHead = Callable[[nn.Module, Tensor, Path], nn.Module]
"""Given a head, the numbers of the rows to fit it on and the folder for its checkpoints, the fitted head."""


def predict_held_out(
    head: nn.Module, views: Tensor, data: TrainingData, *, fit_head: FitHead, run: Path, seed: int
) -> Tensor:
    """Probabilities (N, K) of each row, by a head that was fitted without any picture by its artist.

    A head that has seen a picture repeats its label, right or wrong; one that has not says what the picture looks
    like. Learning from such answers is cross-fitted distillation (Dao et al. 2021).

    Args:
        head: not fitted yet; stays so.
        views: (V, N, D) features of V views of N rows.
        data: the rows.
        fit_head: see `FitHead`.
        run: the run's folder; what is fitted is kept below it, so that an interrupted run continues.
        seed: of the division into parts.

    Raises:
        ManifestError: all rows are by one artist.
    """
    places = [torch.from_numpy(np.flatnonzero(part)) for part in split_artists(data, seed=seed)]
    answers: list[Tensor] = []
    for number, held_out in enumerate(places):
        shown = torch.cat([place for other, place in enumerate(places) if other != number])
        fitted = fit_head(copy.deepcopy(head), shown, run / "crossfit" / str(number)).eval()
        with torch.inference_mode():
            answers.append(torch.stack([fitted(view[held_out]).float().softmax(1) for view in views]).mean(0).cpu())
    return torch.cat(answers)[torch.cat(places).argsort()]


def split_artists(data: TrainingData, *, seed: int) -> tuple[NDArray[np.bool_], ...]:
    """Which rows (N,) are in each part; every artist is in one, and every row.

    Raises:
        ManifestError: all rows are by one artist.
    """
    artists = cluster_artists(data.values("artist"))
    count = int(artists.max()) + 1
    if count < 2:
        raise ManifestError(
            f"{data.manifest.file}: all {len(artists)} training pictures are by one artist, but crossfit needs two at "
            "least to hold one out; add others, or set head.crossfit and finetune.crossfit to 0."
        )
    parts = min(FOLDS, count)
    part = np.random.default_rng(seed).permutation(count) % parts
    return tuple(part[artists] == number for number in range(parts))
