"""The stack of convolutions: every part of it can be left out, and the contract holds all the same."""

import pytest
import torch
from torch import nn

from smn.models import build_cnn
from smn.models.stages import list_stages

PARTS = {
    "plain": {},
    "deep": {"depth": 3},
    "strided": {"max_pooling": False},
    "strided and deep": {"max_pooling": False, "depth": 2},
    "without normalisation": {"batch_norm": False},
    "large kernel": {"kernel": 7},
    "dropout": {"dropout": 0.5, "block_dropout": 0.2},
}


def count(network: nn.Module, kind: type[nn.Module]) -> int:
    return sum(isinstance(module, kind) for module in network.modules())


@pytest.mark.parametrize("side", [32, 37])
@pytest.mark.parametrize("part", PARTS)
def test_shapes(part: str, side: int) -> None:
    torch.manual_seed(0)
    network = build_cnn((8, 12, 6), classes=5, **PARTS[part]).eval()
    with torch.inference_mode():
        logits, painting, embedding = network(torch.randn(2, 3, side, side))
        maps = network.backbone.blocks(torch.zeros(1, 3, side, side))
    assert (logits.shape, painting.shape, embedding.shape) == ((2, 5), (2, 1), (2, 6))
    assert network.width == 6
    assert not logits.any()  # every class is equally likely at the start
    assert maps.shape[2:] == (-(-side // 8),) * 2  # three blocks, each of which halves


def test_what_each_part_changes() -> None:
    def build(part: str) -> nn.Module:
        return build_cnn((8, 12), classes=2, **PARTS[part])

    assert [count(build(part), nn.Conv2d) for part in ("plain", "deep")] == [2, 6]
    assert [count(build(part), nn.MaxPool2d) for part in ("plain", "strided")] == [2, 0]
    assert [count(build(part), nn.BatchNorm2d) for part in ("plain", "without normalisation")] == [2, 0]
    sides = [module.kernel_size for module in build("large kernel").modules() if isinstance(module, nn.Conv2d)]
    assert sides == [(7, 7)] * 2


@pytest.mark.parametrize("dropout", [{"dropout": 0.9}, {"block_dropout": 0.9}])
def test_dropout_acts_in_training_only(dropout: dict[str, float]) -> None:
    torch.manual_seed(0)
    network = build_cnn((8, 16), classes=3, batch_norm=False, **dropout)
    nn.init.normal_(network.head.weight)
    images = torch.randn(2, 3, 32, 32)
    assert not torch.equal(network.train()(images)[0], network(images)[0])
    assert torch.equal(network.eval()(images)[0], network(images)[0])


def test_a_block_is_a_stage() -> None:
    stages = list_stages(build_cnn((4, 6, 8), depth=2, classes=2).backbone)
    assert [{name.split(".")[1] for name in stage} for stage in stages] == [{"0"}, {"1"}, {"2"}]


def test_features_are_not_limited_because_nothing_has_standardised_them() -> None:
    network = build_cnn((4,), classes=2)
    assert torch.equal(network.standardise(torch.full((1, 4), 90.0)), torch.full((1, 4), 90.0))
