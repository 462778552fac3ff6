"""How far a model's answers hold when the same pictures come from another encoder, at another size or sharpness."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from smn.evaluate.metrics import Bools, Figure, Floats, Ints, bootstrap, rank_accepted, rank_truth, weighted_mean
from smn.manifest.identity import cluster_artists

_LONGEST = 4096  # pixels of the longer side; larger pictures are reduced to it before they are changed
_SCALE = 224  # pixels of the shorter side at which blur and sharpening have a radius of 1
_NEUTRAL = (128, 128, 128)


@dataclass(frozen=True)
class Change:
    """Something that happens to pictures on their way to a model.

    Args:
        name: what people read.
        apply: makes the changed picture of an upright RGB picture, or an encoded file of it, to be opened like
            any other.
    """

    name: str
    apply: Callable[[Image.Image], Image.Image | bytes]


def _encode(form: str, quality: int) -> Callable[[Image.Image], bytes]:
    def encode(image: Image.Image) -> bytes:
        stream = io.BytesIO()
        image.save(stream, form, quality=quality)
        return stream.getvalue()

    return encode


def _resize(factor: float) -> Callable[[Image.Image], Image.Image]:
    def resize(image: Image.Image) -> Image.Image:
        width, height = (max(round(factor * side), 1) for side in image.size)
        return image.resize((width, height), Image.Resampling.LANCZOS)

    return resize


def _blur(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(min(image.size) / _SCALE))


def _sharpen(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.UnsharpMask(min(image.size) / _SCALE, percent=150, threshold=0))


def _squash(image: Image.Image) -> Image.Image:
    return image.resize((max(image.size),) * 2, Image.Resampling.LANCZOS)


def _letterbox(image: Image.Image) -> Image.Image:
    return ImageOps.pad(image, (max(image.size),) * 2, Image.Resampling.LANCZOS, color=_NEUTRAL)


CHANGES: Mapping[str, Change] = {
    "decoded": Change("decoded in full", lambda image: image),
    "jpeg-90": Change("JPEG 90", _encode("JPEG", 90)),
    "jpeg-75": Change("JPEG 75", _encode("JPEG", 75)),
    "jpeg-50": Change("JPEG 50", _encode("JPEG", 50)),
    "webp-80": Change("WebP 80", _encode("WEBP", 80)),
    "half": Change("half the size", _resize(0.5)),
    "double": Change("twice the size", _resize(2.0)),
    "blurred": Change("blurred", _blur),
    "sharpened": Change("sharpened", _sharpen),
    "squashed": Change("squashed to a square", _squash),
    "letterboxed": Change("letterboxed to a square", _letterbox),
}
"""What is done to each picture: decoded in full, where big JPEGs are decoded smaller otherwise (`open_image`); encoded
anew at its own size; scaled (Lanczos); blurred and sharpened (Gaussian, unsharp mask of 150 %) with a radius of 1 pixel
for every 224 pixels of the shorter side; made square by squashing, or by bars of mid-grey."""


AS_IS = "as-is"
"""Stands in reports for the pictures as the model is always asked about them."""


def change_picture(image: Image.Image) -> list[Image.Image | bytes]:
    """An upright RGB picture, decoded in full, after each of `CHANGES`, in their order; encoded ones as bytes."""
    if max(image.size) > _LONGEST:
        image = _resize(_LONGEST / max(image.size))(image)
    return [change.apply(image) for change in CHANGES.values()]


@dataclass(frozen=True)
class ChangeReport:
    """How a model does on changed pictures.

    Args:
        id: `AS_IS` or one of `CHANGES`.
        name: what people read.
        top1: share of right first answers, by the sources' labels.
        accepted_top1: the same by accepted movements; unknown where there are none.
        same: share of pictures whose first answer is that to the picture as it is.
    """

    id: str
    name: str
    top1: Figure
    accepted_top1: Figure
    same: Figure


@dataclass(frozen=True)
class RobustnessReport:
    """How a model does on the same pictures, changed.

    Args:
        rows: how many pictures were changed.
        changes: one report for `AS_IS` and for each of `CHANGES`.
        spread: the highest ``top1`` less the lowest; chance makes it larger, so the upper end is cautious.
        accepted_spread: the same of ``accepted_top1``.
    """

    rows: int
    changes: tuple[ChangeReport, ...]
    spread: Figure
    accepted_spread: Figure


def measure_robustness(
    probabilities: Floats,
    truth: Ints,
    *,
    accepted: Bools | None,
    artists: Sequence[str | None],
    resamples: int = 1000,
    seed: int = 0,
) -> RobustnessReport:
    """Compare a model's answers to N pictures as they are and after each of the C `CHANGES`.

    Args:
        probabilities: (N, 1 + C, K), as they are first, then in the order of `CHANGES`.
        truth: (N,), the sources' labels, 0..K-1.
        accepted: (N, K), the accepted labels; None where unknown.
        artists: N names, None where unknown.
        resamples: how many times artists are drawn for the intervals.
        seed: of the drawing.
    """
    names = {AS_IS: "as it is", **{key: change.name for key, change in CHANGES.items()}}
    columns = [probabilities[:, at] for at in range(len(names))]
    strict = np.stack([rank_truth(column, truth) == 0 for column in columns], axis=1)
    answers = probabilities.argmax(axis=2)
    same = answers == answers[:, :1]
    known = np.zeros(len(truth)) if accepted is None else accepted.any(axis=1).astype(np.float64)
    right = strict if accepted is None else np.stack([rank_accepted(one, accepted) == 0 for one in columns], axis=1)

    def statistic(weights: Floats) -> Floats:
        kinds = ((strict, weights), (right, weights * known), (same, weights))
        shares = [np.array([weighted_mean(hits, counted) for hits in kind.T]) for kind, counted in kinds]
        return np.concatenate([*shares, [np.ptp(shares[0]), np.ptp(shares[1])]])

    figures = bootstrap(statistic, [cluster_artists(artists)], resamples=resamples, seed=seed)
    count = len(names)
    reports = tuple(
        ChangeReport(key, name, figures[at], figures[at + count], figures[at + 2 * count])
        for at, (key, name) in enumerate(names.items())
    )
    return RobustnessReport(len(truth), reports, figures[-2], figures[-1])
