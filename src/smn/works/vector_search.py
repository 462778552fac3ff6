"""The short vectors that works are compared by, and the search for the nearest: exact, or nearly so for very many.

The two searches share one seam, `Searcher`. Another engine, such as a vector database, would be a third class with the
same method.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from smn.errors import MissingExtraError, SimilarError

Floats = NDArray[np.float32]
Found = tuple[NDArray[np.int64], Floats]
"""Numbers (Q, k) of the nearest vectors, nearest first, and their cosine similarities (Q, k), -1..1."""

DIMENSIONS = 128
"""Length of a vector in an index: longer ones find no more (docs/similar.md)."""

_LEAST = 1e-6
_BLOCK = 65_536


@dataclass(frozen=True)
class Projection:
    """Principal components, weighed between all alike and as they vary, then brought to length 1.

    Dividing each component by the root of its deviation keeps the strongest, which tell bright from dark, from
    outvoting the others, and the weakest, which are noise, small.

    Args:
        mean: (D,), of the embeddings.
        matrix: (D, d).
    """

    mean: Floats
    matrix: Floats

    def apply(self, embeddings: Floats) -> Floats:
        """Vectors (N, d) of length 1 for embeddings (N, D)."""
        vectors = (embeddings - self.mean) @ self.matrix
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _LEAST))


def fit_projection(embeddings: Floats, *, dimensions: int = DIMENSIONS) -> Projection:
    """The projection for some works.

    Args:
        embeddings: (N, D), of all or of enough of them.
        dimensions: how many components to keep at most, d; no more than N or D can be had.
    """
    values = embeddings.astype(np.float64)
    mean = values.mean(axis=0)
    variances, directions = np.linalg.eigh(np.cov(values, rowvar=False).reshape(len(mean), len(mean)))
    kept = np.argsort(-variances, kind="stable")[: min(dimensions, len(embeddings))]
    weights = np.clip(variances[kept], _LEAST, None) ** -0.25
    # Kept with 16 bits, so that whoever reads the index projects as whoever wrote it.
    matrix = (directions[:, kept] * weights).astype(np.float16).astype(np.float32)
    return Projection(mean.astype(np.float16).astype(np.float32), matrix)


def find_weights(vectors: Floats) -> Floats:
    """What the components of N vectors (N, d) are multiplied by to vary alike (d,), which whitens them.

    Components that hardly vary get 0: in a space of few works they are noise, which would outvote the others.
    """
    spread = vectors.std(axis=0)
    return np.asarray(np.where(spread > 0.01 * spread.max(), 1 / np.maximum(spread, _LEAST), 0.0), dtype=np.float32)


class Searcher(Protocol):
    """Finds the nearest of many vectors."""

    def search(self, queries: Floats, count: int) -> Found:
        """The ``count`` nearest of each of Q vectors (Q, d) of length 1."""
        ...


def pack_vectors(vectors: Floats) -> NDArray[np.int8]:
    """Vectors (N, d) of length 1 in 8 bits a number: each by its own largest one, since length does not count."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    return np.asarray(np.round(vectors / np.maximum(largest, 1e-9) * 127), dtype=np.int8)


def unpack_vectors(packed: NDArray[np.int8]) -> Floats:
    """Vectors (N, d) of length 1 again."""
    values = packed.astype(np.float32)
    return np.asarray(values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9))


class ExactSearcher:
    """Compares with every vector; right always, and fast enough for some 100,000.

    Args:
        packed: (N, d), as `pack_vectors` gives them; may be a memory map.
    """

    def __init__(self, packed: NDArray[np.int8]) -> None:
        self._blocks = [unpack_vectors(packed[start : start + _BLOCK]) for start in range(0, len(packed), _BLOCK)]

    def search(self, queries: Floats, count: int) -> Found:
        """See `Searcher.search`."""
        found: list[Found] = []
        start = 0
        for block in self._blocks:
            found.append(_nearest(queries @ block.T, count, first=start))
            start += len(block)
        places, scores = (np.concatenate([one[part] for one in found], axis=1) for part in (0, 1))
        best = np.argsort(-scores, axis=1, kind="stable")[:, :count]
        return np.take_along_axis(places, best, axis=1), np.take_along_axis(scores, best, axis=1)


