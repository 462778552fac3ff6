"""What several kinds are drawn with: colours, letters, lines of words, soft blots."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

Size = tuple[int, int]
"""Width and height in pixels."""
Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels."""
Colour = tuple[int, int, int]
"""Red, green and blue, 0..255."""
Take = Callable[[], Image.Image]
"""Gives a photograph, RGB, another one with each call."""

_WORDS = [
    "amount", "answer", "before", "between", "change", "city", "clear", "column", "date", "delivery", "detail",
    "during", "early", "entry", "every", "figure", "first", "garden", "general", "hour", "invoice", "item",
    "later", "letter", "market", "matter", "message", "month", "name", "number", "office", "open", "order",
    "page", "paper", "part", "people", "person", "place", "please", "point", "price", "question", "reason",
    "report", "result", "room", "section", "service", "side", "since", "small", "state", "street", "table",
    "time", "total", "under", "value", "week", "where", "while", "window", "world", "year",
]  # fmt: skip


def pick_colour(random: np.random.Generator, low: int, high: int) -> Colour:
    """A colour whose channels are in low..high - 1."""
    red, green, blue = (int(value) for value in random.integers(low, high, size=3))
    return red, green, blue


def start_sheet(random: np.random.Generator, size: Size) -> tuple[Image.Image, ImageDraw.ImageDraw, Colour]:
    """Ground, pen and ink of a page or a screen, light more often than dark."""
    dark = random.random() < 0.25
    ground = pick_colour(random, 10, 60) if dark else pick_colour(random, 225, 256)
    picture = Image.new("RGB", size, ground)
    return picture, ImageDraw.Draw(picture), pick_colour(random, 190, 256) if dark else pick_colour(random, 0, 90)


def say(random: np.random.Generator, count: int) -> str:
    """So many words, at random."""
    return " ".join(random.choice(_WORDS, count))


def load_font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font, in pixels; no other is there on every machine."""
    return ImageFont.load_default(max(8.0, size))


def write_lines(
    pen: ImageDraw.ImageDraw,
    random: np.random.Generator,
    box: Box,
    *,
    ink: Colour,
    size: float,
) -> None:
    """Lines of words that fill a box (left, top, right, bottom)."""
    left, top, right, bottom = box
    font, y = load_font(size), float(top)
    while y + size < bottom:
        text = say(random, max(1, int((right - left) / size / 3)))
        while text and pen.textlength(text, font) > right - left:
            text = text[:-2]
        if random.random() < 0.12:
            text = text[: len(text) // 2]
        pen.text((left, y), text, fill=ink, font=font)
        y += size * 1.45


def draw_blots(random: np.random.Generator, size: Size, *, cells: int) -> Image.Image:
    """Soft blots of colour, as of a photograph out of focus."""
    seeds = Image.fromarray(random.integers(0, 256, size=(cells, cells, 3)).astype(np.uint8))
    return seeds.resize(size, Image.Resampling.BICUBIC)


def shape_words(
    text: str, *, tall: int, fill: Colour, weight: float = 0.0, width: float = 1.0, outline: Colour | None = None
) -> Image.Image:
    """Words on a transparent ground, RGBA, for variety in one font.

    Args:
        text: one line.
        tall: height of the letters in pixels.
        fill: their colour.
        weight: how much bolder they are, in shares of the height.
        width: by how much they are widened; below 1 they are narrow.
        outline: a line of this colour around them; None for none.
    """
    font, bold = load_font(tall), max(0, round(weight * tall))
    border = bold + (max(1, tall // 14) if outline else 0)
    left, top, right, bottom = (int(side) for side in font.getbbox(text, stroke_width=border))
    words = Image.new("RGBA", (max(1, right - left + 2), max(1, bottom - top + 2)))
    pen = ImageDraw.Draw(words)
    if outline:
        pen.text((1 - left, 1 - top), text, outline, font, stroke_width=border, stroke_fill=outline)
    pen.text((1 - left, 1 - top), text, fill, font, stroke_width=bold, stroke_fill=fill)
    return words.resize((max(1, round(words.width * width)), words.height))


def put_words(picture: Image.Image, words: Image.Image, box: Box, *, across: float = 0.5, down: float = 0.5) -> None:
    """Lay words into a box, smaller if they do not fit; ``across`` and ``down`` are 0 at the left and the top."""
    left, top, right, bottom = box
    share = min(1.0, (right - left) / words.width, (bottom - top) / words.height)
    if share < 1.0:
        words = words.resize((max(1, int(words.width * share)), max(1, int(words.height * share))))
    spot = (int(left + (right - left - words.width) * across), int(top + (bottom - top - words.height) * down))
    picture.paste(words, spot, words)


def fill_box(random: np.random.Generator, photograph: Image.Image, size: Size) -> Image.Image:
    """A photograph cropped so that it fills a size, mirrored every other time."""
    if random.random() < 0.5:
        photograph = ImageOps.mirror(photograph)
    return ImageOps.fit(
        photograph, (max(1, size[0]), max(1, size[1])), Image.Resampling.BICUBIC,
        bleed=random.uniform(0, 0.08), centering=(random.uniform(0.3, 0.7), random.uniform(0.3, 0.7)),
    )  # fmt: skip


def halve(random: np.random.Generator, box: Box, *, depth: int, gutter: int) -> list[Box]:
    """A box divided again and again, with gutters between the parts."""
    left, top, right, bottom = box
    wide, tall = right - left, bottom - top
    if depth == 0 or min(wide, tall) < 8 * gutter + 40:
        return [box]
    share = random.uniform(0.35, 0.65)
    if random.random() < tall / (wide + tall):
        cut = int(top + tall * share)
        parts: list[Box] = [(left, top, right, cut - gutter // 2), (left, cut + gutter - gutter // 2, right, bottom)]
    else:
        cut = int(left + wide * share)
        parts = [(left, top, cut - gutter // 2, bottom), (cut + gutter - gutter // 2, top, right, bottom)]
    return [inner for part in parts for inner in halve(random, part, depth=depth - 1, gutter=gutter)]
