"""What the web page shows of the figures: a small file in the package, made from the kept reports."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FILE = ROOT / "src" / "smn" / "web" / "figures.json"
_KEPT = ROOT / "docs" / "results"
_ACCEPTED = ("accepted_top1", "accepted_top3", "named", "accepted_answered_accuracy")


def page_figures() -> str:
    """The file's text: of the model in the package, its confidence and how often it was right; the ladder."""
    default = json.loads((_KEPT / "default" / "report.json").read_text(encoding="utf-8"))
    file = _KEPT / "measured" / "report.json"
    measured = json.loads(file.read_text(encoding="utf-8")) if file.exists() else default
    famous = _set(default, "famous")
    with (_KEPT / "ladder" / "ladder.csv").open(encoding="utf-8", newline="") as stream:
        ladder = [
            {
                "id": row["rung"],
                "unseen": _round(row["unseen-artists_top1"]),
                "known": _round(row["known-artists_top1"]),
            }
            for row in csv.DictReader(stream)
        ]
    told = {
        "model": default["model"]["name"],
        "sha256": default["model"]["sha256"],
        "famous": _round(famous["figures"]["top1"]["value"]),
        "top3": _round(famous["figures"]["top3"]["value"]),
        **{key: _round(famous["figures"][key]["value"]) for key in _ACCEPTED if key in famous["figures"]},
        "refused": _round(famous["figures"]["paintings_refused"]["value"]),
        "unseen": _round(_set(measured, "pool-test")["figures"]["top1"]["value"]),
        "reliability": {
            name: [int(value) if name == "count" else _round(value) for value in values]
            for name, values in (famous["accepted"] or famous)["reliability"].items()
        },
        "ladder": ladder,
    }
    return json.dumps(told, indent=1) + "\n"


def _times() -> str:
    file = _KEPT / "bench" / "page.json"
    if not file.exists():
        return ""
    told = json.loads(file.read_text(encoding="utf-8"))
    users = told["users"]
    rows = (
        ("first useful paint, in a browser that has never been here", f"{told['first_paint_ms'] / 1000:.1f} s"),
        (
            f"upload of two megapixels to answer, median of {told['uploads']} (slowest)",
            f"{told['upload_to_answer_ms']} ms ({told['upload_to_answer_slowest_ms']} ms)",
        ),
        (
            f"{users} people who upload at the same moment: answers, errors",
            f"{told['together_answers']}, {told['errors']}",
        ),
        (
            f"the same, median to answer (slowest), {users} browsers on the page's own {told['cores']} cores",
            f"{told['together_median_ms'] / 1000:.0f} s ({told['together_slowest_ms'] / 1000:.0f} s)",
        ),
        ("the page's own processor time for each of them", f"{told['page_cpu_seconds_each']:.1f} s"),
        *_more_times(told),
    )
    return "\n".join(["| what | measured |", "| --- | ---: |", *(f"| {what} | {value} |" for what, value in rows)])


def _more_times(told: dict[str, float]) -> Iterator[tuple[str, str]]:
    """Rows of what not every kept run has measured."""
    if "memory_mb_together" in told:
        memory = f"{told['memory_mb_alone']} MB, {told['memory_mb_together']} MB"
        yield "the most memory of the page's process, after one visitor and after all", memory
    if "first_paint_over_before" in told:
        ratios = f"{told['first_paint_over_before']:.2f}, {told['upload_to_answer_over_before']:.2f}"
        yield "first useful paint and upload to answer, over version 0.1.0 in one run", ratios


def _browser() -> str:
    file = _KEPT / "bench" / "browser.json"
    if not file.exists():
        return ""
    told = json.loads(file.read_text(encoding="utf-8"))
    rows = (
        ("model", told["model"]),
        (
            "bytes of a first visit, as they are and compressed by gzip",
            f"{told['bytes'] / 1e6:.1f} MB, {told['bytes_gzip'] / 1e6:.1f} MB",
        ),
        ("from an empty browser to the first answer", f"{told['first_answer_ms'] / 1000:.1f} s"),
        (
            f"a later picture of two megapixels, median of {told['later']} (slowest)",
            f"{told['later_ms']} ms ({told['later_slowest_ms']} ms)",
        ),
    )
    return "\n".join(["| what | measured |", "| --- | ---: |", *(f"| {what} | {value} |" for what, value in rows)])


TABLES: Mapping[str, Callable[[], str]] = {"browser": _browser, "page": _times}


def _set(report: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in report["sets"] if one["name"] == name)
    return found


def _round(value: float | str) -> float:
    return round(float(value), 4)
