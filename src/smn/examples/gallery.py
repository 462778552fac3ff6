"""The movements there are examples of, and how one is painted or written to a folder."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from smn.errors import InputError, UnknownNameError
from smn.examples.abstracts import color_field, geometric_abstraction, minimalism
from smn.examples.colourists import fauvism, post_impressionism
from smn.examples.dreams import surrealism
from smn.examples.facets import cubism
from smn.examples.fields import Array, as_image
from smn.examples.gestures import abstract_expressionism
from smn.examples.others import draw_other, list_others
from smn.examples.pop import pop_art
from smn.examples.posters import art_nouveau
from smn.examples.prints import ukiyo_e
from smn.examples.stilllife import baroque
from smn.examples.sublime import romanticism
from smn.examples.waterside import impressionism, neo_impressionism

Painter = Callable[[np.random.Generator, tuple[int, int]], Array]

PAINTERS: dict[str, Painter] = {
    "baroque": baroque,
    "romanticism": romanticism,
    "ukiyo-e": ukiyo_e,
    "impressionism": impressionism,
    "neo-impressionism": neo_impressionism,
    "post-impressionism": post_impressionism,
    "art-nouveau": art_nouveau,
    "fauvism": fauvism,
    "cubism": cubism,
    "surrealism": surrealism,
    "abstract-expressionism": abstract_expressionism,
    "color-field": color_field,
    "geometric-abstraction": geometric_abstraction,
    "minimalism": minimalism,
    "pop-art": pop_art,
}
"""Every example by its movement's id, roughly in the order of history."""

SIZE = (640, 512)
SMALLEST, LARGEST = 32, 4096
QUALITY = 92
EDITION = 5
"""Reshuffles every seed; this one was chosen by eye for what seed 0 shows."""


def list_examples() -> tuple[str, ...]:
    """The ids of the movements that can be painted, always in the same order."""
    return tuple(PAINTERS)


def paint(movement: str, *, seed: int = 0, size: tuple[int, int] = SIZE) -> Image.Image:
    """A made-up picture in the manner of a movement; the same seed and size give the same picture.

    Args:
        movement: one of `list_examples`.
        seed: 0 or more; moves the composition, the colours and the number of things.
        size: width and height in pixels, each 32 to 4096.

    Returns:
        An RGB picture of exactly that size.

    Raises:
        UnknownNameError: there is no example of that movement.
        InputError: the size or the seed is out of range.
    """
    painter = PAINTERS.get(movement)
    if painter is None:
        raise UnknownNameError("example", movement, list_examples())
    if not all(SMALLEST <= side <= LARGEST for side in size):
        raise InputError(
            f"The size {size[0]} x {size[1]} is out of range; give sides of {SMALLEST} to {LARGEST} pixels."
        )
    if seed < 0:
        raise InputError(f"The seed {seed} is negative; give 0 or more.")
    # The name goes into the seed so that two movements never share their random choices.
    rng = np.random.default_rng([seed, zlib.crc32(movement.encode()), EDITION])
    return as_image(painter(rng, size))


def write_examples(folder: Path, *, seed: int = 0, count: int = 1, size: tuple[int, int] = SIZE) -> list[Path]:
    """Write ``count`` pictures of every movement as ``<movement>-<seed>.jpg``.

    A file that is already there is kept as it is, whatever it holds.

    Args:
        folder: where to write; made if it is missing.
        seed: the first seed; each further picture takes the next one.
        count: how many pictures of each movement.
        size: width and height in pixels.

    Returns:
        The paths of all pictures, written now or kept, movement by movement.
    """
    return _write(folder, list_examples(), lambda name, number: paint(name, seed=number, size=size), seed, count)


def write_others(folder: Path, *, seed: int = 0, count: int = 1) -> list[Path]:
    """Write ``count`` pictures of every kind that is no painting and needs no photograph, as `write_examples` does."""
    kinds = list_others(needs_photograph=False)
    return _write(folder, kinds, lambda name, number: draw_other(name, seed=number), seed, count)


def _write(
    folder: Path, names: Sequence[str], draw: Callable[[str, int], Image.Image], seed: int, count: int
) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in names:
        for number in range(seed, seed + count):
            path = folder / f"{name}-{number}.jpg"
            if not path.exists():
                _save(draw(name, number), path)
            paths.append(path)
    return paths


def _save(picture: Image.Image, path: Path) -> None:
    """Save under another name first, so that a stopped run leaves no half picture to be kept for good."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        picture.save(part, "JPEG", quality=QUALITY)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
