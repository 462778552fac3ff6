"""Features of pictures: the raw statistics that a network gives of a view, computed once and then read from a cache."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from smn.feature_cache import FeatureSet, compute_missing
from smn.images import open_image
from smn.manifest import Manifest
from smn.models import Classifier, StatisticsClassifier
from smn.preprocess import PreprocessSpec
from smn.progress import Progress
from smn.train.augment import augment
from smn.train.kinds import ModelSettings, StatisticsSettings, deciding_settings
from smn.train.precision import autocast, choose_dtype, device_of, has_bfloat16
from smn.train.recipe import Recipe

VERSION = 1
"""Of the features: raise it where decoding, preprocessing, augmentation or a network gives other ones than before."""

_BATCH = 64


def open_view(manifest: Manifest, row: int, *, recipe: Recipe, spec: PreprocessSpec, view: int) -> NDArray[np.uint8]:
    """One view of a row's picture as pixels (size, size, 3): view 0 is the picture itself, others are augmented.

    How it is augmented depends on the recipe's seed, the view and the picture, not on the row that it stands in.
    """
    image: Image.Image = open_image(manifest.picture(row), reduce_to=spec.size)
    if view:
        content = str(manifest.table["sha256"][row].as_py()).encode()
        drawn = int.from_bytes(hashlib.sha256(content).digest()[:8])
        image = augment(image, recipe.augment, seed=(recipe.seed, view, drawn))
    return np.asarray(spec.resize(image), dtype=np.uint8)


def statistics(
    model: Classifier, manifest: Manifest, *, recipe: Recipe, spec: PreprocessSpec, rows: Sequence[int], view: int
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Raw style statistics in batches ``(start, (n, D))``; the next batch is decoded while the network runs."""
    read = partial(open_view, manifest, recipe=recipe, spec=spec, view=view)
    model.eval()
    device = device_of(model)
    with ThreadPoolExecutor(2) as pool:
        queued: list[Future[NDArray[np.uint8]]] = []
        for start in range(0, len(rows), _BATCH):
            current = queued or [pool.submit(read, row) for row in rows[start : start + _BATCH]]
            queued = [pool.submit(read, row) for row in rows[start + _BATCH : start + 2 * _BATCH]]
            batch = torch.from_numpy(spec.normalise(np.stack([picture.result() for picture in current])))
            # Whatever the network computes in, the statistics are summed in 32 bits.
            with torch.inference_mode(), autocast(device):
                values = model.statistics(batch.contiguous(memory_format=torch.channels_last).to(device))
            yield start, values.float().cpu().numpy()


def cached_statistics(
    model: Classifier,
    manifest: Manifest,
    *,
    recipe: Recipe,
    spec: PreprocessSpec,
    rows: Sequence[int],
    view: int,
    cache: Path,
    progress: Progress,
) -> NDArray[np.float32]:
    """Raw style statistics (len(rows), D) of one view of each row, read from a cache as far as they are there.

    A changed manifest computes only the pictures that are new, in whatever order and split they stand, and an
    interrupted computation continues where it was.

    Args:
        model: the network.
        manifest: the pictures.
        recipe: how views are augmented.
        spec: how pictures become numbers.
        rows: numbers of the rows, in any order.
        view: 0 for the pictures themselves, above for augmented ones.
        cache: the cache's folder, see `smn.feature_cache`.
        progress: called after each batch that was not in the cache.
    """
    contents = manifest.column("sha256")

    def compute(places: list[int]) -> Iterator[tuple[int, NDArray[np.float32]]]:
        return statistics(model, manifest, recipe=recipe, spec=spec, rows=[rows[at] for at in places], view=view)

    return compute_missing(
        cache, describe_features(model, recipe=recipe, spec=spec, view=view), [contents[row] for row in rows], compute,
        title=f"features, view {view}", progress=progress,
    )  # fmt: skip


def describe_features(model: Classifier, *, recipe: Recipe, spec: PreprocessSpec, view: int) -> FeatureSet:
    """Everything but the picture that decides its features."""
    device = device_of(model).type
    facts: dict[str, Any] = {
        **_describe_network(model, recipe.model),
        "weights": _hash_weights(model),
        "preprocess": spec.to_dict(),
        "numbers": str(choose_dtype(device, bfloat16=has_bfloat16(device))),
        "view": view,
    }
    if view:
        facts |= {"augment": asdict(recipe.augment), "seed": recipe.seed}
    return FeatureSet("network statistics", VERSION, facts, np.dtype(("<f4", (model.width,))))


def _describe_network(model: Classifier, settings: ModelSettings) -> dict[str, Any]:
    if isinstance(settings, StatisticsSettings) and isinstance(model, StatisticsClassifier):
        return {"backbone": settings.backbone, "levels": list(model.levels)}
    return {"backbone": getattr(settings, "name", settings.kind), "settings": deciding_settings(settings)}


def _hash_weights(model: Classifier) -> str:
    digest = hashlib.sha256()
    for name, value in model.backbone.state_dict().items():
        digest.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
