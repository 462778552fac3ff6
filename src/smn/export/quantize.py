"""Static quantisation: the linear layers of a transformer's graph compute in whole numbers of 8 bits.

The ranges of the activations are measured once, on training pictures, and stored in the graph. Dynamic quantisation
would measure them in every batch, and an answer would depend on the other pictures of its batch.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from smn.errors import InputError
from smn.files import write_partial

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
