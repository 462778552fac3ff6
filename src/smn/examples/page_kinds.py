"""Pages and screens (text, applications, charts, code, forms, maps, music), surfaces, bar codes and icons."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

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


def draw_text_page(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A page of text in one or two columns."""
    picture, pen, ink = start_sheet(random, size)
    width, height = size
    margin, letter = int(width * random.uniform(0.05, 0.14)), width / random.uniform(28, 60)
    pen.text((margin, margin), say(random, 3).title(), fill=ink, font=load_font(letter * 1.8))
    columns = int(random.integers(1, 3))
    across = (width - 2 * margin) // columns
    for column in range(columns):
        left = margin + column * across
        box = (left, int(margin + letter * 3.5), left + across - int(letter), height - margin)
        write_lines(pen, random, box, ink=ink, size=letter)
    return picture


def draw_screenshot(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """An application with a bar, a menu and cards."""
    picture, pen, ink = start_sheet(random, size)
    width, height = size
    bar, side = int(height * random.uniform(0.04, 0.1)), int(width * random.uniform(0.0, 0.3))
    accent = pick_colour(random, 30, 220)
    pen.rectangle((0, 0, width, bar), fill=accent)
    pen.text((bar // 3, bar // 5), say(random, 2).title(), fill=(255, 255, 255), font=load_font(bar * 0.5))
    pen.rectangle((0, bar, side, height), fill=pick_colour(random, 60, 235))
    tall = int(height * random.uniform(0.07, 0.2))
    for y in range(bar + 8, height - tall, tall + 8):
        box = (side + 10, y, width - 10, y + tall)
        pen.rounded_rectangle(
            box, radius=8, outline=ink, fill=pick_colour(random, 200, 256) if random.random() < 0.5 else None
        )
        pen.ellipse((side + 18, y + 8, side + 2 + tall, y + tall - 8), fill=pick_colour(random, 40, 240))
        write_lines(pen, random, (side + tall + 16, y + 8, width - 20, y + tall - 4), ink=(60, 60, 60), size=tall / 4)
    for y in range(bar + 10, height, max(14, bar)):
        if side > 40:
            pen.text((8, y), say(random, 1), fill=ink, font=load_font(bar * 0.4))
    return picture


def draw_chart(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A chart of bars and lines."""
    picture, pen, ink = start_sheet(random, size)
    width, height = size
    left, bottom, top = int(width * 0.12), int(height * 0.86), int(height * 0.14)
    pen.text((left, top // 3), say(random, 4).capitalize(), fill=ink, font=load_font(height / 22))
    for share in np.linspace(0, 1, 6):
        y = bottom - share * (bottom - top)
        pen.line((left, y, width * 0.95, y), fill=(190, 190, 190))
        pen.text((left * 0.3, y - 6), f"{share * 100:.0f}", fill=ink, font=load_font(height / 40))
    count, colours = int(random.integers(4, 14)), [pick_colour(random, 20, 230) for _ in range(4)]
    xs, values = np.linspace(left, width * 0.93, count + 1), random.random((3, count + 1))
    for series in range(int(random.integers(1, 4))):
        heights = bottom - values[series] * (bottom - top)
        if random.random() < 0.5:
            pen.line([(float(x), float(y)) for x, y in zip(xs, heights, strict=True)], fill=colours[series], width=3)
            continue
        for x, y in zip(xs[:-1], heights, strict=False):
            pen.rectangle((x + 3 + series * 4, y, x + (xs[1] - xs[0]) * 0.7, bottom), fill=colours[series])
    pen.line((left, top, left, bottom, width * 0.95, bottom), fill=ink, width=2)
    return picture


def draw_code(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Source code in an editor."""
    picture, pen, ink = start_sheet(random, size)
    letter = size[0] / random.uniform(40, 80)
    font, colours = load_font(letter), [ink, *(pick_colour(random, 60, 220) for _ in range(4))]
    indent = 0
    for line, y in enumerate(np.arange(letter, size[1] - letter, letter * 1.4)):
        indent = int(np.clip(indent + random.integers(-1, 2), 0, 4))
        x = letter * (3 + 2 * indent)
        pen.text((letter * 0.4, y), str(line + 1), fill=(130, 130, 130), font=font)
        for _ in range(int(random.integers(0, 7))):
            word = say(random, 1) + str(random.choice(["", "(", ")", " =", ":", ".", ", ", "[0]"]))
            pen.text((x, y), word, fill=colours[int(random.integers(len(colours)))], font=font)
            x += pen.textlength(word + " ", font)
    return picture


def draw_form(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A form, partly filled in."""
    picture, pen, ink = start_sheet(random, size)
    width, height = size
    pen.text((width * 0.1, height * 0.05), say(random, 2).upper(), fill=ink, font=load_font(height / 20))
    step = int(height / random.integers(9, 18))
    for y in range(int(height * 0.16), int(height * 0.9), step):
        pen.text((width * 0.08, y), say(random, 2).capitalize() + ":", fill=ink, font=load_font(step * 0.35))
        pen.rectangle((width * 0.4, y - 2, width * 0.92, y + step * 0.6), outline=ink)
        if random.random() < 0.6:
            pen.text((width * 0.42, y), say(random, 3), fill=(30, 40, 130), font=load_font(step * 0.4))
        if random.random() < 0.2:
            pen.line((width * 0.42, y + step * 0.2, width * 0.44, y + step * 0.5, width * 0.48, y), fill=ink, width=2)
    return picture


def draw_map(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A map of streets."""
    picture = Image.new("RGB", size, (240, 236, 226))
    pen, (width, height) = ImageDraw.Draw(picture), size
    land = np.asarray(draw_blots(random, size, cells=6).convert("L")).astype(float)
    pixels = np.asarray(picture).copy()
    pixels[land < np.quantile(land, 0.3)] = (170, 211, 223)
    pixels[land > np.quantile(land, 0.8)] = (200, 225, 190)
    picture = Image.fromarray(pixels)
    pen = ImageDraw.Draw(picture)
    for _ in range(int(random.integers(8, 30))):
        line = np.cumsum(random.normal(0, 0.06, size=(8, 2)) + random.normal(0, 0.08, size=2), axis=0) + random.random(
            2
        )
        spots = [(float(x * width), float(y * height)) for x, y in line]
        broad = int(random.integers(2, 9))
        pen.line(spots, fill=(150, 150, 150), width=broad + 2)
        pen.line(spots, fill=pick_colour(random, 200, 256), width=broad)
    for _ in range(int(random.integers(6, 20))):
        spot = (random.random() * width * 0.9, random.random() * height * 0.95)
        pen.text(spot, say(random, 1).title(), fill=(60, 60, 60), font=load_font(height / 35))
    return picture


def draw_sheet_music(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A page of music."""
    picture, pen, ink = start_sheet(random, size)
    width, height = size
    gap = height / random.uniform(60, 110)
    for top in np.arange(gap * 6, height - gap * 8, gap * 12):
        for line in range(5):
            pen.line((width * 0.05, top + line * gap, width * 0.95, top + line * gap), fill=ink)
        for x in np.arange(width * 0.09, width * 0.93, gap * random.uniform(2.5, 5)):
            y = top + float(random.integers(-2, 10)) * gap / 2
            filled = ink if random.random() < 0.7 else None
            pen.ellipse((x - gap * 0.65, y - gap * 0.45, x + gap * 0.65, y + gap * 0.45), fill=filled, outline=ink)
            pen.line((x + gap * 0.6, y, x + gap * 0.6, y - gap * 3.2), fill=ink, width=max(1, int(gap / 8)))
    return picture


def draw_table(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A table of numbers."""
    picture, pen, ink = start_sheet(random, size)
    across, down = int(random.integers(3, 9)), int(random.integers(8, 25))
    wide, tall = size[0] / across, size[1] / down
    for row in range(down):
        for column in range(across):
            box = (column * wide, row * tall, (column + 1) * wide, (row + 1) * tall)
            pen.rectangle(box, outline=(170, 170, 170), fill=(205, 215, 230) if row == 0 else None)
            text = say(random, 1).title() if row == 0 or column == 0 else f"{random.uniform(0, 9999):,.1f}"
            letters = (30, 30, 30) if row == 0 else ink
            pen.text((box[0] + 4, box[1] + tall * 0.2), text, fill=letters, font=load_font(tall * 0.5))
    return picture


def draw_diagram(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Boxes and the lines between them."""
    picture, pen, ink = start_sheet(random, size)
    width, height = size
    spots = [(random.uniform(0.1, 0.8) * width, random.uniform(0.08, 0.85) * height) for _ in range(8)]
    for start, end in pairwise(spots):
        pen.line((*start, *end), fill=ink, width=2)
    for x, y in spots:
        box = (x, y, x + width * 0.14, y + height * 0.08)
        shape = pen.rectangle if random.random() < 0.6 else pen.ellipse
        shape(box, outline=ink, fill=pick_colour(random, 200, 256), width=2)
        pen.text((x + 5, y + height * 0.02), say(random, 1), fill=(20, 20, 20), font=load_font(height / 38))
    return picture


def draw_blank(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """One colour, a gradient, or noise."""
    kind, width, height = random.integers(3), *size
    start, end = (random.integers(0, 256, size=3).astype(float) for _ in range(2))
    if kind == 0:
        return Image.new("RGB", size, tuple(int(value) for value in start))
    along = (
        np.linspace(0, 1, width)[None, :, None] * random.random()
        + np.linspace(0, 1, height)[:, None, None] * random.random()
    )
    pixels = start + (end - start) * along / 2 if kind == 1 else np.full((height, width, 3), start)
    if kind == 2:
        pixels = pixels + random.normal(0, random.uniform(4, 80), size=(height, width, int(random.choice([1, 3]))))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def draw_texture(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Woven cloth, wood, or tiles."""
    width, height = size
    first, second = (random.integers(0, 256, size=3).astype(float) for _ in range(2))
    y, x = np.mgrid[0:height, 0:width].astype(float)
    period = random.uniform(4, 40)
    weave = {
        0: np.sin(2 * np.pi * x / period) * np.sin(2 * np.pi * y / period),
        1: np.sin(2 * np.pi * (x + 3 * np.sin(y / period)) / period),
        2: np.where(((x + (y // period % 2) * period) % (2 * period) < 2) | (y % period < 2), 1.0, -1.0),
    }[int(random.integers(3))]
    share = (weave[:, :, None] + 1) / 2
    pixels = first * share + second * (1 - share) + random.normal(0, random.uniform(2, 20), size=(height, width, 1))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def draw_barcode(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A bar code or a square code."""
    picture, pen, _ = start_sheet(random, size)
    side, cells = min(size) * random.uniform(0.4, 0.9), int(random.integers(21, 45))
    left, top = (size[0] - side) / 2, (size[1] - side) / 2
    if random.random() < 0.5:
        bits = Image.fromarray((random.random((cells, cells)) < 0.5).astype(np.uint8) * 255)
        for column, row in ((0, 0), (cells - 7, 0), (0, cells - 7)):
            bits.paste(255, (column, row, column + 7, row + 7))
            ImageDraw.Draw(bits).rectangle((column, row, column + 6, row + 6), outline=0, fill=255)
            bits.paste(0, (column + 2, row + 2, column + 5, row + 5))
        picture.paste(bits.resize((int(side), int(side)), Image.Resampling.NEAREST), (int(left), int(top)))
        return picture
    pen.rectangle((left - 10, top - 10, left + side + 10, top + side), fill=(255, 255, 255))
    x = float(left)
    while x < left + side:
        thick = float(random.integers(1, 5)) * side / 200
        pen.rectangle((x, top, x + thick, top + side * 0.8), fill=(0, 0, 0))
        x += thick + float(random.integers(1, 5)) * side / 200
    pen.text((left, top + side * 0.82), str(random.integers(10**11, 10**12)), fill=(0, 0, 0), font=load_font(side / 12))
    return picture


def draw_icons(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A grid of icons."""
    picture, pen, _ = start_sheet(random, size)
    across = int(random.integers(1, 6))
    cell = size[0] / across
    for row in range(max(1, int(size[1] / cell))):
        for column in range(across):
            left, top, pad = column * cell, row * cell, cell * 0.14
            box = (left + pad, top + pad, left + cell - pad, top + cell - pad)
            fill, shape = pick_colour(random, 0, 256), random.integers(4)
            if shape == 0:
                pen.rounded_rectangle(box, radius=cell / 6, fill=fill)
            elif shape == 1:
                pen.ellipse(box, fill=fill)
            elif shape == 2:
                centre = (left + cell / 2, top + cell / 2, cell / 2 - pad)
                pen.regular_polygon(centre, int(random.integers(3, 9)), fill=fill)
            else:
                pen.arc(box, 30, int(random.integers(150, 330)), fill=fill, width=max(2, int(cell / 9)))
            letter = say(random, 1)[: int(random.integers(1, 3))].upper()
            pen.text((left + cell * 0.36, top + cell * 0.32), letter, fill=(255, 255, 255), font=load_font(cell / 3))
    return picture
