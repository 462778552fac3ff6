"""Features of pictures, computed once and kept on disk by the picture's content.

A changed manifest computes only the pictures that are new, in whatever order and split they stand; an interrupted
computation continues where it was.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from smn import images, preprocess
from smn.manifest import Manifest
from smn.models import Classifier, StatisticsClassifier, backbones, classifier, cnn, network, timm_backbone, vgg16
from smn.preprocess import PreprocessSpec
from smn.train import augment, features
from smn.train.featurefolder import hash_code, open_folder
from smn.train.features import Progress, statistics
from smn.train.kinds import ModelSettings, StatisticsSettings, deciding_settings
from smn.train.precision import choose_dtype, device_of, has_bfloat16
from smn.train.recipe import Recipe
from smn.train.store import complete_vectors

_DECIDING = (images, preprocess, augment, features)
_DECIDING_BY_KIND: dict[str, tuple[ModuleType, ...]] = {
    "statistics": (images, preprocess, augment, backbones, classifier, features),
    "cnn": (*_DECIDING, network, cnn),
    "vgg16": (*_DECIDING, network, vgg16),
    "backbone": (*_DECIDING, network, timm_backbone),
}
"""The modules whose code decides what the features of a kind of network are."""


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
    """Raw style statistics (len(rows), D) of one view of each row.

    They are written below ``cache`` as they come, by the picture's SHA-256, and read from there the next time. Each
    network, preprocessing, view and augmentation has a folder of its own there, and any number of processes may share
    it.
    """
    facts = describe_features(model, recipe=recipe, spec=spec, view=view)
    folder = open_folder(cache, facts, name=f"{facts['backbone']}-view{view}")
    contents = manifest.column("sha256")

    def compute(places: list[int]) -> Iterator[tuple[int, NDArray[np.float32]]]:
        return statistics(model, manifest, recipe=recipe, spec=spec, rows=[rows[at] for at in places], view=view)

    return complete_vectors(
        folder, [contents[row] for row in rows], compute, width=model.width, title=f"features, view {view}",
        progress=progress,
    )  # fmt: skip


def describe_features(model: Classifier, *, recipe: Recipe, spec: PreprocessSpec, view: int) -> dict[str, Any]:
    """Everything but the picture that decides its features, as plain data."""
    device = device_of(model).type
    facts: dict[str, Any] = {
        **_describe_network(model, recipe.model),
        "weights": _hash_weights(model),
        "preprocess": spec.to_dict(),
        "code": hash_code(*_DECIDING_BY_KIND[recipe.model.kind]),
        "view": view,
    }
    numbers = choose_dtype(device, bfloat16=has_bfloat16(device))
    if numbers is not torch.bfloat16:  # what all features were computed in before there was a choice
        facts["numbers"] = str(numbers)
    return {**facts, "augment": asdict(recipe.augment), "seed": recipe.seed} if view else facts


def _describe_network(model: Classifier, settings: ModelSettings) -> dict[str, Any]:
    if isinstance(settings, StatisticsSettings) and isinstance(model, StatisticsClassifier):
        return {"backbone": settings.backbone, "levels": list(model.levels)}
    return {"backbone": getattr(settings, "name", settings.kind), "settings": deciding_settings(settings)}


def _hash_weights(model: Classifier) -> str:
    digest = hashlib.sha256()
    for name, value in model.backbone.state_dict().items():
        digest.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
