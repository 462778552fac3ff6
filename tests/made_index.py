"""Indexes without a manifest: of given vectors, and of painted works."""

import gzip
import json
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

import smn
from smn.bundle import Bundle
from smn.examples import paint
from smn.works.fingerprints import hash_whole
from smn.works.vector_search import fit_projection, pack_vectors

_ADDRESS = "http://commons.wikimedia.org/wiki/Special:FilePath/A.jpg"
RULE = {
    "similarity": 10.0,
    "bits": -0.06,
    "margin": 0.0,
    "offset": 0.0,
    "threshold": 6.0,
    "threshold_refused": 6.0,
    "worth": [[6.0, 0.98]],
}
MOVEMENTS = ("color-field", "cubism", "impressionism", "romanticism")


def make_index(
    folder: Path, vectors: np.ndarray, *, artists: Sequence[str], public: Collection[int] = (), sha256: str = "0"
) -> Path:
    """Write an index of works with these embeddings (N, D) and artists, of which some are at Commons."""
    folder.mkdir(parents=True)
    projection = fit_projection(vectors, dimensions=vectors.shape[1])
    packed = pack_vectors(projection.apply(vectors))
    np.save(folder / "vectors.npy", packed)
    np.savez(folder / "projection.npz", mean=projection.mean, matrix=projection.matrix)
    works = [
        {"id": str(at), "title": f"work {at}", "artist": artist, "image_url": _ADDRESS if at in public else None}
        for at, artist in enumerate(artists)
    ]
    lines = "".join(json.dumps(work) + "\n" for work in works)
    (folder / "works.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    facts = {"schema": 2, "model": "m", "model_sha256": sha256, "works": len(works), "dimensions": packed.shape[1]}
    (folder / "index.json").write_text(json.dumps(facts))
    return folder


def make_painted_index(folder: Path, bundle: Bundle) -> Path:
    """Write an index, with a rule, of three painted works of each of four movements, as a bundle sees them."""
    model = smn.load(bundle.folder, lookup=False)
    pixels = [model.preprocess(paint(name, seed=seed))[0] for name in MOVEMENTS for seed in range(3)]
    embeddings = model.runtime.run(np.stack(pixels)).embedding
    made = make_index(folder, embeddings, artists=[f"artist {at}" for at in range(12)], sha256=bundle.model_sha256)
    np.save(made / "hashes.npy", np.stack([hash_whole(one, bundle.preprocess) for one in pixels]))
    (made / "rules.json").write_text(json.dumps({"recognition": RULE}))
    return made
