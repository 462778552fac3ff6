"""What training the default model cost, from its runs; figures.py keeps it and fills it in."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from smn.train.run import read_run

KEPT = Path(__file__).parents[2] / "docs" / "results" / "training" / "training.json"
_WATTS = 20.0
"""Reckoned for the two cores together."""


def keep(runs: Path) -> None:
    """Keep the seconds that every run below a folder spent in the epochs of each phase, beside those kept before."""
    known = _kept()  # other runs may lie on another machine
    for file in sorted(runs.glob("*/metrics.jsonl")):
        epochs = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        phases = dict.fromkeys(epoch["phase"] for epoch in epochs)
        known[file.parent.name] = {
            "pictures": read_run(file.parent).data.pictures["train"],
            "epochs": {phase: sum(epoch["phase"] == phase for epoch in epochs) for phase in phases},
            "seconds": {
                phase: round(sum(epoch["seconds"] for epoch in epochs if epoch["phase"] == phase), 1)
                for phase in phases
            },
        }
    if known:
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        KEPT.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n", encoding="utf-8")


def _kept() -> dict[str, Any]:
    return json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}


def _table() -> str:
    lines = ["| run | pictures | epochs of the head | minutes | epochs of the network | minutes | kWh |"]
    lines.append("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, run in _kept().items():
        cells = []
        for phase in ("head", "finetune"):
            cells += [str(run["epochs"].get(phase, 0)), f"{run['seconds'].get(phase, 0.0) / 60:.1f}"]
        energy = sum(run["seconds"].values()) * _WATTS / 3.6e6
        lines.append(f"| {name} | {run['pictures']} | {' | '.join(cells)} | {energy:.3f} |")
    return "\n".join(lines)


TABLES: Mapping[str, Callable[[], str]] = {"training": _table}
