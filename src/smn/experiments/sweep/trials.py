"""A trial of a sweep: one training run in a folder of its own, and what is known of it from its files."""

import csv
import json
import math
import os
import platform
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from smn.experiments.sweep.sweep_file import Choices, Metric, Range, Sweep
from smn.files import write_partial, write_text
from smn.style import FAINT, INK, PAPER, SMALL, TEXT, draw_picture, place_axes, write_title
from smn.train import Recipe
from smn.train.run import read_run

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
    text = json.dumps({"settings": dict(settings), "state": state, "reason": reason}, indent=2, ensure_ascii=False)
    write_text(folder / "trial.json", text + "\n")


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

        def on_epoch_end(record: dict[str, Any]) -> None:
            epoch = record["epoch"] + (recipe.head.epochs if record["phase"] == "finetune" else 0)
            value = record[self.metric] if self.metric.rises else -record[self.metric]
            # After the last epoch the run still has to be written; nothing may stop it there.
            if epoch < total:
                report(epoch, value if math.isfinite(value) else -math.inf)

        train(recipe, self.manifest, out=place, negatives=self.negatives, on_epoch_end=on_epoch_end)


_FIGURES = ("val_log_loss", "val_top1", "val_top3")


def find_best(trials: Sequence[Trial], sweep: Sweep) -> Trial | None:
    """The finished trial with the best figure; None if none has one."""
    values = {trial.name: trial.value(sweep.metric) for trial in trials if trial.state is State.FINISHED}
    known = {name: value for name, value in values.items() if value is not None}
    if not known:
        return None
    best = (max if sweep.metric.rises else min)(known, key=lambda name: known[name])
    return next(trial for trial in trials if trial.name == best)


def write_results(trials: Sequence[Trial], sweep: Sweep, file: Path) -> None:
    """Write one row a trial as CSV; lists are written as in a recipe."""
    header = ["trial", "state", *sweep.space, "epochs", *_FIGURES, "seconds", "restarts", "reason"]
    with write_partial(file) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        for trial in trials:
            settings = [show_value(trial.settings[name]) for name in sweep.space]
            figures = [trial.figures.get(name, "") for name in _FIGURES]
            row = [trial.name, trial.state, *settings, trial.epochs, *figures]
            writer.writerow([*row, trial.seconds, trial.restarts, trial.reason])


def show_value(value: Any) -> str:
    """A setting's value in few letters."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else json.dumps(value)


def write_best(
    trials: Sequence[Trial],
    sweep: Sweep,
    recipe: Recipe,
    out: Path,
    *,
    manifest: str | Path,
    negatives: str | Path | None,
) -> Path | None:
    """Write the best trial's recipe as ``best.toml``, its header being the command that trains it again.

    Returns:
        The file; None if no trial finished.
    """
    best = find_best(trials, sweep)
    if best is None:
        return None
    file = out / "best.toml"
    words = ["smn", "train", str(file), "--manifest", str(manifest)]
    words += ["--negatives", str(negatives)] if negatives is not None else []
    lines = [
        f"# The best of {len(trials)} trials of {sweep.name}, by {sweep.metric}: trial {best.name}.",
        "#",
        f"#   {shlex.join([*words, '--out', f'runs/{sweep.name}-best'])}",
        "",
    ]
    data = recipe.with_settings(best.settings).to_dict() | {"name": f"{sweep.name}-best"}
    return write_text(file, "\n".join([*lines, *_write_toml(data)]) + "\n")


def _write_toml(data: Mapping[str, Any]) -> list[str]:
    """A recipe as TOML: its strings, numbers and lists are written as in JSON."""
    lines = [f"{key} = {_write(value)}" for key, value in data.items() if not isinstance(value, Mapping)]
    for key, section in data.items():
        if isinstance(section, Mapping):
            lines += ["", f"[{key}]", *(f"{name} = {_write(value)}" for name, value in section.items())]
    return lines


def _write(value: Any) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


_NAMES = {Metric.LOG_LOSS: "log loss on val", Metric.TOP1: "top-1 on val"}
_COLOURS = "cividis"  # even in lightness, and read alike with every kind of colour vision (Nuñez et al. 2018)


def draw_trials(trials: Sequence[Trial], sweep: Sweep, file: Path) -> None:
    """Parallel coordinates of the settings, ending in the metric; with one setting, dots of the metric over it.

    Dark is good. Trials that were stopped early are dashed or hollow; those without a figure are left out and counted.

    Args:
        trials: of the sweep.
        sweep: which settings and which metric.
        file: the PNG to write.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    shown = [trial for trial in trials if trial.value(sweep.metric) is not None and trial.state is not State.FAILED]
    values = np.array([trial.value(sweep.metric) for trial in shown], dtype=np.float64)
    lone = len(sweep.space) == 1
    with draw_picture(file, width=6.4 if lone else max(6.4, 1.6 + 1.7 * len(sweep.space)), height=4.8) as figure:
        write_title(figure, f"{sweep.name}: {_NAMES[sweep.metric]} over {len(trials)} trials", _note(trials, shown))
        axes = place_axes(figure, left=0.85, bottom=0.85 if lone else 0.7, right=0.45 if lone else 0.95, top=1.05)
        (_draw_dots if lone else _draw_lines)(axes, shown, values, sweep)


