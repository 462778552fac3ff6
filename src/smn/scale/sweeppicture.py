"""The picture of a sweep: a line through the settings of every trial, coloured by what it gave."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from smn.scale.space import Choices, Range
from smn.scale.sweepfile import Metric, Sweep
from smn.scale.sweepresults import show_value
from smn.scale.trials import State, Trial
from smn.style import FAINT, INK, PAPER, SMALL, TEXT, draw_picture, place_axes, write_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
