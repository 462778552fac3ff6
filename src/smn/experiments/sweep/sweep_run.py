"""Runs a sweep: many trials of a recipe, some at a time."""

import itertools
import json
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from smn.errors import InputError
from smn.experiments.sweep.cluster import open_cluster, require_scale, run_jobs
from smn.experiments.sweep.sweep_file import Choices, Range, Search, Sweep
from smn.experiments.sweep.trials import (
    State,
    Trial,
    TrialTraining,
    draw_trials,
    list_trials,
    read_trial,
    write_best,
    write_results,
    write_trial,
)
from smn.files import write_text
from smn.manifest import read_manifest
from smn.movements import read_taxonomy
from smn.progress import Progress
from smn.train import Recipe
from smn.train.selection import select, select_negatives

Settings = Mapping[str, Any]
"""By a setting's name, its value."""

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
                stop_after=_max_epochs(sweep, recipe) if sweep.stop_early else None,
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
    write_text(file, json.dumps(description, indent=2, ensure_ascii=False) + "\n")


def _max_epochs(sweep: Sweep, recipe: Recipe) -> int:
    """Epochs of the longest trial that the space allows."""
    edges = {name: max(sweep.space[name].edges) for name in ("head.epochs", "finetune.epochs") if name in sweep.space}
    known = {"head.epochs": recipe.head.epochs, "finetune.epochs": recipe.finetune.epochs}
    return max(1, sum((known | edges).values()))


class Sampler(Protocol):
    """Chooses settings."""

    def ask(self, number: int) -> Settings | None:
        """The settings of a trial, counted from 0; None after the last one."""

    def tell(self, number: int, settings: Settings, value: float | None) -> None:
        """Take note of what a trial gave; None if it failed."""


class GridSampler:
    """Every combination of the choices; the last setting changes fastest.

    Args:
        sweep: a sweep whose space has choices only.
    """

    def __init__(self, sweep: Sweep) -> None:
        values = itertools.product(*(setting.edges for setting in sweep.space.values()))
        self._combinations = [dict(zip(sweep.space, combination, strict=True)) for combination in values]

    def ask(self, number: int) -> Settings | None:
        """The combination of that number."""
        return self._combinations[number] if number < len(self._combinations) else None

    def tell(self, number: int, settings: Settings, value: float | None) -> None:
        """Nothing."""


class RandomSampler:
    """Independent draws that depend on the sweep's seed and the trial's number only.

    Args:
        sweep: the sweep.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep

    def ask(self, number: int) -> Settings | None:
        """The draw of that number."""
        if number >= self._sweep.trials:
            return None
        generator = random.Random(f"{self._sweep.seed} {number}")  # noqa: S311 - nothing secret
        return {name: setting.draw(generator) for name, setting in self._sweep.space.items()}

    def tell(self, number: int, settings: Settings, value: float | None) -> None:
        """Nothing."""


class BayesianSampler:
    """Tree-structured Parzen estimators (Bergstra et al. 2011), as Optuna has them.

    The first third of the trials, ten at most, is drawn at random. Trials that are under way count as bad ones, so
    that workers do not all try the same.

    Args:
        sweep: the sweep.
        known: how many trials an earlier call has begun; the same draws are not made twice.

    Raises:
        MissingExtraError: Optuna is not installed.
    """

    def __init__(self, sweep: Sweep, *, known: int = 0) -> None:
        require_scale("optuna")
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        tpe = optuna.samplers.TPESampler(
            seed=sweep.seed + known, n_startup_trials=min(10, max(1, sweep.trials // 3)), constant_liar=True
        )
        self._sweep = sweep
        self._study = optuna.create_study(sampler=tpe, direction="maximize" if sweep.metric.rises else "minimize")
        self._distributions = {name: _distribution(setting) for name, setting in sweep.space.items()}
        self._asked: dict[int, Any] = {}

    def ask(self, number: int) -> Settings | None:
        """What seems best to try next."""
        if number >= self._sweep.trials:
            return None
        self._asked[number] = trial = self._study.ask(self._distributions)
        return {
            name: setting.values[trial.params[name]] if isinstance(setting, Choices) else trial.params[name]
            for name, setting in self._sweep.space.items()
        }

    def tell(self, number: int, settings: Settings, value: float | None) -> None:
        """Tell Optuna, also of trials from an earlier call."""
        import optuna

        if number in self._asked:
            state = optuna.trial.TrialState.FAIL if value is None else optuna.trial.TrialState.COMPLETE
            self._study.tell(self._asked.pop(number), value, state=state)
        elif value is not None:
            params = {
                name: setting.values.index(settings[name]) if isinstance(setting, Choices) else settings[name]
                for name, setting in self._sweep.space.items()
            }
            known = optuna.trial.create_trial(params=params, distributions=self._distributions, value=value)
            self._study.add_trial(known)


def _distribution(setting: Choices | Range) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(setting, Choices):  # by place, because a choice may be a list
        return CategoricalDistribution(range(len(setting.values)))
    if setting.whole:
        return IntDistribution(int(setting.low), int(setting.high), log=setting.log)
    return FloatDistribution(setting.low, setting.high, log=setting.log)


def make_sampler(sweep: Sweep, *, known: int) -> Sampler:
    """What chooses the settings of a sweep.

    Args:
        sweep: the sweep.
        known: how many trials an earlier call has begun.
    """
    if sweep.search is Search.GRID:
        return GridSampler(sweep)
    if sweep.search is Search.RANDOM:
        return RandomSampler(sweep)
    return BayesianSampler(sweep, known=known)


@dataclass
class TrialQueue:
    """Hands out the trials of a sweep, those that an earlier call left open first, as `cluster.Jobs` asks.

    Args:
        sweep: the sweep.
        recipe: whose settings it tries.
        folder: of the trials.
        sampler: of settings for new trials.
        left: names of trials that an earlier call left open, or that failed.
        begun: how many trials there are.
        over: how many are over.
        steps: epochs by trial.
        progress: told how many trials are over, and epochs.
    """

    sweep: Sweep
    recipe: Recipe
    folder: Path
    sampler: Sampler
    left: list[str]
    begun: int
    over: int
    steps: dict[str, int]
    progress: Progress

    @classmethod
    def open(cls, sweep: Sweep, recipe: Recipe, folder: Path, progress: Progress) -> "TrialQueue":
        """The queue as the files of an earlier call, if there was one, leave it."""
        known = list_trials(folder)
        sampler = make_sampler(sweep, known=len(known))
        done = [trial for trial in known if trial.state in (State.FINISHED, State.STOPPED)]
        for trial in done:
            sampler.tell(int(trial.name) - 1, trial.settings, trial.value(sweep.metric))
        left = [trial.name for trial in known if trial not in done]
        steps = {trial.name: trial.epochs for trial in known}
        return cls(sweep, recipe, folder, sampler, left, len(known), len(done), steps, progress)

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
        settings = self.sampler.ask(self.begun)
        if settings is None:
            return None
        self.begun += 1
        name = f"{self.begun:03d}"
        write_trial(self.folder / name, settings=settings, state=State.OPEN)
        return name

    def reach(self, name: str, step: int) -> None:
        """Show how many epochs are over."""
        self.steps[name] = step
        self.progress("epochs", sum(self.steps.values()), self._count() * _max_epochs(self.sweep, self.recipe))

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
        self.sampler.tell(int(name) - 1, trial.settings, value)
        self.over += 1
        self.progress("trials", self.over, self._count())
