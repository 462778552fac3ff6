"""From what a person names to the pictures that are meant."""

import glob
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from smn.images import SUFFIXES


@dataclass(frozen=True)
class Input:
    """One picture to answer for.

    Args:
        path: as it is shown.
        source: a path to open, or the picture's bytes.
    """

    path: str
    source: Path | bytes


def find_inputs(names: Iterable[str], *, stdin: bytes | None = None) -> tuple[Input, ...]:
    """The pictures that names stand for, without repeats.

    A name is a file, a folder (searched with all its sub-folders for picture endings, hidden ones left out), a pattern
    such as ``'scans/**/*.jpg'``, or ``-``: then ``stdin`` is either a picture or a list of names, one a line. A name
    that matches nothing is kept, so that it becomes a row with a reason.
    """
    found: dict[str, Input] = {}
    for name in names:
        if name == "-":
            for item in _from_stdin(stdin or b""):
                found.setdefault(item.path, item)
            continue
        for path in _paths(name):
            found.setdefault(_shown(path), Input(_shown(path), path))
    return tuple(found.values())


def _from_stdin(data: bytes) -> tuple[Input, ...]:
    # Encoded pictures hold zero bytes, except for PPM. No name does; and names need not be UTF-8.
    if b"\0" in data or data.startswith((b"P5\n", b"P6\n")) or not data.strip():
        return (Input("-", data),)
    lines = (os.fsdecode(line.removesuffix(b"\r")) for line in data.split(b"\n"))
    return find_inputs(line for line in lines if line.strip() and line != "-")


def _paths(name: str) -> list[Path]:
    path = Path(name)
    if path.is_dir():
        return [Path(folder) / file for folder, file in _walk(path)]
    if not path.exists() and glob.has_magic(name):
        # glob.glob, because a pattern may be absolute, which Path.glob refuses.
        return [Path(match) for match in sorted(glob.glob(name, recursive=True)) if Path(match).is_file()] or [path]  # noqa: PTH207
    return [path]


def _walk(folder: Path) -> Iterable[tuple[str, str]]:
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for file in sorted(files):
            if not file.startswith(".") and Path(file).suffix.lower() in SUFFIXES:
                yield at, file


def _shown(path: Path) -> str:
    """The path as text that can be written anywhere, and differs for any two files, be their names Unicode or not."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")
