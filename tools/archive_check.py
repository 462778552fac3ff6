"""Makes a collection with every kind of trouble and runs it through each output of smn for archives, and back.

    python tools/archive_check.py --pictures 10000 --folders 40

Each command is a process of its own, as an archivist would run it; each that writes is killed with SIGKILL in the
middle and run again. What it wrote is then read by other programs, written no second time, and undone, byte for byte;
the report is opened in Chromium. Prints the seconds of each step; ``--keep`` writes what was found as JSON. It needs
exiftool, Chromium, and 200 MB of disk for 10,000 pictures, which it removes at the end.
"""

import argparse
import csv
import json
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from archive_browser import find_browser, review_report
from archive_collection import CANVAS, INVENTORY, UNREADABLE, make_collection, place_of
from archive_readers import (
    exiftool_name,
    make_annotation_check,
    make_linked_art_check,
    read_by_exiftool,
    read_by_pillow,
    read_by_rdflib,
    read_xlsx,
    tell_readers,
)
from archive_runs import Archive, Check, require

from smn.catalogue.answers_file import movement_name, read_answers
from smn.catalogue.sidecars import keywords_of

BASE = "https://museum.example/"
DECIDED = 40  # pictures that are decided in the browser
_UNWRITABLE = ("palette", "BMP", "broken colour profile")  # GIF, BMP and JPEG that Exiv2 writes no metadata into


def check_archive(
    root: Path, *, pictures: int, folders: int, model: str, tell: Callable[[str], object]
) -> dict[str, Any]:
    """Make a collection below ``root``, run it through everything, and return what was found, ready for JSON.

    Raises:
        AssertionError: something is not as it was promised.
    """
    archive = Archive(root, model=model, tell=tell)
    with archive.step("make"):
        archive.made = make_collection(root / "scans", pictures=pictures, folders=folders)
    archive.found |= {"pictures": pictures, "folders": folders, "kinds": dict(archive.made.count())}
    archive.found |= {"cores": os.cpu_count(), "checked_by": tell_readers()}
    predict(archive)
    review(archive)
    write_keywords(archive)
    write_records(archive)
    write_folders(archive)
    write_tables(archive)
    update(archive)
    tell("Everything holds.")
    return archive.found


def predict(archive: Archive) -> None:
    """Predict from the inventory, killed in the middle; the rows, each picture once."""
    command = ("predict", INVENTORY, "--model", archive.model, "--out", "answers.jsonl")
    kinds = archive.made.kinds
    with archive.step("predict") as noted:
        noted["killed"] = archive.kill(*command, when=archive.grown("answers.jsonl.partial", 600 * len(kinds)))
        archive.smn(*command)
        archive.rows = read_answers(archive.root / "answers.jsonl")
        noted["files"] = len(archive.rows)
    require([row["path"] for row in archive.rows] == list(kinds), "each picture has one row, in order")
    for row in archive.rows:
        kind = kinds[row["path"]]
        require((row["outcome"] == "error") == (kind in UNREADABLE), f"{row['path']}: {kind}, {row['outcome']}")
    archive.found["outcomes"] = dict(Counter(row["outcome"] for row in archive.rows))
    archive.found["model"] = archive.rows[0]["model"]


def review(archive: Archive) -> None:
    """Write the report, decide in it, and apply the decisions."""
    command = ("review", "report", "answers.jsonl", "--out", "report.html")
    with archive.step("report") as noted:
        noted["killed"] = archive.kill(*command, when=archive.partial())
        if not (archive.root / "report.html").exists():
            archive.smn(*command)
        noted["megabytes"] = round((archive.root / "report.html").stat().st_size / 1e6, 1)
    decided: Mapping[str, str] = {}
    if chromium := find_browser():
        with archive.step("report in a browser"):
            decisions = archive.root / "decisions.csv"
            seen = review_report(
                archive.root / "report.html", archive.rows, decisions, chromium=chromium, decide=DECIDED
            )
        decided = seen.decided
        archive.found["browser"] = asdict(seen) | {"decided": len(decided)}
        archive.smn("review", "apply", "decisions.csv", "--answers", "answers.jsonl", "--out", "corrected.jsonl")
    else:
        shutil.copy(archive.root / "answers.jsonl", archive.root / "corrected.jsonl")
    before, archive.rows = archive.rows, read_answers(archive.root / "corrected.jsonl")
    for old, row in zip(before, archive.rows, strict=True):
        wanted = decided.get(row["path"], "keep")
        expected = {"keep": old["movement"], "drop": None}.get(wanted, wanted)
        require(row["movement"] == expected, f"{row['path']} is {row['movement']} after {wanted}")
        require(("decision" in row) == (row["path"] in decided), f"{row['path']} is decided if a person did")


