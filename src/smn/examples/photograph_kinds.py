"""What people make of photographs: memes, products, pages, edits; held out are posts, shops, collages, slides."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from smn.examples.page_kinds import (
    Size,
    Take,
    draw_blots,
    fill_box,
    load_font,
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


def compose_post(random: np.random.Generator, size: Size, take: Take) -> Image.Image:
    """A photograph under a bar with a joke, as a post, or within a black border with its moral below."""
    width, height = size
    style = int(random.integers(3))
    if style == 0:
        picture = Image.new("RGB", size, (0, 0, 0))
        inner = (int(width * 0.8), int(height * 0.66))
        at = (int(width * 0.1), int(height * 0.08))
        picture.paste(ImageOps.fit(take(), inner), at)
        pen = ImageDraw.Draw(picture)
        pen.rectangle((at[0] - 4, at[1] - 4, at[0] + inner[0] + 3, at[1] + inner[1] + 3), outline=(230, 230, 230))
        pen.text((width / 2, height * 0.83), say(random, 1).upper(), (240, 240, 240), load_font(height / 10), "mm")
        pen.text((width / 2, height * 0.92), say(random, 6), (240, 240, 240), load_font(height / 28), "mm")
        return picture
    bar = int(height * random.uniform(0.14, 0.3))
    ground, ink = ((255, 255, 255), (15, 15, 15)) if random.random() < 0.75 else ((21, 32, 43), (235, 235, 235))
    picture = Image.new("RGB", size, ground)
    pen, indent, letter = ImageDraw.Draw(picture), width // 30, max(10.0, bar / 4.5)
    top = indent // 2
    if style == 1:
        face = bar // 3
        picture.paste(ImageOps.fit(take(), (face, face)), (indent, top))
        pen.text((indent * 2 + face, top), say(random, 2).title(), ink, load_font(face * 0.4))
        pen.text((indent * 2 + face, top + face * 0.5), "@" + say(random, 1), (120, 130, 140), load_font(face * 0.35))
        top, letter = top + face + 2, max(9.0, bar / 6)
    write_lines(pen, random, (indent, top, width - indent, bar), ink=ink, size=letter)
    below = int(height * 0.07) if style == 1 else 0
    picture.paste(ImageOps.fit(take(), (width, height - bar - below)), (0, bar))
    for place in range(4):
        x = width * (0.1 + place * 0.24)
        pen.text((x, height - below * 0.8), f"{random.integers(1, 999)}", (120, 130, 140), load_font(below * 0.5))
    return picture


def compose_shop(random: np.random.Generator, size: Size, take: Take) -> Image.Image:
    """A page of a catalogue: pictures in white cells with names, prices and buttons below."""
    across, down = int(random.integers(2, 5)), int(random.integers(2, 5))
    picture = Image.new("RGB", size, (255, 255, 255) if random.random() < 0.6 else pick_colour(random, 235, 256))
    pen, wide, tall = ImageDraw.Draw(picture), size[0] / across, size[1] / down
    button, round_pictures = pick_colour(random, 20, 230), random.random() < 0.2
    for row in range(down):
        for column in range(across):
            x, y = column * wide, row * tall
            inner = (max(8, int(wide * 0.82)), max(8, int(tall * 0.62)))
            photograph = ImageOps.pad(take(), inner, color=(255, 255, 255))
            mask = Image.new("L", inner, 255)
            if round_pictures:
                mask = Image.new("L", inner)
                ImageDraw.Draw(mask).ellipse((0, 0, *inner), fill=255)
            picture.paste(photograph, (int(x + wide * 0.09), int(y + tall * 0.05)), mask)
            pen.text((x + wide * 0.09, y + tall * 0.7), say(random, 2).title(), (40, 40, 40), load_font(tall * 0.07))
            price = f"{random.integers(1, 400)}.{random.integers(10, 99)}"
            pen.text((x + wide * 0.09, y + tall * 0.8), price, (180, 20, 20), load_font(tall * 0.08))
            pen.rounded_rectangle((x + wide * 0.5, y + tall * 0.8, x + wide * 0.9, y + tall * 0.92), 4, fill=button)
    return picture


def compose_collage(random: np.random.Generator, size: Size, take: Take) -> Image.Image:
    """Prints with white borders, strewn over a ground, or a strict grid of photographs."""
    width, height = size
    if random.random() < 0.4:
        count, gap = int(random.integers(2, 4)), int(random.integers(0, 14))
        picture = Image.new("RGB", size, (255, 255, 255) if random.random() < 0.5 else (0, 0, 0))
        wide, tall = width // count, height // count
        for place in range(count * count):
            at = (place % count * wide + gap // 2, place // count * tall + gap // 2)
            picture.paste(ImageOps.fit(take(), (max(4, wide - gap), max(4, tall - gap))), at)
        return picture
    picture = draw_blots(random, size, cells=4).filter(ImageFilter.GaussianBlur(8))
    for _ in range(int(random.integers(3, 8))):
        side = int(min(size) * random.uniform(0.3, 0.55))
        border = side // 12
        card = Image.new("RGBA", (side + 2 * border, side + 5 * border), (248, 246, 240, 255))
        card.paste(ImageOps.fit(take(), (side, side)), (border, border))
        note = load_font(border * 2)
        ImageDraw.Draw(card).text((border * 2, side + border * 2), say(random, 2), (50, 50, 90), note)
        turned = card.rotate(random.uniform(-25, 25), Image.Resampling.BICUBIC, expand=True)
        at = (int(random.uniform(-0.1, 0.7) * width), int(random.uniform(-0.1, 0.6) * height))
        shadow = Image.new("RGB", turned.size, (20, 20, 20))
        picture.paste(shadow, (at[0] + 5, at[1] + 6), turned.getchannel("A").point(lambda value: value // 3))
        picture.paste(turned, at, turned)
    return picture


def compose_slide(random: np.random.Generator, size: Size, take: Take) -> Image.Image:
    """A slide of a talk, or a poster of an event: a heading, a list, and a photograph at one side or behind it."""
    width, height = size
    paper = pick_colour(random, 200, 256) if random.random() < 0.6 else pick_colour(random, 10, 90)
    ink = (20, 20, 30) if sum(paper) > 380 else (245, 245, 245)
    picture = Image.new("RGB", size, paper)
    split = random.uniform(0.4, 0.6)
    inner = (int(width * split), height) if random.random() < 0.5 else (int(width * split * 0.9), int(height * 0.6))
    at = (width - inner[0], (height - inner[1]) // 2)
    if random.random() < 0.5:
        at = (0, at[1])
    picture.paste(ImageOps.fit(take(), inner), at)
    pen = ImageDraw.Draw(picture)
    left = int(width * 0.05) + (inner[0] if at[0] == 0 else 0)
    right = left + width - inner[0] - int(width * 0.08)
    pen.text((left, height * 0.06), say(random, 2).title(), ink, load_font(height / 14))
    pen.rectangle((left, height * 0.17, left + width * 0.1, height * 0.175), fill=pick_colour(random, 30, 230))
    step = int(height * random.uniform(0.08, 0.14))
    for y in range(int(height * 0.24), int(height * 0.85), step):
        pen.ellipse((left, y + step * 0.2, left + step * 0.15, y + step * 0.35), fill=ink)
        write_lines(pen, random, (left + step // 3, y, right, y + step), ink=ink, size=step * 0.4)
    return picture
