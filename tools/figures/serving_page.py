"""The figures of docs/serve.md, from what benchmarks/load.py and deploy/check-image.sh kept."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

_BENCH = Path(__file__).parents[2] / "docs" / "results" / "bench"


def _load() -> str:
    file = _BENCH / "load.json"
    if not file.exists():
        return ""
    told = json.loads(file.read_text(encoding="utf-8"))
    load = told["load"]
    rows = (
        (
            f"{told['clients']} clients, {told['seconds']:.0f} s, {told['cores']} cores",
            f"{load['pictures']:,} pictures",
        ),
        ("pictures a second", f"{load['a_second']:.1f}"),
        ("time to an answer, median and 99th percentile", f"{load['p50_ms']:.0f} ms, {load['p99_ms']:.0f} ms"),
        ("errors, and turned away", f"{load['errors']}, {load['turned_away']}"),
        ("memory before and after", f"{told['memory_before_mb']} MB, {told['memory_after_mb']} MB"),
        ("in batches against one by one, median ratio of pictures a second", f"{told['batching_ratio']:.2f}"),
    )
    return "\n".join(["| what | measured |", "| --- | ---: |", *(f"| {what} | {value} |" for what, value in rows)])


def _image() -> str:
    file = _BENCH / "image.txt"
    return f"```text\n{file.read_text(encoding='utf-8').strip()}\n```" if file.exists() else ""


TABLES: Mapping[str, Callable[[], str]] = {"load": _load, "image": _image}