def _nearest(scores: Floats, count: int, *, first: int) -> Found:
    count = min(count, scores.shape[1])
    part = np.argpartition(-scores, count - 1, axis=1)[:, :count]
    near = np.take_along_axis(scores, part, axis=1)
    order = np.argsort(-near, axis=1, kind="stable")
    return np.take_along_axis(part, order, axis=1) + first, np.take_along_axis(near, order, axis=1)


def measure_hubness(vectors: Floats, *, count: int = 10, sample: int = 20_000, seed: int = 0) -> Floats:
    """How near each of N vectors (N, d) is to its nearest, (N,): the mean similarity of the ``count`` nearest others.

    Vectors with a high one are near everything (hubs). Of very many vectors a sample is compared with.
    """
    chosen = np.sort(np.random.default_rng(seed).permutation(len(vectors))[:sample])
    near = np.zeros(len(vectors), np.float32)
    count = min(count, max(len(chosen) - 1, 1))
    for start in range(0, len(vectors), 2048):
        scores = vectors[start : start + 2048] @ vectors[chosen].T
        scores[np.arange(start, start + len(scores))[:, None] == chosen] = -1.0
        near[start : start + len(scores)] = -np.partition(-scores, count - 1, axis=1)[:, :count].mean(axis=1)
    return near


class ApproximateSearcher:
    """A graph of near neighbours (HNSW, Malkov & Yashunin 2016) that is walked instead of comparing with every vector.

    The graph holds each number in so few bits that neighbours change places; several times as many as are wanted are
    taken from it, and put in order by the index's own vectors.

    Args:
        file: written by `write_graph`; mapped into memory, not read.
        packed: (N, d), the vectors it was made of; may be a memory map.

    Raises:
        MissingExtraError: the extra ``similar`` is not installed.
        SimilarError: the file cannot be read.
    """

    def __init__(self, file: Path, packed: NDArray[np.int8]) -> None:
        try:
            from usearch.index import Index
        except ImportError as error:
            raise MissingExtraError("similar", "usearch") from error
        index = Index.restore(file, view=True, expansion_search=EXPANSION)
        if index is None:
            raise SimilarError(f"{file} is no graph of near neighbours; build the index anew.")
        self._index, self._packed = index, packed

    def search(self, queries: Floats, count: int) -> Found:
        """See `Searcher.search`."""
        wanted = min(max(_CANDIDATES * count, 32), len(self._packed))
        matches = self._index.search(queries, wanted)
        keys = np.asarray(matches.keys, dtype=np.int64).reshape(len(queries), -1)
        near = unpack_vectors(self._packed[keys.ravel()]).reshape(*keys.shape, -1)
        scores = np.einsum("qd,qkd->qk", queries, near)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :count]
        return np.take_along_axis(keys, order, axis=1), np.take_along_axis(scores, order, axis=1)


EXPANSION = 384
"""How many candidates a walk keeps: more finds more of the nearest and takes longer."""

_CANDIDATES = 8
"""How many times as many as are wanted are taken from the graph."""


def write_graph(packed: NDArray[np.int8], file: Path) -> None:
    """Write the graph that `ApproximateSearcher` walks.

    Raises:
        MissingExtraError: the extra ``similar`` is not installed.
    """
    try:
        from usearch.index import Index
    except ImportError as error:
        raise MissingExtraError("similar", "usearch") from error
    index = Index(ndim=packed.shape[1], metric="cos", dtype="i8", connectivity=24, expansion_add=192)
    for start in range(0, len(packed), _BLOCK):
        block = unpack_vectors(packed[start : start + _BLOCK])
        index.add(np.arange(start, start + len(block)), block)
    index.save(file)
