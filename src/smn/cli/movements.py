"""``smn movements`` and ``smn taxonomy``."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from smn.cli.screen import console, shell_line, show_table
from smn.errors import InputError, OutputExistsError
from smn.files import write_text
from smn.movements import (
    Taxonomy,
    get_family,
    get_movement,
    list_movements,
    list_taxonomies,
    make_taxonomy,
    read_taxonomy,
    taxonomy_text,
)

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
    """List the taxonomies, show one, or suggest a coarser one."""
    if context.invoked_subcommand is None:
        context.invoke(list_presets)


@taxonomy.command("list")
def list_presets() -> None:
    """List the taxonomies inside the package."""
    presets = map(read_taxonomy, list_taxonomies())
    rows = [(preset.id, len(preset.labels), preset.name, preset.description) for preset in presets]
    show_table(None, ("id", "labels", "name", "what it is for"), rows)


@taxonomy.command("show")
@click.argument("name")
@_AS_JSON
def show_taxonomy(name: str, form: str) -> None:
    """Show a taxonomy's labels and the movements each covers; NAME may be a TOML file of your own."""
    chosen = read_taxonomy(name)
    if form == "json":
        click.echo(json.dumps(asdict(chosen), ensure_ascii=False, indent=2))
        return
    rows = [
        (
            label.id,
            label.name,
            get_family(label.family).name,
            "" if label.movements == (label.id,) else ", ".join(label.movements),
        )
        for label in chosen.labels
    ]
    screen = console()
    screen.print(chosen.description, width=min(88, screen.width))
    show_table(f"{chosen.id}: {chosen.name}", ("label", "name", "family", "movements"), rows)


@taxonomy.command("from")
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE.toml", help="The file to write.")
def make_from_manifest(manifest: Path, out: Path) -> None:
    """Write the taxonomy of a data set: one label for each movement that MANIFEST has pictures of."""
    from smn.manifest import NOT_A_PAINTING, read_manifest

    if out.suffix != ".toml":
        raise InputError(f"The file name of a taxonomy must end in .toml, but {out} does not; choose another name.")
    if out.exists():
        raise OutputExistsError(out)
    found = set(read_manifest(manifest).column("movement")) - {None, NOT_A_PAINTING}
    made = make_taxonomy(found, name=out.stem)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_text(out, taxonomy_text(made))
    following = shell_line("train", "RECIPE", "--manifest", "MANIFEST", "--set", f"taxonomy={out}", "--out", "RUN")
    click.echo(f"{out} has {len(made.labels)} labels; train with it: {following}")


@taxonomy.command("suggest")
@click.argument("report", type=click.Path(path_type=Path))
@click.option("--set", "part", required=True, metavar="NAME", help="The set of the report to use, such as val.")
@click.option(
    "--taxonomy", "name", default="smn-25", show_default=True, metavar="ID|FILE", help="The taxonomy to refine."
)
@click.option(
    "--by", type=click.Choice(["merge", "drop"]), default="merge", show_default=True, help="Merge labels or drop them."
)
@click.option("--labels", type=click.IntRange(2), default=16, show_default=True, help="How many labels to keep.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE.toml", help="Write the taxonomy here.")
@click.option(
    "--curve", type=click.Path(path_type=Path), metavar="FILE.png", help="Plot accuracy against the number of labels."
)
def suggest(report: Path, part: str, name: str, by: str, *, labels: int, out: Path | None, curve: Path | None) -> None:
    """Suggest a smaller taxonomy: merge or drop movements that the model confuses in REPORT.

    Shows the gain of each step, and writes the taxonomy with the wanted number of labels. Merges stay within families.
    Use a set on which you do not report results afterwards.
    """
    from smn.evaluate.taxonomy_search import Refinement, suggest_taxonomy

    for file in (out, curve):
        if file is not None and file.exists():
            raise OutputExistsError(file)
    wanted = out.stem if out is not None else f"{Path(name).stem}-refined"
    suggested, steps = suggest_taxonomy(
        report, read_taxonomy(name), part=part, by=Refinement(by), labels=labels, name=wanted
    )
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for column in (
        "labels",
        "top-1, %",
        "mean recall, %",
        "largest, %",
        "bits",
        {"merge": "merged", "drop": "dropped"}[by],
    ):
        table.add_column(column, justify="left" if column in ("merged", "dropped") else "right")
    for step in steps:
        figures = (f"{100 * share:.1f}" for share in (step.top1, step.balanced, step.largest))
        table.add_row(str(len(step.groups)), *figures, f"{step.bits:.2f}", " + ".join(step.done))
    console().print(table)
    if curve is not None:
        _draw_curve(report, read_taxonomy(name), curve, part=part, labels=labels)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_text(out, taxonomy_text(suggested))
        click.echo(f'{out} has {len(suggested.labels)} labels; train with it: taxonomy = "{out}" in a recipe.')


def _draw_curve(report: Path, own: Taxonomy, curve: Path, *, part: str, labels: int) -> None:
    from smn.evaluate.taxonomy_search import count_families, count_preset, draw_tradeoff, read_confusion

    confusion = read_confusion(report, own, part=part)
    original = count_preset(confusion, own, read_taxonomy("origin-8"))
    presets = {"families": count_families(confusion, own)} | ({"origin-8": original} if original.groups else {})
    curve.parent.mkdir(parents=True, exist_ok=True)
    draw_tradeoff(confusion, own, curve, chosen=labels, presets=presets, part=part)
    click.echo(f"{curve} shows accuracy and information against the number of labels.")


@taxonomy.command("families")
@click.argument("report", type=click.Path(path_type=Path))
@click.option("--set", "part", required=True, metavar="NAME", help="The set in the report to go by, such as val.")
@click.option(
    "--taxonomy", "name", default="smn-25", show_default=True, metavar="ID|FILE", help="The report's taxonomy."
)
@click.option("--groups", type=click.IntRange(2), default=10, show_default=True, help="Number of groups to list.")
@_AS_JSON
def compare_families(report: Path, part: str, name: str, groups: int, form: str) -> None:
    """Compare the families with groups of movements that the model confuses in REPORT.

    Shows groupings of 8 to 12 groups and the families, and lists one of the groupings.
    """
    from smn.evaluate.family_confusion import group_confused
    from smn.evaluate.taxonomy_search import count_families, read_confusion

    own = read_taxonomy(name)
    confusion = read_confusion(report, own, part=part)
    counts = sorted({*range(8, 13), groups} & set(range(2, len(own.labels) + 1)) | {groups})
    found = group_confused(confusion, own, counts=counts)
    families = count_families(confusion, own)
    if form == "json":
        data = {"families": asdict(families), "groupings": [asdict(one) for one in found]}
        click.echo(json.dumps(data, ensure_ascii=False, indent=1))
        return
    rows = [("families", families, "", "")]
    rows += [("by confusion", one.step, f"{one.agreement:.2f}", f"{one.by_lot:.2f}") for one in found]
    from smn.cli.screen import show_table

    show_table(
        f"{part}: families and what is confused",
        ("", "groups", "top-1, %", "bits", "agreement", "by lot"),
        [
            (kind, len(step.groups), f"{100 * step.top1:.1f}", f"{step.bits:.2f}", agreement, lot)
            for kind, step, agreement, lot in rows
        ],
    )
    chosen = next(one for one in found if len(one.step.groups) == groups)
    for group in chosen.step.groups:
        click.echo("  " + ", ".join(group))
