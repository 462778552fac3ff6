"""The ONNX graph: the same answers, any batch, weights of few bits."""

import copy
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from smn.confidence.calibration import sigmoid, softmax
from smn.errors import AgreementError, InputError
from smn.export.graph import (
    _store_small,
    fold_normalisation,
    quantize_graph,
    round_weights,
    transformer_layers,
    write_graph,
)
from smn.models import Classifier, Ensemble, PooledClassifier, build_classifier

LEVELS, CLASSES, SIDE = (0, 3, 7), 6, 64


def lively_classifier() -> Classifier:
    """A classifier whose heads and standardisation are not the blank ones it starts with."""
    torch.manual_seed(0)
    model, _ = build_classifier("lite0", levels=LEVELS, classes=CLASSES, dropout=0.3)
    generator = torch.Generator().manual_seed(1)
    with torch.inference_mode():
        model.eval().fit_standardisation(model.statistics(torch.randn(8, 3, SIDE, SIDE, generator=generator)))
    for layer in (model.head, model.painting):
        nn.init.normal_(layer.weight, std=0.05, generator=generator)
        nn.init.normal_(layer.bias, generator=generator)
    return model


@pytest.fixture(scope="module")
def model() -> Classifier:
    model = lively_classifier()
    fold_normalisation(model, size=SIDE)
    round_weights(model)
    return model


@pytest.fixture(scope="module")
def file(model: Classifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("graph") / "model.onnx"
    write_graph(model, file, size=SIDE)
    return file


@pytest.fixture(scope="module")
def session(file: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])


def test_it_takes_and_gives_what_a_bundle_does(session: onnxruntime.InferenceSession) -> None:
    (taken,) = session.get_inputs()
    assert (taken.name, taken.shape[1:], taken.type) == ("image", [3, SIDE, SIDE], "tensor(float)")
    assert isinstance(taken.shape[0], str)  # a name: any batch size
    given = {value.name: value.shape[1:] for value in session.get_outputs()}
    assert given["logits"] == [CLASSES]
    assert given["painting"] == [1]
    assert set(given) == {"logits", "painting", "embedding", "evidence"}
    assert given["evidence"][0] == CLASSES


@pytest.mark.parametrize("count", [1, 2, 5])
def test_it_answers_as_torch_for_any_batch(
    model: Classifier, session: onnxruntime.InferenceSession, count: int
) -> None:
    images = torch.randn(count, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(count))
    with torch.inference_mode():
        here = [values.numpy() for values in model(images)]
    logits, painting, embedding = session.run(["logits", "painting", "embedding"], {"image": images.numpy()})
    assert (logits.shape, painting.shape, embedding.shape) == ((count, CLASSES), (count, 1), (count, model.width))
    np.testing.assert_allclose(softmax(logits), softmax(here[0]), atol=1e-4)
    np.testing.assert_allclose(sigmoid(painting), sigmoid(here[1]), atol=1e-4)
    np.testing.assert_allclose(embedding, here[2], atol=1e-2)
    assert softmax(logits).std() > 0.01  # the answers are not all the same


def test_weights_are_stored_in_8_bits(model: Classifier, file: Path) -> None:
    graph = onnx.load(file).graph
    values = dict.fromkeys((TensorProto.INT8, TensorProto.FLOAT16, TensorProto.FLOAT), 0)
    for tensor in graph.initializer:
        if tensor.data_type in values:
            values[tensor.data_type] += int(np.prod(tensor.dims))
            assert tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < 2000
    parameters = sum(parameter.numel() for parameter in model.parameters())
    assert values[TensorProto.INT8] > 0.9 * parameters
    assert values[TensorProto.FLOAT] < 0.05 * parameters
    # A byte a weight, less the folded normalisation, and the nodes.
    assert 0.9 * parameters < file.stat().st_size < 1.3 * parameters + 150_000


def test_nothing_else_is_left_beside_it(file: Path) -> None:
    assert [other.name for other in file.parent.iterdir()] == ["model.onnx"]


def test_rounding_spares_small_tensors_and_keeps_large_ones_near() -> None:
    model = nn.Sequential(nn.Linear(16, 8), nn.Linear(2, 2), nn.Conv2d(64, 80, 1))
    before = {name: value.clone() for name, value in model.named_parameters()}
    round_weights(model)
    after = dict(model.named_parameters())
    assert torch.equal(after["0.weight"], before["0.weight"].half().float())
    assert not torch.equal(after["0.weight"], before["0.weight"])
    for name in ("0.bias", "1.weight", "1.bias"):
        assert torch.equal(after[name], before[name])
    large, was = after["2.weight"].flatten(1), before["2.weight"].flatten(1)
    step = was.abs().amax(1, keepdim=True) / 127
    assert ((large - was).abs() <= step * 0.501).all()
    assert len(torch.unique(torch.round(large / step))) <= 255


def test_rounding_twice_changes_nothing() -> None:
    model = nn.Linear(128, 64)
    round_weights(model)
    once = model.weight.detach().clone()
    round_weights(model)
    assert torch.equal(model.weight, once)


@pytest.mark.parametrize("turned", [False, True])
def test_large_weights_are_stored_in_8_bits_and_give_back_the_same(turned: bool) -> None:
    layer = nn.Linear(96, 64)
    round_weights(layer)
    weight = layer.weight.detach().numpy()
    value = helper.make_tensor_value_info
    given = numpy_helper.from_array(np.ascontiguousarray(weight.T if turned else weight), "weight")
    nodes = [helper.make_node("MatMul", ["x", "weight"], ["y"])]
    if not turned:
        nodes = [helper.make_node("Gemm", ["x", "weight"], ["y"], transB=1)]
    x, y = value("x", TensorProto.FLOAT, [None, 96]), value("y", TensorProto.FLOAT, [None, 64])
    graph = helper.make_graph(nodes, "layer", [x], [y], [given])
    _store_small(graph)
    assert {tensor.data_type for tensor in graph.initializer} == {TensorProto.INT8, TensorProto.FLOAT}
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(made)
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    there = session.run(None, {"x": np.eye(96, dtype=np.float32)})[0]
    np.testing.assert_array_equal(there, weight.T)


