"""Makes an index of the works in manifests, and draws its map."""

import gzip
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.bundle import Bundle
from smn.bundle.row_reader import Failure
from smn.bundle.runtime import Runtime
from smn.errors import InputError, OutputExistsError
from smn.extras import require_extra
from smn.feature_cache import FeatureCache, FeatureSet
from smn.manifest import NOT_A_PAINTING, Manifest, read_manifest
from smn.movements import find_movement, get_family, list_families
from smn.progress import Progress
from smn.similar.index import LARGE, SCHEMA, SimilarIndex, Work, place_picture, require_places
from smn.similar.vector_search import DIMENSIONS, fit_projection, pack_vectors, unpack_vectors, write_graph

_VERSION = 1  # of the embeddings: raise it where the same model gives other ones
_SAMPLE = 50_000
_MAPPED = 20_000
_FACTS = tuple(name for name in Work.__dataclass_fields__ if name != "id")


def build_index(
    manifests: Sequence[str | Path],
    out: Path,
    *,
    bundle: Bundle,
    known: str | None = None,
    dimensions: int = DIMENSIONS,
    seed: int = 0,
    on_progress: Progress = lambda *_: None,
) -> tuple[int, list[Failure]]:
    """Embed the works of manifests and write the index; interrupted, the same call continues.

    Works with the same picture or the same Wikidata id are taken once. A picture that cannot be read is left out.

    Args:
        manifests: files or folders.
        out: the folder to make.
        bundle: the model that sees them.
        known: a column; rows where it is empty are left out.
        dimensions: length of the vectors, at most.
        seed: of the map.
        on_progress: called with how many works are embedded.

    Returns:
        How many works the index holds, and what could not be read.

    Raises:
        OutputExistsError: there is something at ``out``.
        ManifestError: a manifest cannot be read.
        InputError: no work is left.
        MissingExtraError: the extra ``data``, or for a large index ``similar``, is not installed.
    """
    if out.exists():
        raise OutputExistsError(out)
    chosen = _choose([read_manifest(path) for path in manifests], known)
    if not chosen:
        raise InputError(f"No works in {', '.join(map(str, manifests))} are left; name a manifest with pictures.")
    partial = out.with_name(out.name + ".partial")
    embeddings, failures = _embed(chosen, bundle, partial, on_progress)
    lost = {failure.id for failure in failures}
    works = [work for _, _, work in chosen if work.id not in lost]
    if not works:
        raise InputError(f"None of {len(chosen)} pictures can be read: {failures[0].reason}")
    made = out.with_name(out.name + ".made")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    _write(made, works, embeddings, bundle, dimensions=dimensions, seed=seed)
    os.replace(made, out)
    shutil.rmtree(partial)
    return len(works), failures


Chosen = tuple[Manifest, int, Work]


def _choose(manifests: Sequence[Manifest], known: str | None) -> list[Chosen]:
    chosen: list[Chosen] = []
    seen: set[str] = set()
    for manifest in manifests:
        columns: dict[str, list[Any]] = {name: manifest.column(name) for name in (*_FACTS, "id", "sha256")}
        wanted = manifest.column(known) if known else [True] * len(manifest)
        for row in range(len(manifest)):
            keys = {columns["sha256"][row], columns["wikidata_id"][row]} - {None}
            if not wanted[row] or keys & seen or columns["movement"][row] == NOT_A_PAINTING:
                continue
            seen |= keys
            facts = {name: columns[name][row] for name in _FACTS}
            facts["museum"] = None if facts["museum"] == "Unknown" else facts["museum"]
            chosen.append((manifest, row, Work(id=columns["id"][row], **facts)))
    return chosen


def _embed(
    chosen: Sequence[Chosen], bundle: Bundle, folder: Path, on_progress: Progress
) -> tuple[NDArray[np.float32], list[Failure]]:
    """Embeddings (N, D) of the pictures that can be read, stored in a cache as they come, and those that cannot."""
    runtime = Runtime(bundle)
    features = FeatureSet("embedding", _VERSION, {"model": bundle.model_sha256}, np.dtype(("<f4", (runtime.width,))))
    pictures = [str(manifest.table["sha256"][row].as_py()) for manifest, row, _ in chosen]
    with FeatureCache(folder, features) as cache:
        _, missing = cache.read(pictures)
        waiting = [one for one, picture in zip(chosen, pictures, strict=True) if picture in missing]
        done, failures = len(chosen) - len(waiting), list[Failure]()
        for manifest in {id(manifest): manifest for manifest, _, _ in waiting}.values():
            rows = np.array([row for one, row, _ in waiting if one is manifest], dtype=np.int64)
            for row, one in zip(rows.tolist(), runtime.run_rows(manifest, rows, title="works"), strict=True):
                if isinstance(one, Failure):
                    failures.append(one)
                else:
                    cache.write([str(manifest.table["sha256"][row].as_py())], one.embedding)
                done += 1
                on_progress("works", done, len(chosen))
        lost = {failure.id for failure in failures}
        kept = [picture for (_, _, work), picture in zip(chosen, pictures, strict=True) if work.id not in lost]
        return cache.read(kept)[0], failures


