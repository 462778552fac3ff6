"""The batches that training sees: pictures, or features that are computed already."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler

from smn.preprocess import PreprocessSpec
from smn.train.feature_extraction import open_view
from smn.train.recipe import Recipe
from smn.train.selection import TrainingData
from smn.train.settings import Sampling


class Pictures(Dataset[tuple[Tensor, Tensor]]):
    """Augmented pictures; the view drawn depends on the epoch.

    Args:
        data: the rows.
        recipe: how they are changed.
        spec: how they become numbers.
        targets: labels (N,) or probabilities (N, K); None for the rows' own labels.
    """

    def __init__(
        self, data: TrainingData, recipe: Recipe, spec: PreprocessSpec, *, targets: Tensor | None = None
    ) -> None:
        self.data, self.recipe, self.spec, self.epoch = data, recipe, spec, 0
        self.targets = torch.from_numpy(data.targets) if targets is None else targets

    def __len__(self) -> int:
        return len(self.data.rows)

    def __getitem__(self, place: int) -> tuple[Tensor, Tensor]:
        view = 1000 + self.epoch  # never one of the views that the head has seen
        pixels = open_view(self.data.manifest, self.data.rows[place], recipe=self.recipe, spec=self.spec, view=view)
        return torch.from_numpy(self.spec.normalise(pixels)), self.targets[place]


def load_pictures(
    pictures: Pictures, epoch: int, *, batch: int, seed: int, sampling: Sampling = Sampling.UNIFORM
) -> Iterator[tuple[Tensor, Tensor]]:
    """An epoch of pictures (batch, 3, size, size) and their targets, in an order of its own."""
    pictures.epoch = epoch
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    sampler = None
    if sampling is not Sampling.UNIFORM:
        weights = weigh_rows(pictures.data, sampling)
        sampler = WeightedRandomSampler(weights.tolist(), len(pictures), generator=generator)
    loader = DataLoader(
        pictures, batch_size=batch, shuffle=sampler is None, sampler=sampler, drop_last=len(pictures) >= batch,
        num_workers=2, generator=generator,
    )  # fmt: skip
    for inputs, targets in loader:
        yield inputs.contiguous(memory_format=torch.channels_last), targets


def weigh_rows(data: TrainingData, sampling: Sampling) -> NDArray[np.float64]:
    """How often each row (N,) is drawn, relative to the others; see `Sampling`.

    A row without an artist is by an artist of its own.
    """
    labels = data.targets.tolist()
    if sampling is Sampling.UNIFORM:
        return np.ones(len(labels))
    if sampling is Sampling.CLASS_AWARE:
        return np.asarray(1.0 / np.bincount(labels)[labels])
    values = data.manifest.column("artist" if sampling is Sampling.ARTIST_AWARE else "source")
    groups = list(zip(labels, (values[row] or f"row {row}" for row in data.rows), strict=True))
    sizes, of_label, parts = Counter(groups), Counter(labels), Counter(label for label, _ in set(groups))
    return np.array([of_label[group[0]] / (parts[group[0]] * sizes[group]) for group in groups])


def shuffle_features(
    features: Tensor,
    targets: Tensor,
    epoch: int,
    *,
    batch: int,
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> Iterator[tuple[Tensor, Tensor]]:
    """An epoch of feature vectors (batch, D) and their targets, in an order of its own.

    Args:
        features: (N, D).
        targets: labels (N,) or probabilities (N, K).
        epoch: counted from 0; the same one is the same order.
        batch: vectors a step.
        seed: another seed, other orders.
        weights: (N,), how often each is drawn; None shows each once.
    """
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    if weights is None:
        order = torch.randperm(len(features), generator=generator)
    else:
        order = torch.multinomial(torch.from_numpy(weights), len(features), replacement=True, generator=generator)
    for start in range(0, count_steps(len(features), batch) * batch, batch):
        chosen = order[start : start + batch]
        yield features[chosen], targets[chosen]


def count_steps(count: int, batch: int) -> int:
    """How many batches an epoch of so many rows has: whole ones only, and at least one."""
    return max(1, count // batch)
