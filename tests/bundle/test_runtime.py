from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from smn.bundle import Bundle
from smn.bundle.row_reader import Failure
from smn.bundle.runtime import Outputs, Runtime
from smn.errors import BundleError
from smn.images import open_image
from smn.images.preprocess import PreprocessSpec
from smn.manifest import read_manifest
from smn.movements import read_taxonomy


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


def test_any_number_of_pictures_is_run_in_batches_and_failures_stay_where_they_stood(tiny_bundle: Bundle) -> None:
    runtime, batch = Runtime(tiny_bundle, threads=1), batch_of(7)
    bad = Failure("bad", "It is bad; mend it.")
    pictures = [bad, *((picture, at) for at, picture in enumerate(batch)), bad]
    sizes: list[int] = []
    run = runtime.run

    def counted(batch: np.ndarray, *, evidence: bool = False) -> Outputs:
        sizes.append(len(batch))
        return run(batch, evidence=evidence)

    runtime.run = counted  # type: ignore[method-assign]
    results = list(runtime.run_batches(pictures, batch_size=4))
    assert sizes == [3, 4]  # a failure takes its place in a batch, and the last one is never run
    assert (results[0], results[-1]) == (bad, bad)
    for at, one in enumerate(results[1:-1]):
        assert not isinstance(one, Failure)
        outputs, number = one
        assert (number, outputs.logits.shape, outputs.evidence) == (at, (1, 25), None)
        np.testing.assert_allclose(outputs.embedding[0], batch[at].mean(axis=(1, 2)), atol=1e-5)


def test_the_rows_of_a_manifest_are_run_and_bad_pictures_are_failures(
    tiny_bundle: Bundle, tmp_path: Path, make_painted_set: Callable[..., Path]
) -> None:
    manifest = read_manifest(make_painted_set(tmp_path / "many", splits={"train": 2}, side=32))
    (tmp_path / "many" / "3.jpg").write_bytes(b"no picture at all")
    told: list[tuple[str, int, int]] = []
    runtime = Runtime(tiny_bundle, threads=1)
    rows = np.array([5, 3, 0])
    found = list(
        runtime.run_rows(manifest, rows, title="many", batch_size=2, on_progress=lambda *one: told.append(one))
    )
    assert told == [("many", 1, 3), ("many", 2, 3), ("many", 3, 3)]
    assert isinstance(found[1], Failure)
    assert found[1].id == manifest.column("id")[3]
    for row, one in ((5, found[0]), (0, found[2])):
        assert not isinstance(one, Failure)
        picture = tiny_bundle.preprocess.apply(open_image(manifest.picture(row), reduce_to=32))
        np.testing.assert_allclose(one.logits, runtime.run(picture[None]).logits, atol=1e-5)
