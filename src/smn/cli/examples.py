"""``smn examples``."""

from pathlib import Path

import click

from smn.cli.screen import note, shell_line
from smn.examples import write_examples, write_others


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--seed", default=0, show_default=True, help="Random seed.")
@click.option(
    "--count", type=click.IntRange(min=1), default=1, show_default=True, help="Pictures of each movement or kind."
)
@click.option(
    "--others", is_flag=True, help="Draw pictures that are not paintings instead: pages, screens, charts, textures ..."
)
def examples(folder: Path, seed: int, count: int, others: bool) -> None:  # noqa: FBT001
    """Paint pictures in the manner of several movements into FOLDER; nothing there is overwritten."""
    files = (write_others if others else write_examples)(folder, seed=seed, count=count)
    note(f"{len(files)} pictures in {folder}; next: {shell_line('predict', folder)}")
