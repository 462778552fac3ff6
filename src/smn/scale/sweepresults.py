"""What a sweep leaves behind as text: the table of its trials, and the best one as a recipe."""

import csv
import json
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from smn.scale.sweepfile import Sweep
from smn.scale.trials import State, Trial
from smn.train import Recipe

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
    partial = file.with_suffix(".partial")
    with partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        for trial in trials:
            settings = [show_value(trial.settings[name]) for name in sweep.space]
            figures = [trial.figures.get(name, "") for name in _FIGURES]
            row = [trial.name, trial.state, *settings, trial.epochs, *figures]
            writer.writerow([*row, trial.seconds, trial.restarts, trial.reason])
    os.replace(partial, file)


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
    partial = file.with_suffix(".partial")
    partial.write_text("\n".join([*lines, *_write_toml(data)]) + "\n", encoding="utf-8")
    os.replace(partial, file)
    return file


def _write_toml(data: Mapping[str, Any]) -> list[str]:
    """A recipe as TOML: its strings, numbers and lists are written as in JSON."""
    lines = [f"{key} = {_write(value)}" for key, value in data.items() if not isinstance(value, Mapping)]
    for key, section in data.items():
        if isinstance(section, Mapping):
            lines += ["", f"[{key}]", *(f"{name} = {_write(value)}" for name, value in section.items())]
    return lines


def _write(value: Any) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
