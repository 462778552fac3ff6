"""Measures the default model and writes every figure that README and documentation show.

    python docs/figures.py measure --data build/data --measured BUNDLE --out build/results [--bundle NAME=FOLDER]
    python docs/figures.py write --results build/results
    python docs/figures.py count --data build/data
    python docs/figures.py restore --results build/ladder
    python docs/figures.py ladder --results build/ladder
    python docs/figures.py sweep --results build/sweep
    python docs/figures.py check

``measure`` runs ``smn evaluate``; ``write`` keeps its reports under docs/results and fills the places between
``<!-- figures:NAME -->`` and ``<!-- /figures -->``; ``count`` counts the manifests for the data card; ``restore`` lays
the kept ladder into a folder to be continued, ``ladder`` and ``sweep`` keep finished ones; ``check`` fails where a file
differs from what that would be.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cleaning_page
import data_page
import ladder_page
import sweep_page

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "docs" / "results"
LOOKS = KEPT / "candidates.csv"
_LOOKS_HEAD = "date,model,sha256,taxonomy,set,top1,top3,macro_f1"
_PAGES = ("model-card", "evaluate", "train", "clean-results", "ladder", "data-card", "sweep")
FILES = (ROOT / "README.md", *(ROOT / "docs" / f"{page}.md" for page in _PAGES))
_PLACE = re.compile(r"(<!-- figures:([a-z0-9-]+) -->\n).*?(<!-- /figures -->)", re.DOTALL)

SHOWN = (
    "ukiyo-e", "impressionism", "cubism", "art-nouveau", "neo-impressionism", "geometric-abstraction",
    "fauvism", "baroque", "pop-art",
)  # fmt: skip
"""What the README's picture shows; right and wrong answers alike."""

Report = Mapping[str, Any]


