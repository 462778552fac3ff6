"""The examples by name: in the manner of movements, and of kinds that are no paintings; drawn or written."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from PIL import Image

from smn.errors import InputError, UnknownNameError
from smn.examples.children import draw_crayon, draw_felt_pen
from smn.examples.comics import draw_cartoon, draw_comic, trace_comic, trace_manga
from smn.examples.landscapes import fauvism, post_impressionism, romanticism
from smn.examples.modernism import abstract_expressionism, color_field, geometric_abstraction, minimalism, surrealism
from smn.examples.page_kinds import (
    Size,
    Take,
    draw_barcode,
    draw_blank,
    draw_chart,
    draw_code,
    draw_diagram,
    draw_form,
    draw_icons,
    draw_map,
    draw_screenshot,
    draw_sheet_music,
    draw_table,
    draw_text_page,
    draw_texture,
)
from smn.examples.photograph_kinds import (
    compose_app,
    compose_collage,
    compose_edit,
    compose_meme,
    compose_post,
    compose_product,
    compose_shop,
    compose_slide,
)
from smn.examples.posters import art_nouveau, pop_art
from smn.examples.prints import ukiyo_e
from smn.examples.still_life import baroque, cubism
from smn.examples.textures import Array, as_image
from smn.examples.waterside import impressionism, neo_impressionism
from smn.files import write_partial

Photographs = Sequence[Image.Image]
"""RGB pictures of any size, one at least; a sequence that opens them when they are asked for will do."""


class Part(StrEnum):
    """What a kind is there for."""

    LEARNED = "learned"
    """Training may see it."""
    HELD_OUT = "held out"
    """No training ever sees it, so that it shows what refusal is worth on what nobody thought of."""


class Group(StrEnum):
    """What kinds have in common for a visitor."""

    PHOTOGRAPH = "photograph"
    PAGE = "page"
    DRAWING = "drawing"


@dataclass(frozen=True)
class Kind:
    """A kind of picture that is no painting; either ``draw`` or ``compose`` is given.

    Args:
        part: whether training may see it.
        group: what it is for a visitor.
        draw: draws a picture of a size by rule alone.
        compose: makes one of photographs.
    """

    part: Part
    group: Group
    draw: Callable[[np.random.Generator, Size], Image.Image] | None = None
    compose: Callable[[np.random.Generator, Size, Take], Image.Image] | None = None

    @property
    def needs_photograph(self) -> bool:
        """Whether it is made of photographs."""
        return self.compose is not None


OTHERS: dict[str, Kind] = {
    "blank": Kind(Part.LEARNED, Group.PAGE, draw_blank),
    "text-page": Kind(Part.LEARNED, Group.PAGE, draw_text_page),
    "screenshot": Kind(Part.LEARNED, Group.PAGE, draw_screenshot),
    "chart": Kind(Part.LEARNED, Group.PAGE, draw_chart),
    "code": Kind(Part.LEARNED, Group.PAGE, draw_code),
    "barcode": Kind(Part.LEARNED, Group.PAGE, draw_barcode),
    "icons": Kind(Part.LEARNED, Group.PAGE, draw_icons),
    "form": Kind(Part.LEARNED, Group.PAGE, draw_form),
    "texture": Kind(Part.HELD_OUT, Group.PAGE, draw_texture),
    "map": Kind(Part.HELD_OUT, Group.PAGE, draw_map),
    "sheet-music": Kind(Part.HELD_OUT, Group.PAGE, draw_sheet_music),
    "table": Kind(Part.HELD_OUT, Group.PAGE, draw_table),
    "diagram": Kind(Part.HELD_OUT, Group.PAGE, draw_diagram),
    "meme": Kind(Part.LEARNED, Group.PHOTOGRAPH, compose=compose_meme),
    "product": Kind(Part.LEARNED, Group.PHOTOGRAPH, compose=compose_product),
    "photographs-on-a-page": Kind(Part.LEARNED, Group.PHOTOGRAPH, compose=compose_app),
    "edited-photograph": Kind(Part.LEARNED, Group.PHOTOGRAPH, compose=compose_edit),
    "post": Kind(Part.HELD_OUT, Group.PHOTOGRAPH, compose=compose_post),
    "shop": Kind(Part.HELD_OUT, Group.PHOTOGRAPH, compose=compose_shop),
    "collage": Kind(Part.HELD_OUT, Group.PHOTOGRAPH, compose=compose_collage),
    "slide": Kind(Part.HELD_OUT, Group.PHOTOGRAPH, compose=compose_slide),
    "comic": Kind(Part.LEARNED, Group.DRAWING, draw_comic),
    "traced-comic": Kind(Part.HELD_OUT, Group.DRAWING, compose=trace_comic),
    "crayon-drawing": Kind(Part.LEARNED, Group.DRAWING, draw_crayon),
    "cartoon": Kind(Part.HELD_OUT, Group.DRAWING, draw_cartoon),
    "manga": Kind(Part.HELD_OUT, Group.DRAWING, compose=trace_manga),
    "felt-pen-drawing": Kind(Part.HELD_OUT, Group.DRAWING, draw_felt_pen),
}
"""Every kind by its name. Held-out kinds are drawn by other code than learned ones of their group."""


def draw_other(kind: str, *, seed: int = 0, photographs: Photographs | None = None) -> Image.Image:
    """A picture of something that is no painting; the same kind, seed and photographs give the same picture.

    Args:
        kind: one of `list_others`.
        seed: 0 or more.
        photographs: for kinds that are made of them; the others need none.

    Returns:
        An RGB picture, 260 to 1100 pixels a side, encoded once or twice as uploads are.

    Raises:
        UnknownNameError: there is no such kind.
        InputError: the seed is negative, or the kind is made of photographs and there are none.
    """
    if kind not in OTHERS:
        raise UnknownNameError("kind", kind, list_others())
    if seed < 0:
        raise InputError(f"The seed {seed} is negative; give 0 or more.")
    random = np.random.default_rng([seed, zlib.crc32(kind.encode())])
    size = (int(random.integers(260, 1100)), int(random.integers(260, 1100)))
    return _encode(random, _draw(kind, random, size, photographs))


def list_others(
    part: Part | None = None, *, group: Group | None = None, needs_photograph: bool | None = None
) -> tuple[str, ...]:
    """The kinds that can be drawn, or those of one part, of one group, made of photographs or not."""
    return tuple(
        name
        for name, kind in OTHERS.items()
        if part in {None, kind.part}
        and group in {None, kind.group}
        and needs_photograph in {None, kind.needs_photograph}
    )


def _draw(kind: str, random: np.random.Generator, size: Size, photographs: Photographs | None) -> Image.Image:
    known = OTHERS[kind]
    if known.draw is not None:
        return known.draw(random, size)
    if known.compose is None or photographs is None or not len(photographs):
        raise InputError(
            f"A picture of kind {kind} is made of photographs, and there are 0; give one or more, "
            f"or choose one of {', '.join(list_others(needs_photograph=False))}."
        )
    return known.compose(random, size, lambda: photographs[int(random.integers(len(photographs)))])


def _encode(random: np.random.Generator, picture: Image.Image) -> Image.Image:
    """As uploads come: a JPEG, now and then one that has been another file or smaller before."""
    quality, past = int(random.integers(55, 96)), random.random()
    if past < 0.1:
        picture = picture.quantize(int(random.integers(32, 257))).convert("RGB")
    elif past < 0.25:
        share, size = random.uniform(0.5, 0.9), picture.size
        picture = picture.resize((int(size[0] * share), int(size[1] * share)), Image.Resampling.BILINEAR)
        picture = _reencode(picture, int(random.integers(40, 90))).resize(size, Image.Resampling.BICUBIC)
    return _reencode(picture, quality)


def _reencode(picture: Image.Image, quality: int) -> Image.Image:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return Image.open(stream).convert("RGB")


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
                picture = draw(name, number)
                with write_partial(path) as partial:
                    picture.save(partial, "JPEG", quality=QUALITY)
            paths.append(path)
    return paths
