"""Static quantisation: smaller, nearly the same answers, and none that depends on its batch."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from smn.errors import InputError
from smn.export.graph import round_weights, transformer_layers, write_graph
from smn.export.quantize import quantize_graph
from smn.models import Classifier, build_classifier

SIDE = 56


def pictures(count: int, seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(count, 3, SIDE, SIDE)).astype(np.float32)


@pytest.fixture(scope="module")
def model() -> Classifier:
    torch.manual_seed(0)
    model, _ = build_classifier("dinov2-small", levels=(0, 1), classes=5, size=SIDE, pretrained=False)
    nn.init.normal_(model.head.weight, std=0.05)
    return model.eval()


@pytest.fixture(scope="module")
def graphs(model: Classifier, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The graph before and after."""
    folder = tmp_path_factory.mktemp("quantize")
    before, after = folder / "before.onnx", folder / "after.onnx"
    round_weights(model, but=transformer_layers(model))
    write_graph(model, before, size=SIDE)
    after.write_bytes(before.read_bytes())
    assert quantize_graph(after, [pictures(8, seed) for seed in range(3)]) == len(transformer_layers(model)) == 8
    assert sorted(file.name for file in folder.iterdir()) == ["after.onnx", "before.onnx"]
    return before, after


def answer(file: Path, batch: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    found: list[NDArray[np.float32]] = session.run(["logits", "embedding", "evidence"], {"image": batch})
    return found


def test_the_graph_shrinks_and_keeps_its_inputs_and_outputs(graphs: tuple[Path, Path]) -> None:
    before, after = (onnx.load(file) for file in graphs)
    assert graphs[1].stat().st_size < 0.45 * graphs[0].stat().st_size
    for part in ("input", "output"):
        assert [one.name for one in getattr(after.graph, part)] == [one.name for one in getattr(before.graph, part)]
    assert {node.op_type for node in after.graph.node} >= {"QuantizeLinear", "DequantizeLinear"}


def test_answers_stay_nearly_the_same(graphs: tuple[Path, Path]) -> None:
    batch = pictures(16, seed=9)
    for there, here in zip(*(answer(file, batch) for file in graphs), strict=True):
        assert there.shape == here.shape
        assert np.corrcoef(there.ravel(), here.ravel())[0, 1] > 0.99


def test_an_answer_does_not_depend_on_its_batch(graphs: tuple[Path, Path]) -> None:
    batch = pictures(6, seed=4)
    batch[1:] *= 9.0  # neighbours with other ranges, which dynamic quantisation would take over
    together, alone = answer(graphs[1], batch), answer(graphs[1], batch[:1])
    for whole, single in zip(together, alone, strict=True):
        np.testing.assert_allclose(whole[:1], single, atol=1e-4)


def test_a_network_of_convolutions_has_nothing_to_quantise(tmp_path: Path) -> None:
    lite, _ = build_classifier("lite0", levels=(0,), classes=5, pretrained=False)
    assert transformer_layers(lite) == ()
    write_graph(lite.eval(), tmp_path / "lite.onnx", size=64)
    before = (tmp_path / "lite.onnx").read_bytes()
    with pytest.raises(InputError, match=r"no linear layers to quantise; export it without --quantize"):
        quantize_graph(tmp_path / "lite.onnx", [])
    assert (tmp_path / "lite.onnx").read_bytes() == before
