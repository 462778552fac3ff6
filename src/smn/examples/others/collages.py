"""What people make of photographs, and no training sees: posts, shops, collages, slides."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from smn.examples.others.primitives import (
    Size,
    Take,
    draw_blots,
    load_font,
    pick_colour,
    say,
    write_lines,
)


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
