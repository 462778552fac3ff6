"""The network of every kind but one: a backbone that gives one vector a picture, and two heads on it."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from smn.models.painting import PaintingHead

_CLIP = 5.0


class PooledClassifier(nn.Module):
    """Pictures to logits, by the backbone's own last features; the same contract as the classifier of statistics.

    Args:
        backbone: gives vectors (N, D) of normalised pictures (N, 3, H, W).
        width: their length D.
        classes: number of labels, K.
        dropout: share of features dropped before the head in training, 0..1.
        hidden: widths of the head's hidden layers.
        batch_norm: normalise after each hidden layer.
        clip: limit standardised features to five deviations; features that are learned from nothing go unlimited.
    """

    explains = False
    shift: Tensor
    scale: Tensor

    def __init__(
        self,
        backbone: nn.Module,
        width: int,
        *,
        classes: int,
        dropout: float,
        hidden: tuple[int, ...] = (),
        batch_norm: bool = False,
        clip: bool = True,
    ) -> None:
        super().__init__()
        self.backbone, self.width, self.clip = backbone, width, clip
        self.dropout = nn.Dropout(dropout)
        self.head = _build_head((width, *hidden), classes=classes, dropout=dropout, batch_norm=batch_norm)
        self.painting = PaintingHead(width)
        self.register_buffer("shift", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))

    def statistics(self, images: Tensor) -> Tensor:
        """The backbone's vectors (N, D) of normalised pictures (N, 3, H, W)."""
        vectors: Tensor = self.backbone(images)
        return vectors.float()

    def standardise(self, statistics: Tensor) -> Tensor:
        """Vectors (N, D) brought to mean 0 and deviation 1 as seen in training."""
        values = (statistics - self.shift) * self.scale
        return values.clamp(-_CLIP, _CLIP) if self.clip else values

    def fit_standardisation(self, statistics: Tensor) -> None:
        """Learn `standardise` from the vectors (N, D) of the training pictures."""
        self.shift.copy_(statistics.mean(0))
        self.scale.copy_(1.0 / (statistics.std(0) + 1e-3))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits (N, K), painting log-odds (N, J) and embeddings (N, D) of normalised pictures (N, 3, H, W)."""
        embedding = self.standardise(self.statistics(images))
        return self.head(self.dropout(embedding)), self.painting(embedding), embedding


def _build_head(widths: tuple[int, ...], *, classes: int, dropout: float, batch_norm: bool) -> nn.Module:
    last = nn.Linear(widths[-1], classes)
    # Zero weights: every class is equally likely at the start, and the first steps are not noise.
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers.append(nn.Linear(before, after))
        if batch_norm:
            layers.append(nn.BatchNorm1d(after))
        layers += [nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, last) if layers else last
