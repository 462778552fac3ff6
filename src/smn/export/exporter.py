"""From a run to a bundle: graph, agreement, calibration, thresholds."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from smn.bundle import Bundle, file_sha256, read_bundle, write_bundle
from smn.bundle.runtime import Outputs, Runtime
from smn.confidence.answer_policy import Thresholds
from smn.confidence.calibration import fit_temperature, sigmoid, softmax
from smn.errors import AgreementError, InputError, OutputExistsError
from smn.examples.gallery import Group
from smn.export.bundle_calibration import CALIBRATED, calibrate, check_networks, check_recipe, take_calibration
from smn.export.graph import fold_normalisation, quantize_graph, round_weights, transformer_layers, write_graph
from smn.export.opening import OpenedRun, describe_recipes, load_network, open_runs
from smn.files import write_partial
from smn.images import open_image
from smn.images.preprocess import PreprocessSpec
from smn.manifest import Manifest, read_manifest
from smn.manifest.accepted import read_accepted
from smn.manifest.identity import cluster_artists
from smn.models import Classifier, Ensemble
from smn.movements import Taxonomy
from smn.progress import Progress
from smn.train.recipe_sections import AnswerSettings
from smn.train.selection import TrainingData, select

TOLERANCE = 1e-3
"""Largest difference in probability that torch and ONNX Runtime may show for the same file."""

_BATCH = 32

_CALIBRATION_PICTURES = 192
"""Training pictures whose activations give the ranges of a quantised graph."""

_COMPARED = 16
"""Pictures by which the embeddings of two bundles are compared."""

_OUTPUTS = ("logits", "painting", "embedding")

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
    *runs: str | Path,
    out: Path,
    name: str,
    manifest: str | Path | None = None,
    calibrated_by: str | Path | None = None,
    quantize: bool = False,
    jpeg: int = 0,
    embedding_of: str | Path | None = None,
    licence: str = LICENCE,
    progress: Progress = lambda *_: None,
) -> Bundle:
    """Write a run's model, or several runs' as one, as a bundle that is calibrated on the validation split.

    Args:
        runs: finished runs' folders; several answer together, see `smn.models.Ensemble`.
        out: the bundle's folder; must not hold a bundle yet.
        name: the model's name and version, such as ``default-1``.
        manifest: the runs' manifest, if it has moved since.
        calibrated_by: a bundle of the same recipes, whose calibration is taken over: for runs that learned from
            everything, validation pictures among them.
        quantize: let the linear layers of a transformer compute in 8 bits, see `smn.export.graph`; the figures
            before and after stand in the bundle's metrics.
        jpeg: quality of a JPEG encoding that pictures go through in prediction, see `PreprocessSpec`; 0 leaves it to
            the runs. Calibration and thresholds are fitted with it.
        embedding_of: a bundle that must give the same embedding, such as that of an ensemble's first run alone; an
            index of works that the one made then serves the other.
        licence: of the weights.
        progress: told how far things are.

    Raises:
        InputError: a run is not finished, the runs do not fit each other, the manifest holds other data than they were
            trained on, what they learned from leaves nothing to calibrate with, or there is nothing to quantise.
        AgreementError: torch and ONNX Runtime differ by more than `TOLERANCE`.
        OutputExistsError: ``out`` holds a bundle.
    """
    opened = open_runs(runs)
    first = opened[0]
    check_free(out)
    source = _open_calibration(opened, calibrated_by)
    pictures = read_manifest(manifest or first.description.manifest)
    if pictures.data_hash() != first.description.data.sha256:
        raise InputError(
            f"{pictures.file} is not the data that {first.folder} was trained on; name the right one with --manifest."
        )
    data = select(pictures, first.taxonomy, split="val")
    networks = [load_network(run) for run in opened]
    spec = replace(first.spec, jpeg=jpeg) if jpeg else first.spec
    model = networks[0] if len(networks) == 1 else Ensemble(networks, specs=[run.spec for run in opened])
    fold_normalisation(model, size=spec.size)
    round_weights(model, but=transformer_layers(model) if quantize else ())
    out.mkdir(parents=True, exist_ok=True)
    # A graph that nobody has compared must neither be used nor stand in the way of the next export.
    with TemporaryDirectory(prefix=".partial-", dir=out) as made:
        unfinished = Bundle(
            Path(made), name, first.taxonomy, spec, 1.0, Thresholds(0.0, 0.0), licence, model_sha256=""
        )  # fmt: skip
        outputs, agreement, figures = _write_compared(model, unfinished, pictures, data, progress, quantize=quantize)
        unfinished = replace(unfinished, model_sha256=file_sha256(unfinished.model_file))
        if source is None:
            artists, sources = (data.values(column) for column in ("artist", "source"))
            bundle = calibrate(
                unfinished, outputs, data.targets, artists=cluster_artists(artists), answers=first.recipe.answers,
                sources=sources,
            )  # fmt: skip
        else:
            bundle = take_calibration(unfinished, source)
        bundle = replace(bundle, groups=_name_groups(networks), recipe=describe_recipes(opened),
                         data=_describe_data(opened), metrics={
            **bundle.metrics, **figures, "agreement_files": agreement.files,
            "agreement_largest_difference": agreement.largest,
            "backbone": "; ".join(dict.fromkeys(str(run.description.backbone) for run in opened)),
        })  # fmt: skip
        if embedding_of is not None:
            compared = [open_image(pictures.picture(int(row)), reduce_to=spec.size) for row in data.rows[:_COMPARED]]
            bundle = share_embedding(bundle, read_bundle(embedding_of), compared)
        os.replace(bundle.model_file, out / "model.onnx")
    bundle = replace(bundle, folder=out)
    write_bundle(bundle)
    return bundle


def _write_compared(
    model: nn.Module, bundle: Bundle, pictures: Manifest, data: TrainingData, progress: Progress, *, quantize: bool
) -> tuple[Outputs, Agreement, dict[str, Any]]:
    """Write the bundle's graph; what it answers to ``data``, how far it agrees with torch, and figures of 8 bits."""
    progress("writing the graph", 0, 1)
    write_graph(model, bundle.model_file, size=bundle.preprocess.size)
    progress("writing the graph", 1, 1)
    if not quantize:
        return *_compare(model, Runtime(bundle), data, bundle.preprocess, progress), {}
    shown = select(pictures, bundle.taxonomy, split="train")
    agreement, figures = _quantize(model, bundle, shown, data, progress)
    outputs = _ask(Runtime(bundle), data, bundle.preprocess, progress, title="asking the quantised graph")
    return outputs, agreement, {**figures, "quantized_val_top1": _top1(outputs.logits, data)}


