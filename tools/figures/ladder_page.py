"""The tables of docs/ladder.md, from the kept ladder; figures.py fills them in."""

import csv
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
KEPT, IMAGES = ROOT / "docs" / "results" / "ladder", ROOT / "docs" / "images"

FIGURES = ("top1", "top3", "macro_f1", "calibration_error")
"""The figures of a report that the table shows, each with its interval."""

Row = dict[str, str]

_STEPS = (
    ("five colours instead of one", "colour-1", "colour-5"),
    ("texture besides colour, and trees", "colour-5", "handcrafted"),
    ("a network that learns its own features", "handcrafted", "cnn-small"),
    ("augmentation, small network", "cnn-small-plain", "cnn-small"),
    ("augmentation, deep network", "cnn-deep-plain", "cnn-deep"),
    ("augmentation, regularised network", "cnn-regularised-plain", "cnn-regularised"),
    ("depth, with augmentation", "cnn-small", "cnn-deep"),
    ("dropout, weight decay and label smoothing, with augmentation", "cnn-deep", "cnn-regularised"),
    ("the same, without augmentation", "cnn-deep-plain", "cnn-regularised-plain"),
    ("ImageNet's VGG16, frozen, instead of the best from scratch", "cnn-regularised", "vgg16-frozen"),
    ("its last two blocks trained", "vgg16-frozen", "vgg16-unfrozen"),
    ("statistics of all layers of a small modern network instead", "vgg16-frozen", "lite0-frozen"),
    ("that network fine-tuned", "lite0-frozen", "lite0-finetuned"),
)
"""The steps that the page speaks of: what changes, from which rung, to which."""


def keep(results: Path) -> None:
    """Keep a climbed ladder's table, pictures and costs, and of its reports what `shorten` leaves."""
    shutil.rmtree(KEPT, ignore_errors=True)
    (KEPT / "reports").mkdir(parents=True)
    shutil.copytree(results / "costs", KEPT / "costs")
    for name in ("ladder.csv", "ladder.md"):
        shutil.copy(results / name, KEPT / name)
    for report in sorted((results / "reports").glob("*/report.json")):
        short = shorten(json.loads(report.read_text(encoding="utf-8")))
        text = json.dumps(short, ensure_ascii=False, indent=1) + "\n"
        (KEPT / "reports" / f"{report.parent.name}.json").write_text(text, encoding="utf-8")
    shutil.copy(results / "ladder.png", IMAGES / "ladder.png")
    for name in ("colour-1", "colour-5", "handcrafted"):
        palettes = results / "runs" / name / "palettes.png"
        if palettes.exists():
            shutil.copy(palettes, IMAGES / f"palettes-{name}.png")


def shorten(report: Mapping[str, Any]) -> dict[str, Any]:
    """A report with nothing but what the table shows and what `smn ladder` recognises the result by.

    Args:
        report: as ``smn evaluate`` writes it.

    Returns:
        The versions, and of each set its name, data hash and `FIGURES`. Shortening it again changes nothing.
    """
    sets = [
        {
            "name": one["name"],
            "data_hash": one["data_hash"],
            "figures": {name: one["figures"][name] for name in FIGURES},
        }
        for one in report["sets"]
    ]
    return {"schema": report["schema"], "smn": report["smn"], "sets": sets}


def restore(results: Path) -> None:
    """Lay what is kept into a ladder's folder, so that only rungs without a result are climbed.

    The reports are short ones, see `shorten`: enough for the ladder's table and picture, not for ``report.md``.
    """
    for costs in sorted((KEPT / "costs").glob("*.json")):
        report = results / "reports" / costs.stem / "report.json"
        if report.exists() or (results / "runs" / costs.stem).exists():
            continue
        report.parent.mkdir(parents=True, exist_ok=True)
        (results / "costs").mkdir(exist_ok=True)
        shutil.copy(KEPT / "reports" / costs.name, report)
        shutil.copy(costs, results / "costs" / costs.name)


def _rows() -> dict[str, Row]:
    with (KEPT / "ladder.csv").open(encoding="utf-8", newline="") as stream:
        return {row["rung"]: row for row in csv.DictReader(stream)}


def _ladder() -> str:
    """Every rung's figures and costs."""
    return (KEPT / "ladder.md").read_text(encoding="utf-8").strip()


def _steps() -> str:
    """What each step changes, in points of top-1."""
    rows = _rows()
    lines = [
        "| step | from | to | unseen artists | known artists | famous |",
        "| --- | --- | --- | ---: | ---: | ---: |",
    ]
    for what, before, after in _STEPS:
        if not {before, after} <= rows.keys():
            continue
        gains = [
            f"{100 * (float(rows[after][key]) - float(rows[before][key])):+.1f}"
            for key in ("unseen-artists_top1", "known-artists_top1", "famous_top1")
        ]
        lines.append(f"| {what} | `{before}` | `{after}` | {' | '.join(gains)} |")
    return "\n".join(lines)


def _missing() -> str:
    """What the ladder of the package has and the kept one has not, if anything."""
    from smn.experiments.ladder.ladder_file import read_ladder

    rows, names = _rows(), [rung.name for rung in read_ladder().rungs]
    missing = [f"`{name}`" for name in names if name not in rows]
    if not missing:
        return f"All {len(names)} rungs are climbed."
    return f"{len(rows)} of {len(names)} rungs are climbed; not measured yet: {', '.join(missing)}."


def _changes() -> str:
    """What the rungs change in their recipes."""
    rows = [f"| `{row['rung']}` | `{row['recipe']}` | {row['changes'] or '–'} |" for row in _rows().values()]
    return "\n".join(["| rung | recipe | changed in it |", "| --- | --- | --- |", *rows])


TABLES: Mapping[str, Callable[[], str]] = {
    "ladder": _ladder,
    "ladder-missing": _missing,
    "ladder-steps": _steps,
    "ladder-changes": _changes,
}
