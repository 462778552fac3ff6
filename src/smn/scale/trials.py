"""A trial of a sweep: one training run in a folder of its own, and what is known of it from its files."""

import json
import math
import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from smn.scale.sweepfile import Metric
from smn.train import Recipe
from smn.train.runfolder import read_run


class State(StrEnum):
    """How far a trial is."""

    OPEN = "open"
    """Not begun, under way or interrupted."""
    FINISHED = "finished"
    STOPPED = "stopped"
    """Ended early, because it was behind others."""
    FAILED = "failed"


@dataclass(frozen=True)
class Trial:
    """One trial, as its files tell.

    Args:
        name: the name of its folder, ``"001"`` and so on.
        settings: what it changes in the recipe.
        state: how far it is.
        reason: why it failed; empty otherwise.
        epochs: epochs over all phases.
        seconds: what they took.
        figures: the validation split's figures for the weights that are kept; empty before the first epoch.
        restarts: how often a worker began it anew after another one had ended.
    """

    name: str
    settings: Mapping[str, Any]
    state: State
    reason: str
    epochs: int
    seconds: float
    figures: Mapping[str, float]
    restarts: int

    def value(self, metric: Metric) -> float | None:
        """The figure that decides; None if there is none, or no finite one."""
        value = self.figures.get(metric)
        return value if value is not None and math.isfinite(value) else None


def write_trial(folder: Path, *, settings: Mapping[str, Any], state: State, reason: str = "") -> None:
    """Write ``trial.json`` into a trial's folder, all of it or nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / "trial.partial"
    text = json.dumps({"settings": dict(settings), "state": state, "reason": reason}, indent=2, ensure_ascii=False)
    partial.write_text(text + "\n", encoding="utf-8")
    os.replace(partial, folder / "trial.json")


def read_trial(folder: Path) -> Trial:
    """A trial from its folder."""
    known = json.loads((folder / "trial.json").read_text(encoding="utf-8"))
    records = _read_lines(folder / "metrics.jsonl")
    kept = _kept_record(folder, records)
    return Trial(
        name=folder.name,
        settings=known["settings"],
        state=State(known["state"]),
        reason=known["reason"],
        epochs=len(records),
        seconds=round(sum(record["seconds"] for record in records), 1),
        figures={name: value for name, value in kept.items() if name.startswith("val_")},
        restarts=max(0, len(_read_lines(folder / "workers.jsonl")) - 1),
    )


def _read_lines(file: Path) -> list[dict[str, Any]]:
    if not file.exists():
        return []
    # A line without an end was cut by a kill, or is being written.
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def _kept_record(folder: Path, records: list[dict[str, Any]]) -> dict[str, Any]:
    """The epoch whose weights the run keeps: the last one, or the best where fine-tuning waits for no better one."""
    if not records or records[-1]["phase"] != "finetune":
        return records[-1] if records else {}
    if not read_run(folder).recipe.finetune.patience:
        return records[-1]
    last_phase = [record for record in records if record["phase"] == "finetune"]
    return min(last_phase, key=lambda record: _or_infinite(record["val_log_loss"]))


def _or_infinite(value: float) -> float:
    return value if math.isfinite(value) else math.inf


def list_trials(folder: Path) -> list[Trial]:
    """The trials in a folder, in order."""
    return [read_trial(file.parent) for file in sorted(folder.glob("*/trial.json"))]


def count_epochs(recipe: Recipe) -> int:
    """Epochs over all phases, if none ends early."""
    return recipe.head.epochs + recipe.finetune.epochs


@dataclass(frozen=True)
class TrialTraining:
    """Trains one trial; called in a worker's process.

    Args:
        recipe: before the trial's settings.
        folder: of all trials; everything is named from the root, for workers have a folder of their own.
        manifest: pictures with the splits ``train`` and ``val``.
        negatives: pictures that are no paintings.
        threads: processor threads.
        metric: what is reported as ``value``, the higher the better.
    """

    recipe: Recipe
    folder: Path
    manifest: Path
    negatives: Path | None
    threads: int
    metric: Metric

    def __call__(self, name: str, report: Callable[[int, float], None]) -> None:
        """Train the trial of that name, or continue it, and report (epoch, value) after every epoch but the last."""
        import torch

        from smn.train.run import train

        place = self.folder / name
        with (place / "workers.jsonl").open("a", encoding="utf-8") as stream:
            began = {"host": platform.node(), "pid": os.getpid(), "began": round(time.time(), 3)}
            stream.write(json.dumps(began) + "\n")
        torch.set_num_threads(self.threads)
        recipe = self.recipe.with_settings(read_trial(place).settings)
        total = count_epochs(recipe)

        def told_epoch(record: dict[str, Any]) -> None:
            epoch = record["epoch"] + (recipe.head.epochs if record["phase"] == "finetune" else 0)
            value = record[self.metric] if self.metric.rises else -record[self.metric]
            # After the last epoch the run still has to be written; nothing may stop it there.
            if epoch < total:
                report(epoch, value if math.isfinite(value) else -math.inf)

        train(recipe, self.manifest, out=place, negatives=self.negatives, told_epoch=told_epoch)
