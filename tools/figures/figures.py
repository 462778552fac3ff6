"""Measures the default model and writes every figure that README and documentation show.

    python tools/figures/figures.py measure --data build/data --out build/results [--bundles DIR] [--bundle NAME=DIR]
    python tools/figures/figures.py write --results build/results
    python tools/figures/figures.py count --data build/data
    python tools/figures/figures.py well-known --data build/data [--bundle NAME=FOLDER]
    python tools/figures/figures.py phrases
    python tools/figures/figures.py restore --results build/ladder
    python tools/figures/figures.py ladder --results build/ladder
    python tools/figures/figures.py training --runs build/default/runs
    python tools/figures/figures.py fill
    python tools/figures/figures.py check

``measure`` runs ``smn evaluate``; ``write`` keeps its reports under docs/results and fills the places between
``<!-- figures:NAME -->`` and ``<!-- /figures -->``; ``count`` counts the manifests for the data card; ``well-known``
asks models about works that everybody knows; ``phrases`` asks command line, service and page for their words;
``restore`` lays the kept ladder into a folder to be continued and
``ladder`` keeps a climbed one; ``fill`` fills the places from what is kept, and ``check`` fails where a file differs
from what that would be.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np

import archives_page
import cleaning_page
import combinations
import data_page
import explaining
import ladder_page
import models_page
import page_figures
import photographs
import phrases
import recognition
import refusal_page
import serving_page
import similarity
import sources_left_out
import sureness_page
import training_page
import well_known
from smn.evaluate.metrics import Bins, calibration_error_by_chance

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "docs" / "results"
LOOKS = KEPT / "candidates.csv"
_LOOKS_HEAD = "date,model,sha256,taxonomy,set,top1,top3,macro_f1"
_PAGES = (
    "model-card",
    "evaluate",
    "train",
    "clean-results",
    "ladder",
    "data-card",
    "how-sure",
    "photographs",
    "refusal",
    "explain",
    "similar",
    "predict",
    "recognition",
    "serve",
    "speed",
    "many-machines",
    "web",
    "browser",
    "archives-check",
    "decisions/0015-default-model",
)
FILES = (ROOT / "README.md", *(ROOT / "docs" / f"{page}.md" for page in _PAGES))
_PLACE = re.compile(r"(<!-- figures:([a-z0-9-]+) -->\n).*?(<!-- /figures -->)", re.DOTALL)

SHOWN = (
    "ukiyo-e", "impressionism", "cubism", "art-nouveau", "neo-impressionism", "geometric-abstraction",
    "fauvism", "baroque", "pop-art",
)  # fmt: skip
"""What the README's picture shows; right and wrong answers alike."""

Report = Mapping[str, Any]


def plan_evaluations(data: Path, fits: Path | None, bundles: Mapping[str, str]) -> dict[str, list[str]]:
    """Arguments of ``smn evaluate`` by the name of the report: for the models in the package, or for bundles by name.

    The shipped fit has learned from every artist in the pools, and is measured on famous works and large scans alone.
    The tests are for the measured fit; without one, its kept reports stay as they are.

    Args:
        data: the manifests of ``make data``.
        fits: folder with the bundles ``measured`` and ``fast-measured``; what is not at hand there is not measured.
        bundles: folders of measured fits by name, to be measured instead.
    """
    famous = ["--manifest", f"famous={data}/famous", "--manifest", f"large={data}/large"]
    tests = [f"pool-test={data}/pool:test", f"pool-2-test={data}/pool-2:test", f"both-tests={data}/pools:test"]
    sets = [*(word for test in tests for word in ("--manifest", test)), *famous]
    changed = ["--robustness", "200", "--probe", "source"]
    asides = ["--not-paintings", f"{data}/not-paintings:test"]
    train = ["--train", f"{data}/pools:train"]
    if bundles:
        return {name: [bundle, *sets, *asides, *changed] for name, bundle in bundles.items()}
    everything = ["--train", f"{data}/everything", *changed]
    runs = {name: [name, *famous, *asides, *everything] for name in ("default", "fast")}
    if fits is not None and (fits / "fast-measured").exists():
        runs["fast-measured"] = [str(fits / "fast-measured"), *sets, *asides, *train]
    if fits is not None and (measured := fits / "measured").exists():
        runs["measured"] = [str(measured), *sets, *asides, *train]
        runs["origin-8"] = [str(measured), *sets, *asides, *train, "--taxonomy", "origin-8"]
    return runs


