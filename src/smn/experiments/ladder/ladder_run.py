"""Runs a ladder: trains, exports, measures and times every rung that is not finished yet."""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from smn.bundle import read_bundle
from smn.errors import InputError, SmnError
from smn.evaluate import EvaluationSet, evaluate_model, write_report
from smn.evaluate.evaluated_model import open_colour_run
from smn.evaluate.evaluation_sets import select_rows
from smn.experiments.ladder.ladder_file import Ladder, Rung
from smn.experiments.ladder.ladder_results import KNOWN, UNSEEN
from smn.files import write_text
from smn.images import open_image
from smn.manifest import Manifest, read_manifest
from smn.manifest.writer import rewrite_manifest
from smn.models.colour_models import ColourClassifier, read_colour_model
from smn.models.palette import Floats
from smn.movements import read_taxonomy
from smn.predict import load
from smn.progress import Progress
from smn.train.model_configs import ColourSettings
from smn.train.recipe import Recipe
from smn.train.run import MODEL_FILE, read_run, train

TRAINING_FILE, KNOWN_FILE = "training.parquet", "known.parquet"
"""What is trained on, and, as its split ``test``, what is held out of it."""

_WARM, _TIMED = 5, 60


@dataclass(frozen=True)
class Costs:
    """What one model costs.

    Args:
        parameters: numbers learned or loaded, the refusing head among them.
        flops: operations a picture, a multiplication and an addition counted as two; None for what is no network.
        minutes: wall-clock time from opening the run to finishing it.
        milliseconds: median from a file to its answer.
        megabytes: of the model on disk, 10^6 bytes each.
    """

    parameters: int
    flops: int | None
    minutes: float
    milliseconds: float
    megabytes: float


@dataclass(frozen=True)
class LadderData:
    """The data that every rung learns from and is measured on.

    Args:
        training: the manifest with the splits ``train`` and ``val``.
        sets: what to measure on; the first two are `KNOWN` and `UNSEEN`.
        negatives: a manifest of pictures that are no paintings, to learn refusal from, or None.
    """

    training: Path
    sets: tuple[EvaluationSet, ...]
    negatives: Path | None


def prepare(
    ladder: Ladder,
    manifest: Path,
    out: Path,
    *,
    also: Sequence[EvaluationSet] = (),
    negatives: Path | None = None,
    seed: int = 0,
) -> LadderData:
    """Hold pictures out of the training split, and name the sets to measure on.

    Args:
        ladder: says how many are held out.
        manifest: pictures split by artist into ``train``, ``val`` and ``test``.
        out: the ladder's folder.
        also: further sets to measure on.
        negatives: pictures that are no paintings.
        seed: of the chance by which pictures are held out.

    Raises:
        ManifestError: there is no manifest.
    """
    training, known = hold_out(read_manifest(manifest), out, share=ladder.known, seed=seed)
    own = (EvaluationSet(KNOWN, known, "test"), EvaluationSet(UNSEEN, training, "test"))
    return LadderData(training, (*own, *also), negatives)


def run_ladder(ladder: Ladder, data: LadderData, out: Path, *, progress: Progress = lambda *_: None) -> dict[str, str]:
    """Train, export, measure and time every rung; what is finished is used as it is.

    Below ``out`` each rung has ``runs/NAME``, ``bundles/NAME`` (networks only), ``reports/NAME`` and
    ``costs/NAME.json``. A rung whose report and costs are there is finished, even if its run was deleted since. A rung
    that fails costs that rung only.

    Args:
        ladder: the rungs.
        data: the data; see `prepare`.
        out: the ladder's folder.
        progress: told how far things are.

    Returns:
        Of the rungs that failed, by name, the sentence that says why.
    """
    failed = {}
    for rung in ladder.rungs:
        try:
            run_rung(rung, data, out, progress=partial(_report, progress, rung.name))
        except SmnError as error:
            failed[rung.name] = str(error)
    return failed


def _report(progress: Progress, name: str, what: str, done: int, of: int) -> None:
    progress(f"{name}: {what}", done, of)


