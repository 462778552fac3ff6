"""An index of given vectors, without pictures or a model."""

import gzip
import json
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from smn.works.vector_search import fit_projection, pack_vectors

_ADDRESS = "http://commons.wikimedia.org/wiki/Special:FilePath/A.jpg"


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
