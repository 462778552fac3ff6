"""``smn models``."""

import click

from smn.bundle import list_models, read_bundle
from smn.cli.screen import console, show_table


@click.command()
def models() -> None:
    """List the models inside the package; --model NAME chooses one."""
    rows = []
    for name in list_models():
        bundle = read_bundle(name)
        megabytes, side = bundle.model_file.stat().st_size / 1e6, bundle.preprocess.size
        recipe = str(bundle.recipe.get("name", ""))
        rows.append((name, bundle.name, f"{megabytes:.1f} MB", len(bundle.labels), f"{side} x {side} px", recipe))
    show_table(None, ("name", "version", "size", "movements", "looks at", "recipe"), rows)
    for name in list_models():
        console().print(f"{name}: {read_bundle(name).licence}", style="dim")
