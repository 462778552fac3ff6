"""The training loop: one for every model, resumable to the same result."""

import copy
import json
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from smn.files import write_partial, write_text
from smn.models.stages import rest_frozen
from smn.progress import Progress
from smn.train.batches import compute_loss
from smn.train.devices import device_of
from smn.train.recipe_sections import LRSchedule

Batches = Callable[[int], Iterable[tuple[Tensor, Tensor]]]
"""Given an epoch, counted from 0, its batches of inputs and targets; the same epoch gives the same batches."""

Classify = Callable[[nn.Module, Tensor], Tensor]
"""Given a model and inputs, its logits (N, K)."""

OnEpochEnd = Callable[[dict[str, Any]], None]
"""Called after every epoch with its line of ``metrics.jsonl``; what it raises ends the training."""

_LOWEST = 1 / 25
"""Where one cycle begins, as a share of the highest learning rate."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a phase trains.

    Args:
        epochs: passes over the data.
        steps: steps an epoch.
        warmup: share of all steps in which the learning rates rise from 0.
        label_smoothing: share of the target spread over all classes, 0..1.
        ema_decay: of the moving average of the weights; 0 keeps the last weights.
        curve: how the learning rates go over the steps.
        accumulate: batches whose gradients are added up for one step.
        patience: epochs without a lower ``val_log_loss`` after which training ends, with the best epoch's weights; 0
            trains to the end.
    """

    epochs: int
    steps: int
    warmup: float = 0.0
    label_smoothing: float = 0.0
    ema_decay: float = 0.0
    curve: LRSchedule = LRSchedule.COSINE
    accumulate: int = 1
    patience: int = 0

    def rate(self, step: int) -> float:
        """The factor, 0..1, on the learning rates at a step; see `LRSchedule`."""
        total, rise = self.epochs * self.steps, self.warmup * self.epochs * self.steps
        if step < rise and self.curve is LRSchedule.ONE_CYCLE:
            return _LOWEST + (1.0 - _LOWEST) * 0.5 * (1.0 - math.cos(math.pi * step / rise))
        if step < rise:
            return (step + 1) / rise
        return 0.5 * (1.0 + math.cos(math.pi * (step - rise) / max(1.0, total - rise)))


@dataclass(frozen=True)
class State:
    """What a checkpoint keeps.

    Args:
        model: what is trained.
        average: the moving average of its weights.
        optimiser: over the model's parameters.
        scaler: of the losses, for gradients of 16 bits.
    """

    model: nn.Module
    average: nn.Module
    optimiser: torch.optim.Optimizer
    scaler: torch.amp.GradScaler


