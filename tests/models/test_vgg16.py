"""VGG16: its head, its stages, and weights whose preprocessing comes along."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from smn.errors import InputError
from smn.examples import paint
from smn.images.preprocess import PreprocessSpec
from smn.models import build_vgg16
from smn.models.stages import list_stages, unfreeze_stages
from smn.models.weight_files import Convention, write_weights


@pytest.fixture(scope="module")
def kernels() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return build_vgg16(classes=2, weights="random")[0].backbone.state_dict()


@pytest.fixture
def save(tmp_path: Path, kernels: dict[str, torch.Tensor]) -> Callable[[Convention], str]:
    def save(convention: Convention) -> str:
        save_file(kernels, tmp_path / "plain.safetensors")
        return str(
            write_weights(
                tmp_path / "plain.safetensors", tmp_path / f"{convention}.safetensors", convention=convention,
                origin="Random",
            )
        )  # fmt: skip

    return save


def test_thirteen_convolutions_in_five_stages() -> None:
    network, _ = build_vgg16(classes=2, weights="random")
    assert sum(isinstance(module, nn.Conv2d) for module in network.modules()) == 13
    assert [len(stage) // 2 for stage in list_stages(network.backbone)] == [2, 2, 3, 3, 3]
    unfreeze_stages(network.backbone, 1)
    learning = [name for name, parameter in network.backbone.named_parameters() if parameter.requires_grad]
    assert learning == [f"features.{place}.{kind}" for place in (24, 26, 28) for kind in ("weight", "bias")]


@pytest.mark.parametrize(
    ("hidden", "batch_norm", "kinds"),
    [
        ((), False, ["Linear"]),
        ((8,), False, ["Linear", "ReLU", "Dropout", "Linear"]),
        ((8, 6), True, ["Linear", "BatchNorm1d", "ReLU", "Dropout"] * 2 + ["Linear"]),
    ],
)
def test_the_head_is_built_as_asked(hidden: tuple[int, ...], batch_norm: bool, kinds: list[str]) -> None:
    network, _ = build_vgg16(classes=5, weights="random", hidden=hidden, batch_norm=batch_norm, dropout=0.3)
    layers = list(network.head) if isinstance(network.head, nn.Sequential) else [network.head]
    assert [type(layer).__name__ for layer in layers] == kinds
    with torch.inference_mode():
        logits, _, embedding = network.eval()(torch.randn(2, 3, 32, 32))
    assert (logits.shape, embedding.shape, network.width) == ((2, 5), (2, 512), 512)
    assert not logits.any()


def test_caffe_weights_see_what_caffe_shows_them(
    kernels: dict[str, torch.Tensor], save: Callable[[Convention], str]
) -> None:
    """Blue, green, red, 0..255 less the means: what Keras feeds these kernels, worked out by hand."""
    network, known = build_vgg16(classes=2, weights=save(Convention.CAFFE))
    spec = PreprocessSpec(48, mean=known.mean, std=known.std)
    pixels = np.asarray(spec.resize(paint("fauvism", seed=1, size=(60, 50))))
    by_hand = pixels[..., ::-1].astype(np.float32) - np.array([103.939, 116.779, 123.68], dtype=np.float32)
    reference, _ = build_vgg16(classes=2, weights="random")
    reference.backbone.load_state_dict(kernels)
    with torch.inference_mode():
        expected = reference.eval().statistics(torch.from_numpy(by_hand.transpose(2, 0, 1).copy())[None])
        found = network.eval().statistics(torch.from_numpy(spec.normalise(pixels))[None])
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert found.std() > 0
    # The preparation survives being written into a run and a bundle.
    assert PreprocessSpec.from_dict(spec.to_dict(), where="bundle.json") == spec
    assert known.origin.startswith("Random (caffe.safetensors")


def test_timm_weights_keep_their_channels(kernels: dict[str, torch.Tensor], save: Callable[[Convention], str]) -> None:
    network, known = build_vgg16(classes=2, weights=save(Convention.TIMM))
    assert all(torch.equal(value, kernels[name]) for name, value in network.backbone.state_dict().items())
    assert (known.mean, known.std) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def test_a_file_that_does_not_say_its_convention_is_refused(tmp_path: Path, kernels: dict[str, torch.Tensor]) -> None:
    save_file(kernels, tmp_path / "plain.safetensors")
    with pytest.raises(InputError, match=r"plain\.safetensors does not say .* timm or caffe; .*write_weights"):
        build_vgg16(classes=2, weights=str(tmp_path / "plain.safetensors"))


@pytest.mark.parametrize("change", ["missing", "shape"])
def test_a_file_that_does_not_fit_is_refused(tmp_path: Path, kernels: dict[str, torch.Tensor], change: str) -> None:
    tensors = dict(kernels)
    if change == "missing":
        del tensors["features.2.weight"]
    else:
        tensors["features.2.weight"] = torch.zeros(64, 64, 1, 1)
    save_file(tensors, tmp_path / "plain.safetensors")
    file = write_weights(
        tmp_path / "plain.safetensors", tmp_path / "x.safetensors", convention=Convention.CAFFE, origin="x"
    )
    with pytest.raises(InputError, match=r"x\.safetensors .*: 1 of 26 .*the first is features\.2\.weight; give a file"):
        build_vgg16(classes=2, weights=str(file))
