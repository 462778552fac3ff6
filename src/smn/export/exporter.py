"""From a run to a bundle: graph, agreement, calibration, thresholds."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from smn.artists import cluster_artists
from smn.bundle import Bundle, Thresholds, file_sha256, write_bundle
from smn.calibration import sigmoid, softmax
from smn.errors import AgreementError, InputError, OutputExistsError
from smn.export.calibrating import calibrate
from smn.export.graph import fold_normalisation, halve_weights, write_graph
from smn.images import open_image
from smn.manifest import read_manifest
from smn.models import Classifier
from smn.movements import parse_taxonomy
from smn.preprocess import PreprocessSpec
from smn.runtime import Outputs, Runtime
from smn.train.building import build_network
from smn.train.features import Progress
from smn.train.kinds import ColourSettings
from smn.train.recipe import Recipe
from smn.train.runfolder import read_run
from smn.train.selection import TrainingData, select

TOLERANCE = 1e-3
"""Largest difference in probability that torch and ONNX Runtime may show for the same file."""

_BATCH = 32

LICENCE = (
    "Weights: Apache-2.0 as far as the makers' own rights go. They were learned from pictures of mixed rights, among "
    "them works in copyright used for non-commercial research and text-and-data mining; see the model card."
)


@dataclass(frozen=True)
class Agreement:
    """How far torch and ONNX Runtime differ on real files.

    Args:
        files: how many files were compared.
        largest: the largest difference of any probability, 0..1.
    """

    files: int
    largest: float


def export_run(
    run: str | Path,
    *,
    out: Path,
    name: str,
    manifest: str | Path | None = None,
    licence: str = LICENCE,
    progress: Progress = lambda *_: None,
) -> Bundle:
    """Write a run's model as a bundle, calibrated on the validation split.

    Args:
        run: a finished run's folder.
        out: the bundle's folder; must not hold a bundle yet.
        name: the model's name and version, such as ``default-1``.
        manifest: the run's manifest, if it has moved since.
        licence: of the weights.
        progress: told how far things are.

    Raises:
        InputError: the run is not finished, or the manifest holds other data than the run was trained on.
        AgreementError: torch and ONNX Runtime differ by more than `TOLERANCE`.
        OutputExistsError: ``out`` holds a bundle.
    """
    run, description = Path(run), read_run(run)
    for file in (out / "bundle.json", out / "model.onnx"):
        if file.exists():
            raise OutputExistsError(file)
    recipe = Recipe.from_dict(description["recipe"], where=str(run / "run.json"))
    if isinstance(recipe.model, ColourSettings):
        raise InputError(
            f"{run} is of kind colour, whose models have no ONNX graph to export; measure it as it is with: "
            f"smn evaluate {run}"
        )
    spec = PreprocessSpec.from_dict(description["preprocess"], where=str(run / "run.json"))
    taxonomy = parse_taxonomy(description["taxonomy"], where=str(run / "run.json"))
    pictures = read_manifest(manifest or description["manifest"])
    if pictures.data_hash() != description["data"]["sha256"]:
        raise InputError(
            f"{pictures.file} is not the data that {run} was trained on; name the right one with --manifest."
        )
    data = select(pictures, taxonomy, split="val")
    model = _load(run, recipe, classes=len(taxonomy.labels))
    out.mkdir(parents=True, exist_ok=True)
    fold_normalisation(model, size=spec.size)
    halve_weights(model)
    try:
        write_graph(model, out / "model.onnx", size=spec.size)
        unfinished = Bundle(
            out, name, taxonomy, spec, 1.0, Thresholds(0.0, 0.0), licence,
            model_sha256=file_sha256(out / "model.onnx"),
        )  # fmt: skip
        outputs, agreement = _compare(model, Runtime(unfinished), data, spec, progress)
    except BaseException:
        # A graph that nobody has compared must neither be used nor stand in the way of the next export.
        (out / "model.onnx").unlink(missing_ok=True)
        raise
    artists = pictures.column("artist")
    bundle = calibrate(
        unfinished,
        outputs,
        data.targets,
        artists=cluster_artists([artists[row] for row in data.rows]),
        answers=recipe.answers,
    )
    bundle = replace(bundle, recipe=recipe.to_dict(), data=description["data"], metrics={
        **bundle.metrics, "agreement_files": agreement.files, "agreement_largest_difference": agreement.largest,
        "backbone": description["backbone"],
    })  # fmt: skip
    write_bundle(bundle)
    return bundle


def _load(run: Path, recipe: Recipe, *, classes: int) -> Classifier:
    file = run / "model.pt"
    if not file.is_file():
        raise InputError(f"{run} is not finished: it has no model.pt; continue it with the same smn train command.")
    model = build_network(recipe.model, classes=classes, pretrained=False).network
    model.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    return model.eval()


def _compare(
    model: Classifier, runtime: Runtime, data: TrainingData, spec: PreprocessSpec, progress: Progress
) -> tuple[Outputs, Agreement]:
    """Both runtimes on every validation file, through the very code that prediction uses."""
    parts: list[Outputs] = []
    largest = 0.0
    for batch in _batches(data, spec):
        there = runtime.run(batch)
        with torch.inference_mode():
            here = model(torch.from_numpy(batch))
        pairs = [
            (softmax(here[0].numpy()), softmax(there.logits)),
            (sigmoid(here[1].numpy()), sigmoid(there.painting)),
        ]
        # Unlike Python's max, numpy's keeps NaN, which agrees with nothing.
        largest = float(np.max([largest, *(np.abs(mine - other).max() for mine, other in pairs)]))
        parts.append(there)
        progress("comparing torch and ONNX Runtime", sum(len(part.logits) for part in parts), len(data.rows))
    if not largest <= TOLERANCE:
        raise AgreementError(
            f"Torch and ONNX Runtime differ by {largest:.2g} in probability, but at most {TOLERANCE:g} is allowed; "
            "the exported graph is wrong, so report this with the recipe."
        )
    fields = (np.concatenate([getattr(part, key) for part in parts]) for key in ("logits", "painting", "embedding"))
    return Outputs(*fields), Agreement(len(data.rows), largest)


def _batches(data: TrainingData, spec: PreprocessSpec) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(data.rows), _BATCH):
        rows = data.rows[start : start + _BATCH]
        yield spec.apply_all(open_image(data.manifest.picture(row), reduce_to=spec.size) for row in rows)
