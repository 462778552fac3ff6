"""Networks with a head on features that are averaged over the picture, and a CNN that learns from scratch."""

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from smn.models.painting import PaintingHead
from smn.models.statistics_classifier import StatisticsClassifier

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


Classifier = StatisticsClassifier | PooledClassifier
"""A network of any kind."""


class ConvolutionStack(nn.Module):
    """Blocks of convolutions, each of which halves the sides, then the mean over what is left of the picture.

    Args:
        widths: channels of each block.
        depth: convolutions in each block.
        kernel: side of the convolutions, odd.
        max_pooling: halve by the largest of four values; otherwise each block's first convolution strides by two.
        batch_norm: normalise after each convolution.
        dropout: share of the channels dropped after each block in training, 0..1.
    """

    def __init__(
        self, widths: tuple[int, ...], *, depth: int, kernel: int, max_pooling: bool, batch_norm: bool, dropout: float
    ) -> None:
        super().__init__()
        blocks, before = [], 3
        for after in widths:
            layers: list[nn.Module] = []
            for place in range(depth):
                stride = 1 if max_pooling or place else 2
                convolution = nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, bias=not batch_norm)
                # He et al. 2015: without it a deep stack that has no normalisation hardly begins to learn.
                nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
                layers += [convolution, *([nn.BatchNorm2d(after)] if batch_norm else []), nn.ReLU(inplace=True)]
                before = after
            if max_pooling:
                layers.append(nn.MaxPool2d(2, ceil_mode=True))
            blocks.append(nn.Sequential(*layers, nn.Dropout2d(dropout)))
        self.blocks = nn.Sequential(*blocks)

    def group_matcher(self, *, coarse: bool = True) -> dict[str, Any]:  # noqa: ARG002
        """How parameters belong to stages, in timm's way: a block is a stage, ``coarse`` or not."""
        return {"blocks": r"^blocks\.(\d+)"}

    def forward(self, images: Tensor) -> Tensor:
        """Vectors (N, D), D the last width, of pictures (N, 3, H, W)."""
        maps: Tensor = self.blocks(images)
        return maps.float().mean((2, 3))


def build_cnn(
    widths: tuple[int, ...],
    *,
    classes: int,
    depth: int = 1,
    kernel: int = 3,
    max_pooling: bool = True,
    batch_norm: bool = True,
    block_dropout: float = 0.0,
    dropout: float = 0.0,
) -> PooledClassifier:
    """A `ConvolutionStack` with a linear head; ``dropout`` acts before the head, ``block_dropout`` after each block."""
    stack = ConvolutionStack(
        widths, depth=depth, kernel=kernel, max_pooling=max_pooling, batch_norm=batch_norm, dropout=block_dropout
    )
    return PooledClassifier(stack, widths[-1], classes=classes, dropout=dropout, clip=False)
