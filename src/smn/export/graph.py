"""From a trained torch model to one small ONNX graph."""

import os
from pathlib import Path
from typing import cast

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from smn.models import Classifier

_SMALLEST_HALVED = 64
"""Tensors with fewer values than this stay in 32 bits: halving them saves nothing."""


def halve_weights(model: nn.Module) -> None:
    """Round every weight to 16 bits, in place, so that a graph that stores 16 bits holds exactly the model."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.numel() >= _SMALLEST_HALVED:
                parameter.copy_(parameter.half().float())


def write_graph(model: Classifier, file: Path, *, size: int) -> None:
    """Write a classifier as ONNX: input ``image`` (N, 3, size, size), outputs ``logits``, ``painting``, ``embedding``.

    Weights are stored in 16 bits and computed with in 32, which halves the file and costs nothing at run time: ONNX
    Runtime widens them once, when it loads the graph.

    Args:
        model: the trained model; its weights should have gone through `halve_weights`.
        file: where to write.
        size: side of the square input, in pixels.
    """
    example = torch.zeros(2, 3, size, size)
    program = torch.onnx.export(
        model.eval(),
        (example,),
        input_names=["image"],
        output_names=["logits", "painting", "embedding"],
        dynamic_shapes={"images": {0: torch.export.Dim.DYNAMIC}},
        dynamo=True,
        # The optimiser would fold normalisation into weights that 16 bits no longer hold; ONNX Runtime folds on load.
        optimize=False,
        verbose=False,
    )
    graph = cast(torch.onnx.ONNXProgram, program).model_proto
    _store_half(graph.graph)
    onnx.checker.check_model(graph)
    partial = file.with_suffix(".partial")
    onnx.save(graph, partial)
    os.replace(partial, file)


def _store_half(graph: onnx.GraphProto) -> None:
    kept, casts = [], []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        halved = values.astype(np.float16) if values.dtype == np.float32 else None
        # Only what 16 bits hold exactly: `halve_weights` has prepared the weights, buffers stay as they are.
        if halved is None or values.size < _SMALLEST_HALVED or not np.array_equal(halved.astype(np.float32), values):
            kept.append(tensor)
            continue
        kept.append(numpy_helper.from_array(halved, f"{tensor.name}_half"))
        casts.append(helper.make_node("Cast", [f"{tensor.name}_half"], [tensor.name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
