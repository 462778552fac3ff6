"""Calibrates a bundle anew, on validation pictures of one's own."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from smn.bundle import Bundle, read_bundle, write_bundle
from smn.bundle.runtime import Outputs, Runtime
from smn.export.calibrating import calibrate
from smn.export.exporter import batch_pictures, check_free
from smn.manifest import read_manifest
from smn.progress import Progress
from smn.train.recipe_sections import AnswerSettings
from smn.train.selection import select


def recalibrate_bundle(
    source: str | Path,
    manifest: str | Path,
    *,
    out: Path,
    name: str | None = None,
    progress: Progress = lambda *_: None,
) -> Bundle:
    """Copy a bundle, its temperature, thresholds and policy learned anew; the network stays as it is.

    For a bundle that was exported without a policy, or for pictures of another kind than those that it was
    calibrated on.

    Args:
        source: the bundle's folder.
        manifest: pictures whose split ``val`` is learned from; the network must not have been trained on them.
        out: the new bundle's folder; must not hold a bundle yet.
        name: what it is called; None keeps the name.
        progress: told how far things are.

    Raises:
        BundleError: there is no bundle, or it is damaged.
        ManifestError: there are no validation pictures of its movements.
        OutputExistsError: ``out`` holds a bundle.
    """
    bundle, pictures = read_bundle(source), read_manifest(manifest)
    check_free(out)
    data = select(pictures, bundle.taxonomy, split="val")
    runtime, parts = Runtime(bundle), []
    for batch in batch_pictures(data, bundle.preprocess):
        parts.append(runtime.run(batch))
        progress("validation pictures", sum(len(part.logits) for part in parts), len(data.rows))
    names = ("logits", "painting", "embedding")
    outputs = Outputs(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
    artists, sources = (data.values(column) for column in ("artist", "source"))
    calibrated = calibrate(
        replace(bundle, folder=out, name=name or bundle.name),
        outputs,
        data.targets,
        artists=cluster_artists(artists),
        answers=_read_answers(bundle.recipe),
        sources=sources,
    )
    # What export told of the network stays true; whom the old calibration came from does not.
    kept = {key: value for key, value in bundle.metrics.items() if key != "calibrated_by"}
    out.mkdir(parents=True, exist_ok=True)
    shutil.copy(bundle.model_file, out / "model.onnx")
    calibrated = replace(calibrated, metrics={**kept, **calibrated.metrics})
    write_bundle(calibrated)
    return calibrated


def _read_answers(recipe: Mapping[str, Any]) -> AnswerSettings:
    """The shares that the recipe asks for, those of the first where several answer together."""
    known = recipe.get("members", [recipe])[0].get("answers", {})
    return AnswerSettings(**known)