def measure(data: Path, fits: Path | None, out: Path, bundles: Mapping[str, str]) -> None:
    """Run the evaluations that the figures come from, see `plan_evaluations`."""
    smn = str(Path(sys.executable).with_name("smn"))
    for name, arguments in plan_evaluations(data, fits, bundles).items():
        subprocess.run(  # noqa: S603 - the arguments are ours
            [smn, "evaluate", *arguments, "--cache", str(data / "answers"), "--out", str(out / name)],
            check=True,
            cwd=ROOT,
        )
    if not bundles:
        refusal_page.measure_grey(data, out / "grey")


def write(results: Path) -> None:
    """Keep the reports and fill the places."""
    for folder in sorted(path for path in results.iterdir() if path.is_dir()):
        shutil.rmtree(KEPT / folder.name, ignore_errors=True)
        shutil.copytree(folder, KEPT / folder.name)
        if (folder / "report.json").exists():
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
    page_figures.FILE.write_text(page_figures.page_figures(), encoding="utf-8")


def draw() -> None:
    """Draw the picture of the README: generated pictures, each with the model's answer."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    import smn
    from smn.examples import paint
    from smn.predict.phrasing import phrase

    model = smn.load()
    figure, axes = plt.subplots(3, 3, figsize=(10, 9.6), facecolor="#FAF8F4")
    for axis, movement in zip(axes.flat, SHOWN, strict=True):
        picture = paint(movement, seed=0)
        answer = model.predict(picture)
        axis.imshow(picture)
        axis.set_axis_off()
        name = smn.get_movement(movement).name
        axis.set_title(f"in the manner of {name}", fontsize=9, color="#6B655C", loc="left", pad=6)
        said = phrase(answer)
        caption = str(answer) if said.percent is not None else said.headline
        axis.text(0, -0.045, fill(caption, 36), transform=axis.transAxes, fontsize=11, va="top", color="#1D1B18")
    figure.subplots_adjust(left=0.01, right=0.99, top=0.965, bottom=0.06, wspace=0.05, hspace=0.32)
    (ROOT / "docs" / "images").mkdir(exist_ok=True)
    figure.savefig(ROOT / "docs" / "images" / "answers.jpg", dpi=100, pil_kwargs={"quality": 82})


def check() -> list[str]:
    """The files that show other figures than the kept reports hold."""
    shown = [(file, filled(file)) for file in FILES] + [(page_figures.FILE, page_figures.page_figures())]
    return [str(file.relative_to(ROOT)) for file, text in shown if file.read_text(encoding="utf-8") != text]


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


def _find_set(report: Report, name: str) -> Report | None:
    """A report's set, or nothing where it was not measured on it."""
    return next((one for one in report["sets"] if one["name"] == name), None)


def _group(one: Report, name: str) -> Report | None:
    return next((group for group in one["groups"] if group["name"] == name), None)


def _percent(figure: Mapping[str, float | None] | None) -> str:
    if figure is None or figure["value"] is None:
        return "–"
    return f"{100 * figure['value']:.1f} % ({100 * (figure['low'] or 0):.0f}–{100 * (figure['high'] or 0):.0f})"


def _fits() -> dict[str, Report]:
    """The reports of the default model's fits: the one that is measured, and the shipped one if it is another."""
    if not (KEPT / "measured").exists():
        return {"measured": _report("default")}
    return {"measured fit": _report("measured"), "shipped fit": _report("default")}


def _measured() -> Report:
    """The report of the fit that has not seen the pool's test."""
    return next(iter(_fits().values()))


