"""``smn dataset``: fetch, import, add, split, check and describe sets of pictures."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smn.cli import CommandGroup
from smn.cli.dataset_fetch import fetch
from smn.cli.screen import note, progress, show_table, write_count
from smn.manifest import SPLITS, Manifest, read_manifest

if TYPE_CHECKING:
    from smn.dataset import Description, ImportReport, Leakage, MergeReport, SplitReport

_LISTED = 12  # lines of a long table that are shown
_DIGITS = 12  # of a data hash
_ADD_EXAMPLE = """\b
Example:
  smn dataset add data/pool data/aic data/cubism --against data/famous --out data/pool-2
"""


@click.group(cls=CommandGroup)
def dataset() -> None:
    """Fetch or import pictures into a manifest, add to it, split it by artist, check it, describe it."""


dataset.add_command(fetch)


@dataset.command("import")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the manifest.")
@click.option("--taxonomy", metavar="ID|FILE", help="Also count the rows by the labels of this taxonomy.")
@click.option(
    "--column", "columns", multiple=True, metavar="NAME=THEIRS", help="The table's name for a manifest column."
)
@click.option("--join", multiple=True, metavar="FILE.csv", help="Join this table's columns on the column id.")
@click.option("--map", "mapping", multiple=True, metavar="LABEL=MOVEMENT", help="The movement of a label.")
@click.option(
    "--source", metavar="NAME", help="Value of the column source for rows without one.  [default: the source's name]"
)
@click.option("--licence", metavar="TEXT", help="Value of the column licence for rows without one.")
@click.option("--not-paintings", is_flag=True, help="None of these pictures is a painting.")
@click.option("--embed", is_flag=True, help="Store the pictures inside the manifest.")
@click.option(
    "--artist-aliases", type=click.Path(path_type=Path), metavar="FILE.csv",
    help="Columns artist, canonical: one name and one split for each artist.",
)  # fmt: skip
def import_(
    sources: tuple[Path, ...], out: Path, columns: tuple[str, ...], mapping: tuple[str, ...], **options: Any
) -> None:
    """Make a manifest of pictures and their metadata.

    A SOURCE is a folder whose sub-folders are named by movement, a CSV or Parquet table with a column of paths, or
    Parquet with pictures inside in the format of the Hugging Face hub: a file, or a folder of shards.
    """
    from smn.dataset import import_dataset
    from smn.dataset.label_map import parse_pairs

    own_columns, own_labels = parse_pairs(columns, option="--column"), parse_pairs(mapping, option="--map")
    with progress() as show:
        report = import_dataset(sources, out, columns=own_columns, mapping=own_labels, progress=show, **options)
    _show_import(report)


@dataset.command(epilog=_ADD_EXAMPLE, short_help="Add new pictures to a set; its test split does not change.")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", nargs=-1, type=click.Path(path_type=Path), metavar="[NEW]...")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the result.")
@click.option("--against", type=click.Path(path_type=Path), metavar="MANIFEST", help="Leave out pictures of this set.")
@click.option("--ratios", default="70/10", show_default=True, help="Shares of train/val among new artists.")
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), help="Random seed of the split of new artists."
)
@click.option("--freeze-val", is_flag=True, help="Add nothing to val either.")
@click.option("--accept-feedback", is_flag=True, help="Use reviewed feedback like any other row.")
@click.option("--format", "form", default="table", show_default=True, type=click.Choice(["table", "json"]))
def add(old: Path, new: tuple[Path, ...], out: Path, against: Path | None, form: str, **options: Any) -> None:
    """Write a manifest with the rows of OLD and the new rows of NEW; OLD and its test split do not change.

    Pictures of NEW that are already in OLD, or in the manifest given with --against, are left out. New rows by an
    artist of OLD's test split get no split; other known artists keep their split, new ones are divided between train
    and val.
    """
    from smn.dataset import SplitRules, add_to_dataset

    rules = SplitRules(
        ratios=_ratios(options["ratios"], example="70/10"),
        seed=options["seed"],
        freeze_val=options["freeze_val"],
        accept_feedback=options["accept_feedback"],
    )
    with progress() as show:
        growth = add_to_dataset(old, new, out, against=against, rules=rules, progress=show)
    if form == "json":
        click.echo(json.dumps(growth.to_dict(), ensure_ascii=False, indent=2))
    else:
        _show_growth(growth)


@dataset.command(short_help="Split MANIFEST into train, val and test, grouped by artist.")
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File (.parquet) or folder to write.")
@click.option(
    "--by", default="artist", show_default=True, metavar="COLUMN", help="Rows with the same value stay together."
)
@click.option("--ratios", default="70/10/20", show_default=True, help="Shares of train/val/test.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Random seed.")
@click.option("--pixels", is_flag=True, help="Also keep near-identical pictures together.")
@click.option("--format", "form", default="table", show_default=True, type=click.Choice(["table", "json"]))
def split(manifest: Path, out: Path, by: str, ratios: str, seed: int, *, pixels: bool, form: str) -> None:
    """Write a copy of MANIFEST that is split into train, val and test, with every artist in one split only."""
    from smn.dataset import split_manifest

    with progress() as show:
        report = split_manifest(
            manifest,
            out,
            by=by,
            ratios=_ratios(ratios, example="70/10/20"),
            seed=seed,
            pixels=pixels,
            progress=show,
        )
    if form == "json":
        click.echo(json.dumps(report.to_dict(), ensure_ascii=False, indent=2))
    else:
        _show_split(report)
    _note_unmapped(read_manifest(report.manifest))


@dataset.command(short_help="Find artists, files and pictures that are in more than one split.")
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--against", type=click.Path(path_type=Path), metavar="MANIFEST", help="A separate held-out set.")
@click.option("--by", default="artist", show_default=True, metavar="COLUMN", help="The column it was split by.")
@click.option(
    "--pixels/--no-pixels", default=None, help="Compare the pictures themselves.  [default: only with --against]"
)
@click.option("--format", "form", default="table", show_default=True, type=click.Choice(["table", "json"]))
def check(manifest: Path, against: Path | None, by: str, *, pixels: bool | None, form: str) -> None:
    """Find artists, files and pictures that are in more than one split.

    Without --against, the splits of MANIFEST are compared. With it, the training split of MANIFEST is compared with
    all of the other manifest by artist and title, file and picture; artists in common are shown but are not an error.
    """
    from smn.dataset import compare_manifests, find_leakage

    table = read_manifest(manifest)
    with progress() as show:
        if against is None:
            leakage = find_leakage(table, by=by, pixels=bool(pixels), progress=show)
        else:
            wanted = pixels is None or pixels
            leakage = compare_manifests(table, read_manifest(against), pixels=wanted, progress=show)
    if form == "json":
        click.echo(json.dumps(leakage.to_dict(), ensure_ascii=False, indent=2))
    else:
        _show_leakage(leakage)
    _note_unmapped(table)
    leakage.raise_if_any()


@dataset.command()
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--split", type=click.Choice(SPLITS), help="Only this split.")
@click.option("--sheet", type=click.Path(path_type=Path), metavar="FILE.png", help="Also draw a contact sheet.")
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), help="Random seed for the pictures on the sheet."
)
@click.option("--format", "form", default="table", show_default=True, type=click.Choice(["table", "json"]))
def info(manifest: Path, split: str | None, sheet: Path | None, seed: int, form: str) -> None:
    """Describe MANIFEST: counts by movement, split, source and licence."""
    from smn.dataset import describe_manifest, draw_sheet

    table = read_manifest(manifest)
    description = describe_manifest(table, split=split)
    if sheet is not None:
        draw_sheet(table, sheet, split=split, seed=seed)
    if form == "json":
        click.echo(json.dumps(description.to_dict(), ensure_ascii=False, indent=2))
    else:
        _show_description(description)


def _ratios(text: str, *, example: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split("/"))
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not like {example}.", param_hint="--ratios") from error


def _show_import(report: "ImportReport") -> None:
    from smn.dataset.description import name_movement

    show_table(
        "Movements", ("movement", "rows"), [(name_movement(name), rows) for name, rows in report.movements.items()]
    )
    if report.taxonomy is not None:
        show_table(f"Taxonomy {report.taxonomy.taxonomy}", ("label", "rows"), report.taxonomy.labels.items())
        show_table("Outside the taxonomy", ("movement", "rows"), report.taxonomy.outside.items())
    unmapped = [(item.label, item.rows, ", ".join(item.suggestions)) for item in report.unmapped]
    show_table("Labels that match no movement", ("label", "rows", "did you mean"), unmapped, limit=_LISTED)
    failed = [(item.name, item.reason) for item in report.failed]
    show_table("Could not be used", ("what", "why"), failed, limit=_LISTED)
    contradicting = [(item.dropped, item.kept, " / ".join(item.labels)) for item in report.duplicates if item.labels]
    show_table("Duplicates with contradicting labels", ("left out", "same as", "labels"), contradicting, limit=_LISTED)
    for line in report.notes:
        click.echo(line)
    if report.unmapped:
        click.echo('Map such labels with: --map "LABEL=MOVEMENT"')
    click.echo(
        f"{report.rows:,} of {report.seen:,} pictures are in {report.manifest}; "
        f"{len(report.failed):,} could not be used, {len(report.duplicates):,} were duplicates, "
        f"{report.without_movement}. Details are in import-report.md next to it."
    )


def _show_split(report: "SplitReport") -> None:
    from smn.dataset.description import name_movement

    lines = [(name_movement(name), *(counts[split] for split in SPLITS)) for name, counts in report.movements.items()]
    lines.append(("All rows", *(report.rows[split] for split in SPLITS)))
    lines.append((f"Groups by {report.by}", *(report.groups[split] for split in SPLITS)))
    show_table("Split", ("movement", *SPLITS), lines)
    click.echo(f"No leakage by {', '.join(report.leakage.comparable)}. The manifest is {report.manifest}.")
    if report.leakage.caveat:
        click.echo(report.leakage.caveat)


def _note_unmapped(table: Manifest) -> None:
    """Say which labels, such as names of folders, match no movement, and of how many pictures."""
    labels = zip(table.column("raw_label"), table.column("movement"), strict=True)
    unmapped = Counter(label for label, movement in labels if label and not movement)
    if unmapped:
        named = ", ".join(f"{label} ({count:,})" for label, count in unmapped.most_common(_LISTED))
        more = f" and {len(unmapped) - _LISTED:,} more" if len(unmapped) > _LISTED else ""
        note(
            f"{write_count(unmapped.total(), 'picture')} have a label that matches no movement, so no model learns "
            f'from them: {named}{more}. Map such labels with: smn dataset import SOURCE --map "LABEL=MOVEMENT" --out '
            "FOLDER"
        )


def _show_leakage(leakage: "Leakage") -> None:
    def lines(shared: Iterable[Any]) -> list[tuple[str, ...]]:
        sides = [{side: len(rows) for side, rows in item.rows.items()} for item in shared]
        return [(item.kind, item.value, _counts(side)) for item, side in zip(shared, sides, strict=True)]

    show_table("In both", ("what", "value", "rows"), lines(leakage.leaks), limit=_LISTED)
    show_table("In common (not an error)", ("what", "value", "rows"), lines(leakage.in_common), limit=_LISTED)
    show_table("Could not be read", ("row", "why"), leakage.unreadable.items(), limit=_LISTED)
    click.echo(
        f"Compared {_counts(leakage.sides)} by {', '.join(leakage.comparable)}: {len(leakage.leaks)} in both, "
        f"{len(leakage.in_common)} in common."
    )
    if leakage.caveat:
        click.echo(leakage.caveat)


def _show_description(description: "Description") -> None:
    from smn.dataset.description import name_movement
    from smn.manifest.lineage import describe_step

    splits = list(description.splits)
    lines = [
        (
            name_movement(name),
            *(counts.get(split, 0) for split in splits),
            sum(counts.values()),
            description.artists[name],
        )
        for name, counts in description.movements.items()
    ]
    lines.append(("All", *description.splits.values(), description.rows, None))
    show_table(str(description.manifest), ("movement", *splits, "rows", "artists"), lines)
    for title, counts in (
        ("Sources", description.sources),
        ("Licences", description.licences),
        ("Origin of labels", description.label_kinds),
    ):
        show_table(title, ("", "rows"), counts.items(), limit=_LISTED)
    numbers = [(name, item.known, item.low, item.median, item.high) for name, item in description.numbers.items()]
    # Years are plain numbers: 1,889 would be read as a count.
    text = [(name, *("" if value is None else str(value) for value in rest)) for name, *rest in numbers]
    show_table("Numbers", ("", "rows with it", "minimum", "median", "maximum"), text)
    steps = [
        (step.data[:_DIGITS], step.at, describe_step(step), " ".join(parent[:_DIGITS] for parent in step.parents))
        for step in description.lineage
    ]
    show_table("History", ("data", "when", "by", "from"), steps)
    click.echo(f"Data hash {description.data_hash}")


def _counts(counts: Mapping[str, int]) -> str:
    return " and ".join(f"{count:,} in {name}" for name, count in counts.items())


def _show_growth(growth: "MergeReport") -> None:
    from smn.dataset.description import name_movement
    from smn.dataset.reports import REASONS

    show_table("Splits", ("split", "before", "after"), [(name, *both) for name, both in growth.splits.items()])
    movements = [(name_movement(name), *both) for name, both in growth.movements.items() if both[0] != both[1]]
    show_table("Movements that grew", ("movement", "before", "after"), movements, limit=2 * _LISTED)
    words = {why.value: text for why, text in REASONS.items()}
    reasons = [(words[why], rows) for why, rows in growth.reasons().items()]
    show_table("Left out, or without a split", ("why", "rows"), reasons)
    contradicting = [(one.id, one.kept, one.detail) for one in growth.left_out if one.kept and one.detail]
    show_table("Contradicting labels", ("left out", "kept instead", "labels"), contradicting, limit=_LISTED)
    works = [(work, ", ".join(ids)) for work, ids in growth.same_works.items()]
    show_table("Several pictures of one work", ("work", "ids"), works, limit=_LISTED)
    click.echo(growth.summary())
    click.echo(f"The manifest is {growth.manifest}; details are in growth-report.md next to it.")
    click.echo(f"Data hash {growth.data_hash}")