def _write(
    folder: Path, works: Sequence[Work], embeddings: NDArray[np.float32], bundle: Bundle, *, dimensions: int, seed: int
) -> None:
    sample = np.random.default_rng(seed).permutation(len(embeddings))[:_SAMPLE]
    projection = fit_projection(embeddings[np.sort(sample)], dimensions=dimensions)
    packed = pack_vectors(projection.apply(embeddings))
    np.save(folder / "vectors.npy", packed)
    np.savez_compressed(
        folder / "projection.npz", mean=projection.mean.astype(np.float16), matrix=projection.matrix.astype(np.float16)
    )
    lines = (
        json.dumps({"id": work.id, **_list_facts(work)}, ensure_ascii=False, separators=(",", ":")) for work in works
    )
    text = "".join(f"{line}\n" for line in lines).encode()
    # Without a time of day inside, equal works give equal files.
    (folder / "works.jsonl.gz").write_bytes(gzip.compress(text, mtime=0))
    if len(works) <= _MAPPED:
        np.save(folder / "places.npy", arrange(unpack_vectors(packed), seed=seed))
    if len(works) > LARGE:
        write_graph(packed, folder / "graph.usearch")
    facts = {
        "schema": SCHEMA, "model": bundle.name, "model_sha256": bundle.model_sha256, "works": len(works),
        "dimensions": packed.shape[1],
    }  # fmt: skip
    (folder / "index.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def _list_facts(work: Work) -> dict[str, Any]:
    return {name: value for name in _FACTS if (value := getattr(work, name)) is not None}


def arrange(vectors: NDArray[np.float32], *, seed: int = 0) -> NDArray[np.float32]:
    """A map of the index: where each work stands (N, 2), 0..1, works that look alike near each other.

    By t-SNE (van der Maaten & Hinton 2008) on cosine distances; with fewer than ten works in a row.

    Raises:
        MissingExtraError: the extra ``data`` is not installed.
    """
    from smn.extras import require_extra

    require_extra("data", "sklearn")
    from sklearn.manifold import TSNE

    if len(vectors) < 10:
        return np.column_stack([np.linspace(0, 1, len(vectors)), np.full(len(vectors), 0.5)]).astype(np.float32)
    perplexity = min(30.0, (len(vectors) - 1) / 3)
    found = TSNE(2, metric="cosine", init="pca", perplexity=perplexity, random_state=seed).fit_transform(vectors)
    low, high = found.min(axis=0), found.max(axis=0)
    return np.asarray((found - low) / np.maximum(high - low, 1e-9), dtype=np.float32)


def draw_map(
    index: SimilarIndex, out: Path, *, embedding: NDArray[np.float32] | None = None, title: str | None = None
) -> None:
    """Write the map as a PNG: a dot a work, coloured by its movement's family, and the picture as a star.

    Args:
        index: an index with a map.
        out: the file to write; nothing may be there.
        embedding: (D,), of a picture to show; None for the map alone.
        title: what stands beside the star.

    Raises:
        OutputExistsError: there is a file already.
        SimilarError: the index has no map.
        MissingExtraError: the extra ``explain`` is not installed.
    """
    require_extra("explain", "matplotlib")
    from matplotlib.figure import Figure

    if out.exists():
        raise OutputExistsError(out)
    places = require_places(index)
    families = [_family(index.work(place).movement) for place in range(len(index))]
    figure = Figure(figsize=(10, 8), facecolor="#FAF8F4")
    axis = figure.add_axes((0.01, 0.01, 0.68, 0.96))
    shown = [family for family in list_families() if family.id in set(families)]
    for kind, name, colour in (("", "not labelled", "#CFC9C0"), *((one.id, one.name, one.colour) for one in shown)):
        mine = np.array([family == kind for family in families])
        if mine.any():
            axis.scatter(
                places[mine, 0], places[mine, 1], s=13, c=colour, lw=0, alpha=0.85, label=f"{name} ({mine.sum()})"
            )
    if embedding is not None:
        x, y = place_picture(index, embedding)
        axis.scatter([x], [y], s=420, marker="*", c="#111111", edgecolors="white", lw=1.6, zorder=3)
        left = x > 0.6  # so that the name stays on the map
        axis.annotate(title or "your picture", (x, y), (-10 if left else 10, 10), textcoords="offset points",
                      ha="right" if left else "left", fontsize=11, weight="bold",
                      bbox={"boxstyle": "round", "fc": "white", "ec": "none", "alpha": 0.85})  # fmt: skip
    axis.set_axis_off()
    figure.legend(loc="center left", bbox_to_anchor=(0.7, 0.5), frameon=False, fontsize=9, title="family")
    figure.text(0.71, 0.03, "Near each other:\nalike to the model", fontsize=9, color="#6B655C")
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=110)


def _family(name: str | None) -> str:
    movement = find_movement(name) if name else None
    return get_family(movement.family).id if movement else ""
