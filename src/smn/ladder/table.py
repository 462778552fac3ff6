"""The ladder as a table: one row a rung, with what it knows and what it costs."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from smn.ladder.rungs import Ladder, Rung

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
    partial = file.with_suffix(".partial")
    with partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]) if rows else [])
        writer.writeheader()
        writer.writerows(rows)
    partial.replace(file)
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
