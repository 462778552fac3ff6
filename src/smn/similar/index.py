"""The works in an index that look most like a picture, and where it stands on the index's map."""

import numpy as np
from numpy.typing import NDArray

from smn.errors import SimilarError
from smn.images import Picture
from smn.predict.model import Model
from smn.works import DEFAULT_INDEX, LARGE, SimilarWork, Work, WorkIndex, choose_index, parse_work, read_index

__all__ = [
    "DEFAULT_INDEX",
    "LARGE",
    "SimilarIndex",
    "SimilarWork",
    "Work",
    "check_fit",
    "find_similar",
    "parse_work",
    "place_among",
    "place_picture",
    "read_index",
    "require_places",
]

SimilarIndex = WorkIndex

_NEIGHBOURS = 8  # works that place a picture on the map


def check_fit(index: SimilarIndex, model: Model) -> None:
    """Make sure that a model's embeddings may be compared with an index's.

    Raises:
        SimilarError: another model made the index.
    """
    if index.model_sha256 != model.bundle.embedding_id:
        raise SimilarError(
            f"The index {index.folder} was made by the model {index.model}, but {model.name} is asked, which sees "
            "otherwise; build one with: smn index build MANIFEST --model BUNDLE"
        )


def find_similar(
    model: Model, image: Picture, *, index: SimilarIndex | None = None, top_k: int = 6
) -> tuple[SimilarWork, ...]:
    """The works in an index that look most like a picture, most alike first.

    Args:
        model: the model that made the index.
        image: bytes, a path, or an opened picture.
        index: by default the bundle's own, see `smn.works.choose_index`, or the one inside the package.
        top_k: how many, 1 or more.

    Raises:
        ImageError: the picture cannot be read.
        InputError: ``top_k`` is below 1.
        SimilarError: another model made the index, or it is damaged.

    Example:
        >>> find_similar(smn.load(), "monet.jpg")[0].work.title
    """
    index = read_index(choose_index(model.bundle)) if index is None else index
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
        raise SimilarError(f"{index.folder} has no map; maps are made for up to 30,000 works.")
    return index.places
