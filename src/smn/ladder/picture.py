"""The ladder as a picture: what every rung knows, and what that costs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smn.ladder.table import KNOWN, UNSEEN, Row
from smn.style import ACCENT, DEEP, FAINT, INK, MUTED, SMALL, draw_picture, write_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKS = {"colour": "s", "cnn": "^", "vgg16": "D", "statistics": "o", "backbone": "o"}
_ROW = 0.34


def draw_ladder(rows: Sequence[Row], file: Path) -> None:
    """Draw accuracy by rung and accuracy against cost, side by side.

    Args:
        rows: see `smn.ladder.table.collect_rows`.
        file: the PNG to write.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    height = 1.7 + _ROW * max(len(rows), 10)
    with draw_picture(file, width=11.5, height=height) as figure:
        write_title(
            figure,
            "The ladder: what each step knows, and what it costs",
            "Top-1 in per cent with 95 % intervals over artists: new pictures by artists seen in training, and artists "
            "never seen",
        )
        bottom, share = 0.62 / height, 1 - 1.0 / height - 0.62 / height
        _draw_rungs(figure.add_axes((0.15, bottom, 0.42, share)), rows)
        _draw_cost(figure.add_axes((0.66, bottom, 0.32, share)), rows)


def _draw_rungs(axes: "Axes", rows: Sequence[Row]) -> None:
    for place, row in enumerate(rows):
        known, unseen = 100 * row[f"{KNOWN}_top1"], 100 * row[f"{UNSEEN}_top1"]
        low, high = 100 * row[f"{UNSEEN}_top1_low"], 100 * row[f"{UNSEEN}_top1_high"]
        axes.plot([low, high], [place, place], color=FAINT, linewidth=7, solid_capstyle="butt", zorder=1)
        axes.plot([unseen, known], [place, place], color=MUTED, linewidth=0.8, zorder=2)
        axes.plot(known, place, "o", markersize=6, markerfacecolor="white", markeredgecolor=DEEP, zorder=3)
        axes.plot(unseen, place, "o", markersize=6, color=ACCENT, zorder=4)
        axes.text(max(known, unseen, high) + 1.2, place, f"{unseen:.0f}", va="center", fontsize=SMALL, color=ACCENT)
    axes.set_yticks(range(len(rows)), labels=[row["rung"] for row in rows])
    axes.set_ylim(-0.8, len(rows) - 0.2)
    axes.set_xlim(0, None)
    axes.set_xlabel("top-1, per cent")
    if rows:
        top = len(rows) - 0.45
        last = rows[-1]
        axes.text(100 * last[f"{UNSEEN}_top1"], top, "unseen", ha="right", fontsize=SMALL, color=ACCENT)
        axes.text(100 * last[f"{KNOWN}_top1"], top, "  known artists", ha="left", fontsize=SMALL, color=DEEP)


def _draw_cost(axes: "Axes", rows: Sequence[Row]) -> None:
    axes.set_xscale("log")
    for row in rows:
        at, value = row["milliseconds"], 100 * row[f"{UNSEEN}_top1"]
        axes.plot(at, value, _MARKS.get(row["kind"], "o"), color=ACCENT, markersize=5.5)
    for group in _group(rows):
        last = max(group, key=lambda row: row["milliseconds"])
        names = group[0]["rung"] if len(group) == 1 else f"{group[0]['rung']} +{len(group) - 1}"
        axes.annotate(
            names,
            (last["milliseconds"], 100 * last[f"{UNSEEN}_top1"]),
            xytext=(6, 3),
            textcoords="offset points",
            fontsize=SMALL - 0.5,
            color=INK,
        )
    axes.set_xticks([1, 2, 5, 10, 20, 50, 100, 200, 500], labels=["1", "2", "5", "10", "20", "50", "100", "200", "500"])
    axes.minorticks_off()
    if rows:
        axes.set_xlim(min(row["milliseconds"] for row in rows) / 1.5, 3.5 * max(row["milliseconds"] for row in rows))
    axes.set_xlabel("milliseconds from file to answer")
    axes.set_ylabel("top-1 on unseen artists, per cent")


def _group(rows: Sequence[Row]) -> list[list[Row]]:
    """Rungs whose points are so near that their names would cover each other."""
    groups: list[list[Row]] = []
    for row in rows:
        near = (group for group in groups if _is_near(group[0], row))
        home = next(near, None)
        if home is None:
            groups.append([row])
        else:
            home.append(row)
    return groups


def _is_near(one: Row, other: Row) -> bool:
    ratio: float = other["milliseconds"] / one["milliseconds"]
    return 0.75 < ratio < 1.33 and bool(abs(one[f"{UNSEEN}_top1"] - other[f"{UNSEEN}_top1"]) < 0.03)
