"""A spread of timm's families through one contract, with random weights and small pictures."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from smn.confidence.calibration import softmax
from smn.errors import InputError, UnknownNameError
from smn.export.graph import fold_normalisation, round_weights, write_graph
from smn.images.preprocess import Resample
from smn.models import PooledClassifier, build_timm
from smn.models.stages import list_stages, unfreeze_stages
from smn.models.weight_files import Convention, write_weights

# Size, pooling, stages, and whether the graph is written too, which takes seconds for each.
FAMILIES = {
    "resnet18": (64, "own", 5, True),
    "mobilenetv3_small_050": (64, "own", 8, True),
    "convnext_atto": (64, "own", 5, True),
    "vit_tiny_patch16_224": (32, "map", 14, True),  # SigLIP's pooling
    "vit_small_patch14_dinov2": (28, "own", 13, True),
    "vit_xsmall_patch16_clip_224": (32, "own", 11, False),
    "swin_tiny_patch4_window7_224": (64, "own", 5, False),
    "efficientnet_lite0": (64, "max", 8, False),
    "regnetx_002": (64, "own", 5, False),
    "densenet121": (64, "own", 5, False),
}


def build(name: str) -> PooledClassifier:
    torch.manual_seed(0)
    size, pooling, *_ = FAMILIES[name]
    network, _ = build_timm(name, classes=5, weights="random", pooling=pooling, size=size)
    return network.eval()


def test_the_sweep_sees_every_family() -> None:
    assert len(FAMILIES) == 10
    assert sum(exported for *_, exported in FAMILIES.values()) == 5


@pytest.mark.parametrize("name", FAMILIES)
def test_features_and_stages(name: str) -> None:
    size, _, count, _ = FAMILIES[name]
    network, images = build(name), torch.randn(2, 3, size, size)
    with torch.inference_mode():
        raw = network.statistics(images)
        logits, painting, embedding = network(images)
    assert raw.shape == embedding.shape == (2, network.width)
    assert raw.std() > 0
    assert (logits.shape, painting.shape) == ((2, 5), (2, 1))
    stages = list_stages(network.backbone)
    assert len(stages) == count
    names = [parameter for stage in stages for parameter in stage]
    assert sorted(names) == sorted(parameter for parameter, _ in network.backbone.named_parameters())


@pytest.mark.parametrize("count", [0, 1, "all"])
@pytest.mark.parametrize("name", FAMILIES)
def test_only_what_is_unfrozen_gets_gradients(name: str, count: int) -> None:
    network, size = build(name), FAMILIES[name][0]
    nn.init.normal_(network.head.weight)
    unfreeze_stages(network.backbone, count)
    network(torch.randn(2, 3, size, size))[0].square().sum().backward()
    stages = list_stages(network.backbone)
    allowed = {one for stage in stages[len(stages) - (len(stages) if count == "all" else count) :] for one in stage}
    moved = {one for one, parameter in network.backbone.named_parameters() if parameter.grad is not None}
    # A mask token, for one, is a parameter that answering does not use.
    assert moved <= allowed
    assert len(moved) >= 0.9 * len(allowed)
    assert network.head.weight.grad is not None


@pytest.mark.parametrize("name", [name for name, (*_, exported) in FAMILIES.items() if exported])
def test_the_graph_answers_as_torch(name: str, tmp_path: Path) -> None:
    network, size = build(name), FAMILIES[name][0]
    if name.startswith("vit"):
        network.backbone.blocks = network.backbone.blocks[:2]  # the others are like them
    nn.init.normal_(network.head.weight, std=0.1)
    images = torch.randn(3, 3, size, size)
    with torch.no_grad():
        network.fit_standardisation(network.statistics(torch.randn(8, 3, size, size)))
        before = network(images)[2]
        fold_normalisation(network, size=size)
        torch.testing.assert_close(network(images)[2], before, rtol=1e-2, atol=1e-2)
    round_weights(network)
    write_graph(network, tmp_path / "model.onnx", size=size)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    there = session.run(["logits", "embedding"], {"image": images.numpy()})
    with torch.inference_mode():
        here = network(images)
    np.testing.assert_allclose(softmax(there[0]), softmax(here[0].numpy()), atol=1e-3)
    np.testing.assert_allclose(there[1], here[2].numpy(), atol=2e-2)
    assert softmax(there[0]).std() > 0.01


def test_size_and_moments_are_those_that_timm_notes() -> None:
    _, known = build_timm("mobilenetv3_small_050", classes=2, weights="random")
    assert (known.size, known.resample) == (224, Resample.BICUBIC)
    assert known.mean == (0.485, 0.456, 0.406)
    _, known = build_timm("resnet18.tv_in1k", classes=2, weights="random", size=48)
    assert (known.size, known.resample) == (48, Resample.BILINEAR)
    assert known.origin == "random weights of resnet18.tv_in1k"


@pytest.fixture
def resnet_file(tmp_path: Path) -> Path:
    file = tmp_path / "resnet.safetensors"
    network = build("resnet18").backbone
    save_file(network.state_dict() | {"fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)}, file)
    return file


def test_weights_from_a_file_without_its_classifier(resnet_file: Path) -> None:
    network, known = build_timm("resnet18", classes=2, weights=str(resnet_file), size=64)
    images = torch.randn(2, 3, 64, 64)
    assert torch.equal(network.eval().statistics(images), build("resnet18").statistics(images))
    assert known.origin.startswith("of unknown origin (resnet.safetensors, SHA-256 ")
    assert known.mean == (0.485, 0.456, 0.406)
    assert network.backbone.pretrained_cfg["state_dict"] is None


def test_a_file_s_convention_turns_the_channels(resnet_file: Path, tmp_path: Path) -> None:
    file = write_weights(resnet_file, tmp_path / "caffe.safetensors", convention=Convention.CAFFE, origin="x")
    network, known = build_timm("resnet18", classes=2, weights=str(file), size=64)
    images = torch.randn(2, 3, 64, 64)
    turned = build("resnet18").statistics(images.flip(1))
    torch.testing.assert_close(network.eval().statistics(images), turned, rtol=1e-3, atol=1e-4)
    assert known.std == (1 / 255,) * 3


def test_places_are_fitted_to_the_size(tmp_path: Path) -> None:
    one, _ = build_timm("vit_tiny_patch16_224", classes=2, weights="random", size=64)
    save_file(one.backbone.state_dict(), tmp_path / "vit.safetensors")
    other, _ = build_timm("vit_tiny_patch16_224", classes=2, weights=str(tmp_path / "vit.safetensors"), size=32)
    assert other.backbone.pos_embed.shape == (1, 5, 192)
    assert torch.equal(other.backbone.blocks[3].attn.qkv.weight, one.backbone.blocks[3].attn.qkv.weight)


def test_an_unknown_name_is_said_with_near_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"There is no backbone 'resnet81'. Did you mean resnet18") as caught:
        build_timm("resnet81", classes=2, weights="random")
    assert len(caught.value.allowed) < 10


@pytest.mark.parametrize(("pooling", "size"), [("token", 64), ("own", 0)])
def test_what_does_not_go_together_is_said(pooling: str, size: int) -> None:
    with pytest.raises(InputError, match=rf"resnet18 cannot be made with size {size}, pooling {pooling} .*recipe"):
        build_timm("resnet18", classes=2, weights="random", pooling=pooling, size=size)


def test_another_network_s_file_is_refused(resnet_file: Path) -> None:
    with pytest.raises(InputError, match=r"resnet\.safetensors.* are only 0 of the .* that regnetx_002 needs; give"):
        build_timm("regnetx_002", classes=2, weights=str(resnet_file), size=64)
