"""``smn examples``."""

from pathlib import Path

import click

from smn.cli.screen import note
from smn.examples import write_examples


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--seed", default=0, show_default=True, help="Another seed paints other pictures.")
@click.option("--count", type=click.IntRange(min=1), default=1, show_default=True, help="Pictures of each movement.")
def examples(folder: Path, seed: int, count: int) -> None:
    """Paint pictures in the manner of several movements into FOLDER; nothing there is overwritten."""
    files = write_examples(folder, seed=seed, count=count)
    note(f"{len(files)} pictures in {folder}; next: smn predict {folder}")
