"""What has no content of its own: empty surfaces, textures, codes and icons."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from smn.examples.others.primitives import load_font, pick_colour, say, start_sheet


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
