"""The batches that training sees: pictures, or features that are computed already."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler

from smn.preprocess import PreprocessSpec
from smn.train.features import open_view
from smn.train.recipe import Recipe
from smn.train.selection import TrainingData
from smn.train.settings import Sampling


class Pictures(Dataset[tuple[Tensor, int]]):
    """Augmented pictures; the view drawn depends on the epoch."""

    def __init__(self, data: TrainingData, recipe: Recipe, spec: PreprocessSpec) -> None:
        self.data, self.recipe, self.spec, self.epoch = data, recipe, spec, 0

    def __len__(self) -> int:
        return len(self.data.rows)

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        view = 1000 + self.epoch  # never one of the views that the head has seen
        pixels = open_view(self.data.manifest, self.data.rows[place], recipe=self.recipe, spec=self.spec, view=view)
        return torch.from_numpy(self.spec.normalise(pixels)), int(self.data.targets[place])


def load_pictures(
    pictures: Pictures, epoch: int, *, batch: int, seed: int, sampling: Sampling = Sampling.UNIFORM
) -> Iterator[tuple[Tensor, Tensor]]:
    """An epoch of pictures (batch, 3, size, size) and targets (batch,), in an order of its own."""
    pictures.epoch = epoch
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    sampler = None
    if sampling is Sampling.CLASS_AWARE:
        weights = 1.0 / np.bincount(pictures.data.targets)[pictures.data.targets]
        sampler = WeightedRandomSampler(weights.tolist(), len(pictures), generator=generator)
    loader = DataLoader(
        pictures, batch_size=batch, shuffle=sampler is None, sampler=sampler, drop_last=len(pictures) >= batch,
        num_workers=2, generator=generator,
    )  # fmt: skip
    for inputs, targets in loader:
        yield inputs.contiguous(memory_format=torch.channels_last), targets


def shuffle_features(
    features: Tensor, targets: Tensor, epoch: int, *, batch: int, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """An epoch of feature vectors (batch, D) and targets (batch,), in an order of its own."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    order = torch.randperm(len(features), generator=generator)
    for start in range(0, count_steps(len(features), batch) * batch, batch):
        chosen = order[start : start + batch]
        yield features[chosen], targets[chosen]


def count_steps(count: int, batch: int) -> int:
    """How many batches an epoch of so many rows has: whole ones only, and at least one."""
    return max(1, count // batch)
