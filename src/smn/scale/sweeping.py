"""Runs a sweep: many trials of a recipe, some at a time."""

import json
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smn.errors import InputError
from smn.manifest import read_manifest
from smn.movements import read_taxonomy
from smn.scale.cluster import open_cluster, run_jobs
from smn.scale.extra import require_scale
from smn.scale.proposing import Proposer, make_proposer
from smn.scale.sweepfile import Sweep
from smn.scale.sweeppicture import draw_trials
from smn.scale.sweepresults import write_best, write_results
from smn.scale.trials import State, Trial, TrialTraining, list_trials, read_trial, write_trial
from smn.train import Recipe
from smn.train.selection import select, select_negatives

Progress = Callable[[str, int, int], None]
"""Called with what is being counted, how many are done, and how many there are."""

_MAY_CHANGE = ("trials", "threads", "stop_early")


def run_sweep(
    sweep: Sweep,
    recipe: Recipe,
    manifest: str | Path,
    *,
    out: Path,
    negatives: str | Path | None = None,
    workers: int = 2,
    address: str | None = None,
    progress: Progress = lambda *_: None,
) -> list[Trial]:
    """Train a recipe with different settings, several at a time, and write down what each is worth.

    Every trial is a training run in ``out/trials``. A killed worker is replaced and goes on after the last whole epoch.
    The same call continues a sweep that was interrupted: what is finished or was stopped counts, failed trials are
    tried again. A sweep may be given more trials later.

    Args:
        sweep: what to try.
        recipe: whose settings.
        manifest: pictures with the splits ``train`` and ``val``.
        out: the sweep's folder, created or continued; on a cluster, all machines see it and the pictures.
        negatives: pictures that are not paintings, with a split ``train``.
        workers: how many trials are trained at the same time.
        address: ``host:port`` of a running cluster's head; None uses this machine.
        progress: told how many trials are over, and epochs.

    Returns:
        All trials, in order; ``out`` then has ``results.csv``, ``sweep.png`` and, if a trial finished, ``best.toml``.

    Raises:
        InputError: ``out`` holds another sweep, or no cluster answers at the address.
        ManifestError: a split has no usable rows, or the negatives have none.
        MissingExtraError: a part of the extra ``scale`` is not installed.
    """
    require_scale("ray", "pandas", "torch", "matplotlib")
    out, pictures = out.resolve(), read_manifest(manifest)
    for split in ("train", "val"):
        select(pictures, read_taxonomy(recipe.taxonomy), split=split)
    others = read_manifest(negatives) if negatives is not None else None
    if others is not None:
        select_negatives(others)
    _open_sweep(out, {
        "sweep": sweep.to_dict(),
        "recipe": recipe.to_dict(),
        "data": {"sha256": pictures.data_hash(), "negatives_sha256": others.data_hash() if others else None},
    })  # fmt: skip
    queue = TrialQueue.open(sweep, recipe, out / "trials", progress)
    work = TrialTraining(
        recipe, out / "trials", pictures.file.resolve(), others.file.resolve() if others else None, sweep.threads,
        sweep.metric,
    )  # fmt: skip
    if queue.is_open():
        with open_cluster(processors=workers * sweep.threads, address=address):
            run_jobs(
                work, queue, at_once=workers, processors=sweep.threads, folder=out / "ray",
                stop_after=_most_epochs(sweep, recipe) if sweep.stop_early else None,
            )  # fmt: skip
    trials = list_trials(out / "trials")
    write_results(trials, sweep, out / "results.csv")
    draw_trials(trials, sweep, out / "sweep.png")
    write_best(trials, sweep, recipe, out, manifest=manifest, negatives=negatives)
    return trials


