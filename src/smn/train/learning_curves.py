"""Shows how a run has learned: ``curves.png`` in its folder, and the figures of every epoch in TensorBoard."""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smn.errors import MissingExtraError
from smn.files import write_partial
from smn.style import ACCENT, DEEP, MUTED, SMALL, draw_picture, place_axes, write_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from smn.train.loop import OnEpochEnd

CURVES = "curves.png"
"""The picture's name in the run's folder."""

_TITLES = {"head": "head, on cached features", "finetune": "layers, on changed pictures"}
_COLUMN, _ROW, _MARGIN = 4.3, 2.4, 0.95  # inches


def draw_curves(run: Path) -> Path | None:
    """Draw ``curves.png`` from ``metrics.jsonl``; a picture of fewer epochs is replaced.

    Args:
        run: the run's folder.

    Returns:
        The picture, or None if no epoch has ended yet.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    metrics = run / "metrics.jsonl"
    phases: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in metrics.read_text(encoding="utf-8").splitlines() if metrics.exists() else ():
        record = json.loads(line)
        phases[record["phase"]].append(record)
    if not phases:
        return None
    width, height = _COLUMN * len(phases) + 0.3, 2 * _ROW + _MARGIN
    with write_partial(run / CURVES) as partial, draw_picture(partial, width=width, height=height) as figure:
        write_title(figure, f"{run.resolve().name}: how it learned", "The ring is the lowest log loss on val.")
        for column, (phase, records) in enumerate(phases.items()):
            _draw_phase(figure, phase, records, column=column, columns=len(phases))
    return run / CURVES


def _draw_phase(figure: "Figure", phase: str, records: list[dict[str, Any]], *, column: int, columns: int) -> None:
    from matplotlib.ticker import MaxNLocator

    left, right = 0.65 + column * _COLUMN, 1.15 + (columns - 1 - column) * _COLUMN
    losses = place_axes(figure, left=left, right=right, bottom=0.55 + _ROW, top=_MARGIN + 0.25)
    accuracy = place_axes(figure, left=left, right=right, bottom=0.5, top=_MARGIN + _ROW)
    above = 1 if records[-1]["val_log_loss"] >= records[-1]["loss"] else -1
    losses.set_title(_TITLES.get(phase, phase), loc="left", fontsize=9)
    _draw_line(losses, records, "loss", label="loss on train", colour=ACCENT, style="--", shift=-5 * above)
    _draw_line(losses, records, "val_log_loss", label="log loss on val", colour=DEEP, style="-", shift=5 * above)
    _draw_line(accuracy, records, "val_top1", label="top-1 on val", colour=DEEP, style="-")
    best = min(records, key=lambda record: record["val_log_loss"])
    for axes, name in ((losses, "val_log_loss"), (accuracy, "val_top1")):
        axes.plot(best["epoch"], best[name], "o", markersize=8, markerfacecolor="none", color=DEEP)
        axes.set_xlim(0.5, max(record["epoch"] for record in records) + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    accuracy.set_xlabel("epoch")
    accuracy.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")


def _draw_line(
    axes: "Axes", records: list[dict[str, Any]], name: str, *, label: str, colour: str, style: str, shift: int = 0
) -> None:
    """A line with its name at its end, shifted up by so many points."""
    epochs, values = [record["epoch"] for record in records], [record[name] for record in records]
    axes.plot(epochs, values, style, marker=".", markersize=4, linewidth=1.4, color=colour)
    axes.annotate(
        label, (epochs[-1], values[-1]), xytext=(9, shift), textcoords="offset points", va="center", fontsize=SMALL,
        color=colour, annotation_clip=False,
    )  # fmt: skip
    axes.tick_params(colors=MUTED)


@contextmanager
def track_tensorboard(folder: Path) -> "Iterator[OnEpochEnd]":
    """Write the figures of every epoch for TensorBoard, safe from a kill as soon as an epoch ends.

    Args:
        folder: where the event files go; made if need be.

    Yields:
        What to call with each epoch's figures, as ``metrics.jsonl`` has them.

    Raises:
        MissingExtraError: the extra ``track`` is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtraError("track", "tensorboard") from error
    with ExitStack() as opened:

        @cache
        def open_writer() -> SummaryWriter:
            writer = SummaryWriter(str(folder))
            opened.callback(writer.close)
            return writer

        def track(record: dict[str, Any]) -> None:
            writer = open_writer()  # no sooner, so that training which is refused leaves no folder
            for name, value in record.items():
                if name not in ("phase", "epoch"):
                    writer.add_scalar(f"{record['phase']}/{name}", value, record["epoch"])
            writer.flush()

        yield track
