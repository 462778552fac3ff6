"""The plots of a report: confusion, reliability, coverage, movements, and robustness."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from smn.evaluate.metrics import Floats
from smn.evaluate.report import ClassReport, SetReport
from smn.evaluate.robustness import RobustnessReport
from smn.movements import get_family, list_families
from smn.style import (
    ACCENT,
    DEEP,
    FAINT,
    INK,
    MUTED,
    PAPER,
    SMALL,
    draw_picture,
    place_axes,
    show_percent,
    write_title,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURES = ("confusion", "classes", "reliability", "coverage")
"""What is drawn of each set; the files are called ``<set>-<picture>.png``."""

ROBUSTNESS = "robustness"
"""What is drawn besides where it was measured."""


def draw_set(measured: SetReport, folder: Path) -> tuple[Path, ...]:
    """Draw the pictures of a set into a folder that exists.

    Returns:
        The files, in the order of `PICTURES`, and that of `ROBUSTNESS` where it was measured.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    draw = (draw_confusion, draw_classes, draw_reliability, draw_coverage)
    files = tuple(folder / f"{measured.name}-{picture}.png" for picture in PICTURES)
    for function, file in zip(draw, files, strict=True):
        function(measured, file)
    if measured.robustness is None:
        return files
    draw_robustness(measured.name, measured.robustness, folder / f"{measured.name}-{ROBUSTNESS}.png")
    return (*files, folder / f"{measured.name}-{ROBUSTNESS}.png")


def draw_confusion(measured: SetReport, file: Path) -> None:
    """Which movement was answered for which, in per cent of each row, families together.

    Args:
        measured: the set.
        file: the PNG to write.
    """
    order, starts = _order_by_family(measured.classes)
    counts = measured.confusion[np.ix_(order, order)]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    classes = [measured.classes[at] for at in order]
    side = 0.27 * len(classes)
    names = 0.4 + 0.077 * max(len(one.name) for one in classes)  # inches
    with draw_picture(file, width=max(side + names + 2.5, 6.0), height=side + names + 1.05) as figure:
        write_title(
            figure, f"{measured.name}: what is taken for what", "Rows are the truth, numbers per cent of the row."
        )
        axes = place_axes(figure, left=names, bottom=names, right=2.5, top=1.05)
        _paint_shares(axes, shares)
        ticks = range(len(classes))
        axes.set_xticks(ticks, [one.name for one in classes], rotation=90)
        axes.set_yticks(ticks, [one.name for one in classes])
        axes.tick_params(length=0, pad=9)
        for at, one in enumerate(classes):
            axes.text(len(classes) + 1, at, f"{one.support:,}", va="center", ha="right", fontsize=SMALL, color=MUTED)
        axes.text(len(classes) + 1, -0.9, "works", ha="right", fontsize=SMALL, color=MUTED)
        _mark_families(axes, classes, starts)


def _paint_shares(axes: "Axes", shares: Floats) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    tint = LinearSegmentedColormap.from_list("ink", [PAPER, "#B9C4CC", DEEP])
    top = max(float(shares.max()), 0.5)
    axes.imshow(shares, cmap=tint, vmin=0, vmax=top, aspect="equal")
    axes.spines[:].set_visible(False)
    for (row, column), share in np.ndenumerate(shares):
        if share >= 0.095:
            colour = PAPER if share > 0.62 * top else INK
            axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=6.5, color=colour)


def _mark_families(axes: "Axes", classes: Sequence[ClassReport], starts: Sequence[int]) -> None:
    from matplotlib.patches import Rectangle

    count = len(classes)
    for start, end in zip(starts, [*starts[1:], count], strict=True):
        family = get_family(classes[start].family)
        size = end - start
        corner = (start - 0.5, start - 0.5)
        axes.add_patch(Rectangle(corner, size, size, fill=False, edgecolor=INK, linewidth=0.7, clip_on=False))
        for where, width, height in (
            ((-0.5 - 0.35, start - 0.44), 0.2, size - 0.12),
            ((start - 0.44, count - 0.5 + 0.15), size - 0.12, 0.2),
        ):
            axes.add_patch(Rectangle(where, width, height, color=family.colour, linewidth=0, clip_on=False))
        axes.text(count + 1.45, (start + end - 1) / 2, family.name, va="center", fontsize=SMALL, color=INK)
        if start:
            axes.axhline(start - 0.5, color=FAINT, linewidth=0.6, zorder=0.5)
            axes.axvline(start - 0.5, color=FAINT, linewidth=0.6, zorder=0.5)


