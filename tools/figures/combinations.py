"""Measures which networks are worth answering together, on validation pictures alone.

    python tools/figures/combinations.py --data build/data --runs build/default/runs

Trains below --runs what the combinations that the kept figures lack are made of (remove the figures to measure all),
exports each and evaluates it on the split val; the figures go to docs/results/training/combinations.json, from which
figures.py fills the record of the decision.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from itertools import combinations
from pathlib import Path

KEPT = Path(__file__).parents[2] / "docs" / "results" / "training" / "combinations.json"
_NETWORKS = {
    "lite2-statistics": "Lite2, frozen",
    "lite0-statistics": "Lite0, frozen",
    "lite0-later": "Lite0, later half trained",
    "lite2-later": "Lite2, later half trained",
    "lite2-crossfit": "Lite2, frozen, cross-fitted",
    "lite0-later-crossfit": "Lite0, later half trained, cross-fitted",
    "lite0-distilled": "Lite0, later half trained, distilled from the cross-fitted two",
}
"""Recipes and what they are; the embedding of a combination is its first one's."""
_PLAIN = ("lite2-statistics", "lite0-statistics", "lite0-later", "lite2-later")
_TEACHERS = ("lite2-crossfit", "lite0-later-crossfit")
"""What lite0-distilled learns from, answering together."""
_COMBINATIONS = (
    *(names for count in (1, 2, 3) for names in combinations(_PLAIN, count)),
    ("lite2-crossfit",),
    ("lite0-later-crossfit",),
    _TEACHERS,
    ("lite2-statistics", "lite0-later-crossfit"),
    ("lite0-distilled",),
    ("lite2-crossfit", "lite0-distilled"),
    (*_TEACHERS, "lite0-distilled"),
)
"""What is measured: every way to choose up to three of the plain ones, and what came after."""


def measure(data: Path, runs: Path) -> list[dict[str, object]]:
    """Export and evaluate what the kept figures lack."""
    known = {tuple(one["names"]): one for one in (json.loads(KEPT.read_text()) if KEPT.exists() else [])}
    with tempfile.TemporaryDirectory() as folder:
        for names in _COMBINATIONS:
            if names not in known:
                known[names] = _measure_one(names, data, runs, Path(folder) / "-".join(names))
    return [known[names] for names in _COMBINATIONS]


def _train(name: str, data: Path, runs: Path) -> Path:
    """The run's folder; what is finished is not trained again."""
    run = runs / f"{name}-measured"
    if (run / "model.pt").exists():
        return run
    settings: list[str] = []
    if name == "lite0-distilled":
        teacher = runs / "crossfit-measured"
        if not (teacher / "bundle.json").exists():
            members = [str(_train(one, data, runs)) for one in _TEACHERS]
            run_smn("export", *members, "--out", str(teacher), "--name", teacher.name)
        settings = ["--set", f"finetune.teacher={teacher}"]
    run_smn("train", name, *settings, "--manifest", f"{data}/pool-distinct", "--negatives", f"{data}/not-paintings",
            "--out", str(run))  # fmt: skip
    return run


def run_smn(*command: str) -> None:
    """Run a command of smn; what fails ends the figure, too."""
    smn = str(Path(sys.executable).with_name("smn"))
    subprocess.run([smn, *command], check=True)  # noqa: S603 - the arguments are ours


def _measure_one(names: tuple[str, ...], data: Path, runs: Path, place: Path) -> dict[str, object]:
    members = [str(_train(name, data, runs)) for name in names]
    run_smn("export", *members, "--out", str(place / "bundle"), "--name", "candidate")
    run_smn("evaluate", str(place / "bundle"), "--manifest", f"val={data}/pool:val", "--bootstrap", "0",
            "--out", str(place / "report"))  # fmt: skip
    report = json.loads((place / "report" / "report.json").read_text(encoding="utf-8"))
    figures = report["sets"][0]["figures"]
    size = (place / "bundle" / "model.onnx").stat().st_size / 1e6
    shown = {key: round(figures[key]["value"], 4) for key in ("top1", "top3", "log_loss")}
    return {"names": names, "pictures": report["sets"][0]["rows"], "megabytes": round(size, 1), **shown}


def _table() -> str:
    lines = ["| networks | top-1, % | top-3, % | log loss | MB |", "| --- | ---: | ---: | ---: | ---: |"]
    for one in json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else []:
        name = " + ".join(_NETWORKS[recipe] for recipe in one["names"])
        shares = f"{100 * one['top1']:.1f} | {100 * one['top3']:.1f} | {one['log_loss']:.3f} | {one['megabytes']:.1f}"
        lines.append(f"| {name} | {shares} |")
    return "\n".join(lines)


TABLES: Mapping[str, Callable[[], str]] = {"combinations": _table}


def keep_measured(measure: Callable[[Path, Path], object], kept: Path, *, about: str | None) -> None:
    """Measure on --data with runs below --runs, and keep what is told."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0] if about else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runs", type=Path, required=True)
    chosen = parser.parse_args()
    told = measure(chosen.data, chosen.runs)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    keep_measured(measure, KEPT, about=__doc__)
