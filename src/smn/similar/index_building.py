"""Makes and changes an index of the works in manifests, and draws its map."""

import gzip
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.bundle import Bundle
from smn.bundle.row_reader import Failure, read_pictures
from smn.bundle.runtime import Runtime
from smn.errors import InputError, OutputExistsError, SimilarError
from smn.extras import require_extra
from smn.feature_cache import FeatureCache, FeatureSet
from smn.manifest import read_manifest
from smn.movements import find_movement, get_family, list_families
from smn.progress import Progress
from smn.similar.index import SimilarIndex, place_picture, require_places
from smn.similar.match_rule import fit_own_rule
from smn.similar.same_works import ShownWork, group_works, merge_works, name_by_file, read_works
from smn.works.fingerprints import feature_type, hash_whole
from smn.works.vector_search import (
    DIMENSIONS,
    Projection,
    find_weights,
    fit_projection,
    measure_hubness,
    pack_vectors,
    unpack_vectors,
    write_graph,
)
from smn.works.work_index import LARGE, SCHEMA, Work, read_index


class _Entries(NamedTuple):
    """N works, their vectors (N, d) and the hashes of their layout (N, 4)."""

    works: Sequence[Work]
    vectors: NDArray[np.float32]
    hashes: NDArray[np.uint64]


_VERSION = 1  # of the features: raise it where the same model gives other ones
_SAMPLE = 50_000
_MAPPED = 30_000
_BATCH = 16


def build_index(
    manifests: Sequence[str | Path],
    out: Path,
    *,
    bundle: Bundle,
    known: str | None = None,
    titles: Path | None = None,
    cache: Path | None = None,
    dimensions: int = DIMENSIONS,
    seed: int = 0,
    on_progress: Progress = lambda *_: None,
) -> tuple[int, list[Failure]]:
    """Embed the works of manifests and write the index; interrupted, the same call continues.

    Pictures of one work become one entry, see `smn.similar.same_works.group_works`. A picture that cannot be read is
    left out. The rules by which matches are judged are those of the index in the package, if the same model made it,
    and else fitted on these pictures, see `smn.similar.match_rule.fit_own_rule`.

    Args:
        manifests: files or folders; what an earlier one says of a work counts more.
        out: the folder to make.
        bundle: the model that sees them.
        known: a column; rows where it is empty are left out.
        titles: a CSV file with facts that the manifests lack, see `smn.similar.same_works.read_works`.
        cache: a folder where features are kept for later; None to remove them when the index is written.
        dimensions: length of the vectors, at most.
        seed: of the map.
        on_progress: called with how many works are embedded.

    Returns:
        How many works the index holds, and what could not be read.

    Raises:
        OutputExistsError: there is something at ``out``.
        ManifestError: a manifest cannot be read.
        InputError: no work is left, or ``titles`` cannot be read.
        MissingExtraError: the extra ``data``, or for a large index ``similar``, is not installed.
    """
    if out.exists():
        raise OutputExistsError(out)
    shown = read_works([read_manifest(path) for path in manifests], known=known, titles=titles)
    if not shown:
        raise InputError(f"No works in {', '.join(map(str, manifests))} are left; name a manifest with pictures.")
    kept = cache or _beside(out, "features")
    shown, features, failures = _embed(shown, bundle, kept, on_progress)
    sample = np.random.default_rng(seed).permutation(len(features))[:_SAMPLE]
    projection = fit_projection(features["embedding"][np.sort(sample)], dimensions=dimensions)
    entries = _join(shown, projection.apply(features["embedding"]), features["hash"])

    def write(made: Path) -> None:
        _write(made, entries, projection, bundle, seed=seed)
        if not _write_rules(made, _package_rules(bundle)):
            _write_rules(made, fit_own_rule(read_index(made), shown, bundle, seed=seed))

    _replace(out, write)
    if cache is None:
        shutil.rmtree(kept)
    return len(entries.works), failures