def _standing() -> str:
    """Where the default model's fits stand against the targets."""
    fits = _fits()
    famous = [_set(report, "famous") for report in fits.values()]
    large = [_find_set(report, "large") for report in fits.values()]
    works, new = ([_group(one, name) for one in famous] for name in ("per-work", "never seen"))
    pool, eight = ([_set(report, "pool-test")] for report in (_measured(), _report("origin-8")))
    both = [_find_set(_measured(), "both-tests")]
    rows: list[tuple[str, Sequence[Report | None], str, str]] = [
        ("large scans of famous works, accepted: top-1", large, "accepted_top1", "75 %"),
        ("the same, accepted: top-3", large, "accepted_top3", "94 %"),
        ("the same, strict: top-1", large, "top1", ""),
        ("the same, strict: top-3", large, "top3", ""),
        ("famous works, accepted: top-1", famous, "accepted_top1", "70 %"),
        ("the same, accepted: top-3", famous, "accepted_top3", "92 %"),
        ("famous works, strict: top-1", famous, "top1", "55 %"),
        ("the same, strict: top-3", famous, "top3", "82 %"),
        ("famous works, labelled per work, strict: top-1", works, "top1", ""),
        ("the same, strict: top-3", works, "top3", ""),
        ("famous works by artists never seen, strict: top-1", new, "top1", ""),
        ("the same, accepted: top-1", new, "accepted_top1", ""),
        ("famous works whose movement is named", famous, "named", "70 %"),
        ("of the movements named on famous works, accepted", famous, "accepted_answered_accuracy", "85 %"),
        ("of the movements named on famous works, right by the source's label", famous, "answered_accuracy", ""),
        (
            "famous works with a movement, one of two or a family, 85 % of them accepted",
            famous,
            "accepted_useful_at_85_precision",
            "",
        ),
        ("artists never seen (pool test): top-1", pool, "top1", "55 %"),
        ("the same: top-3", pool, "top3", ""),
        ("the same: macro-F1", pool, "macro_f1", "50 %"),
        ("the same, read as families: top-1", pool, "family_top1", "75 %"),
        ("artists never seen (both tests together): top-1", both, "top1", "60 %"),
        ("the same: top-3", both, "top3", "85 %"),
        ("the same: macro-F1", both, "macro_f1", "55 %"),
        ("the same, read as families: top-1", both, "family_top1", "75 %"),
        ("the original's eight movements, artists never seen: top-1", eight, "top1", "75 %"),
        ("calibration error on famous works, accepted", famous, "accepted_calibration_error", "4 % or less"),
        ("calibration error on famous works, strict", famous, "calibration_error", ""),
        ("paintings told from photographs (AUROC, pool test)", pool, "painting_auroc", "98 %"),
        ("real paintings refused (famous works)", famous, "paintings_refused", "2 % or less"),
    ]
    lines = [f"| what | {' (95 % interval) | '.join(fits)} (95 % interval) | target |"]
    lines.append("| --- |" + " --- |" * (len(fits) + 1))
    for what, parts, key, target in rows:
        cells = [_percent(part["figures"].get(key)) if part else "–" for part in parts]
        cells += ["–"] * (len(fits) - len(cells))
        if set(cells) != {"–"}:
            lines.append(f"| {what} | {' | '.join(cells)} | {target} |")
        if key == "calibration_error":
            chance = [_chance(part["reliability"]) for part in parts if part]
            lines.append(f"| the same by chance, were the model perfectly calibrated | {' | '.join(chance)} |  |")
    lines += _robustness_rows(fits) + _one_fit_rows(len(fits))
    size = sum(file.stat().st_size for file in (ROOT / "src/smn/bundles/default").iterdir()) / 1e6
    lines.append(f"| size of the model | {' | '.join([f'{size:.1f} MB'] * len(fits))} | 32 MB or less |")
    return "\n".join(lines)


def _robustness_rows(fits: Mapping[str, Report]) -> list[str]:
    """How far top-1 moves when pictures are changed, and what the embedding tells of the source."""
    rows: list[tuple[str, list[str]]] = []
    for name, said in (("large", "large scans"), ("famous", "famous works")):
        sets = [_find_set(report, name) or {} for report in fits.values()]
        changed = [one.get("robustness") or {} for one in sets]
        points = [_percent(one.get("accepted_spread")).replace(" %", " points") for one in changed]
        rows.append((f"{said} re-encoded, scaled, blurred, sharpened, made square, accepted: best less worst", points))
        probes = [one.get("probe") or {} for one in sets]
        chance = next((f" (chance {100 * one['chance']:.0f} %)" for one in probes if one), "")
        known = [_percent(one.get("balanced_accuracy")) for one in probes]
        rows.append((f"source of {said} told from the embedding{chance}", known))
    return [f"| {what} | {' | '.join(cells)} |  |" for what, cells in rows if set(cells) != {"–"}]


def _chance(bins: dict[str, list[float]]) -> str:
    """What chance alone would make of the calibration error."""
    chance = calibration_error_by_chance(Bins(**{name: np.array(values) for name, values in bins.items()}))
    return f"{100 * chance:.1f} %"


def _one_fit_rows(fits: int) -> list[str]:
    """What is measured on the model in the package alone: photographs (`make photographs`) and time (`make bench`)."""
    rows: list[tuple[str, str, str]] = []
    if (told := _of_default(KEPT / "photographs" / "famous.json")) is not None:
        change = told["changes"]["photograph, straightened"]["top1"]
        low, value, high = (100 * change[end] for end in ("low", "value", "high"))
        cell = f"{value:+.1f} points ({low:+.0f} to {high:+.0f})"
        rows.append(
            ("photographed on a wall and straightened, against the scan: top-1", cell, "loses 5 points at most")
        )
    if (times := _of_default(KEPT / "bench" / "single.json")) is not None:
        rows.append(
            ("a 2-megapixel JPEG, file to answer: median", f"{times['file_to_answer_ms']:.0f} ms", "15 ms or less")
        )
        rows.append(("cold start of `smn predict`", f"{times['cold_start_ms'] / 1000:.2f} s", "1.0 s or less"))
    return [f"| {what} | {' | '.join(['–'] * (fits - 1) + [cell])} | {target} |" for what, cell, target in rows]


