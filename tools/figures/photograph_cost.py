"""What a photograph costs: the same paintings as scans, as photographs, and as photographs that were straightened."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from camera import take_photograph
from smn.bundle import Bundle
from smn.evaluate.evaluation_sets import EvaluationSet, select_rows
from smn.evaluate.metrics import Figure, bootstrap
from smn.images import open_image
from smn.images.rectify import Corners, Rectify
from smn.manifest.identity import cluster_artists
from smn.predict import Model, Prediction
from smn.progress import Progress

WAYS = ("scan", "photograph as it is", "photograph, straightened", "scan, straightened")
_WORST = 10**6


@dataclass(frozen=True)
class PhotographReport:
    """How a model does on photographs of paintings.

    Args:
        model: its name.
        name: the set's name.
        paintings: how many were photographed.
        artists: by how many artists.
        figures: top-1 and top-3, 0..1, by way and figure: ``{"scan": {"top1": ..., "top3": ...}, ...}``.
        changes: the differences of both from the scans', by way, each with the interval of the difference.
        found: share of the photographs in which the painting was surely found.
        overlap: mean of intersection over union between the painting and what was found, 0..1, where it was.
        well_found: share of the photographs in which that is 0.8 or more.
        touched: share of the scans in which something was found to straighten.
    """

    model: str
    name: str
    paintings: int
    artists: int
    figures: dict[str, dict[str, Figure]]
    changes: dict[str, dict[str, Figure]]
    found: float
    overlap: float
    well_found: float
    touched: float


def measure_photographs(
    bundle: Bundle,
    chosen: EvaluationSet,
    *,
    count: int,
    seed: int = 0,
    resamples: int = 1000,
    on_progress: Progress | None = None,
) -> PhotographReport:
    """Photograph paintings of a set, and ask a model about them in four ways.

    Args:
        bundle: the model.
        chosen: paintings whose movement is known.
        count: how many to draw from them, at most.
        seed: of the drawing and of the photographs.
        resamples: of artists, for the intervals.
        on_progress: called after each painting.

    Raises:
        ManifestError: the set has no rows to measure on.
    """
    plain, finding = Model(bundle, rectify=Rectify.OFF), Model(bundle, rectify=Rectify.AUTO)
    selection = select_rows(chosen, bundle.taxonomy)
    places = np.sort(np.random.default_rng(seed).permutation(len(selection.rows))[:count])
    ranks: list[list[int]] = []
    overlaps, touched = [], 0
    for done, place in enumerate(places, start=1):
        scan = open_image(selection.manifest.picture(int(selection.rows[place])))
        photograph = take_photograph(scan, seed=seed + int(place))
        truth = bundle.taxonomy.label_ids[int(selection.truth[place])]
        answers = [
            model.predict(image, top_k=len(bundle.labels))
            for model, image in (
                (plain, scan), (plain, photograph.image), (finding, photograph.image), (finding, scan),
            )
        ]  # fmt: skip
        ranks.append([_rank(answer, truth) for answer in answers])
        touched += answers[3].rectified is not None
        overlaps.append(_overlap(answers[2], photograph.corners, photograph.image))
        if on_progress is not None:
            on_progress("paintings", done, len(places))
    artists = [selection.values("artist")[place] for place in places]
    figures, changes = _compare(np.array(ranks), artists, resamples=resamples, seed=seed)
    found = np.array([overlap for overlap in overlaps if overlap is not None])
    return PhotographReport(
        model=bundle.name,
        name=chosen.name,
        paintings=len(places),
        artists=len({artist for artist in artists if artist}),
        figures=figures,
        changes=changes,
        found=len(found) / len(places),
        overlap=float(found.mean()) if len(found) else 0.0,
        well_found=float((found >= 0.8).sum()) / len(places),
        touched=touched / len(places),
    )


def _rank(answer: Prediction, truth: str) -> int:
    """The place of the right movement among the guesses, from 0."""
    return next((place for place, guess in enumerate(answer.predictions) if guess.movement == truth), _WORST)


def _overlap(answer: Prediction, truth: Corners, image: Image.Image) -> float | None:
    """Intersection over union of the painting and what was found, 0..1; None where nothing was."""
    if answer.rectified is None:
        return None
    areas = []
    for corners in (np.array(answer.rectified.corners) * np.array(image.size), truth):
        area = np.zeros((image.height, image.width), np.uint8)
        cv2.fillConvexPoly(area, np.round(corners).astype(np.int32), 1)
        areas.append(area.astype(bool))
    return float((areas[0] & areas[1]).sum() / (areas[0] | areas[1]).sum())


def _compare(
    ranks: NDArray[np.int64], artists: Sequence[str | None], *, resamples: int, seed: int
) -> tuple[dict[str, dict[str, Figure]], dict[str, dict[str, Figure]]]:
    hits = np.concatenate([ranks < 1, ranks < 3], axis=1).astype(np.float64)  # (N, 8): top-1 of each way, then top-3

    def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        shares = weights @ hits / weights.sum() if weights.sum() else np.full(8, np.nan)
        return np.concatenate([shares, shares[:4] - shares[0], shares[4:] - shares[4]])

    found = bootstrap(statistic, [cluster_artists(artists)], resamples=resamples, seed=seed)

    def by_way(start: int) -> dict[str, dict[str, Figure]]:
        return {way: {"top1": found[start + at], "top3": found[start + 4 + at]} for at, way in enumerate(WAYS)}

    return by_way(0), by_way(8)
