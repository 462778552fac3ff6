from pathlib import Path

import numpy as np
import onnxruntime  # noqa: F401 - before usearch, which crashes it otherwise
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smn.works.vector_search import (
    ApproximateSearcher,
    ExactSearcher,
    find_weights,
    fit_projection,
    measure_hubness,
    pack_vectors,
    unpack_vectors,
    write_graph,
)


def unit(count: int, length: int = 32, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).normal(size=(count, length)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


@given(st.integers(1, 60), st.integers(1, 12), st.integers(0, 5))
def test_exact_search_is_sorting_by_cosine(count: int, wanted: int, seed: int) -> None:
    packed = pack_vectors(unit(count, seed=seed))
    questions = unit(4, seed=seed + 100)
    places, scores = ExactSearcher(packed).search(questions, wanted)
    right = questions @ unpack_vectors(packed).T
    assert places.shape == scores.shape == (4, min(wanted, count))
    np.testing.assert_allclose(scores, -np.sort(-right, axis=1)[:, :wanted], atol=1e-5)
    np.testing.assert_allclose(np.take_along_axis(right, places, axis=1), scores, atol=1e-5)


def test_exact_search_in_blocks_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    packed, questions = pack_vectors(unit(100)), unit(5, seed=1)
    whole = ExactSearcher(packed).search(questions, 7)
    monkeypatch.setattr("smn.works.vector_search._BLOCK", 9)
    parts = ExactSearcher(packed).search(questions, 7)
    np.testing.assert_array_equal(whole[0], parts[0])


def test_eight_bits_hardly_move_a_vector() -> None:
    vectors = unit(200, 128)
    assert float((unpack_vectors(pack_vectors(vectors)) * vectors).sum(1).min()) > 0.999


def test_the_graph_finds_nearly_what_exact_search_finds(tmp_path: Path) -> None:
    packed, questions = pack_vectors(unit(3000, 24)), unit(50, 24, seed=1)
    write_graph(packed, tmp_path / "graph.usearch")
    found, scores = ApproximateSearcher(tmp_path / "graph.usearch", packed).search(questions, 10)
    right, right_scores = ExactSearcher(packed).search(questions, 10)
    shared = [len(set(one) & set(other)) / 10 for one, other in zip(found, right, strict=True)]
    assert np.mean(shared) > 0.97
    assert abs(scores[:, 0] - right_scores[:, 0]).max() < 1e-3


def test_the_projection_has_length_one_and_puts_likes_together() -> None:
    values = np.random.default_rng(0).normal(size=(60, 40)).astype(np.float32)
    projection = fit_projection(values, dimensions=16)
    vectors = projection.apply(values)
    assert vectors.shape == (60, 16)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    again = projection.apply(values[:1] + 0.01)
    assert int((vectors @ again.T).argmax()) == 0
    assert fit_projection(values[:5], dimensions=16).matrix.shape == (40, 5)


def test_components_that_hardly_vary_have_no_weight() -> None:
    vectors = unit(50, 6)
    vectors[:, 5] = 1e-5 * vectors[:, 5]
    weights = find_weights(vectors)
    np.testing.assert_allclose((vectors * weights).std(axis=0), [1, 1, 1, 1, 1, 0], atol=1e-4)


def test_a_hub_is_near_everything_and_a_vector_alone_is_not() -> None:
    vectors = unit(40, 8)
    vectors[0] = vectors.mean(axis=0) / np.linalg.norm(vectors.mean(axis=0))
    hubness = measure_hubness(vectors, count=5)
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -2)
    np.testing.assert_allclose(hubness, -np.sort(-scores, axis=1)[:, :5].mean(axis=1), atol=1e-5)
    assert hubness[0] > np.median(hubness)
    assert measure_hubness(vectors[:1]).shape == (1,)
