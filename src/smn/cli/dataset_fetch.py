"""``smn dataset fetch``: download pictures from a museum, an archive, a hub or a list."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smn.cli.screen import note, progress, shell_line, show_table
from smn.errors import InputError

if TYPE_CHECKING:
    from smn.dataset.fetch.collection import FetchReport
    from smn.dataset.fetch.estimate import Estimate

_LISTED = 12  # lines of a long table that are shown
_EXAMPLE = """\b
Examples:
  smn dataset fetch --list
  smn dataset fetch aic --movement impressionism --limit 200 --dry-run
  smn dataset fetch wikidata --movement cubism --licence public-domain \\
    --contact you@museum.org --out data/cubism
  smn dataset fetch csv --address table.csv --column image_url=link --out data/mine
"""


@click.command(epilog=_EXAMPLE, short_help="Fetch pictures from a museum, an archive, a hub or a list.")
@click.argument("source", required=False)
@click.option("--list", "listed", is_flag=True, help="List the sources with their labels, licences and rate limits.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of the manifest and the pictures."
)
@click.option("--movement", "movements", multiple=True, metavar="ID", help="Works of this movement; repeatable.")
@click.option("--search", metavar="TEXT", help="Works that match these words, for sources with a search.")
@click.option("--address", metavar="ADDRESS", help="URL or path of the manifest, collection, table or repository.")
@click.option(
    "--column", "columns", multiple=True, metavar="NAME=THEIRS", help="The table's name for a manifest column."
)
@click.option("--map", "mapping", multiple=True, metavar="LABEL=MOVEMENT", help="The movement of a label.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most N pictures, over all runs together.")
@click.option(
    "--size",
    default=1024,
    show_default=True,
    type=click.IntRange(16),
    help="Wanted longer side in pixels, for sources that scale.",
)
@click.option(
    "--licence", type=click.Choice(["public-domain"]), help="Only works that are free everywhere: CC0 or PDM."
)
@click.option("--refresh", is_flag=True, help="Read the list again, and download what has changed.")
@click.option("--dry-run", is_flag=True, help="Estimate number, size and duration; write nothing.")
@click.option("--contact", metavar="EMAIL|URL", help="Contact for the source's operators; Wikimedia asks for it.")
@click.option("--requests-per-second", type=float, metavar="N", help="A lower rate than the source permits.")
@click.option("--connections", type=int, metavar="N", help="At most N requests at once.")
@click.option("--tries", default=6, show_default=True, type=click.IntRange(1), help="Attempts before giving up.")
@click.option("--format", "form", default="table", show_default=True, type=click.Choice(["table", "json"]))
def fetch(source: str | None, *, listed: bool, out: Path | None, dry_run: bool, form: str, **options: Any) -> None:
    """Fetch pictures from SOURCE into a folder with a manifest, with licence, attribution and URL of each.

    After an interruption, the same command resumes. It also retries what could not be downloaded.
    """
    from smn.dataset.fetch import get_source

    if listed:
        _show_sources(form)
        return
    if source is None:
        raise InputError("Give the SOURCE to fetch from; smn dataset fetch --list shows all sources.")
    if out is None and not dry_run:
        raise InputError("Give the folder with --out FOLDER, or get an estimate with --dry-run.")
    if dry_run:
        from smn.dataset.fetch.estimate import estimate_fetch

        estimate = estimate_fetch(get_source(source), **_arguments(source, options))
        _show(estimate, _show_estimate, form)
    elif out is not None:
        from smn.dataset.fetch.fetcher import fetch_dataset
        from smn.dataset.label_map import parse_pairs

        pairs = parse_pairs(options["mapping"], option="--map")
        arguments = _arguments(source, options)
        with progress() as show:
            report = fetch_dataset(
                get_source(source), out=out, mapping=pairs, refresh=options["refresh"], progress=show, **arguments
            )
        _show(report, _show_report, form)


def _arguments(source: str, options: dict[str, Any]) -> dict[str, Any]:
    """What a fetch and an estimate are given alike."""
    from smn.dataset.fetch import choose_politeness, get_source
    from smn.dataset.fetch.fetch_source import Limits, Query
    from smn.dataset.label_map import parse_pairs
    from smn.movements import get_movement

    query = Query(
        movements=tuple(get_movement(name).id for name in options["movements"]),
        search=options["search"],
        address=options["address"],
        size=options["size"],
        public_domain=options["licence"] is not None,
        columns=parse_pairs(options["columns"], option="--column"),
    )
    politeness = choose_politeness(
        get_source(source), requests_per_second=options["requests_per_second"], connections=options["connections"]
    )
    return {
        "query": query,
        "limit": options["limit"],
        "licence": options["licence"],
        "contact": options["contact"],
        "politeness": politeness,
        "limits": Limits(attempts=options["tries"]),
    }


def _show(answer: Any, in_words: Callable[[Any], None], form: str) -> None:
    if form == "json":
        click.echo(json.dumps(answer.to_dict(), ensure_ascii=False, indent=2))
    else:
        in_words(answer)


def _show_sources(form: str) -> None:
    from smn.dataset.fetch import WORTH, list_sources

    rows = [
        {
            "source": source.name,
            "title": source.title,
            "labels": WORTH[source.name].labels,
            "licences": WORTH[source.name].licences,
            "requests_per_second": source.politeness.requests_per_second,
            "connections": source.politeness.connections,
        }
        for source in list_sources()
    ]
    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    header = ("source", "what it is", "movement labels", "licences", "a second", "at once")
    show_table(None, header, ([str(value) for value in row.values()] for row in rows))


def _show_estimate(estimate: "Estimate") -> None:
    total = "an unknown number of" if estimate.total is None else f"{estimate.total:,}"
    click.echo(
        f"{estimate.source} lists {total} entries. Of the {estimate.listed:,} on its first page {estimate.matching:,} "
        "can be downloaded."
    )
    show_table("Left out of the first page", ("why", "entries"), estimate.reasons.items(), limit=_LISTED)
    if estimate.pictures is None:
        click.echo("Their number is known only after the whole list has been read; --limit sets a maximum.")
        return
    size = "of unknown size" if estimate.bytes is None else f"about {estimate.bytes / 1e6:,.0f} MB"
    click.echo(
        f"That is about {estimate.pictures:,} pictures, {size}, {estimate.minutes or 0:,.0f} minutes at "
        f"{estimate.requests_per_second:g} requests a second. Nothing has been written."
    )


def _show_report(report: "FetchReport") -> None:
    show_table("Movements", ("movement", "rows"), report.movements.items(), limit=_LISTED)
    show_table("Licences", ("licence", "rows"), report.licences.items(), limit=_LISTED)
    unmapped = [(item.label, item.rows, ", ".join(item.suggestions)) for item in report.unmapped]
    show_table("Labels that match no movement", ("label", "rows", "did you mean"), unmapped, limit=_LISTED)
    for title, group in (("Could not be downloaded", report.missed), ("Without a usable picture", report.flawed)):
        show_table(title, ("what", "why"), [(item.name, item.reason) for item in group], limit=_LISTED)
    click.echo(report.summary() + " Details are in fetch-report.md next to it.")
    if report.unmapped:
        click.echo('Map such labels with: --map "LABEL=MOVEMENT"')
    if report.missed:
        note("Run the same command again to retry what could not be downloaded.")
    folder = report.manifest.parent
    note(f"Next: {shell_line('dataset', 'split', folder, '--out', f'{folder}-split')}")
