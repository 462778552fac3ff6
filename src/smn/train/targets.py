"""What a network is asked to answer: labels, smoothed over others, or blended with another picture's."""

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from smn.movements import Taxonomy

_MIXUP_ALPHA = 0.2
_CUTMIX_ALPHA = 1.0


def spread_over_families(taxonomy: Taxonomy) -> Tensor:
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


def measure_loss(logits: Tensor, targets: Tensor, *, smoothing: float, spread: Tensor | None) -> Tensor:
    """Mean cross entropy of logits (N, K).

    Args:
        logits: (N, K).
        targets: (N,) labels, or (N, K) probabilities.
        smoothing: share of each target that goes to other labels, 0..1.
        spread: (K, K) where it goes, see `spread_over_families`; None spreads it evenly.
    """
    if spread is None:
        return functional.cross_entropy(logits.float(), targets, label_smoothing=smoothing)
    sure = as_probabilities(targets, logits.shape[1])
    return functional.cross_entropy(logits.float(), (1.0 - smoothing) * sure + smoothing * (sure @ spread))


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
