"""The stages of a network, and which of them learn how fast."""

from collections.abc import Iterator
from typing import Any, Literal

import timm
from timm.layers.patch_dropout import PatchDropout
from torch import nn

from smn.errors import InputError


def list_stages(backbone: nn.Module) -> tuple[tuple[str, ...], ...]:
    """Names of the parameters of each stage, the one nearest to the picture first.

    What a stage is, timm's ``group_matcher`` says: a change of resolution in convolutional networks, a block in
    transformers. A last normalisation by itself belongs to the stage before it.
    """
    matcher = backbone.group_matcher(coarse=True)  # type: ignore[operator]
    groups: dict[int, list[str]] = timm.models.group_parameters(backbone, matcher)
    parameters = dict(backbone.named_parameters())
    stages = [tuple(names) for _, names in sorted(groups.items())]
    if len(stages) > 1 and all(parameters[name].ndim < 2 for name in stages[-1]):
        stages[-2:] = [(*stages[-2], *stages[-1])]
    return tuple(stages)


def unfreeze_stages(backbone: nn.Module, count: int | Literal["all"]) -> None:
    """Let only the last stages learn.

    Args:
        backbone: the network, changed in place.
        count: how many stages, counted from the head; 0 freezes all of them.

    Raises:
        InputError: it has fewer stages.
    """
    stages = list_stages(backbone)
    if count != "all" and count > len(stages):
        raise InputError(
            f"finetune.unfreeze is {count}, but this network has {len(stages)} stages; choose 0 to {len(stages)} or "
            '"all".'
        )
    learning = {name for stage in stages[0 if count == "all" else len(stages) - count :] for name in stage}
    for name, parameter in backbone.named_parameters():
        parameter.requires_grad_(name in learning)


def drop_patches(backbone: nn.Module, share: float) -> None:
    """Leave out a share of a transformer's patches, 0..1, while it trains; the class token stays.

    Raises:
        InputError: the network has no patches, and the share is above 0.
    """
    if share == 0:
        return
    if not hasattr(backbone, "patch_drop"):
        raise InputError(f"finetune.patch_drop is {share}, but this network has no patches to leave out; set it to 0.")
    dropout = PatchDropout(share, num_prefix_tokens=int(backbone.num_prefix_tokens))  # type: ignore[arg-type]
    backbone.patch_drop = dropout.train(backbone.training)


def group_by_rate(backbone: nn.Module, *, rate: float, decay: float) -> list[dict[str, Any]]:
    """The learning parameters in groups for an optimiser.

    Args:
        backbone: the network, after `unfreeze_stages`.
        rate: learning rate of the last stage.
        decay: factor on it from each stage to the one before, above 0 to 1.
    """
    stages = list_stages(backbone)
    rates = {name: rate * decay**back for back, stage in enumerate(reversed(stages)) for name in stage}
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in backbone.named_parameters():
        if parameter.requires_grad:
            groups.setdefault(rates[name], []).append(parameter)
    return [{"params": parameters, "lr": value} for value, parameters in groups.items()]


def rest_frozen(network: nn.Module) -> None:
    """Put the frozen parts of a network in training back into answering, so that their normalisation stays too."""
    for module in _frozen(network):
        module.eval()


def _frozen(module: nn.Module) -> Iterator[nn.Module]:
    parameters = list(module.parameters())
    if parameters and not any(parameter.requires_grad for parameter in parameters):
        yield module
    else:
        for child in module.children():
            yield from _frozen(child)
