"""``smn similar`` and ``smn index``."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smn.bundle import DEFAULT
from smn.cli.screen import console, note, progress, shell_line
from smn.errors import InputError
from smn.images.rectify import Rectify

if TYPE_CHECKING:
    from smn.bundle.row_reader import Failure
    from smn.works import WorkIndex


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
    """Find works that are similar to a picture, in the index inside the package, or in your own.

    The result has facts and URLs; the pictures themselves are at Wikimedia Commons.
    """
    from smn.errors import OutputExistsError
    from smn.predict.model import load
    from smn.similar.index import check_fit
    from smn.works import choose_index, find_artists, read_index

    if chart is not None and chart.exists():
        raise OutputExistsError(chart)
    loaded = load(model, rectify=Rectify(rectify))
    known = read_index(choose_index(loaded.bundle, folder))
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
        title = escape(work.name)
        table.add_row(
            f"{one.similarity:.2f}", f"[link={work.page}]{title}[/link]" if work.page else title,
            escape(work.artist or ""), str(work.year or ""), escape(work.museum or ""),
        )  # fmt: skip
    console().print(table)
    if hands := find_artists(known, embedding):
        console().print(f"closest to works by {escape(', '.join(one.artist for one in hands))}{_say_worth(known)}")


def _say_worth(known: "WorkIndex") -> str:
    """How often the artist is among the three, and that this is no attribution."""
    share = known.rules.get("artists", {}).get("top3")
    measured = f"; the artist is among these three in {share:.0%} of cases, if in the index" if share else ""
    return f"{measured}. This is likeness, not an attribution."


@click.group()
def index() -> None:
    """Build an index of works, for recognising them and for the search for similar works, and change it."""


_MANIFESTS = click.argument(
    "manifests", nargs=-1, required=True, metavar="MANIFEST...", type=click.Path(path_type=Path)
)
_FOLDER = click.argument("folder", metavar="INDEX", type=click.Path(path_type=Path))
_MODEL = click.option(
    "--model",
    type=click.Path(path_type=Path),
    default=DEFAULT,
    help="A model name (see smn models), a bundle, or hf://owner/name.",
)
_TITLES = click.option(
    "--titles", type=click.Path(path_type=Path), metavar="FILE.csv",
    help="Titles, artists, years and movements by id, for rows that lack them.",
)  # fmt: skip


@index.command("build")
@_MANIFESTS
@click.option(
    "--out", type=click.Path(path_type=Path),
    help="Folder of the index.  [default: index within your own bundle, which then finds it]",
)  # fmt: skip
@_MODEL
@click.option("--known", metavar="COLUMN", help="Use only works with a value in this column, such as wikidata_id.")
@_TITLES
@click.option("--cache", type=click.Path(path_type=Path), help="Keep features of pictures in this folder for later.")
def build(  # noqa: PLR0917 - click passes options by name
    manifests: tuple[Path, ...], out: Path | None, model: Path, known: str | None, titles: Path | None,
    cache: Path | None,
) -> None:  # fmt: skip
    """Embed the works of MANIFESTs and write the index; the same command resumes after an interruption.

    Pictures of one work become one entry; what an earlier MANIFEST says of it counts more.
    """
    from smn.bundle import read_bundle
    from smn.similar.index_building import build_index
    from smn.similar.match_rule import MIN_WORKS
    from smn.works import OWN_INDEX, read_index

    bundle = read_bundle(model)
    own = bundle.folder / OWN_INDEX
    if out is None and bundle.folder != model:
        raise InputError(f"{model} is no bundle of your own that could hold an index; name a folder with --out.")
    out = out or own
    with progress() as show:
        count, failures = build_index(
            manifests, out, bundle=bundle, known=known, titles=titles, cache=cache, on_progress=show
        )
    _note_failures(failures)
    if not read_index(out).rules:
        note(f"It recognises no work: a rule for that is fitted from {MIN_WORKS} works on.")
    size = sum(file.stat().st_size for file in out.iterdir()) / 1e6
    left = f", {len(failures):,} could not be read" if failures else ""
    search = shell_line("similar", "FILE", *(("--model", model) if out == own else ("--index", out)))
    click.echo(f"{out} contains {count:,} works in {size:.1f} MB{left}; search it with: {search}")


@index.command("add")
@_FOLDER
@_MANIFESTS
@_MODEL
@_TITLES
def add(folder: Path, manifests: tuple[Path, ...], model: Path, titles: Path | None) -> None:
    """Add the works of MANIFESTs to INDEX; those that it contains already gain facts that they lacked."""
    from smn.bundle import read_bundle
    from smn.similar.index_building import add_works

    with progress() as show:
        count, failures = add_works(manifests, folder, bundle=read_bundle(model), titles=titles, on_progress=show)
    _note_failures(failures)
    left = f"; {len(failures):,} could not be read" if failures else ""
    click.echo(f"{count:,} works added to {folder}{left}.")


@index.command("remove")
@_FOLDER
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@_MODEL
def remove(folder: Path, ids: tuple[str, ...], model: Path) -> None:
    """Remove works from INDEX by their ids; smn index show INDEX --works lists them."""
    from smn.bundle import read_bundle
    from smn.similar.index_building import remove_works

    left = remove_works(folder, ids, bundle=read_bundle(model))
    click.echo(f"{folder} contains {left:,} works.")


@index.command("show")
@click.argument("folder", metavar="[INDEX]", required=False, type=click.Path(path_type=Path))
@click.option("--works", is_flag=True, help="List the works, one JSON object per line.")
def show_index(folder: Path | None, works: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Show what INDEX contains; without INDEX, the one inside the package."""
    from smn.works import DEFAULT_INDEX, read_index

    known = read_index(folder or DEFAULT_INDEX)
    every = [known.work(place) for place in range(len(known))]
    if works:
        for work in every:
            click.echo(json.dumps(work.to_dict(), ensure_ascii=False))
        return
    size = sum(file.stat().st_size for file in known.folder.iterdir()) / 1e6
    artists = len({work.artist for work in every if work.artist})
    titled, dated, placed = (
        sum(getattr(work, name) is not None for work in every) for name in ("title", "year", "image_url")
    )
    click.echo(f"{len(known):,} works by {artists:,} artists, {size:.1f} MB, made by {known.model}")
    click.echo(f"{titled:,} with a title, {dated:,} with a year, {placed:,} with an address of their picture")
    rule = "recognises works" if known.rules.get("recognition") else "has no rule, so it recognises no work"
    click.echo(f"{rule}; {'has' if known.places is not None else 'has no'} map")


def _note_failures(failures: "Sequence[Failure]") -> None:
    for failure in failures[:10]:
        note(f"{failure.id}: {failure.reason}")
