"""What has been measured of pictures, kept on disk in parts, so that an interruption costs one part at most."""

import hashlib
import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.clean.scores import Floats


@dataclass(frozen=True)
class Look:
    """What was measured of one readable picture; the fields are those of `smn.clean.scores.Measured`.

    Args:
        sha256: of the encoded picture.
        pixels: digest of the decoded pixels and size, 32 hex digits.
        hashes: (4,).
        values: (V,), in the order of `smn.clean.pictures.value_names`.
        logits: (K,).
        painting: log-odds.
        embedding: (D,).
    """

    sha256: str
    pixels: str
    hashes: NDArray[np.uint64]
    values: Floats
    logits: Floats
    painting: float
    embedding: NDArray[np.float16]


@dataclass(frozen=True)
class Part:
    """The same of M pictures: every field has a first axis of M."""

    sha256: NDArray[np.bytes_]
    pixels: NDArray[np.bytes_]
    hashes: NDArray[np.uint64]
    values: Floats
    logits: Floats
    painting: Floats
    embedding: NDArray[np.float16]


_KINDS: dict[str, Any] = {
    "sha256": "S64",
    "pixels": "S32",
    "hashes": np.uint64,
    "values": np.float32,
    "logits": np.float32,
    "painting": np.float32,
    "embedding": np.float16,
}


def make_part(looks: Sequence[Look]) -> Part:
    """The part that holds these pictures."""
    return Part(
        **{name: np.array([getattr(look, name) for look in looks], dtype=kind) for name, kind in _KINDS.items()}
    )


def blank_part(*, values: int, labels: int) -> Part:
    """A part of no pictures."""
    shapes = {"hashes": (0, 4), "values": (0, values), "logits": (0, labels), "embedding": (0, 0)}
    return Part(**{name: np.zeros(shapes.get(name, (0,)), dtype=kind) for name, kind in _KINDS.items()})


def write_part(folder: Path, part: Part) -> Path:
    """Write a part under a name made of its pictures, all of it or nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(part.sha256.tobytes()).hexdigest()[:16]
    file = folder / f"{name}.npz"
    partial = folder / f"{name}.{os.getpid()}.partial"
    with partial.open("wb") as stream:
        np.savez(stream, **{name: getattr(part, name) for name in _KINDS})
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(partial, file)
    return file


def read_parts(folder: Path) -> Iterator[Part]:
    """The parts in a folder, one at a time. One that is damaged is passed over: its pictures are measured anew."""
    for file in sorted(folder.glob("*.npz")):
        try:
            with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
                part = Part(**{name: arrays[name] for name in _KINDS})
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            continue
        yield part
