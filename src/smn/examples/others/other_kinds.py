"""Every kind of picture that is no painting: what it is there for, what a visitor calls it, and how it is drawn."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from PIL import Image

from smn.errors import InputError, UnknownNameError
from smn.examples.others.children import draw_crayon, draw_felt_pen
from smn.examples.others.comics import draw_cartoon, draw_comic, trace_comic, trace_manga
from smn.examples.others.page_kinds import (
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
from smn.examples.others.photograph_kinds import (
    compose_app,
    compose_collage,
    compose_edit,
    compose_meme,
    compose_post,
    compose_product,
    compose_shop,
    compose_slide,
)
from smn.examples.others.primitives import Size, Take

Photographs = Sequence[Image.Image]
"""RGB pictures of any size, one at least; a sequence that opens them when they are asked for will do."""


class Part(StrEnum):
    """What a kind is there for."""

    LEARNED = "learned"
    """Training may see it."""
    HELD_OUT = "held out"
    """No training ever sees it, so that it shows what refusal is worth on what nobody thought of."""


class Group(StrEnum):
    """What kinds have in common for whoever looks at them."""

    PHOTOGRAPH = "photograph"
    PAGE = "page"
    DRAWING = "drawing"

    @property
    def sentence(self) -> str:
        """What such a picture is, for a visitor."""
        return _SENTENCES[self]


_SENTENCES = {
    Group.PHOTOGRAPH: "This looks like a photograph, or something made of photographs, not a painting.",
    Group.PAGE: "This looks like a page, a screen or a pattern, not a painting.",
    Group.DRAWING: "This looks like a comic, a cartoon or a child's drawing, not a painting.",
}


@dataclass(frozen=True)
class Kind:
    """A kind of picture that is no painting; either ``draw`` or ``compose`` is given.

    Args:
        part: whether training may see it.
        group: what it is for whoever looks at it.
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
    given = photographs if photographs is not None else ()
    if known.compose is None or not len(given):
        raise InputError(
            f"A picture of kind {kind} is made of photographs, and there are 0; give one or more, "
            f"or choose one of {', '.join(list_others(needs_photograph=False))}."
        )
    return known.compose(random, size, lambda: given[int(random.integers(len(given)))])


def _encode(random: np.random.Generator, picture: Image.Image) -> Image.Image:
    """As uploads come: a JPEG, now and then one that has been another file or smaller before."""
    quality, past = int(random.integers(55, 96)), random.random()
    if past < 0.1:
        picture = picture.quantize(int(random.integers(32, 257))).convert("RGB")
    elif past < 0.25:
        share, size = random.uniform(0.5, 0.9), picture.size
        picture = picture.resize((int(size[0] * share), int(size[1] * share)), Image.Resampling.BILINEAR)
        picture = _save(picture, int(random.integers(40, 90))).resize(size, Image.Resampling.BICUBIC)
    return _save(picture, quality)


def _save(picture: Image.Image, quality: int) -> Image.Image:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return Image.open(stream).convert("RGB")