def write_keywords(archive: Archive) -> None:
    """Sidecars in both styles, and keywords in the pictures themselves."""
    root, made = archive.root, archive.made
    keywords = {row["path"]: found for row in archive.rows if (found := keywords_of(row))}
    stems = Counter(str(place_of(root, row["path"]).with_suffix("")) for row in archive.rows)
    pixels = {path: read_by_pillow(place_of(root, path))[0] for path in keywords}

    def expected(path: str, *, described: bool) -> tuple[list[str], ...]:
        (flat,), (levels,) = keywords[path].flat, keywords[path].levels
        tags = "/".join(level.replace("/", "-") for level in levels)
        return [*(["ship"] if described else []), flat], ["|".join(levels)], [tags]

    def sidecars(*, stem: bool) -> Check:
        def check() -> int:
            told, count = read_by_exiftool(root / "scans"), 0
            for path in keywords:
                picture = place_of(root, path)
                if (stems[str(picture.with_suffix(""))] > 1) if stem else path in made.unwritable:
                    continue
                file = picture.with_suffix(".xmp") if stem else picture.with_name(f"{picture.name}.xmp")
                wanted = expected(path, described=path in made.described and not stem)
                require(
                    told[exiftool_name(file)][:3] == wanted, f"exiftool reads {file} as {told[exiftool_name(file)]}"
                )
                require(read_by_rdflib(file.read_bytes()) == wanted, f"rdflib reads {file} otherwise")
                count += 1
            return count

        return check

    def embedded() -> int:
        told, count = read_by_exiftool(root / "scans"), 0
        for path in keywords:
            picture = place_of(root, path)
            if made.kinds[path] in _UNWRITABLE or picture.is_symlink():
                continue
            wanted = expected(path, described=False)
            seen, (*fields, iptc) = read_by_pillow(picture), told[exiftool_name(picture)]
            require((tuple(fields), seen[1]) == (wanted, wanted), f"{picture} holds {fields} and {seen[1]}")
            require(iptc in ([], wanted[0]) and seen[2] in ([], wanted[0]), f"{picture} holds {iptc}")
            require(seen[0] == pixels[path], f"{picture} has the pixels that it had")
            count += 1
        return count

    archive.write("XMP sidecars, IMG.JPG.xmp", "keywords", check=sidecars(stem=False))
    archive.write("XMP sidecars, IMG.xmp", "keywords", "--names", "stem", check=sidecars(stem=True))
    archive.write("XMP and IPTC in the pictures", "keywords", "--embed", check=embedded)


def write_records(archive: Archive) -> None:
    """Annotation pages and Linked Art records."""
    names = {row["columns"]["canvas"]: movement_name(row) for row in archive.rows if movement_name(row)}
    (is_page, page_by), (is_record, record_by) = make_annotation_check(), make_linked_art_check()
    archive.found["checked_by"] |= {"annotations": page_by, "linked-art": record_by}

    def pages() -> int:
        found = {}
        for file in (archive.root / "pages").iterdir():
            page = json.loads(file.read_text(encoding="utf-8"))
            is_page(page)
            (annotation,) = page["items"]
            require(page["id"] == f"{BASE}annotations/{file.name}", f"{file} has its own address")
            found[annotation["target"]] = annotation["body"][0]["value"]
        require(found == names, "each canvas with a movement has its annotation")
        return len(found)

    def records() -> int:
        ids = {
            row["columns"]["inventory"].replace(" ", "%20").replace("/", "%2F")
            for row in archive.rows
            if movement_name(row)
        }
        found = []
        for file in (archive.root / "records").iterdir():
            record = json.loads(file.read_text(encoding="utf-8"))
            is_record(record)
            found.append(record["id"].removeprefix(f"{BASE}object/"))
        require(sorted(found) == sorted(ids), "each object with a movement has its record")
        return len(found)

    require(all(canvas.startswith(CANVAS) for canvas in names), "the canvases are those of the inventory")
    archive.write("IIIF annotation pages", "annotations", "--out", "pages", "--base", f"{BASE}annotations", check=pages)
    where = ("--out", "records", "--base", f"{BASE}object", "--id-column", "inventory")
    archive.write("Linked Art records", "linked-art", *where, check=records)


