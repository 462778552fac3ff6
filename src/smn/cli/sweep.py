"""``smn sweep``: search the settings of a recipe."""

import shlex
from pathlib import Path

import click

from smn.cli.screen import note, progress, show_table

_EXAMPLE = """\b
Example of a sweep's file:
  name = "rates"
  recipe = "cnn-small"
  search = "random"
  trials = 12
  [space]
  "finetune.learning_rate" = { from = 1e-4, to = 1e-2, scale = "log" }
  "finetune.batch_size" = [32, 64]
"""


@click.command(epilog=_EXAMPLE)
@click.argument("file", metavar="SWEEP.toml", type=click.Path(path_type=Path))
@click.option("--manifest", required=True, type=click.Path(path_type=Path), help="Pictures with splits train and val.")
@click.option(
    "--negatives", type=click.Path(path_type=Path), help="Pictures that are not paintings, with a split train."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The sweep's folder, created or continued.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1), help="Trials at the same time.")
@click.option("--address", metavar="HOST:PORT", help="Head of a running Ray cluster.  [default: this machine]")
def sweep(file: Path, *, manifest: Path, negatives: Path | None, out: Path, workers: int, address: str | None) -> None:
    """Train a recipe with the settings that SWEEP.toml names, several at a time, and compare them on val.

    Interrupted, the same command continues: finished trials count, others go on after their last epoch.
    """
    from smn.scale import read_sweep
    from smn.scale.sweeping import run_sweep
    from smn.scale.sweepresults import find_best, show_value
    from smn.scale.trials import State

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
        note("No trial finished; the same command tries those that failed again.")
        return
    words = ["smn", "train", str(out / "best.toml"), "--manifest", str(manifest)]
    words += ["--negatives", str(negatives)] if negatives is not None else []
    note(f"Trial {best.name} is the best; it is a run that `smn export` takes: {out / 'trials' / best.name}")
    note(f"To train it again: {shlex.join([*words, '--out', f'runs/{search.name}-best'])}")