def _open_sweep(out: Path, description: dict[str, Any]) -> None:
    """Write ``sweep.json``, unless it is of another sweep."""
    file = out / "sweep.json"
    description = json.loads(json.dumps(description))
    if file.exists():
        known = json.loads(file.read_text(encoding="utf-8"))
        changed = [key for key in ("recipe", "data") if known[key] != description[key]]
        changed += [
            f"sweep.{key}"
            for key, value in description["sweep"].items()
            if key not in _MAY_CHANGE and known["sweep"].get(key) != value
        ]
        if changed:
            raise InputError(f"{out} holds a sweep with another {' and '.join(changed)}; choose another --out.")
    out.mkdir(parents=True, exist_ok=True)
    partial = out / "sweep.partial"
    partial.write_text(json.dumps(description, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(partial, file)


def _most_epochs(sweep: Sweep, recipe: Recipe) -> int:
    """Epochs of the longest trial that the space allows."""
    edges = {name: max(sweep.space[name].edges) for name in ("head.epochs", "finetune.epochs") if name in sweep.space}
    known = {"head.epochs": recipe.head.epochs, "finetune.epochs": recipe.finetune.epochs}
    return max(1, sum((known | edges).values()))


@dataclass
class TrialQueue:
    """Hands out the trials of a sweep, those that an earlier call left open first; see `smn.scale.cluster.Jobs`.

    Args:
        sweep: the sweep.
        recipe: whose settings it tries.
        folder: of the trials.
        proposer: of settings for new trials.
        left: names of trials that an earlier call left open, or that failed.
        begun: how many trials there are.
        over: how many are over.
        steps: epochs by trial.
        progress: told how many trials are over, and epochs.
    """

    sweep: Sweep
    recipe: Recipe
    folder: Path
    proposer: Proposer
    left: list[str]
    begun: int
    over: int
    steps: dict[str, int]
    progress: Progress

    @classmethod
    def open(cls, sweep: Sweep, recipe: Recipe, folder: Path, progress: Progress) -> "TrialQueue":
        """The queue as the files of an earlier call, if there was one, leave it."""
        known = list_trials(folder)
        proposer = make_proposer(sweep, known=len(known))
        done = [trial for trial in known if trial.state in (State.FINISHED, State.STOPPED)]
        for trial in done:
            proposer.learn(int(trial.name) - 1, trial.settings, trial.value(sweep.metric))
        left = [trial.name for trial in known if trial not in done]
        steps = {trial.name: trial.epochs for trial in known}
        return cls(sweep, recipe, folder, proposer, left, len(known), len(done), steps, progress)

    def is_open(self) -> bool:
        """Whether there is anything left to do."""
        return bool(self.left) or self.begun < self._count()

    def _count(self) -> int:
        return self.sweep.trials or math.prod(len(setting.edges) for setting in self.sweep.space.values())

    def begin(self) -> str | None:
        """The name of the next trial, whose folder has its settings then."""
        if self.left:
            name = self.left.pop(0)
            write_trial(self.folder / name, settings=read_trial(self.folder / name).settings, state=State.OPEN)
            return name
        settings = self.proposer.propose(self.begun)
        if settings is None:
            return None
        self.begun += 1
        name = f"{self.begun:03d}"
        write_trial(self.folder / name, settings=settings, state=State.OPEN)
        return name

    def reach(self, name: str, step: int) -> None:
        """Show how many epochs are over."""
        self.steps[name] = step
        self.progress("epochs", sum(self.steps.values()), self._count() * _most_epochs(self.sweep, self.recipe))

    def finish(self, name: str) -> None:
        """Note it."""
        self._close(name, State.FINISHED)

    def stop(self, name: str) -> None:
        """Note it."""
        self._close(name, State.STOPPED)

    def fail(self, name: str, reason: str) -> None:
        """Note it, and why."""
        self._close(name, State.FAILED, reason)

    def _close(self, name: str, state: State, reason: str = "") -> None:
        place = self.folder / name
        write_trial(place, settings=read_trial(place).settings, state=state, reason=reason)
        trial = read_trial(place)
        value = None if state is State.FAILED else trial.value(self.sweep.metric)
        self.proposer.learn(int(name) - 1, trial.settings, value)
        self.over += 1
        self.progress("trials", self.over, self._count())
