"""The table of docs/sweep.md, from a kept sweep; docs/figures.py fills it in."""

import csv
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
KEPT, IMAGES = ROOT / "docs" / "results" / "sweep", ROOT / "docs" / "images"

_FIGURES = ("val_top1", "val_top3", "val_log_loss")


def keep(results: Path) -> None:
    """Keep a finished sweep's table and picture."""
    KEPT.mkdir(parents=True, exist_ok=True)
    shutil.copy(results / "results.csv", KEPT / "results.csv")
    shutil.copy(results / "sweep.png", IMAGES / "sweep.png")


def _sweep() -> str:
    """Every trial: its settings, how it ended, and what it knows on val."""
    with (KEPT / "results.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    settings = [name for name in rows[0] if "." in name and len({row[name] for row in rows}) > 1]
    heads = ["trial", *settings, "state", "top-1 on val", "top-3 on val", "log loss", "seconds"]
    lines = ["| " + " | ".join(heads) + " |", "| --- |" + " --- |" * len(settings) + " --- |" + " ---: |" * 4]
    for row in sorted(rows, key=lambda one: float(one["val_log_loss"] or "inf")):
        top1, top3, loss = (float(row[name]) for name in _FIGURES)
        figures = (f"{100 * top1:.1f} %", f"{100 * top3:.1f} %", f"{loss:.3f}", f"{float(row['seconds']):.0f}")
        lines.append(
            "| " + " | ".join([row["trial"], *(row[name] for name in settings), row["state"], *figures]) + " |"
        )
    return "\n".join(lines)


TABLES: Mapping[str, Callable[[], str]] = {"sweep": _sweep}
