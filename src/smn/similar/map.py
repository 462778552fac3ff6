"""Draws the map of an index, and a picture's place on it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smn.errors import OutputExistsError, SimilarError
from smn.extras import require_extra
from smn.movements import find_movement, get_family, list_families
from smn.similar.index import SimilarIndex

_NEIGHBOURS = 8


def place_picture(index: SimilarIndex, embedding: NDArray[np.float32]) -> tuple[float, float]:
    """Where a picture stands on the map: among the works nearest to it, the nearer ones weighing more; 0..1.

    Raises:
        SimilarError: the index has no map.
    """
    places, scores = index.searcher.search(index.project(embedding[None]), min(_NEIGHBOURS, len(index)))
    return place_among(_places(index)[places[0]], scores[0])


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
    places = _places(index)
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


def _places(index: SimilarIndex) -> NDArray[np.float32]:
    if index.places is None:
        raise SimilarError(f"{index.folder} has no map; maps are made for up to 20,000 works.")
    return index.places


def _family(name: str | None) -> str:
    movement = find_movement(name) if name else None
    return get_family(movement.family).id if movement else ""