def draw_classes(measured: SetReport, file: Path) -> None:
    """F1 of each movement in the set with its interval, families together.

    Args:
        measured: the set.
        file: the PNG to write.
    """
    order, _ = _order_by_family([one for one in measured.classes if one.support])
    present = [one for one in measured.classes if one.support]
    classes = [present[at] for at in order]
    families = [one.family for one in classes]
    places = np.arange(len(classes)) + 0.55 * np.cumsum([0, *(a != b for a, b in pairwise(families))])
    with draw_picture(file, width=8.1, height=0.24 * float(places[-1]) + 1.9) as figure:
        mean, drawn = measured.figures["macro_f1"], "artists" if measured.artists else "pictures"
        write_title(
            figure,
            f"{measured.name}: how well each movement is recognised",
            f"F1 and its 95 % interval over {drawn}; the mean of all, macro-F1, is {mean.value:.2f}.",
        )
        axes = place_axes(figure, left=2.1, bottom=0.45, right=3.0, top=1.05)
        axes.set(xlim=(0, 1), ylim=(float(places[-1]) + 0.7, -0.7))
        axes.axvline(mean.value, color=FAINT, linewidth=0.8, zorder=0)
        for place, one in zip(places, classes, strict=True):
            axes.barh(place, one.f1.value, height=0.5, color=get_family(one.family).colour)
            for width, colour in ((2.4, PAPER), (0.8, INK)):
                axes.plot([one.f1.low, one.f1.high], [place, place], color=colour, linewidth=width)
            axes.text(1.09, place, f"{one.f1.value:.2f}", va="center", ha="right", fontsize=SMALL)
            axes.text(1.23, place, f"{one.support:,}", va="center", ha="right", fontsize=SMALL, color=MUTED)
        for family in dict.fromkeys(families):
            middle = float(np.mean([place for place, other in zip(places, families, strict=True) if other == family]))
            axes.text(1.28, middle, get_family(family).name, va="center", fontsize=SMALL)
        axes.text(1.09, -1.0, "F1", ha="right", fontsize=SMALL, color=MUTED)
        axes.text(1.23, -1.0, "works", ha="right", fontsize=SMALL, color=MUTED)
        axes.set_yticks(places, [one.name for one in classes])
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)


def draw_reliability(measured: SetReport, file: Path) -> None:
    """Accuracy against confidence, a dot for each bin, and how many pictures each bin holds.

    Args:
        measured: the set.
        file: the PNG to write.
    """
    bins, error, accepted = measured.reliability, measured.figures["calibration_error"], measured.accepted
    beside = measured.figures["accepted_calibration_error"]
    more = f"; accepted {beside.value:.3f}" if beside.is_known else f"; {_say_counts(bins.count)}"
    with draw_picture(file, width=5.4, height=6.3) as figure:
        write_title(
            figure,
            f"{measured.name}: does confidence mean what it says?",
            f"Calibration error {error.value:.3f} ({error.low:.3f} to {error.high:.3f}){more}.",
        )
        axes = place_axes(figure, left=0.75, bottom=1.25, right=0.45, top=0.95)
        axes.set(xlim=(0, 1), ylim=(0, 1.0), ylabel="right answers")
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.7)
        axes.vlines(bins.confidence, bins.confidence, bins.accuracy, color=ACCENT, linewidth=1.0)
        axes.plot(bins.confidence, bins.accuracy, "o", color=ACCENT, markersize=4, clip_on=False)
        if accepted is not None:
            other = accepted.reliability
            axes.plot(other.confidence, other.accuracy, "o", color=DEEP, markersize=4, fillstyle="none", clip_on=False)
            axes.text(0.04, 0.9, "filled: strict; open: accepted", color=MUTED, fontsize=SMALL)
        axes.text(0.04, 0.95, "too modest", color=MUTED, fontsize=SMALL)
        axes.text(0.96, 0.04, "too sure", color=MUTED, fontsize=SMALL, ha="right")
        show_percent(axes, y=True)
        axes.set_xticks([])
        below = place_axes(figure, left=0.75, bottom=0.65, right=0.45, top=5.3)
        below.vlines(bins.confidence, 0, bins.count, color=MUTED, linewidth=1.6)
        below.set(xlim=(0, 1), ylim=(0, max(float(bins.count.max(initial=1.0)), 1.0) * 1.05), xlabel="confidence")
        show_percent(below, x=True)
        below.set_yticks([])
        below.spines["left"].set_visible(False)
        below.text(-0.02, 0.5, "paintings\nin each", transform=below.transAxes, ha="right", va="center", fontsize=SMALL)


def _say_counts(count: Floats) -> str:
    low, high = round(float(count.min(initial=np.inf))), round(float(count.max()))
    each = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    return f"{len(count)} bins of {each} paintings"


