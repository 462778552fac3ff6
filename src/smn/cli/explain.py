"""``smn explain``."""

from pathlib import Path

import click

from smn.bundle import DEFAULT
from smn.errors import OutputExistsError
from smn.images.rectify import Rectify


@click.command()
@click.argument("picture", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE.png", required=True, help="Draw the answer here.")
@click.option("--movement", metavar="ID", help="Show what speaks for this movement, not for the best guess.")
@click.option("--top-k", type=click.IntRange(min=1), default=3, show_default=True, help="How many guesses to list.")
@click.option("--taxonomy", help="Answer in another taxonomy: its name or a TOML file. See: smn taxonomy list")
@click.option("--model", type=click.Path(path_type=Path), default=DEFAULT, help="A name of smn models, or a bundle.")
@click.option(
    "--rectify", type=click.Choice([one.value for one in Rectify]), default=Rectify.AUTO.value, show_default=True,
    help="Find the painting on a wall and straighten it: if surely found, if at all, or never.",
)  # fmt: skip
def explain(  # noqa: PLR0917 - click passes options by name
    picture: Path, out: Path, movement: str | None, top_k: int, taxonomy: str | None, model: Path, rectify: str
) -> None:
    """Show why: where in a picture the evidence lies, its colours, and what to look for."""
    from smn.explain.explanation import draw_explanation, explain_picture, say_answer
    from smn.extras import require_extra
    from smn.predict.model import load

    require_extra("explain", "matplotlib", "skimage", "sklearn")
    if out.exists():
        raise OutputExistsError(out)
    loaded = load(model, taxonomy=taxonomy, rectify=Rectify(rectify))
    if movement is not None:
        loaded.taxonomy.label(movement)  # what is wrong with it must be said before any work is done
    why = explain_picture(loaded, picture, top_k=top_k)
    draw_explanation(why, out, movement=movement)
    click.echo(f"{say_answer(why)}. See {out}.")
