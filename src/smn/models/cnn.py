"""A stack of convolutions that learns from scratch, with every part that one may want to leave out as an argument."""

from typing import Any

from torch import Tensor, nn

from smn.models.network import PooledClassifier


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
