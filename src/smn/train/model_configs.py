"""The kinds of models that a recipe can ask for in its section ``[model]``: ``kind`` and what belongs to it."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from smn.images.preprocess import Fit
from smn.train.recipe_sections import BLOCK_WIDTHS, HIDDEN_WIDTHS, LEVELS, ODD, POSITIVE, SHARE, WEIGHTS


@dataclass(frozen=True)
class StatisticsSettings:
    """Mean and deviation of a pretrained network's layers, with a linear head.

    Args:
        kind: ``"statistics"``.
        backbone: a name in `smn.models.list_backbones`.
        weights: ``"own"`` for the pretrained weights that the backbone comes with, ``"random"``, or a file of them.
        levels: which of its levels give statistics, counted from 0, the earliest.
        size: side of the square input, in pixels.
        fit: how a picture becomes square.
        dropout: share of the features dropped before the head in training, 0..1.
    """

    kind: str = "statistics"
    backbone: str = "lite0"
    weights: Annotated[str, WEIGHTS] = "own"
    levels: Annotated[tuple[int, ...], LEVELS] = (0, 1, 2, 3, 4, 5, 6, 7)
    size: Annotated[int, POSITIVE] = 224
    fit: Fit = Fit.SQUASH
    dropout: Annotated[float, SHARE] = 0.4


@dataclass(frozen=True)
class CnnSettings:
    """A stack of convolutions that learns from scratch.

    Args:
        kind: ``"cnn"``.
        widths: channels of each block; a block halves the picture's sides.
        depth: convolutions in each block.
        kernel: side of the convolutions, odd.
        max_pooling: halve by the largest of four values; otherwise each block's first convolution strides by two.
        batch_norm: normalise after each convolution (Ioffe & Szegedy 2015).
        block_dropout: share of the channels dropped after each block in training, 0..1.
        dropout: share of the features dropped before the head in training, 0..1.
        size: side of the square input, in pixels.
        fit: how a picture becomes square.
    """

    kind: str = "cnn"
    widths: Annotated[tuple[int, ...], BLOCK_WIDTHS] = (32, 64, 128, 256)
    depth: Annotated[int, POSITIVE] = 1
    kernel: Annotated[int, ODD] = 3
    max_pooling: bool = True
    batch_norm: bool = True
    block_dropout: Annotated[float, SHARE] = 0.0
    dropout: Annotated[float, SHARE] = 0.0
    size: Annotated[int, POSITIVE] = 96
    fit: Fit = Fit.SQUASH


@dataclass(frozen=True)
class Vgg16Settings:
    """VGG16's convolutions (Simonyan & Zisserman 2015), averaged over the picture, with a dense head.

    Args:
        kind: ``"vgg16"``.
        weights: ``"timm"`` downloads ImageNet's, ``"random"`` starts from nothing; otherwise a file.
        hidden: widths of the head's hidden layers; none make it linear.
        batch_norm: normalise after each hidden layer.
        dropout: share dropped before each of the head's layers in training, 0..1.
        size: side of the square input, in pixels.
        fit: how a picture becomes square.
    """

    kind: str = "vgg16"
    weights: Annotated[str, WEIGHTS] = "timm"
    hidden: Annotated[tuple[int, ...], HIDDEN_WIDTHS] = (256,)
    batch_norm: bool = True
    dropout: Annotated[float, SHARE] = 0.5
    size: Annotated[int, POSITIVE] = 160
    fit: Fit = Fit.SQUASH


@dataclass(frozen=True)
class BackboneSettings:
    """Any model that timm knows by name, with a linear head on its last features.

    Args:
        kind: ``"backbone"``.
        name: timm's name, with or without the tag of its weights, such as ``"vit_small_patch14_dinov2.lvd142m"``.
        weights: ``"timm"`` downloads them, ``"random"`` starts from nothing; otherwise a file.
        pooling: how maps or tokens become one vector, by timm's word (``"avg"``, ``"max"``, ``"token"`` ...);
            ``"own"`` is what the model was trained with.
        dropout: share of the features dropped before the head in training, 0..1.
        size: side of the square input, in pixels; ``"own"`` is what the model was trained with.
        fit: how a picture becomes square.
    """

    kind: str = "backbone"
    name: str = "convnext_nano"
    weights: Annotated[str, WEIGHTS] = "timm"
    pooling: str = "own"
    dropout: Annotated[float, SHARE] = 0.2
    size: Annotated[int | Literal["own"], POSITIVE] = "own"
    fit: Fit = Fit.SQUASH


@dataclass(frozen=True)
class ColourSettings:
    """A model of colour or texture, without a network.

    Args:
        kind: ``"colour"``.
        name: one of `smn.models.colour_models.COLOUR_MODELS`.
    """

    kind: str = "colour"
    name: str = "colour-1"


ModelSettings = StatisticsSettings | CnnSettings | Vgg16Settings | BackboneSettings | ColourSettings
"""What ``[model]`` can hold."""

KINDS: dict[str, type[ModelSettings]] = {
    "statistics": StatisticsSettings,
    "cnn": CnnSettings,
    "vgg16": Vgg16Settings,
    "backbone": BackboneSettings,
    "colour": ColourSettings,
}
"""By ``kind``, which stands for ``"statistics"`` where it is left out."""

_HEAD_ONLY = ("hidden", "batch_norm", "dropout", "weights", "size", "fit")
"""Settings that do not decide a pretrained network's features, or that the cache knows by what they lead to."""


def is_pretrained(settings: ModelSettings) -> bool:
    """Whether the network has learned before: only then are its features worth a head of their own."""
    return not isinstance(settings, CnnSettings) and getattr(settings, "weights", "") != "random"


def feature_settings(settings: ModelSettings) -> dict[str, Any]:
    """The settings that decide, besides weights and preprocessing, what a network's features are."""
    return {name: value for name, value in asdict(settings).items() if name not in _HEAD_ONLY}
