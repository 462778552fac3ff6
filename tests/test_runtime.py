from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from smn.bundle import Bundle
from smn.errors import BundleError
from smn.movements import read_taxonomy
from smn.preprocess import PreprocessSpec
from smn.runtime import Runtime


def batch_of(count: int, *, size: int = 32) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (count, 3, size, size)).astype(np.float32)


@pytest.fixture
def with_graph(tmp_path: Path, tiny_bundle: Bundle) -> Callable[[str, str], Bundle]:
    """Makes a bundle whose graph has this input and this output."""

    def make(taken: str, given: str) -> Bundle:
        graph = helper.make_graph(
            [helper.make_node("Identity", [taken], [given])],
            "wrong",
            [helper.make_tensor_value_info(taken, TensorProto.FLOAT, ["N"])],
            [helper.make_tensor_value_info(given, TensorProto.FLOAT, ["N"])],
        )
        folder = tmp_path / "wrong"
        folder.mkdir()
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9),
                  folder / "model.onnx")  # fmt: skip
        return replace(tiny_bundle, folder=folder)

    return make


def test_outputs_have_a_row_a_picture(tiny_bundle: Bundle) -> None:
    outputs = Runtime(tiny_bundle).run(batch_of(5))
    assert outputs.logits.shape == (5, 25)
    assert outputs.painting.shape == (5,)
    assert outputs.embedding.shape == (5, 3)
    assert {outputs.logits.dtype, outputs.painting.dtype, outputs.embedding.dtype} == {np.dtype(np.float32)}


def test_a_batch_answers_as_its_pictures_one_by_one(tiny_bundle: Bundle) -> None:
    runtime, batch = Runtime(tiny_bundle, threads=1), batch_of(4)
    together = runtime.run(batch)
    for place in range(4):
        alone = runtime.run(batch[place : place + 1])
        np.testing.assert_allclose(alone.logits[0], together.logits[place], atol=1e-5)
        np.testing.assert_allclose(alone.painting[0], together.painting[place], atol=1e-4)
    np.testing.assert_allclose(together.embedding, batch.mean(axis=(2, 3)), atol=1e-5)


def test_several_threads_get_the_same_outputs(tiny_bundle: Bundle) -> None:
    runtime, batch = Runtime(tiny_bundle, threads=1), batch_of(3)
    expected = runtime.run(batch).logits
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: runtime.run(batch).logits, range(64)))
    assert all(np.array_equal(result, expected) for result in results)


def test_a_file_that_is_no_graph_is_a_bundle_error(tiny_bundle: Bundle) -> None:
    tiny_bundle.model_file.write_bytes(b"not a graph")
    with pytest.raises(BundleError, match=r"model\.onnx cannot be loaded .*export the model anew"):
        Runtime(tiny_bundle)


@pytest.mark.parametrize(("taken", "given"), [("pixels", "logits"), ("image", "scores")])
def test_a_graph_with_other_names_is_a_bundle_error(
    with_graph: Callable[[str, str], Bundle], taken: str, given: str
) -> None:
    with pytest.raises(BundleError, match=rf"takes \['{taken}'\] and gives \['{given}'\]"):
        Runtime(with_graph(taken, given))


def test_a_graph_of_another_size_or_other_labels_is_a_bundle_error(tiny_bundle: Bundle) -> None:
    with pytest.raises(BundleError, match=r"takes pictures of 32 x 32 .*says 48 x 48"):
        Runtime(replace(tiny_bundle, preprocess=PreprocessSpec(size=48)))
    with pytest.raises(BundleError, match=r"gives 25 logits.*and 8 labels"):
        Runtime(replace(tiny_bundle, taxonomy=read_taxonomy("origin-8")))


def test_a_graph_that_does_not_say_where_it_looks_is_said(tiny_bundle: Bundle) -> None:
    runtime = Runtime(tiny_bundle)
    assert not runtime.explains
    with pytest.raises(BundleError, match="has no output evidence, so it cannot show where it looks; export a model"):
        runtime.run(batch_of(1), evidence=True)