def measure(data: Path, measured: Path, out: Path, bundles: Mapping[str, str]) -> None:
    """Run the evaluations that the figures come from: those of the default model's two fits, or of bundles by name.

    The shipped fit has learned from every artist in the pool and is measured on famous works alone.
    """
    famous = ["--manifest", f"famous={data}/famous"]
    sets = ["--manifest", f"pool-test={data}/pool:test", *famous]
    asides = ["--not-paintings", f"{data}/not-paintings:test"]
    train = ["--train", f"{data}/pool-distinct:train"]
    smn = str(Path(sys.executable).with_name("smn"))
    runs = {
        "measured": [str(measured), *sets, *asides, *train],
        "origin-8": [str(measured), *sets, *asides, *train, "--taxonomy", "origin-8"],
        "default": [*famous, *asides, "--train", f"{data}/everything"],
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
        log_looks(folder / "report.json")
    fill_places()
    draw()


def log_looks(report: Path) -> None:
    """Note in docs/results/candidates.csv, once a model and set, that its figures on test pictures were looked at."""
    known = LOOKS.read_text(encoding="utf-8").splitlines() if LOOKS.exists() else [_LOOKS_HEAD]
    told: Report = json.loads(report.read_text(encoding="utf-8"))
    model, taxonomy = told["model"], told["taxonomy"]["id"]
    for one in told["sets"]:
        parts = {one["name"]: one}
        parts |= {f"{one['name']}: {group['name']}": group for group in one["groups"] if group["name"] == "per-work"}
        for name, part in parts.items():
            key = f'{model["name"]},{model["sha256"][:12]},{taxonomy},"{name}"'
            if not any(key in line for line in known):
                figures = [part["figures"][figure]["value"] for figure in ("top1", "top3", "macro_f1")]
                known.append(f"{datetime.now(UTC):%Y-%m-%d},{key},{','.join(f'{figure:.4f}' for figure in figures)}")
    LOOKS.write_text("\n".join(known) + "\n", encoding="utf-8")


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


def _group(one: Report, name: str) -> Report:
    return next(group for group in one["groups"] if group["name"] == name)


def _percent(figure: Mapping[str, float | None]) -> str:
    if figure["value"] is None:
        return "–"
    return f"{100 * figure['value']:.1f} % ({100 * (figure['low'] or 0):.0f}–{100 * (figure['high'] or 0):.0f})"


def _standing() -> str:
    """Where the default model's two fits stand against the targets."""
    measured, shipped = _report("measured"), _set(_report("default"), "famous")
    pool, famous, eight = _set(measured, "pool-test"), _set(measured, "famous"), _set(_report("origin-8"), "pool-test")
    works, shipped_works = _group(famous, "per-work"), _group(shipped, "per-work")
    new, shipped_new = _group(famous, "never seen"), _group(shipped, "never seen")
    size = sum(file.stat().st_size for file in (ROOT / "src/smn/bundles/default").iterdir()) / 1e6
    both = [
        ("famous works, labelled per work: top-1", works, shipped_works, "top1", "60 %"),
        ("the same: top-3", works, shipped_works, "top3", "85 %"),
        ("famous works, all: top-1", famous, shipped, "top1", ""),
        ("the same: top-3", famous, shipped, "top3", ""),
        ("the same, by artists never seen: top-1", new, shipped_new, "top1", ""),
        ("calibration error on famous works", famous, shipped, "calibration_error", "4 % or less"),
        ("real paintings refused (famous works)", famous, shipped, "paintings_refused", "2 % or less"),
        ("paintings told from photographs (AUROC, famous works)", famous, shipped, "painting_auroc", "98 %"),
    ]  # fmt: skip
    one = [
        ("artists never seen (pool test): top-1", pool, "top1", "55 %"),
        ("the same: top-3", pool, "top3", ""),
        ("the same: macro-F1", pool, "macro_f1", "50 %"),
        ("the same, read as families: top-1", pool, "family_top1", "75 %"),
        ("the original's eight movements, artists never seen: top-1", eight, "top1", "75 %"),
    ]
    lines = ["| what | measured fit (95 % interval) | shipped fit | target |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {what} | {_percent(mine['figures'][key])} | {_percent(theirs['figures'][key])} | {target} |"
        for what, mine, theirs, key, target in both
    ]
    lines += [f"| {what} | {_percent(of['figures'][key])} | – | {target} |" for what, of, key, target in one]
    lines.append(f"| size of the model | {size:.1f} MB | {size:.1f} MB | 15 MB or less |")
    return "\n".join(lines)


def _baselines() -> str:
    """The measured fit beside the baselines, which learn from the same pictures."""
    lines = ["| approach | pool test: top-1 | top-3 | famous: top-1 | top-3 |", "| --- | --- | --- | --- | --- |"]
    pool, famous = (_set(_report("measured"), name) for name in ("pool-test", "famous"))
    shown = [(f"smn, {_report('measured')['model']['name']}", pool["figures"], famous["figures"])]
    shown += [
        (mine["name"], mine["figures"], theirs["figures"])
        for mine, theirs in zip(pool["baselines"], famous["baselines"], strict=True)
    ]
    for name, *both in shown:
        cells = [_percent(figures[key]) for figures in both for key in ("top1", "top3")]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _sources() -> str:
    """Both fits for every source, kind of label, century, and for artists seen and unseen."""
    lines = ["| fit | set | group | paintings | artists | top-1 | top-3 | macro-F1 |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for fit, name in (("measured", "measured"), ("shipped", "default")):
        for one in _report(name)["sets"]:
            for group in one["groups"]:
                cells = [_percent(group["figures"][key]) for key in ("top1", "top3", "macro_f1")]
                counts = f"{group['rows']} | {group['artists']}"
                lines.append(f"| {fit} | {one['name']} | {group['name']} | {counts} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _classes() -> str:
    """Each movement's recall and precision on the pool test."""
    classes = [one for one in _set(_report("measured"), "pool-test")["classes"] if one["support"]]
    lines = [
        f"| {one['name']} | {one['support']} | {_percent(one['recall'])} | {_percent(one['precision'])} |"
        for one in sorted(classes, key=lambda one: -(one["recall"]["value"] or 0))
    ]
    return "\n".join(["| movement | paintings | recall | precision |", "| --- | --- | --- | --- |", *lines])


def _commands() -> str:
    """The commands that made the reports."""
    commands = [_report(name)["command"] for name in ("measured", "origin-8", "default")]
    return "```\n" + "\n".join(commands) + "\n```"


def _recipes() -> str:
    """Every kept report in the default taxonomy: a row each."""
    lines = ["| model | pool test: top-1 | top-3 | macro-F1 | famous: top-1 | top-3 | per-work: top-1 | top-3 |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in sorted(path.parent.name for path in KEPT.glob("*/report.json")):
        report = _report(name)
        if report["taxonomy"]["id"] != "smn-25" or "pool-test" not in [one["name"] for one in report["sets"]]:
            continue  # the shipped fit has learned from the pool's test
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
    **data_page.TABLES,
    **ladder_page.TABLES,
    **sweep_page.TABLES,
}


def main() -> None:
    """Run one of the steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    steps = parser.add_subparsers(dest="step", required=True)
    measuring = steps.add_parser("measure")
    measuring.add_argument("--data", type=Path, required=True)
    measuring.add_argument("--measured", type=Path, required=True, help="bundle of the default recipe's measured fit")
    measuring.add_argument("--out", type=Path, required=True)
    measuring.add_argument("--bundle", action="append", default=[], metavar="NAME=FOLDER")
    for step in ("write", "restore", "ladder", "sweep"):
        steps.add_parser(step).add_argument("--results", type=Path, required=True)
    steps.add_parser("count").add_argument("--data", type=Path, required=True)
    steps.add_parser("check")
    chosen = parser.parse_args()
    if chosen.step == "measure":
        measure(chosen.data, chosen.measured, chosen.out, dict(one.split("=", 1) for one in chosen.bundle))
    elif chosen.step == "write":
        write(chosen.results)
    elif chosen.step == "count":
        data_page.count(chosen.data)
        fill_places()
    elif chosen.step == "restore":
        ladder_page.restore(chosen.results)
    elif chosen.step == "ladder":
        ladder_page.keep(chosen.results)
        fill_places()
    elif chosen.step == "sweep":
        sweep_page.keep(chosen.results)
        fill_places()
    elif stale := check():
        sys.exit(f"Stale figures in {', '.join(stale)}; run: make figures")


if __name__ == "__main__":
    main()
