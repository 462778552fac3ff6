"""The figures of docs/archives-check.md, from what tools/archive_check.py kept."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_KEPT = Path(__file__).parents[2] / "docs" / "results" / "archives" / "archives.json"


def _check() -> str:
    if not _KEPT.exists():
        return ""
    told = json.loads(_KEPT.read_text(encoding="utf-8"))
    lines = ["| step | rows or files | left out, with the reason | killed, and continued | seconds |"]
    lines.append("| --- | ---: | ---: | --- | ---: |")
    lines += [_line(step) for step in told["steps"]]
    return "\n".join([_intro(told), "", *lines])


def _line(step: Mapping[str, Any]) -> str:
    killed = [name for key, name in (("killed", "yes"), ("undo_killed", "its undo, too")) if step.get(key)]
    cells = (step["step"], _number(step.get("files")), _number(step.get("left_out")), ", ".join(killed))
    return f"| {' | '.join(cells)} | {step['seconds']:,.0f} |"


def _number(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _intro(told: Mapping[str, Any]) -> str:
    """What the collection was, what the browser did, and by what everything was read."""
    kinds, outcomes, by = dict(told["kinds"]), told["outcomes"], told["checked_by"]
    plain, copies, links = (kinds.pop(name, 0) for name in ("plain", "copy", "link"))
    page = told.get("browser")
    report = next(step for step in told["steps"] if step["step"] == "report")
    text = (
        f"{told['pictures']:,} pictures in {told['folders']} folders, {told['model']}, {told['cores']} cores that had "
        f"other work, too: {plain:,} plain ones, {sum(kinds.values()):,} of {len(kinds)} other kinds "
        f"({', '.join(kinds)}), {copies} of them copies and {links} links. {outcomes['movement']:,} got a movement, "
        f"{outcomes['unsure']:,} were unsure, {outcomes['not_a_painting']:,} no paintings and {outcomes['error']:,} "
        "unreadable."
    )
    if page:
        text += (
            f" The report, {report['megabytes']} MB, was opened in {page['browser']}: first pictures after "
            f"{page['open_ms'] / 1000:.1f} s, the slowest sorting {page['sort_ms'] / 1000:.1f} s, at most "
            f"{page['cards']} pictures in the page at a time, {page['decided']} decided by keyboard, saved and applied."
        )
    readers = ", ".join(dict.fromkeys(one for names in by.values() for one in names))
    return f"{text}\n\nRead by {readers}."


TABLES: Mapping[str, Callable[[], str]] = {"archives": _check}
