"""``smn similar`` and ``smn index``."""

import json
from pathlib import Path

import click

from smn.bundle import DEFAULT
from smn.cli.screen import console, note, progress
from smn.images.rectify import Rectify


@click.command()
@click.argument("picture", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--top-k", type=click.IntRange(min=1), default=6, show_default=True, help="Number of works to list.")
@click.option("--index", "folder", type=click.Path(path_type=Path), help="Your own index.")
@click.option("--model", type=click.Path(path_type=Path), default=DEFAULT, help="The bundle that made the index.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option(
    "--map",
    "chart",
    type=click.Path(path_type=Path),
    metavar="FILE.png",
    help="Draw a map of the works with the picture.",
)
@click.option(
    "--rectify", type=click.Choice([one.value for one in Rectify]), default=Rectify.AUTO.value, show_default=True,
    help="Detect a painting on a wall and straighten it: if certain, if found at all, or never.",
)  # fmt: skip
def similar(  # noqa: PLR0917 - click passes options by name
    picture: Path, top_k: int, folder: Path | None, model: Path, form: str, chart: Path | None, rectify: str
) -> None:
    """Find works that are similar to a picture, among about 2,700 in the public domain, or in your own index.

    The result has facts and URLs; the pictures themselves are at Wikimedia Commons.
    """
    from smn.errors import OutputExistsError
    from smn.predict.model import load
    from smn.similar.index import DEFAULT_INDEX, check_fit, read_index

    if chart is not None and chart.exists():
        raise OutputExistsError(chart)
    loaded, known = load(model, rectify=Rectify(rectify)), read_index(folder or DEFAULT_INDEX)
    check_fit(known, loaded)
    embedding = loaded.analyze(picture).embedding
    found = known.search(embedding, top_k=top_k)
    if chart is not None:
        from smn.similar.index_building import draw_map

        draw_map(known, chart, embedding=embedding, title=picture.name)
        note(f"{chart} shows the picture on a map of {len(known):,} works.")
    if form == "json":
        click.echo(json.dumps([one.to_dict() for one in found], ensure_ascii=False, indent=2))
        return
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, caption=f"{len(known):,} works · {known.model}", caption_justify="left")
    for column in ("alike", "work", "artist", "year", "museum"):
        table.add_column(column, justify="right" if column in ("alike", "year") else "left")
    for one in found:
        work = one.work
        title = escape(work.title or "untitled")
        table.add_row(
            f"{one.similarity:.2f}", f"[link={work.page}]{title}[/link]" if work.page else title,
            escape(work.artist or ""), str(work.year or ""), escape(work.museum or ""),
        )  # fmt: skip
    console().print(table)


@click.group()
def index() -> None:
    """Build an index of works for the search for similar works."""


@index.command("build")
@click.argument("manifests", nargs=-1, required=True, metavar="MANIFEST...", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the index.")
@click.option(
    "--model", type=click.Path(path_type=Path), default=DEFAULT, help="A model name (see smn models), or a bundle."
)
@click.option("--known", metavar="COLUMN", help="Use only works with a value in this column, such as wikidata_id.")
def build(manifests: tuple[Path, ...], out: Path, model: Path, known: str | None) -> None:
    """Embed the works of MANIFESTs and write the index; the same command resumes after an interruption."""
    from smn.bundle import read_bundle
    from smn.similar.index_building import build_index

    with progress() as show:
        count, failures = build_index(manifests, out, bundle=read_bundle(model), known=known, on_progress=show)
    for failure in failures[:10]:
        note(f"{failure.id}: {failure.reason}")
    size = sum(file.stat().st_size for file in out.iterdir()) / 1e6
    left = f", {len(failures):,} could not be read" if failures else ""
    click.echo(f"{out} contains {count:,} works in {size:.1f} MB{left}; search it with: smn similar FILE --index {out}")