def run_rung(rung: Rung, data: LadderData, out: Path, *, progress: Progress = lambda *_: None) -> None:
    """Train, export, measure and time one rung; see `run_ladder`.

    Raises:
        InputError: its run's folder holds a run of another recipe or other data, or its weights cannot be had.
        MissingExtraError: what it needs is not installed.
    """
    run, report, costs = out / "runs" / rung.name, out / "reports" / rung.name, out / "costs" / f"{rung.name}.json"
    if not run.exists() and (report / "report.json").exists() and costs.exists():
        _require_same(rung, data, report / "report.json", costs)
        return
    is_network = not isinstance(rung.recipe.model, ColourSettings)
    bundle = out / "bundles" / rung.name if is_network else None
    train(
        rung.recipe,
        data.training,
        out=run,
        negatives=data.negatives if is_network else None,
        progress=progress,
    )
    if bundle is not None and not (bundle / "bundle.json").exists():
        from smn.export import export_run

        export_run(run, out=bundle, name=rung.name, progress=progress)
    if not (report / "report.json").exists():
        model = open_colour_run(run) if bundle is None else read_bundle(bundle)
        write_report(evaluate_model(model, data.sets, on_progress=progress), report)
    if not costs.exists():
        selection = select_rows(data.sets[1], read_taxonomy(rung.recipe.taxonomy))
        measured = measure_costs(run, bundle, selection.manifest, selection.rows.tolist())
        _write(costs, {**asdict(measured), "recipe": _describe(rung.recipe)})


def time_again(ladder: Ladder, data: LadderData, out: Path, *, progress: Progress = lambda *_: None) -> None:
    """Time every finished network of a ladder anew, whether or not its run is still there; for an idle machine."""
    known = [rung for rung in ladder.rungs if (out / "costs" / f"{rung.name}.json").exists()]
    for place, rung in enumerate(known, start=1):
        if not isinstance(rung.recipe.model, ColourSettings):
            selection = select_rows(data.sets[1], read_taxonomy(rung.recipe.taxonomy))
            milliseconds = time_network(rung.recipe, choose_files(selection.manifest, selection.rows.tolist()))
            file = out / "costs" / f"{rung.name}.json"
            costs = json.loads(file.read_text(encoding="utf-8"))
            _write(file, costs | {"milliseconds": milliseconds})
        progress("timing", place, len(known))


