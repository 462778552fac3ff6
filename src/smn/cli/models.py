"""``smn models``."""

import click

from smn.bundle import list_models, read_bundle
from smn.cli.screen import console


@click.command()
def models() -> None:
    """List the models inside the package; --model NAME chooses one."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for column in ("name", "version", "size", "movements", "looks at", "recipe"):
        table.add_column(column, overflow="fold")
    for name in list_models():
        bundle = read_bundle(name)
        megabytes, side = bundle.model_file.stat().st_size / 1e6, bundle.preprocess.size
        table.add_row(
            name, bundle.name, f"{megabytes:.1f} MB", str(len(bundle.labels)), f"{side} x {side} px",
            str(bundle.recipe.get("name", "")),
        )  # fmt: skip
    console().print(table)
    for name in list_models():
        console().print(f"{name}: {read_bundle(name).licence}", style="dim")
