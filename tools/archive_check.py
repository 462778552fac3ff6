"""Makes a collection with every kind of trouble and runs it through each output of ``smn catalogue`` and back.

    python tools/archive_check.py --count 10000 --folders 40

Checks that every picture has one row, that what is written can be read, that nothing is written twice, and that
``smn undo`` leaves the collection as it was, byte for byte. Prints the seconds of each step. It needs about 100 MB of
disk for 10,000 pictures, and removes them at the end.
"""

import argparse
import csv
import hashlib
import io
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from click.testing import CliRunner
from PIL import Image

from smn.cli import main

FORMS = {".jpg": "JPEG", ".JPG": "JPEG", ".png": "PNG", ".tif": "TIFF", ".webp": "WEBP", ".jpeg": "JPEG"}
NAMES = (
    "{:04}",
    "inv. {:04} (recto)",
    "Gemälde_{:04}",
    "'{:04}'",
    "=A{:04}",
    "#{:04}%20",
    "絵{:04}",
    "{:04}" + "x" * 120,
)
BROKEN = ("empty", "cut", "text")
COMMANDS = (
    ("keywords",), ("keywords", "--embed"), ("linked-art", "--base", "https://museum.example", "--out", "OUT"),
    ("sort", "--out", "OUT"), ("sort", "--copy", "--by", "family", "--out", "OUT"),
)  # fmt: skip
"""The commands of ``smn catalogue`` that are run and undone."""


def make_collection(folder: Path, *, count: int, folders: int, seed: int = 0) -> dict[str, int]:
    """Write a collection: nested folders, odd names, several formats; one in ten is broken or not in colour.

    Returns:
        How many there are of each kind: ``good``, ``grey`` and the kinds of `BROKEN`.
    """
    random = np.random.default_rng(seed)
    kinds = dict.fromkeys(("good", "grey", *BROKEN), 0)
    for number in range(count):
        at = number % folders
        place = folder / f"Box {at % 7}" / f"{at:02} Mappe é" / ("verso" if at % 3 else "recto")
        place.mkdir(parents=True, exist_ok=True)
        ending = list(FORMS)[number % len(FORMS)]
        kind = [*BROKEN, "grey"][number // 10 % 4] if number % 10 == 9 else "good"
        kinds[kind] += 1
        name = NAMES[number % len(NAMES)].format(number // folders)
        (place / f"{name}{ending}").write_bytes(_picture(kind, FORMS[ending], random))
    (folder / ".DS_Store").write_bytes(b"")
    (folder / ".hidden.jpg").write_bytes(b"")
    (folder / "notes.txt").write_text("not a picture", encoding="utf-8")
    return kinds


def _picture(kind: str, form: str, random: np.random.Generator) -> bytes:
    if kind in ("empty", "text"):
        return b"" if kind == "empty" else b"This is no picture, whatever its ending says."
    colour = random.integers(0, 256, 3) if kind == "good" else [int(random.integers(0, 256))] * 3
    stream = io.BytesIO()
    Image.new("RGB", (64, 48), tuple(int(one) for one in colour)).save(stream, form)
    data = stream.getvalue()
    return data[: len(data) // 3] if kind == "cut" else data


def snapshot(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file, the target of each link, and each folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        is_file = path.is_file() and not path.is_symlink()
        found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest() if is_file else str(path.is_dir())
    return found


def check_archive(folder: Path, *, count: int, folders: int, model: str, tell: Callable[[str], object]) -> None:
    """Make a collection below ``folder`` and run it through everything; ``tell`` is given a line for each step.

    Raises:
        AssertionError: something is not as it was promised.
    """
    scans, answers = folder / "scans", folder / "answers.jsonl"

    @contextmanager
    def step(name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        tell(f"{name:24} {time.perf_counter() - start:8.1f} s")

    def smn(*words: object) -> str:
        result = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
        _require(result.exit_code == 0, f"{words}: {result.output}")
        return result.output

    with step("make"):
        kinds = make_collection(scans, count=count, folders=folders)
    before = snapshot(folder)
    with step("predict"):
        smn("predict", scans, "--model", model, "--out", answers, "--report", folder / "report.html")
    rows = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
    _require(len({row["path"] for row in rows}) == count, "each picture has one row")
    _require(sum(row["outcome"] == "error" for row in rows) == sum(kinds[kind] for kind in BROKEN), "broken are told")
    named = sum(row["movement"] is not None or row["family"] is not None for row in rows)
    for words in COMMANDS:
        options = [folder / "out" if word == "OUT" else word for word in words[1:]]
        with step(" ".join(one for one in words if one != "OUT")[:24]):
            said = smn("catalogue", words[0], answers, *options)
        _require(" written" in said, f"something is written: {said}")
        _require("already written" in smn("catalogue", words[0], answers, *options), "nothing is written twice")
        smn("undo", folder / f"answers.jsonl.{words[0]}.journal")
        made = (str(answers), str(folder / "report.html"))
        after = {path: what for path, what in snapshot(folder).items() if path not in made}
        _require(after == before, f"{words} is undone")
    with step("tables"):
        smn("catalogue", "table", answers, "--out", folder / "table.csv", "--bom")
        smn("catalogue", "table", answers, "--out", folder / "table.xlsx")
    with (folder / "table.csv").open(encoding="utf-8-sig", newline="") as stream:
        _require(len(list(csv.DictReader(stream))) == count, "the table has each row")
    with step("update"):
        smn("predict", scans, "--model", model, "--out", folder / "growing.jsonl", "--update")
        said = smn("predict", scans, "--model", model, "--out", folder / "growing.jsonl", "--update")
    _require(f"{count} unchanged" in said, "nothing is predicted twice")
    tell(f"{count} pictures, {named} with a movement or a family; all is as it was after undo")


def _require(holds: bool, what: str) -> None:  # noqa: FBT001 - as in an assertion
    if not holds:
        raise AssertionError(what)


def _run() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=10_000, help="pictures")
    parser.add_argument("--folders", type=int, default=40)
    parser.add_argument("--model", default="default", help="a model name or a bundle")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        check_archive(Path(folder), count=options.count, folders=options.folders, model=options.model, tell=print)


if __name__ == "__main__":
    _run()
