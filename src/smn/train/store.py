"""Vectors by picture, on disk: written by any number of processes at once, and none the worse for a kill.

A store is a folder of parts. Every writer has a part of its own, of two files that only ever grow: ``<part>.values``,
the vectors one after the other as little-endian 32-bit floats, and ``<part>.index``, for each vector a line with the
picture's SHA-256 and the vector's CRC-32. A line is written after its vector, so what a line names is there; what a
killed writer left without a whole line, and a vector that does not give its CRC, count as not stored.
"""

import os
import secrets
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from smn.reading import OnProgress


class StoreWriter:
    """Adds vectors to one part of a store; see `add_vectors`."""

    def __init__(self, values: BinaryIO, index: BinaryIO) -> None:
        self._values, self._index = values, index

    def add(self, pictures: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Store vectors (n, D); they are safe from a kill when this returns.

        Args:
            pictures: the n pictures' SHA-256.
            vectors: (n, D).
        """
        rows = [row.tobytes() for row in np.ascontiguousarray(vectors, dtype="<f4")]
        lines = [f"{picture} {zlib.crc32(row):08x}\n" for picture, row in zip(pictures, rows, strict=True)]
        self._values.write(b"".join(rows))
        self._values.flush()
        self._index.write("".join(lines).encode())
        self._index.flush()


@contextmanager
def add_vectors(folder: Path) -> Iterator[StoreWriter]:
    """Begin a new part of a store; the folder is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{os.getpid()}-{secrets.token_hex(4)}"
    with ExitStack() as files:
        values, index = (files.enter_context(part.with_suffix(end).open("xb")) for end in (".values", ".index"))
        yield StoreWriter(values, index)


def read_vectors(
    folder: Path, pictures: Sequence[str], *, width: int
) -> tuple[NDArray[np.float32], dict[str, list[int]]]:
    """The stored vectors of pictures.

    Only the index is read in full; of the values, only what is asked for.

    Args:
        folder: the store; one that is not there holds nothing.
        pictures: their SHA-256, in any order, and as often as you like.
        width: length D of a vector.

    Returns:
        (len(pictures), D), and the places in it that are still to be filled, by the picture that is not stored.
    """
    found = np.empty((len(pictures), width), dtype=np.float32)
    wanted: dict[str, list[int]] = defaultdict(list)
    for place, picture in enumerate(pictures):
        wanted[picture].append(place)
    for file in sorted(folder.glob("*.index")):
        values = _open_values(file.with_suffix(".values"), width)
        # What follows the last line end is a line that was cut short.
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]):
            picture, _, check = line.rpartition(" ")
            if picture in wanted and number < len(values) and f"{zlib.crc32(values[number].tobytes()):08x}" == check:
                found[wanted.pop(picture)] = values[number]
    return found, dict(wanted)


def complete_vectors(
    folder: Path,
    pictures: Sequence[str],
    compute: Callable[[list[int]], Iterator[tuple[int, NDArray[np.float32]]]],
    *,
    width: int,
    title: str,
    progress: OnProgress,
) -> NDArray[np.float32]:
    """The vectors of pictures: the stored ones, and the others computed and stored as they come.

    Args:
        folder: the store.
        pictures: N times a SHA-256, as often as you like.
        compute: makes, of places among ``pictures`` where missing ones stand first, their vectors in batches
            ``(start, (n, D))``.
        width: length D of a vector.
        title: what is computed, for ``progress``.
        progress: told after each batch; not at all if nothing is missing.

    Returns:
        (N, D).
    """
    found, missing = read_vectors(folder, pictures, width=width)
    if not missing:
        return found
    names, done = list(missing), len(pictures) - len(missing)
    with add_vectors(folder) as writer:
        for start, values in compute([places[0] for places in missing.values()]):
            end = start + len(values)
            writer.add(names[start:end], values)
            for name, vector in zip(names[start:end], values, strict=True):
                found[missing[name]] = vector
            progress(title, done + end, len(pictures))
    return found


def _open_values(file: Path, width: int) -> NDArray[np.float32]:
    count = file.stat().st_size // (4 * width) if file.exists() else 0
    if not count:
        return np.empty((0, width), dtype=np.float32)
    return np.memmap(file, dtype="<f4", mode="r", shape=(count, width))
