"""Measures the default model and writes every figure that README and documentation show.

    python docs/figures.py measure --data build/data --out build/results [--bundle NAME=FOLDER]
    python docs/figures.py write --results build/results
    python docs/figures.py ladder --results build/ladder
    python docs/figures.py check

``measure`` runs ``smn evaluate``; ``write`` keeps its reports under docs/results and fills the places between
``<!-- figures:NAME -->`` and ``<!-- /figures -->``; ``check`` fails where a file differs from what that would be.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cleaning_page
import ladder_page
import sureness_page

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "docs" / "results"
_PAGES = ("model-card", "evaluate", "train", "clean-results", "ladder", "how-sure")
FILES = (ROOT / "README.md", *(ROOT / "docs" / f"{page}.md" for page in _PAGES))
_PLACE = re.compile(r"(<!-- figures:([a-z0-9-]+) -->\n).*?(<!-- /figures -->)", re.DOTALL)

SHOWN = (
    "ukiyo-e", "impressionism", "cubism", "art-nouveau", "neo-impressionism", "geometric-abstraction",
    "fauvism", "baroque", "pop-art",
)  # fmt: skip
"""What the README's picture shows; right and wrong answers alike."""

Report = Mapping[str, Any]


def measure(data: Path, out: Path, bundles: Mapping[str, str]) -> None:
    """Run the evaluations that the figures come from: those of the default model, or of other bundles by name."""
    sets = ["--manifest", f"pool-test={data}/pool:test", "--manifest", f"famous={data}/famous"]
    asides = ["--not-paintings", f"{data}/not-paintings:test"]
    smn = str(Path(sys.executable).with_name("smn"))
    runs = {
        "default": [*sets, *asides, "--train", f"{data}/pool:train"],
        "origin-8": [*sets, *asides, "--train", f"{data}/pool:train", "--taxonomy", "origin-8"],
    }
    if bundles:
        runs = {name: [bundle, *sets, *asides] for name, bundle in bundles.items()}
    for name, arguments in runs.items():
        subprocess.run(  # noqa: S603 - the arguments are ours
            [smn, "evaluate", *arguments, "--out", str(out / name)], check=True, cwd=ROOT
        )


def write(results: Path) -> None:
    """Keep the reports and fill the places."""
    for folder in sorted(path for path in results.iterdir() if path.is_dir()):
        shutil.rmtree(KEPT / folder.name, ignore_errors=True)
        shutil.copytree(folder, KEPT / folder.name)
    fill_places()
    draw()


def fill_places() -> None:
    """Fill the places in README and documentation."""
    for file in FILES:
        file.write_text(filled(file), encoding="utf-8")


def draw() -> None:
    """Draw the picture of the README: generated pictures, each with the model's answer."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    import smn
    from smn.examples import paint

    model = smn.load()
    figure, axes = plt.subplots(3, 3, figsize=(10, 9.6), facecolor="#FAF8F4")
    for axis, movement in zip(axes.flat, SHOWN, strict=True):
        picture = paint(movement, seed=0)
        answer = model.predict(picture)
        best = answer.predictions[0]
        said = {
            smn.Outcome.MOVEMENT: best.label,
            smn.Outcome.UNSURE: f"I can't tell; perhaps {best.label}",
            smn.Outcome.NOT_A_PAINTING: "this does not look like a painting",
        }[answer.outcome]
        axis.imshow(picture)
        axis.set_axis_off()
        name = smn.get_movement(movement).name
        axis.set_title(f"in the manner of {name}", fontsize=9, color="#6B655C", loc="left", pad=6)
        share = f"  ·  {100 * best.probability:.0f} in 100" if answer.is_painting else ""
        axis.text(0, -0.045, f"{said}{share}", transform=axis.transAxes, fontsize=11, va="top", color="#1D1B18")
    figure.subplots_adjust(left=0.01, right=0.99, top=0.965, bottom=0.05, wspace=0.05, hspace=0.26)
    (ROOT / "docs" / "images").mkdir(exist_ok=True)
    figure.savefig(ROOT / "docs" / "images" / "answers.jpg", dpi=100, pil_kwargs={"quality": 82})


def check() -> list[str]:
    """The files that show other figures than the kept reports hold."""
    return [str(file.relative_to(ROOT)) for file in FILES if file.read_text(encoding="utf-8") != filled(file)]


def filled(file: Path) -> str:
    """A file's text with every place filled from the kept reports."""

    def fill(match: re.Match[str]) -> str:
        return f"{match[1]}{_TABLES[match[2]]()}\n{match[3]}"

    return _PLACE.sub(fill, file.read_text(encoding="utf-8"))


def _report(name: str) -> Report:
    report: Report = json.loads((KEPT / name / "report.json").read_text(encoding="utf-8"))
    return report


def _set(report: Report, name: str) -> Report:
    return next(one for one in report["sets"] if one["name"] == name)


def _percent(figure: Mapping[str, float | None]) -> str:
    if figure["value"] is None:
        return "–"
    return f"{100 * figure['value']:.1f} % ({100 * (figure['low'] or 0):.0f}–{100 * (figure['high'] or 0):.0f})"