def add_works(
    manifests: Sequence[str | Path], folder: Path, *, bundle: Bundle, titles: Path | None = None, seed: int = 0,
    on_progress: Progress = lambda *_: None,
) -> tuple[int, list[Failure]]:  # fmt: skip
    """Add the works of manifests to an index; those that it holds already gain the facts that they lacked.

    Arguments, returns and errors are those of `build_index`; the count is of works that are new.

    Raises:
        SimilarError: ``folder`` is no index, or another model made it.
    """
    _restore(folder)
    index = read_index(folder)
    if index.model_sha256 != bundle.embedding_id:
        raise SimilarError(
            f"{folder} was made by the model {index.model}, not by {bundle.name}; name that with --model."
        )
    if index.hashes is None:
        raise SimilarError(f"{folder} is of schema 1, which nothing can be added to; build the index anew.")
    shown = read_works([read_manifest(path) for path in manifests], known=None, titles=titles)
    kept = _beside(folder, "features")
    shown, features, failures = _embed(shown, bundle, kept, on_progress)
    before = [ShownWork(None, -1, "", index.work(place), None) for place in range(len(index))]
    entries = _join(
        before + shown,
        np.concatenate([index.vectors, index.project(features["embedding"])]),
        np.concatenate([np.asarray(index.hashes), features["hash"]]),
    )
    _replace(folder, lambda made: _write_again(made, entries, index, bundle, seed=seed))
    shutil.rmtree(kept)
    return len(entries.works) - len(index), failures


def remove_works(folder: Path, ids: Sequence[str], *, bundle: Bundle, seed: int = 0) -> int:
    """Remove works from an index. Returns how many are left.

    Args:
        folder: the index.
        ids: of works, as ``smn index show`` lists them.
        bundle: the model that made the index.
        seed: of the map.

    Raises:
        InputError: an id is unknown, or no work would be left.
        SimilarError: ``folder`` is no index, or is of schema 1.
    """
    _restore(folder)
    index = read_index(folder)
    if index.hashes is None:
        raise SimilarError(f"{folder} is of schema 1, which nothing can be removed from; build the index anew.")
    works = [index.work(place) for place in range(len(index))]
    if unknown := sorted(set(ids) - {work.id for work in works}):
        raise InputError(f"{folder} has no work {unknown[0]!r}; list its works with: smn index show {folder} --works")
    kept = np.array([place for place, work in enumerate(works) if work.id not in set(ids)], dtype=np.int64)
    if not len(kept):
        raise InputError(f"No work of {folder} would be left; delete the folder instead.")
    left = _Entries([works[place] for place in kept], index.vectors[kept], np.asarray(index.hashes)[kept])
    _replace(folder, lambda made: _write_again(made, left, index, bundle, seed=seed))
    return len(kept)


def _beside(out: Path, kind: str) -> Path:
    """A hidden folder next to an index: its ``features`` while they are computed, the new one, or the old one."""
    return out.with_name(f".{out.name}.{kind}")


def _replace(out: Path, write: Callable[[Path], None]) -> None:
    """Make a folder whole before it takes the place of what is there."""
    made, old = _beside(out, "new"), _beside(out, "old")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    write(made)
    if out.exists():
        os.replace(out, old)
    os.replace(made, out)
    shutil.rmtree(old, ignore_errors=True)


def _restore(out: Path) -> None:
    """Finish what a killed process left: an index that it had moved away and not yet replaced comes back."""
    old = _beside(out, "old")
    if old.exists() and not out.exists():
        os.replace(old, out)
    shutil.rmtree(old, ignore_errors=True)