def draw_coverage(measured: SetReport, file: Path) -> None:
    """Accuracy against the share that is answered, the most confident first.

    Args:
        measured: the set.
        file: the PNG to write.
    """
    share = np.array([point.share for point in measured.coverage])
    value, low, high = (
        np.array([getattr(point.accuracy, name) for point in measured.coverage]) for name in ("value", "low", "high")
    )
    reached, accepted = measured.figures["coverage_at_90_precision"], measured.accepted
    kind = "" if accepted is None else "accepted_"
    with draw_picture(file, width=6.4, height=4.6) as figure:
        write_title(
            figure,
            f"{measured.name}: accuracy when only the surest are answered",
            f"With 9 of 10 answers right, {100 * reached.value:.1f} % of the paintings can be answered "
            f"({100 * reached.low:.1f} to {100 * reached.high:.1f} %).",
        )
        axes = place_axes(figure, left=0.75, bottom=0.7, right=0.75, top=1.0)
        axes.set(xlim=(0, 1), ylim=(0, 1.0), xlabel="share answered, the most confident first", ylabel="right answers")
        axes.fill_between(share, low, high, color=FAINT, linewidth=0, alpha=0.6)
        axes.plot(share, value, color=INK, linewidth=1.4, clip_on=False)
        lines: list[tuple[Floats, Floats, str, Any, str]] = [
            (share, value, INK, "-", "movement" if accepted is None else "strict")
        ]
        if accepted is not None:
            curve = np.array([point.accuracy.value for point in accepted.coverage])
            lines.append((share, curve, DEEP, "-", "accepted"))
        answered = np.array([point.share for point in measured.useful])
        useful = np.array([getattr(point, f"{kind}right").value for point in measured.useful])
        lines.append((answered, useful, DEEP, (0, (4, 2)), "useful"))
        _draw_curves(axes, lines)
        axes.axhline(0.9, color=ACCENT, linewidth=0.8)
        axes.text(1.01, 0.9, "90 %", color=ACCENT, va="center", fontsize=SMALL)
        for wanted in (0.5, 0.75, 0.9, 1.0):
            at = int(np.abs(share - wanted).argmin())
            axes.plot(share[at], value[at], "o", color=INK, markersize=3.5, clip_on=False)
            axes.annotate(
                f"{100 * value[at]:.0f} %",
                (share[at], value[at]),
                (0, 6),
                textcoords="offset points",
                ha="center",
                fontsize=SMALL,
            )
        if reached.value >= share[0]:
            axes.plot([reached.value] * 2, [0, 0.9], color=ACCENT, linewidth=0.8)
            axes.plot(reached.value, 0.9, "o", color=ACCENT, markersize=4, clip_on=False)
        show_percent(axes, x=True, y=True)


def _draw_curves(axes: "Axes", lines: Sequence[tuple[Floats, Floats, str, Any, str]]) -> None:
    """Curves of accuracy against the share answered, each with its name at its end, pushed apart where they meet."""
    ends = []
    for share, value, colour, style, name in lines:
        known = np.flatnonzero(~np.isnan(value) & (share > 0))
        if len(known):
            order = known[np.argsort(share[known], kind="stable")]
            axes.plot(share[order], value[order], color=colour, linestyle=style, linewidth=1.2, clip_on=False)
            ends.append((float(value[order[-1]]), name, colour))
    below = 1.0
    for end, name, colour in sorted(ends, reverse=True):
        below = min(end, below - 0.045)
        axes.text(1.01, below, name, color=colour, fontsize=SMALL, va="center")


def draw_robustness(name: str, robustness: RobustnessReport, file: Path) -> None:
    """Top-1 on the same pictures after each change, with its interval; accepted labels where they are known.

    Args:
        name: of the set.
        robustness: what was measured on it.
        file: the PNG to write.
    """
    known = robustness.accepted_spread.is_known
    key, said = ("accepted_top1", "accepted") if known else ("top1", "strict")
    spread = robustness.accepted_spread if known else robustness.spread
    changes = robustness.changes
    with draw_picture(file, width=7.0, height=0.24 * len(changes) + 1.7) as figure:
        write_title(
            figure,
            f"{name}: the same pictures, changed",
            f"Top-1, {said}, with its 95 % interval; {100 * spread.value:.1f} points from best to worst.",
        )
        axes = place_axes(figure, left=1.8, bottom=0.45, right=0.7, top=0.95)
        axes.set(xlim=(0, 1), ylim=(len(changes) - 0.4, -0.6))
        axes.axvline(getattr(changes[0], key).value, color=FAINT, linewidth=0.8, zorder=0)
        for place, one in enumerate(changes):
            top1 = getattr(one, key)
            axes.plot([top1.low, top1.high], [place, place], color=MUTED, linewidth=0.9)
            axes.plot(top1.value, place, "o", color=ACCENT, markersize=4)
            axes.text(1.06, place, f"{100 * top1.value:.1f}", va="center", ha="right", fontsize=SMALL)
        axes.set_yticks(range(len(changes)), [one.name for one in changes])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        show_percent(axes, x=True)


def _order_by_family(classes: Sequence[ClassReport]) -> tuple[list[int], list[int]]:
    """Positions sorted by family as families are shown, and where in that order each family starts."""
    families = [family.id for family in list_families()]
    order = sorted(range(len(classes)), key=lambda at: families.index(classes[at].family))
    starts = [
        place for place, at in enumerate(order) if place == 0 or classes[at].family != classes[order[place - 1]].family
    ]
    return order, starts