@dataclass(frozen=True)
class Best:
    """The epoch with the lowest log loss on the validation split.

    Args:
        loss: that loss.
        epoch: the epoch, counted from 0.
        weights: the averaged weights after it; none before the first epoch.
    """

    loss: float = math.inf
    epoch: int = -1
    weights: dict[str, Tensor] | None = None

    def is_over(self, epoch: int, *, patience: int) -> bool:
        """Whether an epoch is one too many."""
        return patience > 0 and self.weights is not None and epoch - 1 - self.epoch >= patience


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
    classify: Classify = lambda model, inputs: model(inputs),
    smoothing_matrix: Tensor | None = None,
    scaler: torch.amp.GradScaler | None = None,
    on_epoch_end: OnEpochEnd = lambda _: None,
) -> nn.Module:
    """Train a model and return it with its averaged weights.

    After every epoch a checkpoint replaces the one before, all of it or nothing, so that a killed run repeats at most
    one epoch. Batches depend on the epoch's number alone, therefore a resumed run ends as an uninterrupted one.

    Args:
        model: what is trained, on the device where it is; changed in place.
        optimiser: over the model's parameters; its learning rates are the highest ones.
        batches: see `Batches`.
        schedule: see `Schedule`.
        phase: the name under which checkpoints and metrics are kept.
        run: the run's folder.
        evaluate: figures of the averaged model, written to ``metrics.jsonl`` each epoch.
        progress: called after every step.
        classify: how the model turns inputs into logits (N, K).
        smoothing_matrix: (K, K) where the smoothed share of each label goes; None spreads it evenly.
        scaler: see `smn.train.devices.build_scaler`; None scales nothing.
        on_epoch_end: see `OnEpochEnd`; the epoch's checkpoint is there by then.
    """
    scaler = torch.amp.GradScaler(enabled=False) if scaler is None else scaler
    state = State(model, copy.deepcopy(model).requires_grad_(requires_grad=False), optimiser, scaler)
    smoothing_matrix = smoothing_matrix if smoothing_matrix is None else smoothing_matrix.to(device_of(model))
    highest = [group["lr"] for group in optimiser.param_groups]
    file = run / f"checkpoint-{phase}.pt"
    first, best = _restore(file, state)
    _forget_metrics(run / "metrics.jsonl", phase, after=first)
    for epoch in range(first, schedule.epochs):
        if best.is_over(epoch, patience=schedule.patience):
            break
        started = time.monotonic()
        loss = _train_epoch(
            state, batches(epoch), epoch=epoch, schedule=schedule, highest=highest, classify=classify,
            smoothing_matrix=smoothing_matrix,
            on_step=lambda step: progress(phase, step, schedule.epochs * schedule.steps),
        )  # fmt: skip
        figures = {"loss": loss, **evaluate(state.average)}
        record = {"phase": phase, "epoch": epoch + 1, "seconds": round(time.monotonic() - started, 1), **figures}
        with (run / "metrics.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(record) + "\n")
        if schedule.patience and figures["val_log_loss"] < best.loss:
            best = Best(figures["val_log_loss"], epoch, copy.deepcopy(state.average.state_dict()))
        _save(file, epoch + 1, state, best)
        on_epoch_end(record)
    model.load_state_dict(best.weights or state.average.state_dict())
    return model.eval()


def _train_epoch(
    state: State,
    batches: Iterable[tuple[Tensor, Tensor]],
    *,
    epoch: int,
    schedule: Schedule,
    highest: list[float],
    classify: Classify,
    smoothing_matrix: Tensor | None,
    on_step: Callable[[int], None],
) -> float:
    """Train for an epoch; the mean loss of its batches."""
    model, optimiser, scaler, losses = state.model, state.optimiser, state.scaler, []
    device = device_of(model)
    torch.manual_seed(epoch)  # dropout repeats after a resume
    model.train()
    rest_frozen(model)
    optimiser.zero_grad(set_to_none=True)
    for place, (inputs, targets) in enumerate(batches, start=1):
        step = epoch * schedule.steps + place - 1
        for group, rate in zip(optimiser.param_groups, highest, strict=True):
            group["lr"] = rate * schedule.rate(step)
        logits = classify(model, inputs.to(device))
        loss = compute_loss(
            logits, targets.to(device), smoothing=schedule.label_smoothing, smoothing_matrix=smoothing_matrix
        )
        scaler.scale(loss / schedule.accumulate).backward()  # type: ignore[no-untyped-call]
        if place % schedule.accumulate == 0 or place == schedule.steps:
            scaler.step(optimiser)
            scaler.update()
            optimiser.zero_grad(set_to_none=True)
            _update_average(state.average, model, decay=min(schedule.ema_decay, (1 + step) / (10 + step)))
        losses.append(loss.detach())
        on_step(step + 1)
    state.average.eval()
    return float(torch.stack(losses).mean())


@torch.no_grad()
def _update_average(average: nn.Module, model: nn.Module, *, decay: float) -> None:
    current = model.state_dict()
    for name, value in average.state_dict().items():
        if value.is_floating_point():
            value.lerp_(current[name].to(value.dtype), 1.0 - decay)
        else:
            value.copy_(current[name])


def _save(file: Path, epoch: int, state: State, best: Best) -> None:
    known: dict[str, Any] = {
        "epoch": epoch,
        "model": state.model.state_dict(),
        "average": state.average.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "scaler": state.scaler.state_dict(),
        "best": vars(best),
    }
    with write_partial(file) as partial:
        torch.save(known, partial)


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
    write_text(file, "".join(kept))


def _restore(file: Path, state: State) -> tuple[int, Best]:
    if not file.exists():
        return 0, Best()
    known = torch.load(file, map_location="cpu", weights_only=True)
    state.model.load_state_dict(known["model"])
    state.average.load_state_dict(known["average"])
    state.optimiser.load_state_dict(known["optimiser"])
    if known.get("scaler"):  # empty where nothing was scaled
        state.scaler.load_state_dict(known["scaler"])
    return int(known["epoch"]), Best(**known.get("best", {}))