def _standing() -> str:
    """Where the default model stands against its targets."""
    default, original = _report("default"), _set(_report("origin-8"), "pool-test")
    pool, famous = _set(default, "pool-test"), _set(default, "famous")
    per_work = next(group for group in famous["groups"] if group["name"] == "per-work")
    size = sum(file.stat().st_size for file in (ROOT / "src/smn/bundles/default").iterdir()) / 1e6
    rows = [
        ("famous works, labelled per work: top-1", per_work["figures"]["top1"], "60 %"),
        ("the same: top-3", per_work["figures"]["top3"], "85 %"),
        ("famous works, all: top-1", famous["figures"]["top1"], ""),
        ("the same: top-3", famous["figures"]["top3"], ""),
        ("artists never seen (pool test): top-1", pool["figures"]["top1"], "55 %"),
        ("the same: top-3", pool["figures"]["top3"], ""),
        ("the same: macro-F1", pool["figures"]["macro_f1"], "50 %"),
        ("the same, read as families: top-1", pool["figures"]["family_top1"], "75 %"),
        ("the original's eight movements, artists never seen: top-1", original["figures"]["top1"], "75 %"),
        ("calibration error on famous works", famous["figures"]["calibration_error"], "4 % or less"),
        ("paintings told from photographs (AUROC, pool test)", pool["figures"]["painting_auroc"], "98 %"),
        ("real paintings refused (famous works)", famous["figures"]["paintings_refused"], "2 % or less"),
    ]
    lines = ["| what | measured (95 % interval) | target |", "| --- | --- | --- |"]
    lines += [f"| {name} | {_percent(figure)} | {target} |" for name, figure, target in rows]
    lines.append(f"| size of the model | {size:.1f} MB | 15 MB or less |")
    return "\n".join(lines)


def _baselines() -> str:
    """The model beside the baselines."""
    lines = ["| approach | pool test: top-1 | top-3 | famous: top-1 | top-3 |", "| --- | --- | --- | --- | --- |"]
    pool, famous = (_set(_report("default"), name) for name in ("pool-test", "famous"))
    shown = [(f"smn, {_report('default')['model']['name']}", pool["figures"], famous["figures"])]
    shown += [
        (mine["name"], mine["figures"], theirs["figures"])
        for mine, theirs in zip(pool["baselines"], famous["baselines"], strict=True)
    ]
    for name, *both in shown:
        cells = [_percent(figures[key]) for figures in both for key in ("top1", "top3")]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _sources() -> str:
    """Top-1 and top-3 of every source."""
    lines = ["| set | group | paintings | artists | top-1 | top-3 | macro-F1 |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- |")
    for one in _report("default")["sets"]:
        for group in one["groups"]:
            cells = [_percent(group["figures"][key]) for key in ("top1", "top3", "macro_f1")]
            counts = f"{group['rows']} | {group['artists']}"
            lines.append(f"| {one['name']} | {group['name']} | {counts} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _classes() -> str:
    """Each movement's recall and precision on the pool test."""
    classes = [one for one in _set(_report("default"), "pool-test")["classes"] if one["support"]]
    lines = [
        f"| {one['name']} | {one['support']} | {_percent(one['recall'])} | {_percent(one['precision'])} |"
        for one in sorted(classes, key=lambda one: -(one["recall"]["value"] or 0))
    ]
    return "\n".join(["| movement | paintings | recall | precision |", "| --- | --- | --- | --- |", *lines])


def _commands() -> str:
    """The commands that made the reports."""
    commands = [_report(name)["command"] for name in ("default", "origin-8")]
    return "```\n" + "\n".join(commands) + "\n```"


def _recipes() -> str:
    """Every kept report in the default taxonomy: a row each."""
    lines = ["| model | pool test: top-1 | top-3 | macro-F1 | famous: top-1 | top-3 | per-work: top-1 | top-3 |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in sorted(path.parent.name for path in KEPT.glob("*/report.json")):
        report = _report(name)
        if report["taxonomy"]["id"] != "smn-25":
            continue
        pool, famous = _set(report, "pool-test"), _set(report, "famous")
        per_work = next(group for group in famous["groups"] if group["name"] == "per-work")
        cells = [_percent(pool["figures"][key]) for key in ("top1", "top3", "macro_f1")]
        cells += [_percent(one["figures"][key]) for one in (famous, per_work) for key in ("top1", "top3")]
        lines.append(f"| {report['model']['name']} | {' | '.join(cells)} |")
    return "\n".join(lines)


_TABLES: Mapping[str, Callable[[], str]] = {
    "standing": _standing,
    "baselines": _baselines,
    "sources": _sources,
    "classes": _classes,
    "commands": _commands,
    "recipes": _recipes,
    **cleaning_page.TABLES,
    **ladder_page.TABLES,
    **sureness_page.TABLES,
}


def main() -> None:
    """Run one of the steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    steps = parser.add_subparsers(dest="step", required=True)
    measuring = steps.add_parser("measure")
    measuring.add_argument("--data", type=Path, required=True)
    measuring.add_argument("--out", type=Path, required=True)
    measuring.add_argument("--bundle", action="append", default=[], metavar="NAME=FOLDER")
    for step in ("write", "ladder"):
        steps.add_parser(step).add_argument("--results", type=Path, required=True)
    steps.add_parser("check")
    chosen = parser.parse_args()
    if chosen.step == "measure":
        measure(chosen.data, chosen.out, dict(one.split("=", 1) for one in chosen.bundle))
    elif chosen.step == "write":
        write(chosen.results)
    elif chosen.step == "ladder":
        ladder_page.keep(chosen.results)
        fill_places()
    elif stale := check():
        sys.exit(f"Stale figures in {', '.join(stale)}; run: make figures")


if __name__ == "__main__":
    main()
