"""What a rung costs: to keep, to train and to ask."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import smn
from smn.images import open_image
from smn.manifest import Manifest
from smn.models.colour import ColourClassifier
from smn.models.colourfile import read_colour_model
from smn.models.palette import Floats
from smn.train.recipe import Recipe
from smn.train.runfolder import MODEL_FILE, read_run

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
    milliseconds = _time(smn.load(bundle).predict, files)
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
    from smn.train.building import build_network

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
        return _time(smn.load(place).predict, files)


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

    from smn.train.building import build_network

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