def check_free(out: Path) -> None:
    """Make sure that a folder holds no bundle.

    Raises:
        OutputExistsError: it does.
    """
    for file in (out / "bundle.json", out / "model.onnx"):
        if file.exists():
            raise OutputExistsError(file)


def share_embedding(bundle: Bundle, other: Bundle, images: Sequence[Image.Image]) -> Bundle:
    """A bundle that says that its embedding is another's, which is checked on pictures.

    Args:
        bundle: of an ensemble, whose embedding is that of its first network.
        other: of that network alone.
        images: upright pictures, one at least.

    Raises:
        AgreementError: they give different embeddings.
    """
    mine, others = (Runtime(one).run(one.preprocess.apply_all(images)).embedding for one in (bundle, other))
    if mine.shape != others.shape or not np.allclose(mine, others, rtol=0, atol=TOLERANCE):
        raise AgreementError(
            f"The embeddings of {bundle.name} and {other.name} differ; name a bundle of the first run with the same "
            "preprocessing, or leave --embedding-of out."
        )
    return replace(bundle, embedding_sha256=other.embedding_id)


def _name_groups(networks: Sequence[Classifier]) -> tuple[str, ...]:
    """What the judges of the networks' graph know from paintings, in the order in which training fits them."""
    judges = {network.painting.out_features for network in networks}
    return tuple(group.value for group in Group) if judges == {len(Group)} else ()