def _of_default(file: Path) -> Report | None:
    """What a file holds, if it was measured on the model in the package and not on an earlier one."""
    told: Report = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return told if told.get("model") == _report("default")["model"]["name"] else None


def _baselines() -> str:
    """The measured fit beside the baselines, which learn from the same pictures."""
    lines = ["| approach | pool test: top-1 | top-3 | famous: top-1 | top-3 |", "| --- | --- | --- | --- | --- |"]
    pool, famous = (_set(_measured(), name) for name in ("pool-test", "famous"))
    shown = [(f"smn, {_measured()['model']['name']}", pool["figures"], famous["figures"])]
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
    keys = ("top1", "top3", "macro_f1", "accepted_top1", "accepted_top3")
    lines = [
        "| fit | set | group | paintings | artists | top-1, strict | top-3, strict | macro-F1 | top-1, accepted "
        "| top-3, accepted |"
    ]
    lines.append("| --- |" + " --- |" * 9)
    for fit, report in _fits().items():
        for one in report["sets"]:
            for group in one["groups"]:
                cells = [_percent(group["figures"].get(key)) for key in keys]
                counts = f"{group['rows']} | {group['artists']}"
                lines.append(f"| {fit} | {one['name']} | {group['name']} | {counts} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _classes() -> str:
    """Each movement's recall and precision on the pool test."""
    classes = [one for one in _set(_measured(), "pool-test")["classes"] if one["support"]]
    lines = [
        f"| {one['name']} | {one['support']} | {_percent(one['recall'])} | {_percent(one['precision'])} |"
        for one in sorted(classes, key=lambda one: -(one["recall"]["value"] or 0))
    ]
    return "\n".join(["| movement | paintings | recall | precision |", "| --- | --- | --- | --- |", *lines])


def _commands() -> str:
    """The commands that made the reports."""
    commands = [report["command"] for report in (*_fits().values(), _report("origin-8"))]
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
    **archives_page.TABLES,
    **cleaning_page.TABLES,
    **combinations.TABLES,
    **data_page.TABLES,
    **ladder_page.TABLES,
    **models_page.TABLES,
    **page_figures.TABLES,
    **photographs.TABLES,
    **phrases.TABLES,
    **refusal_page.TABLES,
    **sureness_page.TABLES,
    **explaining.TABLES,
    **recognition.TABLES,
    **serving_page.TABLES,
    **similarity.TABLES,
    **sources_left_out.TABLES,
    **training_page.TABLES,
    **well_known.TABLES,
}


def main() -> None:
    """Run one of the steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    steps = parser.add_subparsers(dest="step", required=True)
    measuring = steps.add_parser("measure")
    measuring.add_argument("--data", type=Path, required=True)
    measuring.add_argument("--bundles", type=Path, help="folder of the measured fits' bundles")
    measuring.add_argument("--out", type=Path, required=True)
    measuring.add_argument("--bundle", action="append", default=[], metavar="NAME=FOLDER")
    for step in ("write", "restore", "ladder"):
        steps.add_parser(step).add_argument("--results", type=Path, required=True)
    steps.add_parser("count").add_argument("--data", type=Path, required=True)
    asking = steps.add_parser("well-known")
    asking.add_argument("--data", type=Path, required=True)
    asking.add_argument("--bundle", action="append", default=[], metavar="NAME=FOLDER")
    steps.add_parser("fill")
    steps.add_parser("phrases")
    steps.add_parser("training").add_argument("--runs", type=Path, required=True)
    steps.add_parser("check")
    chosen = parser.parse_args()
    bundles = dict(one.split("=", 1) for one in getattr(chosen, "bundle", ()))
    run: Mapping[str, Callable[[], object]] = {
        "measure": lambda: measure(chosen.data, chosen.bundles, chosen.out, bundles),
        "write": lambda: write(chosen.results),
        "training": lambda: training_page.keep(chosen.runs),
        "count": lambda: data_page.count(chosen.data),
        "well-known": lambda: well_known.ask(chosen.data, bundles),
        "phrases": phrases.ask,
        "restore": lambda: ladder_page.restore(chosen.results),
        "ladder": lambda: ladder_page.keep(chosen.results),
        "fill": fill_places,
        "check": _stop_if_stale,
    }
    run[chosen.step]()
    if chosen.step in ("count", "well-known", "phrases", "ladder"):
        fill_places()


def _stop_if_stale() -> None:
    if stale := check():
        sys.exit(f"Stale figures in {', '.join(stale)}; run: make figures")


if __name__ == "__main__":
    main()
