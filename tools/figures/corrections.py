"""Writes what is known of the pools as decisions for ``smn clean apply``: wrong labels, crops and held-out works."""

import argparse
import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from smn.clean.decisions import Decision, Verdict, format_decisions
from smn.manifest import Manifest, read_manifest
from smn.manifest.identity import artist_key, work_key
from smn.movements import get_movement


def correct_labels(manifest: Manifest, labels: Mapping[str, Mapping[str, str]]) -> Iterator[Decision]:
    """A new movement for each row whose work has another one in WikiArt's listing.

    Rows of test keep the label that they are measured by; whether the listing's is better is measured apart. A work
    by another artist than the row's was found by its picture alone, and so perhaps wrongly: such rows stay, too.

    Args:
        manifest: what is to be corrected.
        labels: the listing's ``movement`` (any name of it), ``artist`` and ``title`` by row id.
    """
    names = ("id", "sha256", "movement", "artist", "split")
    for row_id, sha256, movement, artist, split in zip(*map(manifest.column, names), strict=True):
        work = labels.get(row_id)
        if work is None or split == "test" or artist_key(work["artist"]) != artist_key(artist):
            continue
        wanted = get_movement(work["movement"]).id
        if wanted != movement:
            note = f"WikiArt lists {work['title']} as {work['raw_label']}"
            yield Decision(row_id, Verdict.RELABEL, sha256=sha256, movement=wanted, note=note)


def drop_crops(manifest: Manifest) -> Iterator[Decision]:
    """A drop for each row that shows a crop of another row's picture, as that row's column ``same_work`` says."""
    whole = {crop: row_id for row_id, crop in zip(*map(manifest.column, ("id", "same_work")), strict=True) if crop}
    for row_id, sha256 in zip(*map(manifest.column, ("id", "sha256")), strict=True):
        if row_id in whole:
            yield Decision(row_id, Verdict.DROP, sha256=sha256, note=f"a crop of {whole[row_id]}")


def drop_held_out(manifest: Manifest, held_out: Manifest) -> Iterator[Decision]:
    """A drop for each row whose work, by artist and title, is held out, even where its picture looks different."""
    works = {work_key(*names) for names in zip(*map(held_out.column, ("artist", "title")), strict=True)} - {None}
    names = ("id", "sha256", "artist", "title")
    for row_id, sha256, artist, title in zip(*map(manifest.column, names), strict=True):
        if work_key(artist, title) in works:
            yield Decision(row_id, Verdict.DROP, sha256=sha256, note="the work is held out")


def main() -> None:
    """Write the decisions on one manifest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path, help="the manifest of both pools")
    parser.add_argument("--labels", type=Path, required=True, metavar="CSV", help="labels of works by id")
    parser.add_argument("--against", type=Path, required=True, metavar="MANIFEST", help="what is held out")
    parser.add_argument("--out", type=Path, required=True, metavar="CSV", help="the decisions to write")
    given = parser.parse_args()
    manifest = read_manifest(given.manifest)
    with given.labels.open(encoding="utf-8", newline="") as stream:
        labels = {row["id"]: row for row in csv.DictReader(stream)}
    held_out = read_manifest(given.against)
    drops = {one.id: one for one in (*drop_crops(manifest), *drop_held_out(manifest, held_out))}
    relabels = [one for one in correct_labels(manifest, labels) if one.id not in drops]
    given.out.write_text(format_decisions([*relabels, *drops.values()]), encoding="utf-8", newline="\n")
    click.echo(f"{len(relabels)} to relabel and {len(drops)} to drop stand in {given.out}.")


if __name__ == "__main__":
    main()
