"""The table of the models inside the package beside each other; figures.py measures them and places it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
_KEPT = _ROOT / "docs" / "results"
_MODELS = {"default": ("default", "measured"), "fast": ("fast", "fast-measured")}
"""Names in the package, and the kept reports of the shipped and of the measured fit."""

_ROWS = (
    ("famous works, strict: top-1", 0, "famous", "top1"),
    ("the same: top-3", 0, "famous", "top3"),
    ("famous works, accepted: top-1", 0, "famous", "accepted_top1"),
    ("the same: top-3", 0, "famous", "accepted_top3"),
    ("large scans, accepted: top-1", 0, "large", "accepted_top1"),
    ("the same: top-3", 0, "large", "accepted_top3"),
    ("famous works whose movement is named", 0, "famous", "named"),
    ("of these, accepted", 0, "famous", "accepted_answered_accuracy"),
    ("calibration error on famous works, accepted", 0, "famous", "accepted_calibration_error"),
    ("famous works refused", 0, "famous", "paintings_refused"),
    ("photographs refused, kinds never learned", 0, "famous", "not_paintings_caught"),
    ("artists never seen, both tests (measured fit): top-1", 1, "both-tests", "top1"),
    ("the same: top-3", 1, "both-tests", "top3"),
    ("the same: macro-F1", 1, "both-tests", "macro_f1"),
)


def _table() -> str:
    """Size and figures of each model, with 95 % intervals."""
    reports = {name: [_read(kept) for kept in folders] for name, folders in _MODELS.items()}
    known = {name: pair for name, pair in reports.items() if pair[0] is not None}
    lines = [f"| what | {' | '.join(f'`{name}`' for name in known)} |", "| --- |" + " --- |" * len(known)]
    lines.append(f"| version | {' | '.join(pair[0]['model']['name'] for pair in known.values() if pair[0])} |")
    sizes = [(_ROOT / "src/smn/bundles" / name / "model.onnx").stat().st_size / 1e6 for name in known]
    lines.append(f"| size | {' | '.join(f'{size:.1f} MB' for size in sizes)} |")
    for what, fit, part, figure in _ROWS:
        cells = [_cell(pair[fit], part, figure) for pair in known.values()]
        if set(cells) != {"–"}:
            lines.append(f"| {what} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _read(name: str) -> dict[str, Any] | None:
    file = _KEPT / name / "report.json"
    report: dict[str, Any] | None = json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
    return report


def _cell(report: Mapping[str, Any] | None, part: str, figure: str) -> str:
    found = next((one for one in report["sets"] if one["name"] == part), None) if report else None
    value = found["figures"].get(figure) if found else None
    if value is None or value["value"] is None:
        return "–"
    return f"{100 * value['value']:.1f} % ({100 * (value['low'] or 0):.0f}–{100 * (value['high'] or 0):.0f})"


def _sentence() -> str:
    """How often the default model is right, in words."""
    report = _read("default")
    if report is None:
        return ""
    large, famous = (
        next(one for one in report["sets"] if one["name"] == name)["figures"] for name in ("large", "famous")
    )
    ten = [round(10 * one[key]["value"]) for one in (large, famous) for key in ("accepted_top1", "accepted_top3")]
    return (
        f"Of ten large, clean scans of famous works, the first guess is one that handbooks accept for about {ten[0]}, "
        f"and one of the first three for about {ten[1]}. On small, compressed pictures of famous works it is about "
        f"{ten[2]} and {ten[3]} of ten."
    )


TABLES: Mapping[str, Callable[[], str]] = {"models": _table, "sentence": _sentence}
