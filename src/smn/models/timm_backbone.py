"""Any network that timm knows by name, giving one vector a picture."""

from difflib import get_close_matches
from typing import Any, Literal

import timm
import torch
from timm.data.config import resolve_model_data_config
from torch import nn

from smn.errors import InputError, UnknownNameError
from smn.images.preprocess import Resample
from smn.models.pooled_classifier import PooledClassifier
from smn.models.weight_files import Convention, Pretraining, WeightFile, convention_moments, read_weights, turn_channels

_SHARE = 0.8
"""How much of a network a file must hold."""


def build_timm(
    name: str,
    *,
    classes: int,
    weights: str = "timm",
    pooling: str = "own",
    size: int | Literal["own"] = "own",
    dropout: float = 0.0,
) -> tuple[PooledClassifier, Pretraining]:
    """A timm network without its own classifier, with a linear head.

    Args:
        name: timm's, with or without the tag of its weights.
        classes: number of labels, K.
        weights: ``"timm"`` downloads them, ``"random"`` draws them; otherwise a file, of timm's convention unless it
            says another.
        pooling: timm's word for how maps or tokens become one vector; ``"own"`` is the network's own way.
        size: side of the square input, in pixels; ``"own"`` is what the network was trained with.
        dropout: share of features dropped before the head in training, 0..1.

    Raises:
        UnknownNameError: timm has no such network.
        InputError: it takes no such pooling or size, or the weights cannot be had or do not fit.
    """
    options = _choose_options(name, pooling=pooling, size=size)
    file = read_weights(weights) if weights not in {"timm", "random"} else None
    try:
        network = _create(name, file=file, download=weights == "timm", options=options)
        config = resolve_model_data_config(network)  # type: ignore[no-untyped-call]
        side = config["input_size"][-1] if size == "own" else size
        with torch.inference_mode():
            vectors = network.eval()(torch.zeros(1, 3, side, side))
    except Exception as error:  # timm raises whatever lies nearest: AssertionError, RuntimeError, OSError ...
        raise InputError(
            f"The backbone {name} cannot be made with size {size}, pooling {pooling} and the weights {weights} "
            f"({error}); change these in the recipe, or name a file of its weights with --weights."
        ) from error
    if vectors.ndim != 2:
        raise InputError(
            f"The backbone {name} gives {tuple(vectors.shape)} and not one vector a picture; choose another pooling."
        )
    if file is not None:
        _check_fit(network, file, name)
    mean, std = convention_moments(
        (file and file.convention) or Convention.TIMM, mean=tuple(config["mean"]), std=tuple(config["std"])
    )
    origin = file.origin if file else f"{'timm' if weights == 'timm' else 'random'} weights of {name}"
    resample = Resample.BILINEAR if config["interpolation"] == "bilinear" else Resample.BICUBIC
    classifier = PooledClassifier(network, int(vectors.shape[1]), classes=classes, dropout=dropout)
    return classifier, Pretraining(origin, mean, std, side, resample)


def _choose_options(name: str, *, pooling: str, size: int | Literal["own"]) -> dict[str, Any]:
    """What timm is to make the network with."""
    if not timm.is_model(name):
        every = timm.list_models()
        raise UnknownNameError("backbone", name, get_close_matches(name, every, n=9, cutoff=0.3) or every[:9])
    options: dict[str, Any] = {"num_classes": 0} | ({} if pooling == "own" else {"global_pool": pooling})
    known = timm.get_pretrained_cfg(name)
    # Transformers have as many places as their pictures have patches, so they must know the size beforehand.
    if size != "own" and known is not None and known.fixed_input_size:
        options["img_size"] = size
    return options


def _create(name: str, *, file: WeightFile | None, download: bool, options: dict[str, Any]) -> nn.Module:
    if file is None:
        return timm.create_model(name, pretrained=download, **options)
    # timm renames what other projects' files call otherwise, and fits the places to the size.
    given = {"state_dict": dict(file.tensors), "custom_load": False, "source": None}
    network: Any = timm.create_model(name, pretrained=True, pretrained_cfg_overlay=given, **options)
    network.pretrained_cfg["state_dict"] = None  # or every copy of the network would copy the file
    if file.convention is Convention.CAFFE:
        turn_channels(network.get_parameter(f"{network.pretrained_cfg['first_conv']}.weight"))
    made: nn.Module = network
    return made


def _check_fit(network: nn.Module, file: WeightFile, name: str) -> None:
    """Refuse a file of another network: timm leaves at random what a file does not hold.

    Places are fitted to the size, so not every tensor is found as it was.
    """
    held = {float(value.double().sum()) for value in file.tensors.values() if value.ndim > 1}
    wanted = [value for value in network.parameters() if value.ndim > 1]
    found = sum(float(value.detach().double().sum()) in held for value in wanted)
    if found < _SHARE * len(wanted):
        raise InputError(
            f"The weights {file.origin} are only {found} of the {len(wanted)} that {name} needs; give a file of this "
            "network, or the name of the file's."
        )
