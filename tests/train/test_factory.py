"""Every kind of network through one contract."""

from dataclasses import replace

import pytest
import torch

from smn.train.factory import _BUILDERS, build_network
from smn.train.model_configs import (
    KINDS,
    BackboneSettings,
    CnnSettings,
    ModelSettings,
    StatisticsSettings,
    Vgg16Settings,
)

SMALL: dict[str, ModelSettings] = {
    "statistics": StatisticsSettings(levels=(0, 1), size=32),
    "cnn": CnnSettings(widths=(4, 8), size=32),
    "vgg16": Vgg16Settings(size=32),
    "backbone": BackboneSettings(name="mobilenetv3_small_050", size=32),
}


def test_the_sweep_sees_every_kind() -> None:
    assert [kind for kind in KINDS if kind != "colour"] == list(_BUILDERS) == list(SMALL)


@pytest.mark.parametrize("kind", SMALL)
def test_contract(kind: str) -> None:
    torch.manual_seed(0)
    built = build_network(SMALL[kind], classes=5, pretrained=False)
    network = built.network.eval()
    images = torch.randn(3, 3, built.spec.size, built.spec.size)
    with torch.inference_mode():
        raw = network.statistics(images)
        assert (raw.shape, raw.dtype) == ((3, network.width), torch.float32)
        network.fit_standardisation(raw)
        logits, painting, embedding = network(images)
        torch.testing.assert_close(embedding, network.standardise(raw))
        torch.testing.assert_close(logits, network.head(network.dropout(embedding)))
    assert (logits.shape, painting.shape) == ((3, 5), (3, 1))
    assert embedding.mean(0).abs().max() < 1e-3
    assert built.origin
    assert built.spec.size == 32


@pytest.mark.parametrize("kind", SMALL)
def test_weights_go_from_one_to_another(kind: str) -> None:
    one, other = (build_network(SMALL[kind], classes=2, pretrained=False).network.eval() for _ in range(2))
    images = torch.randn(2, 3, 32, 32)
    assert not torch.equal(one.statistics(images), other.statistics(images))
    other.load_state_dict(one.state_dict())
    assert torch.equal(one.statistics(images), other.statistics(images))


def test_the_weights_of_statistics_keep_their_names() -> None:
    """So that runs which are older than the kinds can still be exported."""
    names = set(build_network(SMALL["statistics"], classes=2, pretrained=False).network.state_dict())
    assert {name for name in names if not name.startswith("backbone.")} == {
        "shift", "scale", "head.weight", "head.bias", "painting.weight", "painting.bias",
    }  # fmt: skip
    assert {"backbone.conv_stem.weight", "backbone.blocks.0.0.conv_dw.weight"} < names


def test_the_settings_decide_the_network() -> None:
    settings = replace(SMALL["cnn"], widths=(4, 6, 10), dropout=0.3)
    network = build_network(settings, classes=2).network
    assert (network.width, network.dropout.p) == (10, 0.3)