def write_folders(archive: Archive) -> None:
    """Links by movement, copies by family."""
    sources = [place_of(archive.root, row["path"]) for row in archive.rows if row["outcome"] != "error"]

    def placed() -> list[Path]:
        return [path for path in (archive.root / "sorted").rglob("*") if not path.is_dir()]

    def links() -> int:
        targets = Counter(path.resolve() for path in placed())
        require(targets == Counter(source.resolve() for source in sources), "each picture has one link")
        require(all(path.is_symlink() for path in placed()), "there are links only")
        return targets.total()

    def copies() -> int:
        held = Counter(path.read_bytes() for path in placed() if not path.is_symlink())
        require(held == Counter(source.read_bytes() for source in sources), "each picture has one copy")
        return held.total()

    archive.write("folders of links", "sort", "--out", "sorted", check=links)
    archive.write("folders of copies", "sort", "--copy", "--by", "family", "--out", "sorted", check=copies)


def write_tables(archive: Archive) -> None:
    """CSV, XLSX and Parquet, each killed while it is written."""
    rows, root = archive.rows, archive.root
    texts = [(row["path"], movement_name(row), row["columns"]["title"]) for row in rows]
    for name, options in {"table.csv": ("--bom",), "table.xlsx": ()}.items():
        command: tuple[str, ...] = ("catalogue", "table", "corrected.jsonl", "--out", name, *options)
        with archive.step(f"table, {name.partition('.')[2].upper()}") as noted:
            noted["killed"] = archive.kill(*command, when=archive.partial())
            if not (root / name).exists():
                archive.smn(*command)
            found = read_xlsx(root / name) if name.endswith("xlsx") else _read_csv(root / name)
            told = [(row["path"], row["movement_name"] or None, row["title"]) for row in found]
            require(told == texts, f"{name} has each row once")
            noted["files"] = len(found)
    folder = next(path for path in sorted((root / "scans").glob("*/*")) if path.is_dir())
    command = ("predict", str(folder.relative_to(root)), "--model", archive.model, "--out", "folder.parquet")
    with archive.step("table, Parquet of one folder") as noted:
        noted["killed"] = archive.kill(*command, when=archive.partial())
        if not (root / "folder.parquet").exists():
            archive.smn(*command)
        answered = {row["path"]: row["movement"] for row in read_answers(root / "folder.parquet")}
        before = {row["path"]: row["movement"] for row in read_answers(root / "answers.jsonl")}
        own = {path: movement for path, movement in before.items() if path.startswith(f"{folder.relative_to(root)}/")}
        require(answered == own, "the folder has the answers that it had in the inventory")
        noted["files"] = len(answered)


def _read_csv(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file for a spreadsheet, without the apostrophes that keep formulas from running."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [{name: re.sub(r"^'(?=\s*[=+\-@\t\r])", "", value) for name, value in row.items()} for row in rows]


def update(archive: Archive) -> None:
    """A new picture and a changed one: nothing else is predicted, and what a person decided stays."""
    root = archive.root
    shutil.copy(root / "corrected.jsonl", root / "growing.jsonl")
    command = ("predict", "scans", "--model", archive.model, "--out", "growing.jsonl", "--update")
    plain = next(place_of(root, path) for path, kind in archive.made.kinds.items() if kind == "plain")
    with archive.step("update"):
        require(f"{len(archive.rows)} unchanged" in archive.smn(*command), "nothing is predicted twice")
        shutil.copy(plain, plain.with_name("new.jpg"))
        changed = next(row for row in archive.rows if row["outcome"] == "error")
        shutil.copy(plain, place_of(root, changed["path"]))
        said = archive.smn(*command)
    require(f"1 new, 1 changed, {len(archive.rows) - 1} unchanged" in said, f"only what changed is predicted: {said}")
    after = {row["path"]: row for row in read_answers(root / "growing.jsonl")}
    require(len(after) == len(archive.rows) + 1, "there is a row more")
    require(after[changed["path"]]["outcome"] != "error", "what was replaced is answered")
    for row in archive.rows:
        require("decision" not in row or after[row["path"]] == row, "decisions stay")


def _run() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--folders", type=int, default=40)
    parser.add_argument("--model", default="fast", help="a model name or a bundle")
    parser.add_argument("--keep", type=Path, help="write what was found to this file, as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = check_archive(
            Path(folder), pictures=options.pictures, folders=options.folders, model=options.model, tell=print
        )
    if options.keep:
        options.keep.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _run()
