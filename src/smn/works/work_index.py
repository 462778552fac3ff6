"""An index of works: a folder of embeddings and facts.

=====================  =================================================================================================
``index.json``         ``schema``, the ``model`` that made it, its embedding's ``model_sha256``, counts
``rules.json``         how matches and artists are judged, see `smn.works.recognition`; may be missing
``works.jsonl.gz``     the works' facts, a line each
``vectors.npy``        (N, d), 8 bits a number
``hashes.npy``         (N, 4), 64 bits a number, of the works' layout; missing in indexes of schema 1
``hubness.npy``        (N,), 16 bits a number, see `measure_hubness`; missing in indexes of schema 1
``projection.npz``     ``mean`` (D,) and ``matrix`` (D, d), 16 bits a number
``places.npy``         (N, 2), where each work stands on a map of the index, 0..1; may be missing
``graph.usearch``      for indexes of more than `LARGE` works, what the search walks
=====================  =================================================================================================
"""

import gzip
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
from numpy.typing import NDArray

from smn.bundle import Bundle
from smn.errors import InputError, SimilarError
from smn.works.vector_search import (
    ApproximateSearcher,
    ExactSearcher,
    Projection,
    Searcher,
    find_weights,
    unpack_vectors,
)

SCHEMA = 2
"""What is written; indexes of schema 1 are read, too."""
DEFAULT_INDEX = Path(__file__).parent / "default"
"""The index inside the package."""

OWN_INDEX = "index"
"""The folder within a bundle that holds the bundle's own index."""

LARGE = 200_000
"""From this many works on, the nearest are found by walking a graph."""

Floats = NDArray[np.float32]

_SAMPLE = 20_000
_CANDIDATES = 5  # times as many as are wanted are looked at
_SERIES = 0.8  # similarity of two works from which on one stands for both
_FILE_PATH = "/wiki/Special:FilePath/"
_COMMONS = "commons.wikimedia.org"


@dataclass(frozen=True)
class Work:
    """What is known of a work in an index: facts, and where its picture may be seen; never the picture itself.

    Args:
        id: of its row in the manifest that it came from.
        title: or None where it is not known, as with all that follow.
        artist: whose work it is.
        year: in which it was made.
        museum: where it is.
        movement: a movement's id, as ``source`` files the work.
        wikidata_id: such as ``Q12418``.
        image_url: where a picture of it is, for works at Wikimedia Commons the address of the whole file.
        source: who says which movement: ``"WikiArt"``, ``"Wikidata"``, a museum; ``"by artist"`` where only the
            artist's movement is known.
    """

    id: str
    title: str | None
    artist: str | None
    year: int | None
    museum: str | None
    movement: str | None
    wikidata_id: str | None
    image_url: str | None
    source: str | None = None

    @property
    def name(self) -> str:
        """Its title, or what stands for one."""
        return self.title or (f"a work by {self.artist}" if self.artist else "an unknown work")

    @property
    def is_public(self) -> bool:
        """Whether its picture is known to be in the public domain: those at Commons are."""
        return self._commons_name is not None

    @property
    def thumbnail(self) -> str | None:
        """Address of a small picture, 500 pixels wide: loaded by whoever shows it, never by smn."""
        name = self._commons_name
        if name is None:
            return self.image_url
        return f"https://{_COMMONS}{_FILE_PATH}{name}?width=500"

    @property
    def page(self) -> str | None:
        """Address of the page that names the picture's author and rights, or of the work at Wikidata."""
        name = self._commons_name
        if name is not None:
            return f"https://{_COMMONS}/wiki/File:{name}"
        return f"https://www.wikidata.org/wiki/{self.wikidata_id}" if self.wikidata_id else None

    @property
    def attribution(self) -> str:
        """What has to stand under its picture."""
        made = ", ".join(str(part) for part in (self.artist or "unknown artist", self.title, self.year) if part)
        source = "Wikimedia Commons" if self._commons_name else None
        return "; ".join(part for part in (made, self.museum, source) if part)

    @property
    def _commons_name(self) -> str | None:
        """The file's name at Commons, as it stands in an address."""
        parts = urlsplit(self.image_url or "")
        if parts.hostname != _COMMONS or not parts.path.startswith(_FILE_PATH):
            return None
        return parts.path.removeprefix(_FILE_PATH)

    @property
    def file_name(self) -> str | None:
        """The file's name at Commons, as people read it."""
        return None if self._commons_name is None else unquote(self._commons_name)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, with the addresses."""
        return {**asdict(self), "thumbnail": self.thumbnail, "page": self.page, "attribution": self.attribution}


def parse_work(data: Mapping[str, Any]) -> Work:
    """A work from what an index's file holds of it."""
    known: dict[str, Any] = {name: data.get(name) for name in Work.__dataclass_fields__}
    return Work(**known)


