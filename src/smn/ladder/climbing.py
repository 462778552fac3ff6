"""Climbs a ladder: trains, exports and measures every rung that is not finished yet."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from smn.bundle import read_bundle
from smn.errors import InputError, SmnError
from smn.evaluate import EvaluationSet, evaluate_model, write_report
from smn.evaluate.evaluated_model import open_colour_run
from smn.evaluate.evaluation_sets import select_rows
from smn.ladder.costs import Costs, choose_files, measure_costs, time_network
from smn.ladder.holding import hold_out
from smn.ladder.rungs import Ladder, Rung
from smn.ladder.table import KNOWN, UNSEEN
from smn.manifest import read_manifest
from smn.movements import read_taxonomy
from smn.train.kinds import ColourSettings
from smn.train.recipe import Recipe
from smn.train.run import train

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, and how many there are."""


@dataclass(frozen=True)
class Protocol:
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
) -> Protocol:
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
    return Protocol(training, (*own, *also), negatives)


def climb(ladder: Ladder, protocol: Protocol, out: Path, *, progress: Progress = lambda *_: None) -> dict[str, str]:
    """Train, export, measure and time every rung; what is finished is used as it is.

    Below ``out`` each rung has ``runs/NAME``, ``bundles/NAME`` (networks only), ``reports/NAME`` and
    ``costs/NAME.json``. A rung whose report and costs are there is finished, even if its run was deleted since. A rung
    that fails costs that rung only.

    Args:
        ladder: the rungs.
        protocol: the data; see `prepare`.
        out: the ladder's folder.
        progress: told how far things are.

    Returns:
        Of the rungs that failed, by name, the sentence that says why.
    """
    failed = {}
    for rung in ladder.rungs:
        try:
            climb_rung(rung, protocol, out, progress=partial(_tell, progress, rung.name))
        except SmnError as error:
            failed[rung.name] = str(error)
    return failed


def _tell(progress: Progress, name: str, what: str, done: int, of: int) -> None:
    progress(f"{name}: {what}", done, of)


def climb_rung(rung: Rung, protocol: Protocol, out: Path, *, progress: Progress = lambda *_: None) -> None:
    """Train, export, measure and time one rung; see `climb`.

    Raises:
        InputError: its run's folder holds a run of another recipe or other data, or its weights cannot be had.
        MissingExtraError: what it needs is not installed.
    """
    run, report, costs = out / "runs" / rung.name, out / "reports" / rung.name, out / "costs" / f"{rung.name}.json"
    if not run.exists() and (report / "report.json").exists() and costs.exists():
        _require_same(rung, protocol, report / "report.json", costs)
        return
    is_network = not isinstance(rung.recipe.model, ColourSettings)
    bundle = out / "bundles" / rung.name if is_network else None
    train(
        rung.recipe,
        protocol.training,
        out=run,
        negatives=protocol.negatives if is_network else None,
        progress=progress,
    )
    if bundle is not None and not (bundle / "bundle.json").exists():
        from smn.export import export_run

        export_run(run, out=bundle, name=rung.name, progress=progress)
    if not (report / "report.json").exists():
        model = open_colour_run(run) if bundle is None else read_bundle(bundle)
        write_report(evaluate_model(model, protocol.sets, on_progress=progress), report)
    if not costs.exists():
        selection = select_rows(protocol.sets[1], read_taxonomy(rung.recipe.taxonomy))
        _keep(rung, measure_costs(run, bundle, selection.manifest, selection.rows.tolist()), costs)


def time_again(ladder: Ladder, protocol: Protocol, out: Path, *, progress: Progress = lambda *_: None) -> None:
    """Time every finished network of a ladder anew, whether or not its run is still there; for an idle machine."""
    known = [rung for rung in ladder.rungs if (out / "costs" / f"{rung.name}.json").exists()]
    for place, rung in enumerate(known, start=1):
        if not isinstance(rung.recipe.model, ColourSettings):
            selection = select_rows(protocol.sets[1], read_taxonomy(rung.recipe.taxonomy))
            milliseconds = time_network(rung.recipe, choose_files(selection.manifest, selection.rows.tolist()))
            file = out / "costs" / f"{rung.name}.json"
            costs = json.loads(file.read_text(encoding="utf-8"))
            _write(file, costs | {"milliseconds": milliseconds})
        progress("timing", place, len(known))


def _keep(rung: Rung, costs: Costs, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    _write(file, {**asdict(costs), "recipe": _describe(rung.recipe)})


def _write(file: Path, known: dict[str, Any]) -> None:
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, file)


def _describe(recipe: Recipe) -> dict[str, Any]:
    """A recipe as plain data, its file of weights by name: where that file lies changes nothing."""
    described: dict[str, Any] = json.loads(json.dumps(recipe.to_dict()))
    if "weights" in described["model"]:
        described["model"]["weights"] = Path(described["model"]["weights"]).name
    return described


def _require_same(rung: Rung, protocol: Protocol, report: Path, costs: Path) -> None:
    """Refuse a result whose run is gone unless it is of this recipe and of these pictures."""
    unseen = json.loads(report.read_text(encoding="utf-8"))["sets"][1]
    changed = []
    # Settings that came later than the result have their defaults there.
    known = Recipe.from_dict(json.loads(costs.read_text(encoding="utf-8"))["recipe"], where=str(costs))
    if _describe(known) != _describe(rung.recipe):
        changed.append("recipe")
    if unseen["data_hash"] != read_manifest(protocol.training).data_hash():
        changed.append("data")
    if changed:
        raise InputError(
            f"{report.parent} holds the result of another {' and '.join(changed)}; remove it and {costs.name} in "
            f"{costs.parent}, or choose another --out."
        )
