"""The ladder as a table: one row a rung, with what it knows and what it costs."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smn.experiments.ladder.ladder_file import Ladder, Rung
from smn.files import write_partial
from smn.style import ACCENT, DEEP, FAINT, INK, MUTED, SMALL, draw_picture, write_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes


KNOWN, UNSEEN = "known-artists", "unseen-artists"
"""The two sets of every ladder: pictures held out by chance, and artists held out whole."""

_FIGURES = (
    (KNOWN, "top1"), (UNSEEN, "top1"), (UNSEEN, "top3"), (UNSEEN, "macro_f1"), (UNSEEN, "calibration_error"),
)  # fmt: skip
_COSTS = ("parameters", "flops", "minutes", "milliseconds", "megabytes")

Row = dict[str, Any]


def collect_rows(ladder: Ladder, out: Path) -> list[Row]:
    """What is known of each finished rung, from its report and its costs.

    Figures are shares 0..1 under ``<set>_<figure>``, with ``_low`` and ``_high`` for the 95 % interval, which resamples
    artists; None where a figure cannot be measured.

    Args:
        ladder: the rungs.
        out: the ladder's folder.
    """
    return [row for rung in ladder.rungs if (row := _collect(rung, out)) is not None]


def _collect(rung: Rung, out: Path) -> Row | None:
    report, costs = out / "reports" / rung.name / "report.json", out / "costs" / f"{rung.name}.json"
    if not (report.exists() and costs.exists()):
        return None
    sets = {one["name"]: one["figures"] for one in json.loads(report.read_text(encoding="utf-8"))["sets"]}
    also = [(name, figure) for name in sets if name not in (KNOWN, UNSEEN) for figure in ("top1", "top3")]
    row: Row = {
        "rung": rung.name,
        "kind": rung.recipe.model.kind,
        "recipe": rung.recipe.name,
        "changes": "; ".join(f"{name} = {value}" for name, value in rung.changes.items() if name != "model.weights"),
    }
    for name, figure in (*_FIGURES, *also):
        measured = sets[name][figure]
        row[f"{name}_{figure}"] = measured["value"]
        row[f"{name}_{figure}_low"], row[f"{name}_{figure}_high"] = measured["low"], measured["high"]
    known = json.loads(costs.read_text(encoding="utf-8"))
    return row | {name: known[name] for name in _COSTS}


def write_table(rows: Sequence[Row], file: Path) -> Path:
    """Write the rows as CSV, all of it or nothing."""
    with write_partial(file) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]) if rows else [])
        writer.writeheader()
        writer.writerows(rows)
    return file


def describe_rows(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table for people."""
    also = [key.removesuffix("_top1") for key in rows[0] if key.endswith("_top1")][2:] if rows else []
    header = [
        "rung", "known artists: top-1", "unseen artists: top-1", "gap", "top-3", "macro-F1", "ECE",
        *(f"{name}: top-1" for name in also), "parameters", "FLOPs", "training", "a picture", "size",
    ]  # fmt: skip
    lines = ["| " + " | ".join(header) + " |", "| --- |" + " ---: |" * (len(header) - 1)]
    return "\n".join([*lines, *("| " + " | ".join(_cells(row, also)) + " |" for row in rows)])


def _cells(row: Mapping[str, Any], also: Sequence[str]) -> list[str]:
    gap = 100 * (row[f"{KNOWN}_top1"] - row[f"{UNSEEN}_top1"])
    return [
        f"`{row['rung']}`",
        *(_with_interval(row, f"{name}_top1") for name in (KNOWN, UNSEEN)),
        f"{gap:+.1f}",
        *(f"{100 * row[f'{UNSEEN}_{figure}']:.1f} %" for figure in ("top3", "macro_f1", "calibration_error")),
        *(_with_interval(row, f"{name}_top1") for name in also),
        count_shortly(row["parameters"]),
        "–" if row["flops"] is None else count_shortly(row["flops"]),
        f"{row['minutes']:.0f} min" if row["minutes"] >= 1 else "under 1 min",
        f"{row['milliseconds']:.0f} ms",
        f"{row['megabytes']:.1f} MB",
    ]


def _with_interval(row: Mapping[str, Any], key: str) -> str:
    return f"{100 * row[key]:.1f} % ({100 * row[f'{key}_low']:.0f}–{100 * row[f'{key}_high']:.0f})"


def count_shortly(number: int) -> str:
    """A count in three digits at most: ``14.7 M``."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {letter}"
    return str(number)


_MARKS = {"colour": "s", "cnn": "^", "vgg16": "D", "statistics": "o", "backbone": "o"}
_ROW = 0.34


def draw_ladder(rows: Sequence[Row], file: Path) -> None:
    """Draw accuracy by rung and accuracy against cost, side by side.

    Args:
        rows: see `smn.experiments.ladder.ladder_results.collect_rows`.
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
