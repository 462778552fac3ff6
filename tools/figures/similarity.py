"""Measures the search for similar works: what it finds, and what it costs with more works than there are.

    python tools/figures/similarity.py --data build/data --measured build/default/bundles/fast-measured [--sizes]

The figures go to docs/results/similar; figures.py places them on docs/similar.md.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.works.vector_search import DIMENSIONS

KEPT = Path(__file__).parents[2] / "docs" / "results" / "similar" / "similar.json"
MAP = Path(__file__).parents[2] / "docs" / "images" / "similar-map.png"
_WEIGHINGS = {"the whole embedding": None, "as they vary": 0.0, "half-way": -0.25, "all alike": -0.5}
"""Ways to weigh principal components: the power of its variance that each is multiplied by."""

SIZES = (3_000, 100_000, 1_000_000)
_TOP = 10
_TIMED = 200

Floats = NDArray[np.float32]


def measure(data: Path, *, sizes: bool) -> dict[str, Any]:
    """Measure on famous works, which are the questions."""
    from smn.bundle import read_bundle
    from smn.manifest import read_manifest
    from smn.movements import normalise
    from smn.similar.index import read_index
    from smn.works.vector_search import unpack_vectors

    index, manifest, bundle = read_index(), read_manifest(data / "famous"), read_bundle("fast")  # which made the index
    questions = index.project(_embed(bundle, manifest))
    artists = np.array([normalise(name or "") for name in manifest.column("artist")])
    movements = np.array(manifest.column("movement"))
    told: dict[str, Any] = {"model": index.model, "works": len(index), "questions": len(questions), "found": {}}
    vectors = unpack_vectors(index.packed)
    told["found"]["famous, same artist"] = _share(questions, questions, artists, artists, itself=True)
    told["found"]["famous, same movement"] = _share(questions, questions, movements, movements, itself=True)
    # What the search costs depends on the machine and not on the model; it is kept until it is measured again.
    before = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    told["sizes"] = before.get("sizes") if not sizes else [_cost(vectors, questions, size) for size in SIZES]
    return told


def weigh(data: Path, measured: Path) -> dict[str, dict[str, float]]:
    """How to weigh components, on artists that the network never saw: learned on val, asked of each other in test."""
    from smn.bundle import read_bundle
    from smn.manifest import read_manifest
    from smn.movements import normalise

    bundle, manifest = read_bundle(measured), read_manifest(data / "pool")
    known, asked = (manifest.rows(split=split) for split in ("val", "test"))
    learned, values = (_embed(bundle, manifest, rows).astype(np.float64) for rows in (known, asked))
    artists, movements = (np.array(manifest.column(name))[asked] for name in ("artist", "movement"))
    artists = np.array([normalise(name or "") for name in artists])
    mean = learned.mean(axis=0)
    variances, directions = np.linalg.eigh(np.cov(learned, rowvar=False))
    best = np.argsort(-variances)[:DIMENSIONS]
    told = {}
    for name, power in _WEIGHINGS.items():
        vectors = values - mean
        if power is not None:
            vectors = vectors @ (directions[:, best] * np.clip(variances[best], 1e-6, None) ** power)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        told[name] = {
            what: _share(vectors, vectors, kind, kind, itself=True)["precision"]
            for what, kind in (("artist", artists), ("movement", movements))
        }
    return told


def _embed(bundle: Any, manifest: Any, rows: Sequence[int] | None = None) -> Floats:
    from smn.bundle.row_reader import Failure
    from smn.bundle.runtime import Runtime

    wanted = np.arange(len(manifest)) if rows is None else np.asarray(rows)
    found = list(Runtime(bundle).run_rows(manifest, wanted, title="works"))
    failures = [one for one in found if isinstance(one, Failure)]
    if failures:
        raise SystemExit(f"{len(failures)} pictures cannot be read; {failures[0].id} says: {failures[0].reason}")
    return np.concatenate([one.embedding for one in found if not isinstance(one, Failure)])


def _share(questions: Any, vectors: Any, asked: Any, known: Any, *, itself: bool = False) -> dict[str, float]:
    """The share of the ten nearest that are of the same kind, and what drawing by lot would give."""
    scores = questions @ vectors.T
    if itself:
        np.fill_diagonal(scores, -2)
    nearest = np.argsort(-scores, axis=1)[:, :_TOP]
    counted = np.isin(asked, known)
    same = known[nearest] == asked[:, None]
    lot = np.array([(known == one).mean() for one in asked])
    return {
        "questions": int(counted.sum()),
        "precision": round(float(same[counted].mean()), 4),
        "by_lot": round(float(lot[counted].mean()), 4),
        "any": round(float(same[counted].any(1).mean()), 4),
    }


def _cost(vectors: Floats, questions: Floats, size: int) -> dict[str, Any]:
    """Recall at ten and milliseconds a question among so many works, made up from the real ones.

    Each is a real work's vector moved towards another's, with noise as large as what is then between neighbours: dense
    where works are dense. Vectors of noise alone would lie equally far from each other, and no graph finds a way
    among those.
    """
    from smn.works.vector_search import ApproximateSearcher, ExactSearcher, pack_vectors, write_graph

    draw = np.random.default_rng(0)
    made = np.empty((size, vectors.shape[1]), dtype=np.int8)
    for start in range(0, size, 50_000):
        count = min(50_000, size - start)
        one, other = (vectors[draw.integers(0, len(vectors), count)] for _ in range(2))
        share = draw.uniform(0.0, 0.5, (count, 1)).astype(np.float32)
        noise = draw.normal(0, 0.35 / np.sqrt(vectors.shape[1]), one.shape).astype(np.float32)
        mixed = (1 - share) * one + share * other + noise
        made[start : start + count] = pack_vectors(mixed / np.linalg.norm(mixed, axis=1, keepdims=True))
    asked = questions[draw.permutation(len(questions))[:_TIMED]]
    exact = ExactSearcher(made)
    truth, exact_ms = _time(exact, asked)
    del exact
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "graph.usearch"
        began = time.perf_counter()
        write_graph(made, file)
        built = time.perf_counter() - began
        found, graph_ms = _time(ApproximateSearcher(file, made), asked)
        megabytes = file.stat().st_size / 1e6
    hits = [len(set(one) & set(other)) / _TOP for one, other in zip(truth, found, strict=True)]
    return {
        "works": size, "exact_ms": round(exact_ms, 2), "graph_ms": round(graph_ms, 3), "recall": float(np.mean(hits)),
        "build_seconds": round(built, 1), "graph_mb": round(megabytes, 1), "vectors_mb": round(made.nbytes / 1e6, 1),
    }  # fmt: skip


def _time(searcher: Any, asked: Floats) -> tuple[NDArray[np.int64], float]:
    searcher.search(asked[:1], _TOP)
    found, times = [], []
    for question in asked:
        began = time.perf_counter()
        places, _ = searcher.search(question[None], _TOP)
        times.append(time.perf_counter() - began)
        found.append(places[0])
    return np.array(found), 1000 * statistics.median(times)


def _table() -> str:
    lines = ["| asked of | questions | of the ten nearest, % | by lot, % | any of the ten, % |"]
    lines.append("| --- | ---: | ---: | ---: | ---: |")
    for name, one in _told().get("found", {}).items():
        shares = " | ".join(f"{100 * one[key]:.1f}" for key in ("precision", "by_lot", "any"))
        lines.append(f"| {name} | {one['questions']} | {shares} |")
    return "\n".join(lines)


_HEAD = "works | exact, ms | graph, ms | exact / graph | recall at 10, % | built in, s | vectors, MB | graph, MB"


def _sizes() -> str:
    def line(one: Mapping[str, Any]) -> str:
        times = f"{one['exact_ms']:.2f} | {one['graph_ms']:.2f} | {one['exact_ms'] / one['graph_ms']:.1f}"
        sizes = f"{one['build_seconds']:.0f} | {one['vectors_mb']:.1f} | {one['graph_mb']:.0f}"
        return f"| {one['works']:,} | {times} | {100 * one['recall']:.1f} | {sizes} |"

    return "\n".join([f"| {_HEAD} |", f"|{' ---: |' * 8}", *map(line, _told().get("sizes", []))])


def _told() -> Mapping[str, Any]:
    known: Mapping[str, Any] = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    return known


def _weighings() -> str:
    lines = ["| components weighed | same artist, % of ten | same movement, % of ten |", "| --- | ---: | ---: |"]
    for name, one in _told().get("weighings", {}).items():
        lines.append(f"| {name} | {100 * one['artist']:.1f} | {100 * one['movement']:.1f} |")
    return "\n".join(lines)


TABLES: Mapping[str, Callable[[], str]] = {
    "similar-found": _table, "similar-sizes": _sizes, "similar-weighings": _weighings,
}  # fmt: skip


def main() -> None:
    """Measure, and draw the map."""
    import smn
    from smn.examples import paint
    from smn.similar.index import read_index
    from smn.similar.index_building import draw_map

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--measured", type=Path, required=True, help="the fit that never saw the test's artists")
    parser.add_argument("--sizes", action="store_true", help="also time the search among more works; minutes")
    chosen = parser.parse_args()
    MAP.unlink(missing_ok=True)
    model = smn.load()
    embedding = model.analyze(paint("impressionism", seed=0)).embedding
    draw_map(read_index(), MAP, embedding=embedding, title="a generated painting")
    told = measure(chosen.data, sizes=chosen.sizes) | {"weighings": weigh(chosen.data, chosen.measured)}
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
