"""``smn evaluate``: measure a model on sets of pictures."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smn.cli.screen import console, progress, shell_line

if TYPE_CHECKING:
    from smn.bundle import Bundle
    from smn.evaluate import EvaluatedModel, Report

_SET = "[NAME=]MANIFEST[:SPLIT]"
_EXAMPLE = """\b
Example:
  smn evaluate --manifest data/pool:test --manifest famous=data/famous \\
    --not-paintings data/not-paintings:test --train data/pool:train --out report
"""


@click.command(epilog=_EXAMPLE)
@click.argument("model", metavar="[BUNDLE|RUN]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--manifest", "sets", multiple=True, required=True, metavar=_SET, help="Evaluate on this set; repeatable."
)
@click.option("--not-paintings", metavar="MANIFEST[:SPLIT]", help="Pictures that the model should refuse.")
@click.option("--train", metavar="MANIFEST[:SPLIT]", help="Also evaluate baselines that are trained on this set.")
@click.option(
    "--robustness",
    default=0,
    metavar="COUNT",
    type=click.IntRange(0),
    help="Also evaluate up to COUNT perturbed pictures of each set.",
)
@click.option("--probe", metavar="COLUMN", help="Predict this column, such as source, from the embedding.")
@click.option("--taxonomy", metavar="ID|FILE", help="Map the answers to this taxonomy.  [default: the model's]")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write the report into.")
@click.option(
    "--bootstrap", default=1000, show_default=True, type=click.IntRange(0), help="Bootstrap resamples of artists."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Random seed of the bootstrap.")
@click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    help="Store answers here, and find those stored before.",
)
@click.option("--format", "form", default="table", show_default=True, type=click.Choice(["table", "json"]))
def evaluate(
    model: Path | None, sets: tuple[str, ...], out: Path, cache: Path | None, form: str, **options: Any
) -> None:
    """Evaluate BUNDLE, or the model inside the package, on labelled paintings.

    For a colour model, which has no bundle, give its RUN; it refuses nothing.

    Writes report.json, report.md and plots. The default name of a set is its folder and split.
    """
    from smn.evaluate import EvaluationSet, check_folder, evaluate_model, write_report

    chosen = [EvaluationSet.parse(text) for text in sets]
    asides = {name: options[name] and EvaluationSet.parse(options[name]) for name in ("not_paintings", "train")}
    check_folder(out, tuple(one.name for one in chosen))
    with progress() as on_progress:
        report = evaluate_model(
            _open(model),
            chosen,
            taxonomy=options["taxonomy"],
            robustness=options["robustness"],
            probe=options["probe"],
            resamples=options["bootstrap"],
            seed=options["seed"],
            command=_write_command(model, sets, out, options),
            cache=cache,
            on_progress=on_progress,
            **asides,
        )
    written = write_report(report, out)
    if form == "json":
        click.echo(json.dumps(report.to_dict(), ensure_ascii=False, indent=2))
    else:
        _show(report)
        click.echo(f"Wrote {written.parent / 'report.md'}, {written.name} and the plots.")


def _open(model: Path | None) -> "Bundle | EvaluatedModel":
    from smn.bundle import DEFAULT, read_bundle
    from smn.evaluate import open_colour_run

    if model is not None and (model / "run.json").is_file():
        return open_colour_run(model)
    return read_bundle(model or DEFAULT)


def _write_command(model: Path | None, sets: tuple[str, ...], out: Path, options: Mapping[str, Any]) -> str:
    """The command line that makes this report again."""
    words = ["evaluate", *([str(model)] if model else [])]
    for one in sets:
        words += ["--manifest", one]
    for name, value in options.items():
        if value is not None and (name, value) != ("robustness", 0):
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shell_line(*words, "--out", out)


def suggest_evaluation(model: Path, manifest: Path | None = None) -> str:
    """The command that evaluates a model on what a manifest held out; MANIFEST stands where none is known."""
    chosen = "MANIFEST:test"
    if manifest is not None:
        from smn.manifest import read_manifest

        splits = set(read_manifest(manifest).column("split"))
        folder = Path.cwd()
        shown = manifest.relative_to(folder) if manifest.is_relative_to(folder) else manifest
        split = "test" if "test" in splits else "val"
        chosen = f"{split}={shown}:{split}"
    return shell_line("evaluate", model, "--manifest", chosen, "--out", f"reports/{model.name}")


def _show(report: "Report") -> None:
    from rich.table import Table

    from smn.confidence.calibration import MIN_PICTURES
    from smn.evaluate import FIGURES
    from smn.evaluate.report_writing import write_figure

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(report.model.name)
    for measured in report.sets:
        table.add_column(f"{measured.name} ({measured.rows:,})", justify="right")
    for key, meaning in FIGURES.items():
        figures = [measured.figures[key] for measured in report.sets]
        if any(figure.is_known for figure in figures):
            table.add_row(meaning.title, *(write_figure(figure, key=key) for figure in figures))
    console().print(table)
    for measured in report.sets:
        if measured.rows < MIN_PICTURES:
            few = f"{measured.rows} paintings, fewer than {MIN_PICTURES}"
            click.echo(f"{measured.name} has {few}: its figures and intervals are left to chance.", err=True)
    failed = sum(len(measured.failures) for measured in report.sets)
    if failed:
        click.echo(f"{failed} pictures could not be read; report.md lists them with the reasons.", err=True)
