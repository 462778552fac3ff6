"""``smn ladder`` and ``smn sweep``: train and compare recipes, or settings of one recipe."""

import shlex
from dataclasses import replace
from pathlib import Path

import click

from smn.cli.screen import note, progress, show_table
from smn.errors import InputError, MissingExtraError, UnknownNameError
from smn.files import write_text

_SWEEP_EXAMPLE = """\b
Example of a sweep's file:
  name = "rates"
  recipe = "cnn-small"
  search = "random"
  trials = 12
  [space]
  "finetune.learning_rate" = { from = 1e-4, to = 1e-2, scale = "log" }
  "finetune.batch_size" = [32, 64]
"""


@click.command()
@click.argument("ladder", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--manifest",
    required=True,
    type=click.Path(path_type=Path),
    help="Pictures split by artist into train, val and test.",
)
@click.option("--negatives", type=click.Path(path_type=Path), help="Pictures that are not paintings, to train refusal.")
@click.option("--also", multiple=True, metavar="[NAME=]MANIFEST[:SPLIT]", help="Also evaluate on this set; repeatable.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="The ladder's folder, created or continued."
)
@click.option("--weights", multiple=True, metavar="RUNG=FILE", help="Pretrained weights for a rung; repeatable.")
@click.option("--only", metavar="RUNG,RUNG", help="Train only these rungs; the table has all finished ones.")
@click.option("--time-again", is_flag=True, help="Repeat the timing of the finished networks, on an idle machine.")
def ladder(
    ladder: Path | None,
    *,
    manifest: Path,
    negatives: Path | None,
    also: tuple[str, ...],
    out: Path,
    weights: tuple[str, ...],
    only: str | None,
    time_again: bool,
) -> None:
    """Train and evaluate every recipe of LADDER, a TOML file; by default the one inside the package.

    Each rung is evaluated on new pictures by known artists and on unseen artists. Finished rungs are not trained again,
    so the same command resumes, and two commands with different --only can divide the work. A finished rung needs only
    its report and costs; its run may be deleted. Writes ladder.csv, ladder.md and ladder.png.
    """
    try:
        from smn.evaluate import EvaluationSet
        from smn.experiments.ladder import ladder_run
        from smn.experiments.ladder.ladder_file import read_ladder
        from smn.experiments.ladder.ladder_results import collect_rows, describe_rows, draw_ladder, write_table
    except ImportError as error:
        raise MissingExtraError("train", error.name or "torch") from error

    whole = read_ladder(ladder, weights=_read_weights(weights))
    names = [rung.name for rung in whole.rungs]
    wanted = only.split(",") if only else names
    for name in wanted:
        if name not in names:
            raise UnknownNameError("rung", name, names)
    protocol = ladder_run.prepare(
        whole, manifest, out, also=[EvaluationSet.parse(one) for one in also], negatives=negatives
    )
    chosen = replace(whole, rungs=tuple(rung for rung in whole.rungs if rung.name in wanted))
    with progress() as report:
        failed = ladder_run.run_ladder(chosen, protocol, out, progress=report)
        if time_again:
            ladder_run.time_again(chosen, protocol, out, progress=report)
    rows = collect_rows(whole, out)
    if rows:
        write_table(rows, out / "ladder.csv")
        write_text(out / "ladder.md", describe_rows(rows) + "\n")
        draw_ladder(rows, out / "ladder.png")
        header = ("rung", "known artists", "unseen artists", "minutes", "ms a picture")
        show_table("Top-1 in per cent", header, [
            (row["rung"], *(f"{100 * row[f'{name}_top1']:.1f}" for name in ("known-artists", "unseen-artists")),
             f"{row['minutes']:.0f}", f"{row['milliseconds']:.0f}") for row in rows
        ])  # fmt: skip
        note(f"{out / 'ladder.csv'}, ladder.md and ladder.png have {len(rows)} of {len(names)} rungs.")
    if failed:
        raise InputError("\n".join(f"Rung {name} failed: {reason}" for name, reason in failed.items()))


def _read_weights(given: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in given:
        name, equals, file = text.partition("=")
        if not (equals and name and file):
            raise InputError(
                f"--weights {text!r} is not RUNG=FILE; write, for example, vgg16-frozen=vgg16.safetensors."
            )
        pairs[name] = file
    return pairs


@click.command(epilog=_SWEEP_EXAMPLE)
@click.argument("file", metavar="SWEEP.toml", type=click.Path(path_type=Path))
@click.option("--manifest", required=True, type=click.Path(path_type=Path), help="Pictures with splits train and val.")
@click.option(
    "--negatives", type=click.Path(path_type=Path), help="Pictures that are not paintings, with a split train."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The sweep's folder, created or continued.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1), help="Number of trials in parallel.")
@click.option("--address", metavar="HOST:PORT", help="Head of a running Ray cluster.  [default: this machine]")
def sweep(file: Path, *, manifest: Path, negatives: Path | None, out: Path, workers: int, address: str | None) -> None:
    """Train a recipe with the settings in SWEEP.toml, several trials in parallel, and compare them on val.

    After an interruption, the same command resumes: finished trials are kept, others continue after their last epoch.
    """
    from smn.experiments.sweep import read_sweep
    from smn.experiments.sweep.sweep_run import run_sweep
    from smn.experiments.sweep.trials import State, find_best, show_value

    search, recipe = read_sweep(file)
    with progress() as report:
        trials = run_sweep(
            search, recipe, manifest, out=out, negatives=negatives, workers=workers, address=address, progress=report
        )
    rows = []
    for trial in trials:
        figure = trial.value(search.metric)
        settings = [show_value(trial.settings[name]) for name in search.space]
        rows.append(
            [trial.name, trial.state.value, *settings, trial.epochs, f"{figure:.4f}" if figure is not None else "–"]
        )
    show_table(search.name, ["trial", "state", *search.space, "epochs", search.metric.value], rows)
    for trial in trials:
        if trial.state is State.FAILED:
            note(f"Trial {trial.name} failed: {trial.reason}")
    note(f"Wrote {out / 'results.csv'} and {out / 'sweep.png'}.")
    best = find_best(trials, search)
    if best is None:
        note("No trial finished; run the same command again to retry the failed ones.")
        return
    words = ["smn", "train", str(out / "best.toml"), "--manifest", str(manifest)]
    words += ["--negatives", str(negatives)] if negatives is not None else []
    note(f"Trial {best.name} is the best; it is a run that `smn export` takes: {out / 'trials' / best.name}")
    note(f"To train it again: {shlex.join([*words, '--out', f'runs/{search.name}-best'])}")
