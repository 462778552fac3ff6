"""Whether evidence maps mean something: does the answer hang on the places that they point at?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from smn.bundle import Bundle
from smn.bundle.runtime import Runtime
from smn.confidence.calibration import softmax
from smn.explain.explanation import weigh_evidence

Floats = NDArray[np.float64]
Batch = NDArray[np.float32]

_STEPS = 8
"""In how many steps a picture is deleted or inserted."""

_BLUR = 0.09
"""Radius of the blur that takes a deleted place's details, as a share of the picture's side."""


@dataclass(frozen=True)
class Curves:
    """How probable the answer stays while a picture is blurred away, and becomes while it is sharpened again.

    Args:
        name: what the order of places came from.
        deletion: (steps + 1,) mean probability of the answer, most important places blurred first.
        insertion: (steps + 1,), most important places sharpened first, from a blurred picture.
        deletion_area: (N,) the mean over each picture's deletion curve; the lower, the better the order.
        insertion_area: (N,) the same of insertion; the higher, the better.
    """

    name: str
    deletion: Floats
    insertion: Floats
    deletion_area: Floats
    insertion_area: Floats


def measure_curves(
    bundle: Bundle,
    images: Sequence[Image.Image],
    *,
    seed: int = 0,
    on_picture: Callable[[int, int], None] = lambda *_: None,
) -> tuple[Curves, ...]:
    """Deletion and insertion curves (Petsiuk et al. 2018) for the best guess of each picture.

    Places are ordered by the evidence, at random, and from the middle outwards, which is where painters put what
    matters. Deleted places are blurred, not blacked out, so that what is measured is not the shock of a black square.

    Args:
        bundle: its network must tell where it finds its evidence.
        images: upright RGB pictures.
        seed: of the random orders.
        on_picture: called with how many pictures are done, and how many there are.

    Raises:
        BundleError: the network does not tell.
    """
    runtime, spec = Runtime(bundle), bundle.preprocess
    draw = np.random.default_rng(seed)
    told: dict[str, list[tuple[Floats, Floats]]] = {"evidence": [], "random": [], "middle": []}
    for done, image in enumerate(images, start=1):
        radius = _BLUR * min(image.size)
        sharp, blurred = (spec.apply(one) for one in (image, image.filter(ImageFilter.GaussianBlur(radius))))
        best, evidence = _best_evidence(runtime, bundle, sharp)
        side = evidence.shape[0]
        for name, order in _orders(evidence, draw).items():
            deletion = _answer(runtime, bundle, _mix(sharp, blurred, order, side), best)
            insertion = _answer(runtime, bundle, _mix(blurred, sharp, order, side), best)
            told[name].append((deletion, insertion))
        on_picture(done, len(images))
    return tuple(_sum_up(name, curves) for name, curves in told.items())


def compare_maps(bundles: Mapping[str, Bundle], images: Sequence[Image.Image]) -> dict[str, Floats]:
    """How like the evidence of each bundle is to that of the first: Spearman's rank correlation (N,) a bundle.

    A map that stays the same when the network's weights are shuffled shows the picture, not what the network learned
    (Adebayo et al. 2018). The label is the first bundle's best guess throughout.

    Raises:
        BundleError: a network does not tell where it finds its evidence.
    """
    runtimes = {name: Runtime(bundle) for name, bundle in bundles.items()}
    first, spec = next(iter(bundles)), next(iter(bundles.values())).preprocess
    found: dict[str, list[float]] = {name: [] for name in bundles if name != first}
    for image in images:
        batch = spec.apply(image)
        best, reference = _best_evidence(runtimes[first], bundles[first], batch)
        for name, values in found.items():
            _, other = _best_evidence(runtimes[name], bundles[name], batch, label=best)
            values.append(_rank_correlation(reference, other))
    return {name: np.array(values) for name, values in found.items()}


def _best_evidence(runtime: Runtime, bundle: Bundle, batch: Batch, label: int | None = None) -> tuple[int, Floats]:
    outputs = runtime.run(batch[None], evidence=True)
    probabilities = softmax(outputs.logits, temperature=bundle.temperature)[0]
    best = int(probabilities.argmax()) if label is None else label
    located = np.asarray(outputs.evidence)[0]
    return best, weigh_evidence(located, probabilities, [best], temperature=bundle.temperature)


def _orders(evidence: Floats, draw: np.random.Generator) -> dict[str, NDArray[np.int64]]:
    """Places, (G * G,) numbers each, from the first to be deleted to the last."""
    side = evidence.shape[0]
    row, column = np.indices(evidence.shape) - (side - 1) / 2
    return {
        "evidence": np.argsort(-evidence.ravel(), kind="stable"),
        "random": draw.permutation(evidence.size),
        "middle": np.argsort((row**2 + column**2).ravel(), kind="stable"),
    }


def _mix(start: Batch, end: Batch, order: NDArray[np.int64], side: int) -> Batch:
    """From one picture (3, S, S) to another in steps (steps + 1, 3, S, S), place by place."""
    size = start.shape[-1]
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    cell = np.arange(size) * side // size
    ranks = rank.reshape(side, side)[cell][:, cell]
    changed = [ranks < round(step * len(order) / _STEPS) for step in range(_STEPS + 1)]
    return np.stack([np.where(mask, end, start) for mask in changed]).astype(np.float32)


def _answer(runtime: Runtime, bundle: Bundle, batch: Batch, label: int) -> Floats:
    return softmax(runtime.run(batch).logits, temperature=bundle.temperature)[:, label]


def _sum_up(name: str, curves: Sequence[tuple[Floats, Floats]]) -> Curves:
    deletion, insertion = (np.stack([one[part] for one in curves]) for part in (0, 1))
    areas = ((kind[:, :-1] + kind[:, 1:]).mean(1) / 2 for kind in (deletion, insertion))
    return Curves(name, deletion.mean(0), insertion.mean(0), *areas)


def _rank_correlation(one: Floats, other: Floats) -> float:
    first, second = (np.argsort(np.argsort(values.ravel())).astype(np.float64) for values in (one, other))
    return float(np.corrcoef(first, second)[0, 1])
