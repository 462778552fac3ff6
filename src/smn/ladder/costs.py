"""What a rung costs: to keep, to train and to ask."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import smn
from smn.manifest import Manifest
from smn.movements import parse_taxonomy
from smn.train.recipe import Recipe
from smn.train.run import read_run

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


def measure_network(run: Path, bundle: Path, manifest: Manifest, rows: Sequence[int]) -> Costs:
    """The costs of a network that was trained and exported.

    Args:
        run: the finished run's folder.
        bundle: what was exported from it.
        manifest: where the pictures are that it is timed on.
        rows: their numbers; the first few warm it up, the next 60 are timed.
    """
    parameters, flops = count_operations(run)
    model = smn.load(bundle)
    files = [manifest.picture(row) for row in rows[: _WARM + _TIMED]]
    taken = []
    for file in files:
        started = time.perf_counter()
        model.predict(file)
        taken.append(time.perf_counter() - started)
    size = sum(file.stat().st_size for file in bundle.iterdir())
    return Costs(parameters, flops, training_minutes(run), 1000 * median(taken[_WARM:] or taken), size / 1e6)


def count_operations(run: Path) -> tuple[int, int]:
    """Parameters of a run's network, and its operations for one picture, counted by PyTorch as it runs."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from smn.preprocess import PreprocessSpec
    from smn.train.building import build_network

    description = read_run(run)
    recipe = Recipe.from_dict(description["recipe"], where=str(run))
    spec = PreprocessSpec.from_dict(description["preprocess"], where=str(run))
    classes = len(parse_taxonomy(description["taxonomy"], where=str(run)).labels)
    network = build_network(recipe.model, classes=classes, pretrained=False).network.eval()
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 3, spec.size, spec.size))
    return sum(one.numel() for one in network.parameters()), counter.get_total_flops()


def training_minutes(run: Path) -> float:
    """From the run's opening to its end, by the times of its files; a pause in between counts as well."""
    end = run / "model.pt"
    return (end.stat().st_mtime - (run / "run.json").stat().st_mtime) / 60
