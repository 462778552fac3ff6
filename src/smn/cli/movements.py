"""``smn movements`` and ``smn taxonomy``."""

import json
from dataclasses import asdict

import click

from smn.cli.screen import console
from smn.movements import get_family, get_movement, list_movements, list_taxonomies, read_taxonomy

_AS_JSON = click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)


@click.group(invoke_without_command=True)
@click.pass_context
def movements(context: click.Context) -> None:
    """List the movements that smn knows, or show one."""
    if context.invoked_subcommand is None:
        context.invoke(list_all)


@movements.command("list")
@_AS_JSON
def list_all(form: str = "table") -> None:
    """List every movement, earliest first."""
    if form == "json":
        click.echo(json.dumps([asdict(movement) for movement in list_movements()], ensure_ascii=False, indent=2))
        return
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for column in ("id", "movement", "years", "family"):
        table.add_column(column, no_wrap=column in ("id", "years"))
    for movement in list_movements():
        family = get_family(movement.family)
        table.add_row(
            movement.id, movement.name, f"{movement.start}–{movement.end}",
            f"[{family.colour}]■[/] {family.name}",
        )  # fmt: skip
    console().print(table)


@movements.command("show")
@click.argument("name")
@_AS_JSON
def show_movement(name: str, form: str) -> None:
    """Show one movement, by its id, its name or a name from another vocabulary."""
    movement = get_movement(name)
    if form == "json":
        click.echo(json.dumps(asdict(movement), ensure_ascii=False, indent=2))
        return
    family = get_family(movement.family)
    screen = console()
    screen.print(f"\n[bold]{movement.name}[/bold]  {movement.start}–{movement.end}  {', '.join(movement.places)}")
    screen.print(f"[{family.colour}]■[/] {family.name}\n")
    screen.print(movement.summary + "\n", width=min(88, screen.width))
    screen.print("What to look for")
    for trait in movement.traits:
        screen.print(f"  · {trait}")
    screen.print(f"\nArtists: {', '.join(movement.artists)}", width=min(88, screen.width))
    for vocabulary, names in movement.aliases.items():
        if names:
            screen.print(f"[dim]{vocabulary}: {', '.join(names)}[/dim]")
    screen.print()


@click.group(invoke_without_command=True)
@click.pass_context
def taxonomy(context: click.Context) -> None:
    """List the taxonomies, or show one."""
    if context.invoked_subcommand is None:
        context.invoke(list_presets)


@taxonomy.command("list")
def list_presets() -> None:
    """List the taxonomies inside the package."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for column in ("id", "labels", "name", "what it is for"):
        table.add_column(column)
    for preset in map(read_taxonomy, list_taxonomies()):
        table.add_row(preset.id, str(len(preset.labels)), preset.name, preset.description)
    console().print(table)


@taxonomy.command("show")
@click.argument("name")
@_AS_JSON
def show_taxonomy(name: str, form: str) -> None:
    """Show a taxonomy's labels and the movements each covers; NAME may be a TOML file of your own."""
    chosen = read_taxonomy(name)
    if form == "json":
        click.echo(json.dumps(asdict(chosen), ensure_ascii=False, indent=2))
        return
    from rich import box
    from rich.table import Table

    table = Table(title=f"{chosen.id}: {chosen.name}", title_justify="left", box=box.SIMPLE_HEAD)
    for column in ("label", "name", "family", "movements"):
        table.add_column(column)
    for label in chosen.labels:
        covered = "" if label.movements == (label.id,) else ", ".join(label.movements)
        table.add_row(label.id, label.name, get_family(label.family).name, covered)
    screen = console()
    screen.print(chosen.description, width=min(88, screen.width))
    screen.print(table)
