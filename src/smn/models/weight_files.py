"""Files of weights, and how the pictures that they were trained on were prepared."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import timm
import torch
from torch import Tensor

from smn.errors import InputError
from smn.images.preprocess import Resample

_KEY = "smn"


class Convention(StrEnum):
    """How a network wants its pictures."""

    TIMM = "timm"
    """Red, green, blue, with the mean and deviation that timm notes for the model."""
    CAFFE = "caffe"
    """Blue, green, red, 0..255 less (103.939, 116.779, 123.68), not scaled: Keras' VGG and ResNet weights."""


_CAFFE_MEAN = (123.68, 116.779, 103.939)  # red, green, blue


@dataclass(frozen=True)
class Pretraining:
    """Where a network's weights come from, and how their pictures were prepared.

    Args:
        origin: the file or the name, with the licence where it is known.
        mean: per channel (R, G, B), 0..1.
        std: per channel (R, G, B), 0..1.
        size: side of the square input, in pixels.
        resample: the scaling filter.
    """

    origin: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    size: int
    resample: Resample


@dataclass(frozen=True)
class WeightFile:
    """Weights as a file holds them.

    Args:
        tensors: by name.
        convention: how their pictures were prepared; None if the file does not say.
        origin: what the file says of its origin, its name and SHA-256.
    """

    tensors: Mapping[str, Tensor]
    convention: Convention | None
    origin: str


def read_weights(file: str | Path) -> WeightFile:
    """Read a file of weights, and what `write_weights` has noted in it.

    Raises:
        InputError: it is missing, cannot be read, or names a convention that smn does not know.
    """
    file = Path(file)
    if not file.is_file():
        raise InputError(f"There is no file of weights {file}; check model.weights in the recipe, or --weights.")
    try:
        tensors = timm.models.load_state_dict(str(file))
        said = _said_by(file)
    except Exception as error:  # The formats' readers share no base class of errors.
        raise InputError(f"{file} cannot be read as weights ({error}); give a .safetensors or .pth file.") from error
    convention = said.get("convention")
    if convention is not None and convention not in list(Convention):
        raise InputError(f"{file} says its convention is {convention!r}; smn knows {', '.join(Convention)}.")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    origin = f"{said.get('origin', 'of unknown origin')} ({file.name}, SHA-256 {digest})"
    return WeightFile(tensors, Convention(convention) if convention else None, origin)


def write_weights(source: str | Path, target: Path, *, convention: Convention, origin: str) -> Path:
    """Copy a file of weights to a ``.safetensors`` file that says how its pictures were prepared.

    Args:
        source: the file as it came.
        target: the file to write; must not exist.
        convention: how the pictures were prepared.
        origin: where the weights come from and under which licence, one sentence; runs and bundles repeat it.

    Raises:
        InputError: the source cannot be read, the target exists or has another ending.
    """
    from safetensors.torch import save_file

    if target.suffix != ".safetensors":
        raise InputError(f"{target} cannot be written: a note fits into .safetensors only; choose such a name.")
    if target.exists():
        raise InputError(f"{target} already exists and smn overwrites nothing; choose another name.")
    tensors = {name: value.contiguous() for name, value in read_weights(source).tensors.items()}
    save_file(tensors, target, metadata={_KEY: json.dumps({"convention": convention, "origin": origin})})
    return target


def suggest_recipe(file: str | Path) -> tuple[str, ...]:
    """What to give ``smn train`` for a file of weights: the recipe of its network, told by the names of its tensors."""
    names = read_weights(file).tensors
    if "blocks.0.attn.qkv.weight" in names:
        return ("dinov2-finetune",)
    return ("vgg16-frozen",) if "features.0.weight" in names else ("backbone-frozen", "--backbone", "NAME")


@torch.no_grad()
def turn_channels(weight: Tensor) -> None:
    """Turn the first convolution's weight (C, 3, H, W), in place, from blue, green, red to red, green, blue."""
    weight.copy_(weight.flip(1))


def convention_moments(
    convention: Convention, *, mean: tuple[float, float, float], std: tuple[float, float, float]
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Mean and deviation (R, G, B), 0..1, that prepare pictures by a convention; timm's own are given."""
    if convention is Convention.TIMM:
        return mean, std
    red, green, blue = (value / 255 for value in _CAFFE_MEAN)
    # Dividing by 1/255 turns 0..1 into 0..255.
    return (red, green, blue), (1 / 255, 1 / 255, 1 / 255)


def _said_by(file: Path) -> dict[str, str]:
    if file.suffix != ".safetensors":
        return {}
    from safetensors import safe_open

    with safe_open(file, framework="pt") as opened:
        metadata = opened.metadata() or {}
    said: dict[str, str] = json.loads(metadata.get(_KEY, "{}"))
    return said
