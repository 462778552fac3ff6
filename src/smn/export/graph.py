"""From a trained torch model to one small ONNX graph, of 32 bits or quantised to 8.

Static quantisation: the linear layers of a transformer's graph compute in whole numbers of 8 bits. The ranges of the
activations are measured once, on training pictures, and stored in the graph. Dynamic quantisation would measure them in
every batch, and an answer would depend on the other pictures of its batch.
"""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import onnx_ir
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx_ir.passes.common import CommonSubexpressionEliminationPass, DeduplicateInitializersPass
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from smn.errors import AgreementError, InputError
from smn.files import write_partial

_LARGEST_CHANGE = 1e-3
"""How far folding may move a probability; rounding moves it far less."""

_SMALLEST_HALVED = 64
"""Tensors with fewer values than this stay in 32 bits: halving them saves nothing."""

_SMALLEST_WHOLE = 4096
"""Weights with fewer values than this are not stored in 8 bits: it would save next to nothing."""

_LARGEST_SHARED = 1 << 30
"""Tensors with more values than this are not looked at for equals."""


def fold_normalisation(model: nn.Module, *, size: int) -> None:
    """Fold every batch normalisation into the convolution before it, in place; outputs stay the same but for rounding.

    Folded here and not by the exporter, so that `round_weights` rounds the very weights that the graph will hold.
    What is left of a normalisation is the identity, which the exporter drops.

    Args:
        model: a trained model.
        size: side of the square input, in pixels.

    Raises:
        AgreementError: the answers changed, because the network uses a convolution's output elsewhere too.
    """
    made: dict[int, tuple[nn.Conv2d, torch.Tensor]] = {}
    pairs: list[tuple[nn.Conv2d, nn.BatchNorm2d]] = []

    def note(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        if isinstance(module, nn.Conv2d):
            made[id(output)] = (module, output)  # the tensor is kept, so that its id stays its own
        elif isinstance(module, nn.BatchNorm2d) and id(inputs[0]) in made:
            pairs.append((made[id(inputs[0])][0], module))

    hooks = [module.register_forward_hook(note) for module in model.modules()]
    images = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        before = model.eval()(images)[0].softmax(1)
        for hook in hooks:
            hook.remove()
        for convolution, normalisation in pairs:
            _fold(convolution, normalisation)
        change = float((model(images)[0].softmax(1) - before).abs().max())
    if not change <= _LARGEST_CHANGE:
        raise AgreementError(
            f"Folding the normalisation into the convolutions changes probabilities by {change:.2g}, but at most "
            f"{_LARGEST_CHANGE:g} is allowed; this network cannot be exported, so report this with the recipe."
        )


def _fold(convolution: nn.Conv2d, normalisation: nn.BatchNorm2d) -> None:
    convolution.weight, convolution.bias = fuse_conv_bn_weights(
        convolution.weight,
        convolution.bias,
        cast(torch.Tensor, normalisation.running_mean),
        cast(torch.Tensor, normalisation.running_var),
        normalisation.eps,
        normalisation.weight,
        normalisation.bias,
    )
    normalisation.reset_running_stats()
    normalisation.eps = 0.0
    normalisation.weight.fill_(1.0)
    normalisation.bias.fill_(0.0)


def transformer_layers(model: nn.Module) -> tuple[nn.Linear, ...]:
    """The linear layers of a transformer's blocks, which `smn.export.graph` can quantise; none in other networks."""
    return tuple(
        module for name, module in model.named_modules() if isinstance(module, nn.Linear) and ".blocks." in f".{name}"
    )


def round_weights(model: nn.Module, *, but: Collection[nn.Module] = ()) -> None:
    """Round every weight, in place, so that a graph that stores fewer bits holds exactly the model.

    The weights of large convolutions and linear layers become whole multiples, -127 to 127, of a step of their output
    channel's own (Jacob et al. 2018, weights only: what is computed stays in 32 bits); the others are rounded to 16
    bits.

    Args:
        model: the model.
        but: layers whose weights stay as they are, because they will be quantised.
    """
    with torch.no_grad():
        layers = [module for module in model.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
        layers = [layer for layer in layers if layer not in set(but)]
        large = [layer.weight for layer in layers if layer.weight.numel() >= _SMALLEST_WHOLE]
        for weight in large:
            rows = weight.flatten(1)
            step = torch.from_numpy(_steps(rows.numpy(force=True)))[:, None]
            weight.copy_((torch.round(rows / step) * step).view_as(weight))
        done = {id(weight) for weight in (*large, *(module.weight for module in but))}
        for parameter in model.parameters():
            if parameter.numel() >= _SMALLEST_HALVED and id(parameter) not in done:
                parameter.copy_(parameter.half().float())


def _steps(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The step of each row of weights (C, n): its largest value is 127 of them; (C,)."""
    largest = np.abs(rows).max(axis=1).astype(np.float32)
    return np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)


def write_graph(model: nn.Module, file: Path, *, size: int) -> None:
    """Write a classifier as ONNX: input ``image`` (N, 3, size, size), outputs ``logits``, ``painting``, ``embedding``.

    A classifier that can tell where in the picture it finds its evidence gives ``evidence`` (N, K, G, G), too.

    Weights are stored in 8 or 16 bits and computed with in 32, which makes the file small and costs nothing at run
    time: ONNX Runtime widens them once, when it loads the graph.

    Args:
        model: the trained model, gone through `fold_normalisation` and `round_weights`.
        file: where to write.
        size: side of the square input, in pixels.
    """
    example = torch.zeros(2, 3, size, size)
    explains = getattr(model, "explains", False)
    program = torch.onnx.export(
        _Explaining(model).eval() if explains else model.eval(),
        (example,),
        input_names=["image"],
        output_names=["logits", "painting", "embedding", *(["evidence"] if explains else [])],
        dynamic_shapes={"images": {0: torch.export.Dim.DYNAMIC}},
        dynamo=True,
        # Drops what `fold_normalisation` left; otherwise ONNX Runtime computes it at every call.
        optimize=True,
        verbose=False,
    )
    graph = onnx_ir.to_proto(_share(cast(torch.onnx.ONNXProgram, program).model))
    _forget_origin(graph)
    _store_small(graph.graph)
    onnx.checker.check_model(graph)
    with write_partial(file) as partial:
        onnx.save(graph, partial)


def _share(graph: onnx_ir.Model) -> onnx_ir.Model:
    """Store and compute once what members of an ensemble have in common: layers that none of them has changed."""
    passes = onnx_ir.passes.PassManager(
        [DeduplicateInitializersPass(size_limit=_LARGEST_SHARED), CommonSubexpressionEliminationPass()]
    )
    return passes(graph).model


class _Explaining(nn.Module):
    """A model of which `explain` is asked."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.model.explain(images)  # type: ignore[operator,no-any-return]


def _forget_origin(model: onnx.ModelProto) -> None:
    """Drop what the exporter notes of source files: it is of no use to users and names folders of this machine."""
    del model.metadata_props[:], model.graph.metadata_props[:]
    for part in (
        *model.graph.node,
        *model.graph.value_info,
        *model.graph.initializer,
        *model.graph.input,
        *model.graph.output,
    ):
        del part.metadata_props[:]
        part.doc_string = ""


def _store_small(graph: onnx.GraphProto) -> None:
    """Store in 8 or 16 bits what these hold exactly, and widen it in the graph; other tensors stay as they are."""
    kept: list[onnx.TensorProto] = []
    widened: list[onnx.NodeProto] = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size >= _SMALLEST_HALVED:
            tensors, nodes = _store_whole(tensor.name, values) or _store_half(tensor.name, values) or ([tensor], [])
        else:
            tensors, nodes = [tensor], []
        kept += tensors
        widened += nodes
    nodes = [*widened, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)


_Stored = tuple[list[onnx.TensorProto], list[onnx.NodeProto]]


def _store_half(name: str, values: NDArray[np.float32]) -> _Stored | None:
    halved = values.astype(np.float16)
    if not np.array_equal(halved.astype(np.float32), values):
        return None
    cast = helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT)
    return [numpy_helper.from_array(halved, f"{name}_half")], [cast]


def _store_whole(name: str, values: NDArray[np.float32]) -> _Stored | None:
    """Whole multiples of a step for each output channel, which is the first axis, or the last where it was turned."""
    if values.size < _SMALLEST_WHOLE or values.ndim not in {2, 4}:
        return None
    for turned in (False, True) if values.ndim == 2 else (False,):
        rows = values.T if turned else values.reshape(len(values), -1)
        step = _steps(rows)
        whole = np.round(rows / step[:, None])
        if np.array_equal((whole * step[:, None]).astype(np.float32), rows):
            break
    else:
        return None
    stored = (whole.T if turned else whole.reshape(values.shape)).astype(np.int8)
    steps = step if turned else step.reshape(-1, *[1] * (values.ndim - 1))
    tensors = [numpy_helper.from_array(stored, f"{name}_whole"), numpy_helper.from_array(steps, f"{name}_step")]
    cast = helper.make_node("Cast", [f"{name}_whole"], [f"{name}_wide"], to=TensorProto.FLOAT)
    return tensors, [cast, helper.make_node("Mul", [f"{name}_wide", f"{name}_step"], [name])]


_SMALLEST = 4096
"""Weights with fewer values than this are not worth it."""


def quantize_graph(file: Path, batches: Iterable[NDArray[np.float32]]) -> int:
    """Quantise the linear layers of a graph, in place, all of it or nothing.

    Weights become 8-bit integers with a scale for each output channel, activations unsigned 8-bit integers with one
    scale and zero point each (Jacob et al. 2018), as QDQ nodes that ONNX Runtime fuses. The patch embedding, the
    attention's own products and the heads stay in 32 bits.

    Args:
        file: the graph, as `smn.export.graph.write_graph` writes it.
        batches: pictures (n, 3, size, size) whose activations give the ranges; a hundred or two are enough.

    Returns:
        How many layers were quantised.

    Raises:
        InputError: the graph has no such layer: networks of convolutions have not.
    """
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    graph = onnx.load(file)
    layers = _linear_layers(graph.graph)
    if not layers:
        raise InputError(f"{file} has no linear layers to quantise; export it without --quantize.")
    source = file.with_suffix(".float.onnx")
    onnx.save(graph, source)
    try:
        with write_partial(file) as partial:
            quantize_static(
                source,
                partial,
                _Reader(batches),
                quant_format=QuantFormat.QDQ,
                nodes_to_quantize=layers,
                op_types_to_quantize=["MatMul"],
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod.MinMax,
            )
    finally:
        source.unlink(missing_ok=True)
    return len(layers)


def _linear_layers(graph: onnx.GraphProto) -> list[str]:
    """Names of the products of activations with large stored weights."""
    sizes = {tensor.name: int(np.prod(tensor.dims)) for tensor in graph.initializer}
    return [
        node.name
        for node in graph.node
        if node.op_type == "MatMul" and any(sizes.get(name, 0) >= _SMALLEST for name in node.input)
    ]


class _Reader:
    """Batches as ONNX Runtime's calibration reads them."""

    def __init__(self, batches: Iterable[NDArray[np.float32]]) -> None:
        self._batches: Iterator[NDArray[np.float32]] = iter(batches)

    def get_next(self) -> dict[str, Any] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"image": batch}
