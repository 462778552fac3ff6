"""An index of works: a folder of embeddings and facts.

=====================  =================================================================================================
``index.json``         ``schema``, the ``model`` that made it, its ``model_sha256``, how many ``works``, ``dimensions``
``works.jsonl.gz``     the works' facts, a line each
``vectors.npy``        (N, d), 8 bits a number
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

from smn.errors import InputError, SimilarError
from smn.images import Picture
from smn.predict.model import Model
from smn.similar.vector_search import ApproximateSearcher, ExactSearcher, Projection, Searcher, unpack_vectors

SCHEMA = 1
DEFAULT_INDEX = Path(__file__).parent / "default"
"""The index inside the package."""

LARGE = 200_000
"""From this many works on, the nearest are found by walking a graph."""

Floats = NDArray[np.float32]

_NEIGHBOURS = 8  # works that place a picture on the map
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
        movement: a movement's id.
        wikidata_id: such as ``Q12418``.
        image_url: where a picture of it is, for works at Wikimedia Commons the address of the whole file.
    """

    id: str
    title: str | None
    artist: str | None
    year: int | None
    museum: str | None
    movement: str | None
    wikidata_id: str | None
    image_url: str | None

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


class SimilarIndex:
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
        """The works nearest to a picture.

        Args:
            embedding: (D,), the picture's, from the model that made the index.
            top_k: how many, 1 or more.

        Raises:
            InputError: ``top_k`` is below 1.
            SimilarError: the index is damaged, or the embedding is of another length.
        """
        if top_k < 1:
            raise InputError(f"top_k is {top_k}; it must be 1 or more.")
        places, scores = self.searcher.search(self.project(embedding[None]), min(top_k, len(self)))
        return tuple(
            SimilarWork(self.work(int(place)), round(float(score), 4))
            for place, score in zip(places[0], scores[0], strict=True)
        )

    def project(self, embeddings: Floats) -> Floats:
        """Vectors (N, d) of embeddings (N, D), as the works are compared by.

        Raises:
            SimilarError: the embeddings are of another length than the index was made of.
        """
        if embeddings.shape[1] != len(self._projection.mean):
            raise SimilarError(
                f"{self.folder} compares embeddings of {len(self._projection.mean)} numbers, but {embeddings.shape[1]} "
                "were given; build the index anew with: smn index build MANIFEST --out FOLDER"
            )
        return self._projection.apply(embeddings)

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
        if packed.shape != (self.works, self._projection.matrix.shape[1]) or packed.dtype != np.int8:
            raise SimilarError(f"{self.folder}/vectors.npy does not fit index.json; build the index anew.")
        return packed

    @property
    def vectors(self) -> Floats:
        """The works' vectors (N, d) of length 1."""
        return unpack_vectors(self.packed)

    @cached_property
    def places(self) -> NDArray[np.float32] | None:
        """Where each work stands on the map (N, 2), 0..1; None where no map was made."""
        return self._load("places.npy") if (self.folder / "places.npy").exists() else None

    @cached_property
    def _projection(self) -> Projection:
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


def read_index(folder: str | Path = DEFAULT_INDEX) -> SimilarIndex:
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
    if facts["schema"] != SCHEMA:
        raise SimilarError(f"{file} has schema {facts['schema']}, but this smn reads {SCHEMA}; build the index anew.")
    return SimilarIndex(folder, facts)


def check_fit(index: SimilarIndex, model: Model) -> None:
    """Make sure that a model's embeddings may be compared with an index's.

    Raises:
        SimilarError: another model made the index.
    """
    if index.model_sha256 != model.bundle.model_sha256:
        raise SimilarError(
            f"The index {index.folder} was made by the model {index.model}, but {model.name} is asked, which sees "
            "otherwise; build one with: smn index build MANIFEST --model BUNDLE --out FOLDER"
        )


def find_similar(
    model: Model, image: Picture, *, index: SimilarIndex | None = None, top_k: int = 6
) -> tuple[SimilarWork, ...]:
    """The works in an index that look most like a picture, most alike first.

    Args:
        model: the model that made the index.
        image: bytes, a path, or an opened picture.
        index: by default the one inside the package.
        top_k: how many, 1 or more.

    Raises:
        ImageError: the picture cannot be read.
        InputError: ``top_k`` is below 1.
        SimilarError: another model made the index, or it is damaged.

    Example:
        >>> find_similar(smn.load(), "monet.jpg")[0].work.title
    """
    index = read_index() if index is None else index
    check_fit(index, model)
    return index.search(model.analyze(image).embedding, top_k=top_k)


def place_picture(index: SimilarIndex, embedding: NDArray[np.float32]) -> tuple[float, float]:
    """Where a picture stands on the map: among the works nearest to it, the nearer ones weighing more; 0..1.

    Raises:
        SimilarError: the index has no map.
    """
    places, scores = index.searcher.search(index.project(embedding[None]), min(_NEIGHBOURS, len(index)))
    return place_among(require_places(index)[places[0]], scores[0])


def place_among(places: NDArray[np.float32], similarities: NDArray[np.float64]) -> tuple[float, float]:
    """Where a picture stands among works, the likest of which weigh most; 0..1.

    Args:
        places: (N, 2), where the works stand.
        similarities: (N,), how alike they are to the picture, -1..1, falling.
    """
    # The median, because neighbours may lie on two islands, and nothing lies between them.
    middle = np.median(places, axis=0)
    near = places[np.argsort(np.linalg.norm(places - middle, axis=1))[: max(1, len(places) // 2)]]
    weights = np.exp(4 * similarities[: len(near)])
    x, y = np.average(near, axis=0, weights=weights)
    return float(x), float(y)


def require_places(index: SimilarIndex) -> NDArray[np.float32]:
    """Where the works of an index stand on its map (N, 2).

    Raises:
        SimilarError: it has no map.
    """
    if index.places is None:
        raise SimilarError(f"{index.folder} has no map; maps are made for up to 20,000 works.")
    return index.places
