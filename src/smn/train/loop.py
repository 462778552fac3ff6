"""The training loop: one for every model, resumable to the same result."""

import copy
import json
import math
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from smn.models.stages import rest_frozen
from smn.train.features import Progress

Batches = Callable[[int], Iterable[tuple[Tensor, Tensor]]]
"""Given an epoch, counted from 0, its batches of inputs and targets; the same epoch gives the same batches."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a phase trains.

    Args:
        epochs: passes over the data.
        steps: steps an epoch.
        warmup: share of all steps in which the learning rates rise from 0.
        label_smoothing: share of the target spread over all classes, 0..1.
        ema_decay: of the moving average of the weights; 0 keeps the last weights.
    """

    epochs: int
    steps: int
    warmup: float = 0.0
    label_smoothing: float = 0.0
    ema_decay: float = 0.0

    def rate(self, step: int) -> float:
        """The factor, 0..1, on the learning rates at a step: a linear rise, then half a cosine down to 0."""
        total, rise = self.epochs * self.steps, self.warmup * self.epochs * self.steps
        if step < rise:
            return (step + 1) / rise
        return 0.5 * (1.0 + math.cos(math.pi * (step - rise) / max(1.0, total - rise)))


def fit(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    *,
    batches: Batches,
    schedule: Schedule,
    phase: str,
    run: Path,
    evaluate: Callable[[nn.Module], dict[str, float]],
    progress: Progress,
    classify: Callable[[nn.Module, Tensor], Tensor] = lambda model, inputs: model(inputs),
) -> nn.Module:
    """Train a model and return it with its averaged weights.

    After every epoch a checkpoint replaces the one before, all of it or nothing, so that a killed run repeats at most
    one epoch. Batches depend on the epoch's number alone, therefore a resumed run ends as an uninterrupted one.

    Args:
        model: what is trained; changed in place.
        optimiser: over the model's parameters; its learning rates are the highest ones.
        batches: see `Batches`.
        schedule: see `Schedule`.
        phase: the name under which checkpoints and metrics are kept.
        run: the run's folder.
        evaluate: figures of the averaged model, written to ``metrics.jsonl`` each epoch.
        progress: told after every step.
        classify: how the model turns inputs into logits (N, K).
    """
    average = copy.deepcopy(model).requires_grad_(requires_grad=False)
    highest = [group["lr"] for group in optimiser.param_groups]
    file = run / f"checkpoint-{phase}.pt"
    first = _restore(file, model, average, optimiser)
    _forget_metrics(run / "metrics.jsonl", phase, after=first)
    for epoch in range(first, schedule.epochs):
        torch.manual_seed(epoch)  # dropout repeats after a resume
        model.train()
        rest_frozen(model)
        started, losses = time.monotonic(), []
        for step, (inputs, targets) in enumerate(batches(epoch), start=epoch * schedule.steps):
            for group, rate in zip(optimiser.param_groups, highest, strict=True):
                group["lr"] = rate * schedule.rate(step)
            logits = classify(model, inputs)
            loss = functional.cross_entropy(logits.float(), targets, label_smoothing=schedule.label_smoothing)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            _update_average(average, model, decay=min(schedule.ema_decay, (1 + step) / (10 + step)))
            losses.append(loss.detach())
            progress(phase, step + 1, schedule.epochs * schedule.steps)
        average.eval()
        figures = {"loss": float(torch.stack(losses).mean()), **evaluate(average)}
        record = {"phase": phase, "epoch": epoch + 1, "seconds": round(time.monotonic() - started, 1), **figures}
        with (run / "metrics.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(record) + "\n")
        _save(file, epoch + 1, model, average, optimiser)
    model.load_state_dict(average.state_dict())
    return model.eval()


@torch.no_grad()
def _update_average(average: nn.Module, model: nn.Module, *, decay: float) -> None:
    current = model.state_dict()
    for name, value in average.state_dict().items():
        if value.is_floating_point():
            value.lerp_(current[name].to(value.dtype), 1.0 - decay)
        else:
            value.copy_(current[name])


def _save(file: Path, epoch: int, model: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    state: dict[str, Any] = {
        "epoch": epoch,
        "model": model.state_dict(),
        "average": average.state_dict(),
        "optimiser": optimiser.state_dict(),
    }
    partial = file.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, file)


def _forget_metrics(file: Path, phase: str, *, after: int) -> None:
    """Drop the lines of epochs that will be trained again, because a kill came before their checkpoint."""
    if not file.exists():
        return
    kept = []
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        # A line without an end was cut by the kill.
        record: dict[str, Any] = json.loads(line) if line.endswith("\n") else {"phase": phase, "epoch": math.inf}
        if record["phase"] != phase or record["epoch"] <= after:
            kept.append(line)
    partial = file.with_suffix(".partial")
    partial.write_text("".join(kept), encoding="utf-8")
    os.replace(partial, file)


def _restore(file: Path, model: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer) -> int:
    if not file.exists():
        return 0
    state = torch.load(file, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    average.load_state_dict(state["average"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["epoch"])