def _note(trials: Sequence[Trial], shown: Sequence[Trial]) -> str:
    stopped = sum(trial.state is State.STOPPED for trial in shown)
    parts = ["Dark is good."]
    if stopped:
        parts.append(f"{stopped} stopped early (dashed or hollow).")
    if len(shown) < len(trials):
        parts.append(f"{len(trials) - len(shown)} without a figure, left out.")
    return " ".join(parts)


def _shades(values: NDArray[np.float64], metric: Metric) -> NDArray[np.float64]:
    """RGBA (n, 4), the best darkest, by rank, so that one very bad trial does not make all others alike."""
    from matplotlib import colormaps

    order = np.argsort(np.argsort(-values if metric.rises else values))
    shades: NDArray[np.float64] = colormaps[_COLOURS](0.9 * order / max(1, len(values) - 1))
    return shades


def _place(setting: Choices | Range, value: Any) -> float:
    """Where a value stands on its axis, 0..1."""
    if isinstance(setting, Choices):
        return setting.values.index(value) / (len(setting.values) - 1) if len(setting.values) > 1 else 0.5
    low, high, here = np.log([setting.low, setting.high, value]) if setting.log else (setting.low, setting.high, value)
    return float((here - low) / (high - low))


def _ticks(setting: Choices | Range) -> Mapping[float, str]:
    """Labels by their place on the axis."""
    if isinstance(setting, Choices):
        return {_place(setting, value): show_value(value) for value in setting.values}
    middle = (setting.low * setting.high) ** 0.5 if setting.log else (setting.low + setting.high) / 2
    middle = round(middle) if setting.whole else middle
    return {_place(setting, value): f"{value:.3g}" for value in (setting.low, middle, setting.high)}


def _draw_dots(axes: "Axes", shown: Sequence[Trial], values: NDArray[np.float64], sweep: Sweep) -> None:
    ((name, setting),) = sweep.space.items()
    ticks = _ticks(setting)
    axes.set_xticks(list(ticks), labels=list(ticks.values()))
    axes.set(xlim=(-0.05, 1.05), xlabel=name, ylabel=_NAMES[sweep.metric])
    for trial, value, shade in zip(shown, values, _shades(values, sweep.metric), strict=True):
        hollow = trial.state is State.STOPPED
        axes.plot(
            _place(setting, trial.settings[name]), value, "o", markersize=6, markeredgecolor=shade,
            markerfacecolor="none" if hollow else shade,
        )  # fmt: skip


def _draw_lines(axes: "Axes", shown: Sequence[Trial], values: NDArray[np.float64], sweep: Sweep) -> None:
    last = len(sweep.space)
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    span = high - low or 1.0
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set(xlim=(0, last), ylim=(-0.04, 1.04))
    axes.set_yticks([])
    names = [name.replace(".", "\n") for name in sweep.space]
    axes.set_xticks(range(last + 1), labels=[*names, _NAMES[sweep.metric].replace(" on", "\non")], fontsize=TEXT)
    axes.tick_params(axis="x", length=0)
    axes.vlines(range(last + 1), 0, 1, color=FAINT, linewidth=1.2, zorder=0)
    # The best last, on top of the others.
    order = np.argsort(values if sweep.metric.rises else -values)
    shades = _shades(values, sweep.metric)
    for at in order:
        trial = shown[at]
        places = [_place(setting, trial.settings[name]) for name, setting in sweep.space.items()]
        axes.plot(
            range(last + 1), [*places, (values[at] - low) / span], color=shades[at], alpha=0.9,
            linewidth=2.6 if at == order[-1] else 1.2, linestyle="--" if trial.state is State.STOPPED else "-",
        )  # fmt: skip
    scales = [*map(_ticks, sweep.space.values()), {0.0: f"{low:.3g}", 1.0: f"{high:.3g}"} if len(values) else {}]
    for at, ticks in enumerate(scales):
        for place, label in ticks.items():
            axes.annotate(
                label, (at, place), (5 if at == last else -6, 0), textcoords="offset points", fontsize=SMALL,
                ha="left" if at == last else "right", va="center", color=INK, zorder=5,
                bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.0, "alpha": 0.85},
            )  # fmt: skip
