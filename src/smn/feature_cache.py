"""Features of pictures, computed once and stored in one SQLite file by the picture's content.

The file has two tables: ``features`` holds a value for each feature set and picture, ``feature_sets`` says which facts
decide the values of a set. Any number of processes may use one file at once, and a killed one costs only what it had
not yet written. A value whose CRC-32 is wrong counts as missing.
"""

import hashlib
import json
import sqlite3
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.errors import InputError
from smn.progress import Progress

FILE_NAME = "features.sqlite"
"""The file's name in whatever folder it lies."""

_TABLES = (
    "CREATE TABLE IF NOT EXISTS feature_sets (id TEXT PRIMARY KEY, facts TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS features (feature_set TEXT NOT NULL, picture TEXT NOT NULL, value BLOB NOT NULL, "
    "crc32 INTEGER NOT NULL, PRIMARY KEY (feature_set, picture))",
)
_CHUNK = 500  # pictures that one query asks for; SQLite allows 999 parameters at least
_PATIENCE = 60.0  # seconds to wait for another process's transaction


@dataclass(frozen=True)
class FeatureSet:
    """What is computed of a picture.

    Args:
        name: of the features, such as ``"palette"``.
        version: of the code that computes them: raise it where the code gives other values.
        facts: everything else but the picture that decides the values, as plain data.
        dtype: of one picture's value, little-endian: ``np.dtype(("<f4", (width,)))``, or fields of several types.
    """

    name: str
    version: int
    facts: Mapping[str, Any]
    dtype: np.dtype[Any]

    def to_json(self) -> str:
        """Everything that decides the values, always in the same order."""
        known = {
            "name": self.name, "version": self.version, "facts": dict(self.facts), "bytes": self.dtype.itemsize,
        }  # fmt: skip
        return json.dumps(known, sort_keys=True)

    @property
    def id(self) -> str:
        """A SHA-256 of `to_json`."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


class FeatureCache:
    """The stored values of one feature set; a context manager that closes the file.

    Args:
        folder: where `FILE_NAME` is; both are made if need be.
        features: which feature set.

    Raises:
        InputError: the file is not a feature cache, or is damaged.
    """

    def __init__(self, folder: Path, features: FeatureSet) -> None:
        self._file, self._dtype, self._id = folder / FILE_NAME, features.dtype, features.id
        folder.mkdir(parents=True, exist_ok=True)
        with self._explain():
            self._database = sqlite3.connect(self._file, timeout=_PATIENCE, isolation_level=None)
            _retry(lambda: self._database.execute("PRAGMA journal_mode = WAL"))
            self._database.execute("PRAGMA synchronous = NORMAL")
            for table in _TABLES:
                self._database.execute(table)
            known = "SELECT 1 FROM feature_sets WHERE id = ?"
            if self._database.execute(known, (self._id,)).fetchone() is None:
                added = "INSERT OR IGNORE INTO feature_sets VALUES (?, ?)"
                self._database.execute(added, (self._id, features.to_json()))

    def __enter__(self) -> "FeatureCache":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def read(self, pictures: Sequence[str]) -> tuple[NDArray[Any], dict[str, list[int]]]:
        """The stored values of pictures.

        Args:
            pictures: N SHA-256 of pictures' contents, in any order; each as often as needed.

        Returns:
            Values (N, ...), zero where none is stored, and those places by the picture that is missing.
        """
        found = np.zeros(len(pictures), dtype=self._dtype)
        places: dict[str, list[int]] = defaultdict(list)
        for place, picture in enumerate(pictures):
            places[picture].append(place)
        names, missing = list(places), dict(places)
        for start in range(0, len(names), _CHUNK):
            chunk = names[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            query = f"SELECT picture, value, crc32 FROM features WHERE feature_set = ? AND picture IN ({marks})"  # noqa: S608
            with self._explain():
                rows = self._database.execute(query, (self._id, *chunk)).fetchall()
            for picture, value, crc32 in rows:
                whole = isinstance(value, bytes) and len(value) == self._dtype.itemsize
                if whole and zlib.crc32(value) == crc32:
                    found[missing.pop(picture)] = np.frombuffer(value, dtype=self._dtype)[0]
        return found, missing

    def write(self, pictures: Sequence[str], values: NDArray[Any]) -> None:
        """Store values; what was stored of the same pictures is replaced. A kill after this call loses nothing.

        Args:
            pictures: N SHA-256 of pictures' contents.
            values: (N, ...).
        """
        stored = np.zeros(len(pictures), dtype=self._dtype)
        stored[:] = values
        blobs = [one.tobytes() for one in stored]
        rows = [(self._id, name, blob, zlib.crc32(blob)) for name, blob in zip(pictures, blobs, strict=True)]
        with self._explain():
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("INSERT OR REPLACE INTO features VALUES (?, ?, ?, ?)", rows)
            self._database.execute("COMMIT")

    @contextmanager
    def _explain(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise InputError(
                f"The feature cache {self._file} cannot be used ({error}); delete it, its features are computed anew."
            ) from error


def compute_missing(
    folder: Path,
    features: FeatureSet,
    pictures: Sequence[str],
    compute: Callable[[list[int]], Iterator[tuple[int, NDArray[Any]]]],
    *,
    title: str,
    progress: Progress,
) -> NDArray[Any]:
    """The values of pictures: the stored ones, and the others computed and stored as they come.

    Args:
        folder: where `FILE_NAME` is, or will be.
        features: which feature set.
        pictures: N SHA-256 of pictures' contents; each as often as needed.
        compute: given places among ``pictures`` where each missing one stands first, yields their values in batches
            ``(start, (n, ...))``.
        title: what is computed, for ``progress``.
        progress: called after each batch; not at all if nothing is missing.

    Returns:
        (N, ...).

    Raises:
        InputError: the file is not a feature cache, or is damaged.
    """
    with FeatureCache(folder, features) as cache:
        found, missing = cache.read(pictures)
        names, done = list(missing), len(pictures) - len(missing)
        for start, values in compute([places[0] for places in missing.values()]) if missing else ():
            end = start + len(values)
            cache.write(names[start:end], values)
            for name, value in zip(names[start:end], values, strict=True):
                found[missing[name]] = value
            progress(title, done + end, len(pictures))
    return found


def _retry(execute: Callable[[], object]) -> None:
    """Wait for other processes, where SQLite gives up at once: while the journal's mode is changed."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            execute()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return
