"""From the rows of manifests to works: what is known of each, and which rows show the same one."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.duplicates import SAME_BITS, near_pairs
from smn.errors import InputError
from smn.manifest import NOT_A_PAINTING, Manifest
from smn.manifest.identity import artist_key, work_key
from smn.movements import find_movement
from smn.predict.prediction import BY_ARTIST
from smn.works.work_index import Work

_SAME_TITLE = (0.6, 70)  # two pictures of equal artist and title show one work from this similarity on, or up to so
_SAME_ARTIST = (0.8, 40)  # many differing bits; by one artist under two titles from the similarity *and* the bits on
_FACTS = ("title", "artist", "year", "museum", "wikidata_id", "image_url")


@dataclass(frozen=True)
class ShownWork:
    """A row's picture and what the row says of the work in it.

    Args:
        manifest: the row's; None for a work that stands in an index already.
        row: its number.
        picture: SHA-256 of the picture.
        work: what is known of it.
        same_work: id of another row that shows the same work, if the manifest says so.
    """

    manifest: Manifest | None
    row: int
    picture: str
    work: Work
    same_work: str | None


def read_works(manifests: Sequence[Manifest], *, known: str | None, titles: Path | None) -> list[ShownWork]:
    """The paintings in manifests, each picture once.

    Args:
        manifests: the facts of an earlier one count more.
        known: a column; rows where it is empty are left out.
        titles: a CSV file with the column ``id`` and any of ``title artist year movement``, which fills what rows lack
            and replaces movements that are known by artist only.

    Raises:
        InputError: the CSV file cannot be read.
    """
    listed = _read_titles(titles) if titles else {}
    shown: list[ShownWork] = []
    seen: set[str] = set()
    for manifest in manifests:
        wanted = manifest.column(known) if known else [True] * len(manifest)
        columns = {name: manifest.column(name) for name in (*_COLUMNS, "id", "sha256")}
        for row in range(len(manifest)):
            facts = {name: values[row] for name, values in columns.items()}
            if not wanted[row] or facts["sha256"] in seen or facts["movement"] == NOT_A_PAINTING:
                continue
            seen.add(facts["sha256"])
            work = _fill(_to_work(facts), listed.get(facts["id"], {}))
            shown.append(ShownWork(manifest, row, facts["sha256"], work, facts["same_work"]))
    return shown


_COLUMNS = (*_FACTS, "movement", "label_kind", "source", "same_work")


def _to_work(facts: Mapping[str, Any]) -> Work:
    museum = None if facts["museum"] == "Unknown" else facts["museum"]
    title, artist = (None if re.fullmatch(r"Q\d+", facts[name] or "") else facts[name] for name in ("title", "artist"))
    movement = facts["movement"]
    return Work(
        id=facts["id"], title=_tidy(title), artist=artist, year=facts["year"], museum=museum, movement=movement,
        wikidata_id=facts["wikidata_id"], image_url=facts["image_url"],
        source=_name_source(facts["source"], facts["label_kind"], museum) if movement else None,
    )  # fmt: skip


def _name_source(source: str | None, kind: str | None, museum: str | None) -> str | None:
    """Who says which movement."""
    if kind == "artist":
        return BY_ARTIST
    if "wikidata" in (kind or ""):
        return "Wikidata"
    if (source or "").startswith("wikiart"):
        return "WikiArt"
    return museum  # the name of a data set tells nobody anything


def _tidy(title: str | None) -> str | None:
    """A title as people write it, where a file name is all that was left of it."""
    if not title or title != title.lower():
        return title or None
    return re.sub(r"\b(\w{2,}) s\b", r"\1's", title)[:1].upper() + re.sub(r"\b(\w{2,}) s\b", r"\1's", title)[1:]


def _read_titles(file: Path) -> dict[str, dict[str, str]]:
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = [{key: value for key, value in row.items() if value} for row in csv.DictReader(stream)]
    except (OSError, UnicodeError, csv.Error) as error:
        raise InputError(f"{file} cannot be read ({error}); name a CSV file with a column id.") from error
    if rows and "id" not in rows[0]:
        raise InputError(f"{file} has no column id, only {', '.join(rows[0])}; name a CSV file with a column id.")
    return {row["id"]: row for row in rows if "id" in row}


def _fill(work: Work, listed: Mapping[str, str]) -> Work:
    year = listed.get("year", "")
    work = replace(
        work, title=work.title or _tidy(listed.get("title")), artist=work.artist or listed.get("artist"),
        year=work.year or (int(year) if year.isdigit() else None),
    )  # fmt: skip
    movement = find_movement(listed.get("movement") or "")
    if movement is not None and work.source in {None, BY_ARTIST}:
        work = replace(work, movement=movement.id, source="WikiArt")
    return work


def group_works(
    shown: Sequence[ShownWork], vectors: NDArray[np.float32], hashes: NDArray[np.uint64]
) -> list[list[int]]:
    """Which pictures show the same work: places in groups, each group and the list in the given order.

    Rows with one Wikidata id, or of which one names the other, show one work. So do rows with one artist and title
    whose pictures are alike, and pictures that are the same by their hashes. Rows that share a title alone do not:
    there are several Card Players.

    Args:
        shown: N rows.
        vectors: (N, d) of length 1, with components that vary alike.
        hashes: (N, 4), zero where there is none.
    """
    first = list(range(len(shown)))

    def root(place: int) -> int:
        while first[place] != place:
            first[place] = first[first[place]]
            place = first[place]
        return place

    for one, other in chain(_pair_by_facts(shown, vectors, hashes), _pair_by_looks(shown, vectors, hashes)):
        ends = sorted((root(one), root(other)))
        first[ends[1]] = ends[0]
    groups: dict[int, list[int]] = defaultdict(list)
    for place in range(len(shown)):
        groups[root(place)].append(place)
    return list(groups.values())


def _pair_by_facts(
    shown: Sequence[ShownWork], vectors: NDArray[np.float32], hashes: NDArray[np.uint64]
) -> Iterable[tuple[int, int]]:
    places = {one.work.id: place for place, one in enumerate(shown)}
    museums: dict[str, int] = {}
    titles: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(shown):
        if one.same_work in places:
            yield places[one.same_work], place
        if one.work.wikidata_id:
            yield museums.setdefault(one.work.wikidata_id, place), place
        if key := work_key(one.work.artist, one.work.title):
            titles[key].append(place)
    for same in titles.values():
        for at, place in enumerate(same):
            for earlier in same[:at]:
                alike, bits = _compare(earlier, place, vectors, hashes)
                if alike >= _SAME_TITLE[0] or bits <= _SAME_TITLE[1]:
                    yield earlier, place


def _pair_by_looks(
    shown: Sequence[ShownWork], vectors: NDArray[np.float32], hashes: NDArray[np.uint64]
) -> Iterable[tuple[int, int]]:
    known = np.flatnonzero(hashes.any(axis=1))
    artists = [artist_key(one.work.artist) for one in shown]
    near = near_pairs(hashes[known], radius=_SAME_ARTIST[1])
    for left, right, bits in zip(known[near.left], known[near.right], near.distance, strict=True):
        same_hand = artists[left] == artists[right] and float(vectors[left] @ vectors[right]) >= _SAME_ARTIST[0]
        if bits <= SAME_BITS or same_hand:
            yield int(left), int(right)


def _compare(one: int, other: int, vectors: NDArray[np.float32], hashes: NDArray[np.uint64]) -> tuple[float, int]:
    alike = float(vectors[one] @ vectors[other])
    if not hashes[one].any() or not hashes[other].any():
        return alike, 256
    return alike, int(np.bitwise_count(hashes[one] ^ hashes[other]).sum())


def merge_works(works: Sequence[Work]) -> Work:
    """What is known of one work by all that several rows say; the first that says something counts.

    A movement that is known of the work counts more than one that is known of its artist.
    """
    facts = {name: next((value for one in works if (value := getattr(one, name)) is not None), None) for name in _FACTS}
    labelled = [one for one in works if one.movement]
    labelled.sort(key=lambda one: one.source == BY_ARTIST)
    chosen = labelled[0] if labelled else works[0]
    return Work(id=works[0].id, movement=chosen.movement, source=chosen.source, **facts)


def name_by_file(work: Work, shown: ShownWork) -> Work:
    """A work of which nothing is known is called by its picture's file, so that people can tell which it is."""
    if work.title or work.artist or work.wikidata_id or shown.manifest is None:
        return work
    path = shown.manifest.column("path")[shown.row]
    return replace(work, title=PurePath(path).stem) if path else work