def _write(file: Path, known: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text(file, json.dumps(known, indent=1) + "\n")


def _describe(recipe: Recipe) -> dict[str, Any]:
    """A recipe as plain data, its file of weights by name: where that file lies changes nothing."""
    described: dict[str, Any] = json.loads(json.dumps(recipe.to_dict()))
    if "weights" in described["model"]:
        described["model"]["weights"] = Path(described["model"]["weights"]).name
    return described


def _require_same(rung: Rung, data: LadderData, report: Path, costs: Path) -> None:
    """Refuse a result whose run is gone unless it is of this recipe and of these pictures."""
    unseen = json.loads(report.read_text(encoding="utf-8"))["sets"][1]
    changed = []
    # Settings that came later than the result have their defaults there.
    known = Recipe.from_dict(json.loads(costs.read_text(encoding="utf-8"))["recipe"], where=str(costs))
    if _describe(known) != _describe(rung.recipe):
        changed.append("recipe")
    if unseen["data_hash"] != read_manifest(data.training).data_hash():
        changed.append("data")
    if changed:
        raise InputError(
            f"{report.parent} holds the result of another {' and '.join(changed)}; remove it and {costs.name} in "
            f"{costs.parent}, or choose another --out."
        )


def hold_out(manifest: Manifest, folder: Path, *, share: float, seed: int) -> tuple[Path, Path]:
    """Write two copies of a manifest that differ in the column ``split``, unless they are there.

    Which rows are held out depends on their ids and the seed alone, so that a row added moves no other.

    Args:
        manifest: with rows of split ``train``.
        folder: where to write `TRAINING_FILE` and `KNOWN_FILE`.
        share: of the training rows that is held out, 0..1.
        seed: another seed, other rows.

    Returns:
        The two files: in the first, rows held out have no split; in the second, they are all of split ``test``.
    """
    held_out = [
        split == "train" and _draw(identifier, seed) < share
        for split, identifier in zip(manifest.column("split"), manifest.column("id"), strict=True)
    ]
    splits = {
        TRAINING_FILE: [
            None if held else split for held, split in zip(held_out, manifest.column("split"), strict=True)
        ],
        KNOWN_FILE: ["test" if held else None for held in held_out],
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, column in splits.items():
        if not (folder / name).exists():
            made_by = {"command": "ladder", "share": share, "seed": seed}
            rewrite_manifest(manifest, folder / name, columns={"split": column}, made_by=made_by)
    return folder / TRAINING_FILE, folder / KNOWN_FILE


def _draw(identifier: object, seed: int) -> float:
    """A number in 0..1 that is the same for the same row."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{identifier}".encode()).digest()[:8]) / 2**64


def measure_costs(run: Path, bundle: Path | None, manifest: Manifest, rows: Sequence[int]) -> Costs:
    """The costs of a model that was trained.

    Args:
        run: the finished run's folder.
        bundle: what was exported from it; None for a colour model, which answers from its run.
        manifest: where the pictures are that it is timed on.
        rows: their numbers; the first five warm it up, the next sixty are timed.
    """
    files = choose_files(manifest, rows)
    if bundle is None:
        model = read_colour_model(run / MODEL_FILE)
        milliseconds = _time(lambda file: _answer(model, file), files)
        parameters = sum(array.size for array in model.learned.values())
        megabytes = (run / MODEL_FILE).stat().st_size / 1e6
        return Costs(parameters, None, training_minutes(run), milliseconds, megabytes)
    parameters, flops = count_operations(run)
    milliseconds = _time(load(bundle).predict, files)
    megabytes = sum(file.stat().st_size for file in bundle.iterdir()) / 1e6
    return Costs(parameters, flops, training_minutes(run), milliseconds, megabytes)


def choose_files(manifest: Manifest, rows: Sequence[int]) -> list[bytes | Path]:
    """The pictures that models are timed on."""
    return [manifest.picture(row) for row in rows[: _WARM + _TIMED]]


def time_network(recipe: Recipe, files: Sequence[bytes | Path]) -> float:
    """Median milliseconds from a file to the answer of a recipe's network, its weights drawn at random.

    What a network has learned does not change how long it takes, so a rung can be timed again without its run.
    """
    from smn.bundle import Bundle, file_sha256, write_bundle
    from smn.confidence.answer_policy import Thresholds
    from smn.export.graph import fold_normalisation, round_weights, write_graph
    from smn.movements import read_taxonomy
    from smn.train.factory import build_network

    taxonomy = read_taxonomy(recipe.taxonomy)
    built = build_network(recipe.model, classes=len(taxonomy.labels), pretrained=False)
    with TemporaryDirectory() as folder:
        place = Path(folder)
        fold_normalisation(built.network.eval(), size=built.spec.size)
        round_weights(built.network)
        write_graph(built.network, place / "model.onnx", size=built.spec.size)
        sha256 = file_sha256(place / "model.onnx")
        write_bundle(
            Bundle(place, recipe.name, taxonomy, built.spec, 1.0, Thresholds(0.0, 0.0), "none", model_sha256=sha256)
        )
        return _time(load(place).predict, files)


def _time(answer: Callable[[Any], object], files: Sequence[Any]) -> float:
    """Median milliseconds of an answer, once it has warmed up."""
    taken = []
    for file in files:
        started = time.perf_counter()
        answer(file)
        taken.append(time.perf_counter() - started)
    return 1000 * median(taken[_WARM:] or taken)


def _answer(model: ColourClassifier, file: Any) -> Floats:
    image = open_image(file, reduce_to=model.method.side)
    return model.predict_proba(model.method.describe(image)[None])


def count_operations(run: Path) -> tuple[int, int]:
    """Parameters of a run's network, and its operations for one picture, counted by PyTorch as it runs."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from smn.train.factory import build_network

    described = read_run(run)
    built = build_network(described.recipe.model, classes=len(described.taxonomy.labels), pretrained=False)
    network = built.network.eval()
    network.load_state_dict(torch.load(run / "model.pt", map_location="cpu", weights_only=True))  # its judges count
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 3, built.spec.size, built.spec.size))
    return sum(one.numel() for one in network.parameters()), counter.get_total_flops()


def training_minutes(run: Path) -> float:
    """From the run's opening to its end, by the times of its files; a pause in between counts as well."""
    end = next(file for name in ("model.pt", MODEL_FILE) if (file := run / name).exists())
    return (end.stat().st_mtime - (run / "run.json").stat().st_mtime) / 60