def _describe_data(runs: Sequence[OpenedRun]) -> dict[str, Any]:
    """The data that the runs share, and the teachers, whose data their networks have seen through them."""
    teachers = [run.description.teacher for run in runs if run.description.teacher]
    different = [teacher for place, teacher in enumerate(teachers) if teacher not in teachers[:place]]
    return {**runs[0].description.data.to_dict(), **({"teachers": different} if different else {})}


def _open_calibration(runs: Sequence[OpenedRun], calibrated_by: str | Path | None) -> Bundle | None:
    """The bundle whose calibration is taken over, if one must be.

    Raises:
        InputError: it is needed and not named, or is of other recipes.
    """
    learned = [run for run in runs if run.description.data.everything]
    if calibrated_by is None and learned:
        raise InputError(
            f"{learned[0].folder} has learned from everything, so no picture is left to calibrate it with; name a "
            "bundle of the same recipe, trained without --everything, with --calibrated-by."
        )
    source = None if calibrated_by is None else read_bundle(calibrated_by)
    if source is not None:
        check_recipe(source, describe_recipes(runs, first=True))
    return source


def _compare(
    model: nn.Module, runtime: Runtime, data: TrainingData, spec: PreprocessSpec, progress: Progress
) -> tuple[Outputs, Agreement]:
    """Both runtimes on every validation file, through the very code that prediction uses."""
    parts: list[Outputs] = []
    largest = 0.0
    for batch in batch_pictures(data, spec):
        there = runtime.run(batch)
        with torch.inference_mode():
            here = model(torch.from_numpy(batch))
        pairs = [
            (softmax(here[0].numpy()), softmax(there.logits)),
            (sigmoid(here[1].amin(1).numpy()), sigmoid(there.painting)),
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
    return _join(parts), Agreement(len(data.rows), largest)


def _quantize(
    model: nn.Module, bundle: Bundle, shown: TrainingData, data: TrainingData, progress: Progress
) -> tuple[Agreement, dict[str, Any]]:
    """Compare the graph with torch, then quantise it; the agreement, and what the graph knew before."""
    outputs, agreement = _compare(model, Runtime(bundle), data, bundle.preprocess, progress)
    places = np.linspace(0, len(shown.rows) - 1, min(_CALIBRATION_PICTURES, len(shown.rows))).astype(int)
    chosen = TrainingData(shown.manifest, tuple(shown.rows[place] for place in places), shown.targets[places])
    progress("quantising the graph", 0, 1)
    layers = quantize_graph(bundle.model_file, batch_pictures(chosen, bundle.preprocess))
    progress("quantising the graph", 1, 1)
    return agreement, {"quantized_layers": layers, "float_val_top1": _top1(outputs.logits, data)}


def _top1(logits: NDArray[np.float32], data: TrainingData) -> float:
    return float((logits.argmax(1) == data.targets).mean())


def _ask(runtime: Runtime, data: TrainingData, spec: PreprocessSpec, progress: Progress, *, title: str) -> Outputs:
    """What a graph answers to pictures."""
    parts: list[Outputs] = []
    for batch in batch_pictures(data, spec):
        parts.append(runtime.run(batch))
        progress(title, sum(len(part.logits) for part in parts), len(data.rows))
    return _join(parts)


def _join(parts: Sequence[Outputs]) -> Outputs:
    return Outputs(*(np.concatenate([getattr(part, key) for part in parts]) for key in _OUTPUTS))


def batch_pictures(data: TrainingData, spec: PreprocessSpec) -> Iterator[NDArray[np.float32]]:
    """The pictures that are compared, as a network takes them, in batches (n, 3, size, size)."""
    for start in range(0, len(data.rows), _BATCH):
        rows = data.rows[start : start + _BATCH]
        yield spec.apply_all(open_image(data.manifest.picture(row), reduce_to=spec.size) for row in rows)


def recalibrate_bundle(
    source: str | Path,
    manifest: str | Path,
    *,
    out: Path,
    name: str | None = None,
    temperature_from: str | Path | None = None,
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
        temperature_from: pictures that the temperature alone is fitted on, all of them, whatever their split; where
            they list accepted movements, any of these is right. None fits it on the split ``val``, too.
        progress: told how far things are.

    Raises:
        BundleError: there is no bundle, or it is damaged.
        ManifestError: there are no validation pictures of its movements.
        OutputExistsError: ``out`` holds a bundle.
    """
    bundle, pictures = read_bundle(source), read_manifest(manifest)
    check_free(out)
    data = select(pictures, bundle.taxonomy, split="val")
    others = None if temperature_from is None else _select_accepted(read_manifest(temperature_from), bundle.taxonomy)
    runtime = Runtime(bundle)
    outputs = _ask(runtime, data, bundle.preprocess, progress, title="validation pictures")
    temperature = None
    if others is not None:
        there, accepted = others
        logits = _ask(runtime, there, bundle.preprocess, progress, title="pictures for the temperature").logits
        temperature = fit_temperature(logits, accepted)
    artists, sources = (data.values(column) for column in ("artist", "source"))
    calibrated = calibrate(
        replace(bundle, folder=out, name=name or bundle.name),
        outputs,
        data.targets,
        artists=cluster_artists(artists),
        answers=_read_answers(bundle.recipe),
        sources=sources,
        temperature=temperature,
    )
    kept = {key: value for key, value in bundle.metrics.items() if key not in CALIBRATED}
    learned = {} if others is None else {"temperature_pictures": len(others[0].rows)}
    return _write_copy(bundle, replace(calibrated, metrics={**kept, **calibrated.metrics, **learned}))


def copy_calibration(source: str | Path, other: str | Path, *, out: Path, name: str | None = None) -> Bundle:
    """Copy a bundle with the temperature, thresholds and policy of another one of the same networks.

    Args:
        source: the bundle's folder; its network may have been trained on every picture.
        other: the folder of a bundle that was calibrated on pictures that its network was not trained on.
        out: the new bundle's folder; must not hold a bundle yet.
        name: what it is called; None keeps the name.

    Raises:
        BundleError: there is no bundle, or it is damaged.
        InputError: the two have other labels, other networks or another preprocessing.
        OutputExistsError: ``out`` holds a bundle.
    """
    bundle, calibrated = read_bundle(source), read_bundle(other)
    check_free(out)
    check_networks(calibrated, bundle)
    return _write_copy(bundle, take_calibration(replace(bundle, folder=out, name=name or bundle.name), calibrated))


def _write_copy(bundle: Bundle, calibrated: Bundle) -> Bundle:
    """Write the calibrated bundle, with the other's network."""
    calibrated.folder.mkdir(parents=True, exist_ok=True)
    with write_partial(calibrated.model_file) as partial:
        shutil.copy(bundle.model_file, partial)
    write_bundle(calibrated)
    return calibrated


def _select_accepted(pictures: Manifest, taxonomy: Taxonomy) -> tuple[TrainingData, NDArray[np.bool_]]:
    """Every row with a label, and which labels (N, K) are right for it, one at least."""
    data = select(pictures, taxonomy, split=None)
    accepted = read_accepted(pictures, data.rows, data.targets.tolist(), taxonomy)
    if accepted is None:
        accepted = np.eye(len(taxonomy.labels), dtype=bool)[data.targets]
    covered = np.flatnonzero(accepted.any(axis=1))
    return replace(data, rows=tuple(data.rows[at] for at in covered), targets=data.targets[covered]), accepted[covered]


def _read_answers(recipe: Mapping[str, Any]) -> AnswerSettings:
    """The shares that the recipe asks for, those of the first where several answer together."""
    known = recipe.get("members", [recipe])[0].get("answers", {})
    return AnswerSettings(**known)