@dataclass(frozen=True)
class SimilarWork:
    """A work that looks like a picture.

    Args:
        work: what is known of it.
        similarity: cosine of the two vectors, -1..1; 1 for the same picture.
    """

    work: Work
    similarity: float

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {**self.work.to_dict(), "similarity": self.similarity}


def _spread(vectors: Floats, count: int) -> NDArray[np.int64]:
    """Places of at most ``count`` vectors (k, d), in order, none too like one before it unless too few are left."""
    alike = vectors @ vectors.T
    kept: list[int] = []
    for place in range(len(vectors)):
        if len(kept) < count and (not kept or alike[place, kept].max() < _SERIES):
            kept.append(place)
    others = [place for place in range(len(vectors)) if place not in set(kept)]
    return np.array((kept + others)[:count], dtype=np.int64)


class WorkIndex:
    """An index that has been read; the search is loaded when it is first asked.

    Args:
        folder: where it is.
        facts: what ``index.json`` holds.
    """

    def __init__(self, folder: Path, facts: dict[str, Any]) -> None:
        self.folder = folder
        self.model: str = facts["model"]
        self.model_sha256: str = facts["model_sha256"]
        self.works: int = facts["works"]

    def __len__(self) -> int:
        return self.works

    def search(self, embedding: Floats, *, top_k: int = 6) -> tuple[SimilarWork, ...]:
        """Works that look like a picture, most alike first; of those that look like each other, as in a series, one.

        Works that are near everything stand back (CSLS, Conneau et al. 2018). Of works that are equally alike, those
        whose picture may be shown come first.

        Args:
            embedding: (D,), the picture's, from the model that made the index.
            top_k: how many, 1 or more.

        Raises:
            InputError: ``top_k`` is below 1.
            SimilarError: the index is damaged, or the embedding is of another length.
        """
        if top_k < 1:
            raise InputError(f"top_k is {top_k}; it must be 1 or more.")
        wanted = min(_CANDIDATES * top_k, len(self))
        places, scores = (found[0] for found in self.searcher.search(self.project(embedding[None]), wanted))
        order = np.argsort(self.hubness[places] / 2 - scores, kind="stable")
        kept = _spread(unpack_vectors(self.packed[places[order]]), top_k)
        found = [SimilarWork(self.work(int(places[at])), round(float(scores[at]), 4)) for at in order[kept]]
        return tuple(
            sorted(found, key=lambda one: (-round(one.similarity, 2), not one.work.is_public, -one.similarity))
        )

    def neighbours(self, embedding: Floats, count: int) -> tuple[NDArray[np.int64], Floats]:
        """Places (k,) of the nearest works, nearest first, and their similarities (k,), hubs stepping back.

        Raises:
            SimilarError: as for `search`.
        """
        places, scores = (
            found[0] for found in self.searcher.search(self.project(embedding[None]), min(2 * count, len(self)))
        )
        scores = scores - self.hubness[places] / 2
        best = np.argsort(-scores, kind="stable")[:count]
        return places[best], scores[best]

    def project(self, embeddings: Floats) -> Floats:
        """Vectors (N, d) of embeddings (N, D), as the works are compared by.

        Raises:
            SimilarError: the embeddings are of another length than the index was made of.
        """
        if embeddings.shape[1] != len(self.projection.mean):
            raise SimilarError(
                f"{self.folder} compares embeddings of {len(self.projection.mean)} numbers, but {embeddings.shape[1]} "
                "were given; build the index anew with: smn index build MANIFEST --out FOLDER"
            )
        return self.projection.apply(embeddings)

    def warm_up(self) -> None:
        """Read what a search needs, which is otherwise read when the first picture is looked up."""
        _ = self.projection, self.searcher, self.weights, self.hashes, self.rules, self._lines

    def work(self, place: int) -> Work:
        """What is known of the work at a place, 0..N-1."""
        return parse_work(json.loads(self._lines[place]))

    @cached_property
    def searcher(self) -> Searcher:
        """What finds the nearest."""
        graph = self.folder / "graph.usearch"
        return ApproximateSearcher(graph, self.packed) if graph.exists() else ExactSearcher(self.packed)

    @cached_property
    def packed(self) -> NDArray[np.int8]:
        """The works' vectors (N, d), 8 bits a number, as they are on disk."""
        packed: NDArray[np.int8] = self._load("vectors.npy")
        if packed.shape != (self.works, self.projection.matrix.shape[1]) or packed.dtype != np.int8:
            raise SimilarError(f"{self.folder}/vectors.npy does not fit index.json; build the index anew.")
        return packed

    @cached_property
    def hashes(self) -> NDArray[np.uint64] | None:
        """The hashes of the works' layout (N, 4), see `smn.works.fingerprints`; None in an index of schema 1."""
        return self._load("hashes.npy") if (self.folder / "hashes.npy").exists() else None

    @cached_property
    def hubness(self) -> Floats:
        """How near each work is to its nearest (N,), see `measure_hubness`; 0 in an index of schema 1."""
        if not (self.folder / "hubness.npy").exists():
            return np.zeros(self.works, np.float32)
        return np.asarray(self._load("hubness.npy"), dtype=np.float32)

    @cached_property
    def weights(self) -> Floats:
        """What makes the vectors' components vary alike (d,)."""
        return find_weights(unpack_vectors(self.packed[:: max(1, self.works // _SAMPLE)]))

    @cached_property
    def rules(self) -> dict[str, Any]:
        """What ``rules.json`` holds; empty without one."""
        file = self.folder / "rules.json"
        try:
            known: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        except ValueError as error:
            raise SimilarError(f"{file} cannot be read ({error}); build the index anew.") from error
        return known

    @property
    def vectors(self) -> Floats:
        """The works' vectors (N, d) of length 1."""
        return unpack_vectors(self.packed)

    @cached_property
    def places(self) -> NDArray[np.float32] | None:
        """Where each work stands on the map (N, 2), 0..1; None where no map was made."""
        if not (self.folder / "places.npy").exists():
            return None
        return np.asarray(self._load("places.npy"), dtype=np.float32)

    @cached_property
    def projection(self) -> Projection:
        """From an embedding to a vector."""
        with np.load(self.folder / "projection.npz") as file:
            return Projection(file["mean"].astype(np.float32), file["matrix"].astype(np.float32))

    @cached_property
    def _lines(self) -> list[bytes]:
        # Parsed when they are asked for: a million of them take seconds and gigabytes.
        try:
            lines = gzip.decompress((self.folder / "works.jsonl.gz").read_bytes()).split(b"\n")[:-1]
        except (OSError, EOFError) as error:
            raise SimilarError(f"{self.folder}/works.jsonl.gz cannot be read ({error}); build it anew.") from error
        if len(lines) != self.works:
            raise SimilarError(
                f"{self.folder}/works.jsonl.gz holds {len(lines)} works, but index.json says {self.works}; "
                "build the index anew."
            )
        return lines

    def _load(self, name: str) -> Any:
        try:
            return np.load(self.folder / name, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise SimilarError(f"{self.folder / name} cannot be read ({error}); build the index anew.") from error


def choose_index(bundle: Bundle, folder: Path | None = None) -> Path:
    """The index that a bundle's pictures are looked up in.

    Args:
        bundle: whose pictures.
        folder: an index that is named; None, or the one in the package, for the bundle's own where it has one.

    Returns:
        The named one; the bundle's own, in its folder's `OWN_INDEX`; or the one in the package.
    """
    own = bundle.folder / OWN_INDEX
    return own if folder in {None, DEFAULT_INDEX} and own.is_dir() else folder or DEFAULT_INDEX


def read_index(folder: str | Path = DEFAULT_INDEX) -> WorkIndex:
    """Read an index: the one inside the package, or one of your own.

    Raises:
        SimilarError: there is none, or it is damaged.
    """
    folder = Path(folder)
    file = folder / "index.json"
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SimilarError(
            f"There is no index in {folder}; make one with: smn index build MANIFEST --out {folder}"
        ) from error
    except (OSError, ValueError) as error:
        raise SimilarError(f"{file} cannot be read ({error}); build the index anew.") from error
    wanted = {"schema": int, "model": str, "model_sha256": str, "works": int, "dimensions": int}
    if not isinstance(facts, dict) or any(not isinstance(facts.get(key), kind) for key, kind in wanted.items()):
        raise SimilarError(f"{file} lacks one of {', '.join(wanted)}; build the index anew.")
    if not 1 <= facts["schema"] <= SCHEMA:
        raise SimilarError(
            f"{file} has schema {facts['schema']}, but this smn reads 1 to {SCHEMA}; build the index anew."
        )
    return WorkIndex(folder, facts)