def _embed(
    shown: Sequence[ShownWork], bundle: Bundle, folder: Path, on_progress: Progress
) -> tuple[list[ShownWork], NDArray[Any], list[Failure]]:
    """The pictures that can be read, their features, stored in a cache as they come, and those that cannot."""
    runtime = Runtime(bundle)
    features = FeatureSet("work", _VERSION, {"model": bundle.embedding_id}, feature_type(runtime.width))
    with FeatureCache(folder, features) as cache:
        _, missing = cache.read([one.picture for one in shown])
        waiting = [one for one in shown if one.picture in missing]
        done, failures = len(shown) - len(waiting), list[Failure]()
        for manifest in {id(one.manifest): one.manifest for one in waiting if one.manifest is not None}.values():
            mine = [one for one in waiting if one.manifest is manifest]
            pictures = read_pictures(
                manifest, np.array([one.row for one in mine], dtype=np.int64), _prepare(bundle),
                reduce_to=bundle.preprocess.size, title="works", ahead=_BATCH,
            )  # fmt: skip
            for one, result in zip(mine, runtime.run_batches(pictures, batch_size=_BATCH), strict=True):
                if isinstance(result, Failure):
                    failures.append(result)
                else:
                    value = np.zeros(1, features.dtype)
                    value["embedding"], value["hash"] = result[0].embedding, result[1]
                    cache.write([one.picture], value)
                done += 1
                on_progress("works", done, len(shown))
        lost = {failure.id for failure in failures}
        kept = [one for one in shown if one.work.id not in lost]
        if not kept:
            raise InputError(f"None of {len(shown)} pictures can be read: {failures[0].reason}")
        return kept, cache.read([one.picture for one in kept])[0], failures


def _prepare(bundle: Bundle) -> Callable[[Image.Image], tuple[NDArray[np.float32], NDArray[np.uint64]]]:
    def prepare(image: Image.Image) -> tuple[NDArray[np.float32], NDArray[np.uint64]]:
        values = bundle.preprocess.apply(image)
        return values, hash_whole(values, bundle.preprocess)

    return prepare


def _join(shown: Sequence[ShownWork], vectors: NDArray[np.float32], hashes: NDArray[np.uint64]) -> _Entries:
    """One work for each group of pictures, with their mean vector and the first one's hash."""
    spread = vectors * find_weights(vectors)
    spread /= np.maximum(np.linalg.norm(spread, axis=1, keepdims=True), 1e-9)
    groups = group_works(shown, spread, hashes)
    works = [name_by_file(merge_works([shown[place].work for place in group]), shown[group[0]]) for group in groups]
    # A crop would blur the vector of the whole.
    whole = [[place for place in group if shown[place].same_work is None] or group for group in groups]
    means = np.stack([vectors[group].mean(axis=0) for group in whole])
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    return _Entries(works, means, hashes[[group[0] for group in whole]])


def _write(folder: Path, entries: _Entries, projection: Projection, bundle: Bundle, *, seed: int) -> None:
    works = entries.works
    packed = pack_vectors(entries.vectors)
    np.save(folder / "vectors.npy", packed)
    np.save(folder / "hashes.npy", entries.hashes)
    np.save(folder / "hubness.npy", measure_hubness(unpack_vectors(packed)).astype(np.float16))
    np.savez_compressed(
        folder / "projection.npz", mean=projection.mean.astype(np.float16), matrix=projection.matrix.astype(np.float16)
    )
    lines = (
        json.dumps(
            {name: value for name, value in asdict(work).items() if value is not None},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for work in works
    )
    text = "".join(f"{line}\n" for line in lines).encode()
    # Without a time of day inside, equal works give equal files.
    (folder / "works.jsonl.gz").write_bytes(gzip.compress(text, mtime=0))
    if len(works) <= _MAPPED:
        np.save(folder / "places.npy", arrange(unpack_vectors(packed), seed=seed).astype(np.float16))
    if len(works) > LARGE:
        write_graph(packed, folder / "graph.usearch")
    facts = {
        "schema": SCHEMA, "model": bundle.name, "model_sha256": bundle.embedding_id, "works": len(works),
        "dimensions": packed.shape[1],
    }  # fmt: skip
    (folder / "index.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def _write_again(folder: Path, entries: _Entries, before: SimilarIndex, bundle: Bundle, *, seed: int) -> None:
    """An index of other entries than before, with its rules."""
    _write(folder, entries, before.projection, bundle, seed=seed)
    _write_rules(folder, _package_rules(bundle) or before.rules)


def _package_rules(bundle: Bundle) -> dict[str, Any]:
    """The rules of the index in the package; empty where another model made that."""
    package = read_index()
    return package.rules if package.model_sha256 == bundle.embedding_id else {}


def _write_rules(folder: Path, rules: dict[str, Any]) -> bool:
    if rules:
        (folder / "rules.json").write_text(json.dumps(rules, indent=1) + "\n", encoding="utf-8")
    return bool(rules)


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
