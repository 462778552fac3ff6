"""Which stages learn, and how fast."""

import pytest
import torch
from torch import nn

from smn.errors import InputError
from smn.models import build_classifier, build_cnn
from smn.models.stages import group_by_rate, list_stages, rest_frozen, unfreeze_stages


@pytest.fixture
def network() -> nn.Module:
    return build_cnn((4, 6, 8), classes=2)


def learning(network: nn.Module) -> set[str]:
    return {name for name, parameter in network.named_parameters() if parameter.requires_grad}


@pytest.mark.parametrize("levels", [(0, 1), (0, 3, 7)])
def test_every_parameter_of_the_lite_networks_has_one_stage(levels: tuple[int, ...]) -> None:
    backbone = build_classifier("lite0", levels=levels, classes=2, pretrained=False)[0].backbone
    stages = list_stages(backbone)
    names = [name for stage in stages for name in stage]
    assert sorted(names) == sorted(name for name, _ in backbone.named_parameters())
    assert stages[0] == ("conv_stem.weight", "bn1.weight", "bn1.bias")
    assert len(stages) == levels[-1] + 1


@pytest.mark.parametrize("count", [0, 1, 2, 3, "all"])
def test_the_last_stages_learn(network: nn.Module, count: int) -> None:
    unfreeze_stages(network.backbone, count)
    stages = list_stages(network.backbone)
    expected = {name for stage in stages[3 - (3 if count == "all" else count) :] for name in stage}
    assert learning(network.backbone) == expected
    unfreeze_stages(network.backbone, "all")
    assert len(learning(network.backbone)) == 9


def test_only_learning_stages_get_gradients(network: nn.Module) -> None:
    unfreeze_stages(network.backbone, 1)
    nn.init.normal_(network.head.weight)
    network(torch.randn(2, 3, 16, 16))[0].square().sum().backward()
    moved = {name for name, parameter in network.backbone.named_parameters() if parameter.grad is not None}
    assert moved == set(list_stages(network.backbone)[-1])


def test_more_stages_than_there_are_is_said(network: nn.Module) -> None:
    with pytest.raises(InputError, match=r"unfreeze is 4, but this network has 3 stages; choose 0 to 3 or \"all\""):
        unfreeze_stages(network.backbone, 4)


def test_rates_fall_from_the_head_backwards(network: nn.Module) -> None:
    unfreeze_stages(network.backbone, 2)
    groups = group_by_rate(network.backbone, rate=0.1, decay=0.5)
    assert [group["lr"] for group in groups] == pytest.approx([0.05, 0.1])
    named = {id(parameter): name for name, parameter in network.backbone.named_parameters()}
    found = [{named[id(parameter)] for parameter in group["params"]} for group in groups]
    assert found == [set(stage) for stage in list_stages(network.backbone)[1:]]


def test_without_decay_there_is_one_group_in_the_old_order(network: nn.Module) -> None:
    (group,) = group_by_rate(network.backbone, rate=0.1, decay=1.0)
    assert [id(one) for one in group["params"]] == [id(one) for one in network.backbone.parameters()]
    unfreeze_stages(network.backbone, 0)
    assert group_by_rate(network.backbone, rate=0.1, decay=1.0) == []


def test_frozen_normalisation_rests_too(network: nn.Module) -> None:
    unfreeze_stages(network.backbone, 1)
    before = {name: value.clone() for name, value in network.backbone.named_buffers()}
    network.train()
    rest_frozen(network)
    network(torch.randn(4, 3, 16, 16))
    moved = {name for name, value in network.backbone.named_buffers() if not torch.equal(value, before[name])}
    assert {name.split(".")[1] for name in moved} == {"2"}
    assert network.dropout.training