def test_only_large_weights_that_16_bits_hold_exactly_are_halved() -> None:
    exact, inexact, small = np.full(100, 0.5), np.full(100, 0.1), np.full(10, 0.5)
    constants = {"exact": exact, "inexact": inexact, "small": small, "whole": np.arange(100)}
    kinds = {"whole": np.int64}
    graph = helper.make_graph(
        [helper.make_node("Identity", [name], [f"{name}_out"]) for name in constants],
        "weights",
        [],
        [helper.make_tensor_value_info(f"{name}_out", TensorProto.FLOAT, None) for name in constants],
        [numpy_helper.from_array(value.astype(kinds.get(name, np.float32)), name) for name, value in constants.items()],
    )
    _store_small(graph)
    stored = {tensor.name: numpy_helper.to_array(tensor).dtype.name for tensor in graph.initializer}
    assert stored == {"exact_half": "float16", "inexact": "float32", "small": "float32", "whole": "int64"}
    assert (graph.node[0].op_type, list(graph.node[0].output)) == ("Cast", ["exact"])
    assert len(graph.node) == 5


def test_dropout_is_off_in_the_graph(file: Path) -> None:
    assert "Dropout" not in {node.op_type for node in onnx.load(file).graph.node}


def test_folding_leaves_no_normalisation_and_the_same_answers() -> None:
    torch.manual_seed(0)
    model, _ = build_classifier("lite0", levels=LEVELS, classes=CLASSES)
    images = torch.randn(3, 3, SIDE, SIDE)
    with torch.inference_mode():
        before = model.eval()(images)[2]
        fold_normalisation(model, size=SIDE)
        after = model(images)[2]
    torch.testing.assert_close(after, before, rtol=1e-3, atol=1e-3)
    normalisations = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(normalisations) > 10
    for module in normalisations:
        assert (module.weight == 1).all()
        assert (module.bias == 0).all()
        assert (module.running_var == 1).all()


def test_the_graph_has_no_normalisation_left(tmp_path: Path) -> None:
    model, _ = build_classifier("lite0", levels=LEVELS, classes=CLASSES)
    fold_normalisation(model, size=SIDE)
    round_weights(model)
    write_graph(model, tmp_path / "model.onnx", size=SIDE)
    assert "BatchNormalization" not in {node.op_type for node in onnx.load(tmp_path / "model.onnx").graph.node}


def test_folding_where_a_convolution_serves_twice_is_refused() -> None:
    """The skip takes the convolution's output from before the normalisation, so that it must not be folded."""

    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution, self.normalisation = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)
            nn.init.constant_(self.normalisation.weight, 3.0)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            maps = self.convolution(images)
            return (maps + self.normalisation(maps)).amax((2, 3))

    torch.manual_seed(0)
    network = PooledClassifier(Twice(), 4, classes=3, dropout=0.0, clip=False)
    nn.init.normal_(network.head.weight, std=0.2)
    with pytest.raises(AgreementError, match=r"changes probabilities by .* at most 0\.001 is allowed.*report this"):
        fold_normalisation(network, size=16)


def test_what_members_of_an_ensemble_share_is_stored_and_computed_once(model: Classifier, tmp_path: Path) -> None:
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.head.weight.mul_(-1.0)
    both = Ensemble([model, other])
    write_graph(model, tmp_path / "one.onnx", size=SIDE)
    write_graph(both, tmp_path / "two.onnx", size=SIDE)
    one, two = (onnx.load(str(tmp_path / f"{name}.onnx")).graph for name in ("one", "two"))
    convolutions = [sum(node.op_type == "Conv" for node in graph.node) for graph in (one, two)]
    assert convolutions[0] == convolutions[1] > 0
    heads = 2 * other.head.weight.numel()  # bytes in 16 bits
    assert (tmp_path / "two.onnx").stat().st_size - (tmp_path / "one.onnx").stat().st_size < heads + 60_000
    images = torch.randn(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(4))
    with torch.inference_mode():
        expected = both.eval()(images)[0].softmax(1).numpy()
    given = onnxruntime.InferenceSession(str(tmp_path / "two.onnx"), providers=["CPUExecutionProvider"])
    assert np.allclose(softmax(given.run(["logits"], {"image": images.numpy()})[0]), expected, atol=1e-4)


SMALL_SIDE = 56


def pictures(count: int, seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(count, 3, SMALL_SIDE, SMALL_SIDE)).astype(np.float32)


@pytest.fixture(scope="module")
def transformer() -> Classifier:
    torch.manual_seed(0)
    transformer, _ = build_classifier("dinov2-small", levels=(0, 1), classes=5, size=SMALL_SIDE, pretrained=False)
    nn.init.normal_(transformer.head.weight, std=0.05)
    return transformer.eval()


@pytest.fixture(scope="module")
def graphs(transformer: Classifier, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The graph before and after."""
    folder = tmp_path_factory.mktemp("quantize")
    before, after = folder / "before.onnx", folder / "after.onnx"
    round_weights(transformer, but=transformer_layers(transformer))
    write_graph(transformer, before, size=SMALL_SIDE)
    after.write_bytes(before.read_bytes())
    assert quantize_graph(after, [pictures(8, seed) for seed in range(3)]) == len(transformer_layers(transformer)) == 8
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
