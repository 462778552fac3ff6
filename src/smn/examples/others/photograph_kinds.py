"""What people make of a photograph, and training may see: memes, products, pages with pictures, edited pictures."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from smn.examples.others.primitives import (
    Size,
    Take,
    fill_box,
    pick_colour,
    put_words,
    say,
    shape_words,
    start_sheet,
    write_lines,
)


def compose_meme(random: np.random.Generator, size: Size, take: Take) -> Image.Image:
    """A photograph with lines of outlined capitals at its top and bottom."""
    picture = fill_box(random, take(), size)
    tall = int(size[0] / random.uniform(8, 16))
    weight, width = random.uniform(0.02, 0.08), random.uniform(0.6, 1.0)
    fill = (255, 255, 255) if random.random() < 0.8 else (255, 235, 60)
    places = [True, False] if random.random() < 0.6 else [bool(random.random() < 0.3)]
    for above in places:
        for line in range(int(random.integers(1, 3))):
            text = say(random, int(random.integers(2, 6))).upper()
            words = shape_words(text, tall=tall, fill=fill, weight=weight, width=width, outline=(0, 0, 0))
            top = int(size[1] * 0.02) + line * int(tall * 1.2)
            top = top if above else size[1] - top - int(tall * 1.3)
            put_words(picture, words, (size[0] // 30, top, size[0] - size[0] // 30, top + int(tall * 1.3)))
    return picture


def compose_product(random: np.random.Generator, size: Size, take: Take) -> Image.Image:
    """One thing before a light ground, with its shadow, now and then its price."""
    width, height = size
    ground = np.linspace(random.uniform(225, 256), random.uniform(225, 256), height)[:, None, None]
    shade = ground + random.uniform(-6, 6, size=3) if random.random() < 0.4 else ground
    picture = Image.fromarray(np.clip(np.broadcast_to(shade, (height, width, 3)), 0, 255).astype(np.uint8))
    side = int(min(size) * random.uniform(0.5, 0.85))
    thing, mask = _cut_out(random, take(), side)
    left, top = (width - side) // 2, int((height - side) * random.uniform(0.4, 0.6))
    shadow = Image.new("L", size)
    base = top + side
    ImageDraw.Draw(shadow).ellipse((left, base - side // 12, left + side, base + side // 14), fill=110)
    picture.paste((70, 70, 75), (0, 0), shadow.filter(ImageFilter.GaussianBlur(side / 30)))
    picture.paste(thing, (left, top), mask)
    if random.random() < 0.5:
        price = f"{random.choice(['$', ''])}{random.integers(3, 900)}.{random.choice(['00', '49', '95', '99'])}"
        words = shape_words(price, tall=max(12, height // 14), fill=pick_colour(random, 0, 200), weight=0.03)
        put_words(picture, words, (width // 20, height // 30, width - width // 20, height // 8), across=random.random())
    return picture


def _cut_out(random: np.random.Generator, photograph: Image.Image, side: int) -> tuple[Image.Image, Image.Image]:
    """A square with a thing in it, and the mask of the thing.

    What differs from the photograph's border is the thing; where that is nearly nothing or nearly everything, the
    photograph is printed on a box, a can, a bag or a disc.
    """
    thing = fill_box(random, photograph, (side, side))
    pixels = np.asarray(thing.filter(ImageFilter.GaussianBlur(2))).astype(float)
    border = np.concatenate([pixels[:4].reshape(-1, 3), pixels[:, :4].reshape(-1, 3), pixels[:, -4:].reshape(-1, 3)])
    far = np.abs(pixels - np.median(border, axis=0)).max(2) > 24 + border.std()
    if 0.15 < far.mean() < 0.7:
        mask = Image.fromarray(far.astype(np.uint8) * 255).filter(ImageFilter.MedianFilter(9))
        return thing, mask.filter(ImageFilter.GaussianBlur(1))
    mask = Image.new("L", (side, side))
    pen, shape, inset = ImageDraw.Draw(mask), int(random.integers(4)), int(side * random.uniform(0.02, 0.22))
    if shape == 0:
        pen.rounded_rectangle((inset, inset // 2, side - inset, side - 1), side // 20, fill=255)
    elif shape == 1:
        pen.ellipse((0, 0, side - 1, side - 1), fill=255)
    elif shape == 2:
        pen.rounded_rectangle((side * 0.38, 0, side * 0.62, side // 2), side // 30, fill=255)
        pen.rounded_rectangle((side // 4, side // 5, side - side // 4, side - 1), side // 10, fill=255)
    else:
        outline = [(0.2, 0.1), (0.4, 0.05), (0.6, 0.05), (0.8, 0.1), (1, 0.35), (0.85, 0.45), (0.76, 0.35), (0.76, 1)]
        outline += [(0.24, 1), (0.24, 0.35), (0.15, 0.45), (0, 0.35)]
        pen.polygon([(x * (side - 1), y * (side - 1)) for x, y in outline], fill=255)
    plain = Image.new("RGB", (side, side), pick_colour(random, 20, 256))
    plain.paste(thing.resize((side // 2, side // 2)), (side // 4, side // 3))
    thing = plain if random.random() < 0.6 else thing
    light = 0.65 + 0.5 * np.sin(np.linspace(0.3, random.uniform(2, 3.1), side))[None, :, None]
    return Image.fromarray(np.clip(np.asarray(thing) * light, 0, 255).astype(np.uint8)), mask


def compose_app(random: np.random.Generator, size: Size, take: Take) -> Image.Image:
    """A web page or an application that shows photographs among words."""
    picture, pen, ink = start_sheet(random, size)
    width, height = size
    bar = int(height * random.uniform(0.04, 0.12))
    if random.random() < 0.8:
        pen.rectangle((0, 0, width, bar), fill=pick_colour(random, 0, 256))
        words = shape_words(say(random, 2).title(), tall=max(9, bar // 2), fill=(255, 255, 255), outline=(60, 60, 60))
        put_words(picture, words, (bar // 3, 0, width // 2, bar), across=0)
        pen.ellipse((width - bar, bar // 5, width - bar // 3, bar - bar // 5), fill=pick_colour(random, 90, 256))
    across = int(random.integers(1, 4))
    cell, gap = width // across, int(width * random.uniform(0.01, 0.04))
    for column in range(across):
        top = bar + gap
        while top < height:
            tall = int(cell * random.uniform(0.45, 1.3))
            box = (column * cell + gap // 2, top, (column + 1) * cell - gap // 2, top + tall)
            if random.random() < 0.8:
                picture.paste(fill_box(random, take(), (box[2] - box[0], tall)), box[:2])
                top += tall + gap // 2
            lines = int(random.integers(0, 4))
            letter = max(9, int(cell / random.uniform(14, 24)))
            box = (box[0] + gap // 2, top, box[2] - gap // 2, top + int(letter * 1.45 * lines) + letter)
            write_lines(pen, random, box, ink=ink, size=letter)
            top = box[3] + gap
    return picture


def compose_edit(random: np.random.Generator, size: Size, take: Take) -> Image.Image:
    """A photograph after a filter: warm, cold, grey, faded, darkened at its edges, grainy, saved too often, marked."""
    picture = fill_box(random, take(), size)
    if random.random() < 0.25:
        grey = ImageOps.grayscale(picture)
        dark, light = pick_colour(random, 0, 60), pick_colour(random, 200, 256)
        picture = ImageOps.colorize(grey, dark, light) if random.random() < 0.5 else grey.convert("RGB")
    picture = ImageEnhance.Color(picture).enhance(random.uniform(0.4, 2.2))
    picture = ImageEnhance.Contrast(picture).enhance(random.uniform(0.6, 1.6))
    pixels = np.asarray(picture).astype(float) * random.uniform(0.8, 1.2, size=3)
    y, x = np.mgrid[-1 : 1 : size[1] * 1j, -1 : 1 : size[0] * 1j]
    pixels *= 1 - random.uniform(0, 0.45) * np.clip(x**2 + y**2, 0, 1.6)[:, :, None] ** 1.5
    pixels += random.normal(0, random.uniform(0, 12), size=(size[1], size[0], 1))
    picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if random.random() < 0.3:
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=int(random.integers(8, 35)))
        picture = Image.open(stream).convert("RGB")
    if random.random() < 0.3:
        words = shape_words(say(random, 2), tall=size[1] // 18, fill=(255, 255, 255), weight=0.02)
        words.putalpha(words.getchannel("A").point(lambda value: value // 2))
        put_words(picture, words, (0, 0, *size), across=random.uniform(0.1, 0.9), down=random.uniform(0.5, 0.95))
    return picture
