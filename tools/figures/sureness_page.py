"""The tables of docs/how-sure.md, from what sureness.py kept; figures.py fills them in."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

KEPT = Path(__file__).parents[2] / "docs" / "results" / "how-sure" / "how-sure.json"
FAMILIES = KEPT.with_name("families.json")
_SETS = {"val": "validation, where they were learned", "pool-test": "pool test", "famous": "famous"}


def _kept(file: Path = KEPT) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _interval(figure: Mapping[str, float | None], *, scale: float = 100.0, digits: int = 1) -> str:
    if figure["value"] is None:
        return "–"
    value, low, high = (f"{scale * (figure[name] or 0.0):.{digits}f}" for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def _calibrators() -> str:
    """Each calibrator on artists that it was not fitted on."""
    lines = ["| calibrator | log loss | minus temperature's | calibration error, % | minus temperature's |"]
    lines.append("| --- | ---: | ---: | ---: | ---: |")
    for name, row in _kept()["calibrators"].items():
        loss, gain = row["log_loss"]["value"], _interval(row["log_loss_gain"], scale=1, digits=3)
        error, change = _share(row["calibration_error"]["value"]), _interval(row["calibration_error_gain"])
        first = name == "temperature"
        lines.append(f"| {name} | {loss:.3f} | {'' if first else gain} | {error} | {'' if first else change} |")
    return "\n".join(lines)


def _cross_fitted() -> str:
    """What answers of artists are worth that the thresholds were not chosen on."""
    lines = ["| asked | answer | given to, % | right, % |", "| --- | --- | ---: | ---: |"]
    rows = sorted(_kept()["precisions"], key=lambda row: row["asked"])
    lines += [
        f"| {row['asked']:.0%} | {row['level']} | {_share(row['answered'])} | {_share(row['right'])} |" for row in rows
    ]
    return "\n".join(lines)


def _set_scores() -> str:
    """Scores and quantiles of sets at 90 %, on what they were not fitted on."""
    lines = ["| score | quantile keeps one in | new are | held, % | mean size | spread over folds, points |"]
    lines.append("| --- | --- | --- | ---: | ---: | ---: |")
    for row in _kept()["sets"]:
        if row["coverage"] == 0.9:
            figures = f"{_share(row['held'])} | {row['size']:.2f} ± {row['size_noise']:.2f}"
            spread = _share(row["spread_over_folds"])
            lines.append(f"| {row['score']} | {row['quantile']} | {row['new']} | {figures} | {spread} |")
    return "\n".join(lines)


def _kept_precisions() -> str:
    """What became of precisions on each set."""
    lines = ["| set | asked | movement named, % | right, % | family alone, % | right, % |"]
    lines.append("| --- | --- | ---: | ---: | ---: | ---: |")
    for name, kept in _kept()["kept"].items():
        for row in kept["precisions"]:
            cells = [_interval(row[key]) for key in ("answered", "right", "family_answered", "family_right")]
            lines.append(f"| {_SETS[name]} | {row['precision']:.0%} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _kept_sets() -> str:
    """What became of sets on each set of pictures."""
    lines = [
        "| set | asked | sets that hold the right one, % | mean number of movements |",
        "| --- | --- | ---: | ---: |",
    ]
    for name, kept in _kept()["kept"].items():
        for row in kept["sets"]:
            size = _interval(row["size"], scale=1)
            lines.append(f"| {_SETS[name]} | {row['coverage']:.0%} | {_interval(row['held'])} | {size} |")
    return "\n".join(lines)


def _families() -> str:
    """Families beside groups of what is confused."""
    data = _kept(FAMILIES)
    lines = ["| grouping | groups | top-1, % | bits a picture | agreement with the families | of groups by lot, 95 % |"]
    lines.append("| --- | ---: | ---: | ---: | ---: | ---: |")

    def figures(step: Mapping[str, Any]) -> str:
        return f"{len(step['groups'])} | {_share(step['top1'])} | {step['bits']:.2f}"

    lines.append(f"| families | {figures(data['families'])} | | |")
    lines += [
        f"| by confusion | {figures(one['step'])} | {one['agreement']:.2f} | {one['by_lot']:.2f} |"
        for one in data["groupings"]
    ]
    return "\n".join(lines)


def _groups() -> str:
    """The groups of ten."""
    chosen = next(one for one in _kept(FAMILIES)["groupings"] if len(one["step"]["groups"]) == 10)
    return "\n".join(f"- {', '.join(group)}" for group in chosen["step"]["groups"])


TABLES: Mapping[str, Callable[[], str]] = {
    "calibrators": _calibrators,
    "cross-fitted": _cross_fitted,
    "set-scores": _set_scores,
    "kept-precisions": _kept_precisions,
    "kept-sets": _kept_sets,
    "family-groupings": _families,
    "confused-groups": _groups,
}
