"""The batches that training sees: inputs, and targets that may be smoothed, blended or partly predictions."""

from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler

from smn.images.preprocess import PreprocessSpec
from smn.movements import Taxonomy
from smn.train.feature_extraction import open_view
from smn.train.recipe import Recipe
from smn.train.recipe_sections import Sampling
from smn.train.selection import TrainingData


class PictureDataset(Dataset[tuple[Tensor, Tensor]]):
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
    pictures: PictureDataset, epoch: int, *, batch: int, seed: int, sampling: Sampling = Sampling.UNIFORM
) -> Iterator[tuple[Tensor, Tensor]]:
    """An epoch of pictures (batch, 3, size, size) and their targets, in an order of its own."""
    pictures.epoch = epoch
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    sampler = None
    if sampling is not Sampling.UNIFORM:
        weights = compute_sampling_weights(pictures.data, sampling)
        sampler = WeightedRandomSampler(weights.tolist(), len(pictures), generator=generator)
    loader = DataLoader(
        pictures, batch_size=batch, shuffle=sampler is None, sampler=sampler, drop_last=len(pictures) >= batch,
        num_workers=2, generator=generator,
    )  # fmt: skip
    for inputs, targets in loader:
        yield inputs.contiguous(memory_format=torch.channels_last), targets


def compute_sampling_weights(data: TrainingData, sampling: Sampling) -> NDArray[np.float64]:
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


_MIXUP_ALPHA = 0.2
_CUTMIX_ALPHA = 1.0


def build_smoothing_matrix(taxonomy: Taxonomy) -> Tensor:
    """Where each label's smoothed share goes (K, K), rows summing to 1: to its family, or to all if it is alone."""
    families = [label.family for label in taxonomy.labels]
    same = torch.tensor([[float(one == other) for other in families] for one in families])
    same[same.sum(1) == 1] = 1.0
    return same / same.sum(1, keepdim=True)


def as_probabilities(targets: Tensor, classes: int) -> Tensor:
    """Labels (N,), or probabilities (N, K) as they are, as probabilities (N, K)."""
    return targets if targets.ndim == 2 else functional.one_hot(targets, classes).float()


def soften(targets: Tensor, answers: Tensor | None, *, share: float) -> Tensor:
    """Targets, a share of which, 0..1, is what somebody answers: labels or probabilities in, probabilities (N, K) out.

    Without answers, or with a share of 0, they stay as they are.
    """
    if answers is None or share == 0:
        return targets
    return torch.lerp(as_probabilities(targets, answers.shape[1]), answers, share)


def compute_loss(logits: Tensor, targets: Tensor, *, smoothing: float, smoothing_matrix: Tensor | None) -> Tensor:
    """Mean cross entropy of logits (N, K).

    Args:
        logits: (N, K).
        targets: (N,) labels, or (N, K) probabilities.
        smoothing: share of each target that goes to other labels, 0..1.
        smoothing_matrix: (K, K) where it goes, see `build_smoothing_matrix`; None spreads it evenly.
    """
    if smoothing_matrix is None:
        return functional.cross_entropy(logits.float(), targets, label_smoothing=smoothing)
    sure = as_probabilities(targets, logits.shape[1])
    return functional.cross_entropy(logits.float(), (1.0 - smoothing) * sure + smoothing * (sure @ smoothing_matrix))


def mix_batches(
    batches: Iterable[tuple[Tensor, Tensor]], *, classes: int, mixup: float, cutmix: float, seed: tuple[int, ...]
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of pictures (N, 3, H, W) and targets, some of them blended, with probabilities (N, K) as targets.

    Args:
        batches: as they are loaded.
        classes: number of labels, K.
        mixup: probability that a batch's pictures are blended in pairs, 0..1.
        cutmix: probability that they exchange a rectangle, 0..1.
        seed: the same seed blends alike.
    """
    random = np.random.default_rng(seed)
    for images, targets in batches:
        drawn = random.random()
        if drawn >= mixup + cutmix:
            yield images, targets
            continue
        others = torch.from_numpy(random.permutation(len(images)))
        if drawn < mixup:
            share = float(random.beta(_MIXUP_ALPHA, _MIXUP_ALPHA))
            mixed = share * images + (1.0 - share) * images[others]
        else:
            mixed, share = _paste(images, images[others], random)
        sure = as_probabilities(targets, classes)
        yield mixed, share * sure + (1.0 - share) * sure[others]


def _paste(images: Tensor, others: Tensor, random: np.random.Generator) -> tuple[Tensor, float]:
    """Pictures with a rectangle of others, and the share of their area that is left."""
    height, width = images.shape[2:]
    side = np.sqrt(1.0 - random.beta(_CUTMIX_ALPHA, _CUTMIX_ALPHA))
    down, across = int(side * height), int(side * width)
    top, left = int(random.integers(0, height - down + 1)), int(random.integers(0, width - across + 1))
    mixed = images.clone()
    mixed[:, :, top : top + down, left : left + across] = others[:, :, top : top + down, left : left + across]
    return mixed, 1.0 - down * across / (height * width)
