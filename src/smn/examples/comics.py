"""Comics: panels of drawn figures to learn from; traced panels, a mascot and grey pages of another hand held out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from smn.examples.page_kinds import (
    Colour,
    Size,
    Take,
    fill_box,
    halve,
    load_font,
    pick_colour,
    put_words,
    say,
    shape_words,
)

_SKINS: list[Colour] = [
    (255, 224, 189),
    (241, 194, 125),
    (198, 134, 66),
    (141, 85, 36),
    (255, 219, 70),
    (150, 200, 120),
]


def draw_comic(random: np.random.Generator, size: Size) -> Image.Image:
    """Panels of flat colour with outlined figures, halftone and balloons; now and then a single panel."""
    return _fill_panels(random, size, lambda panel: _draw_scene(random, panel))


def trace_comic(random: np.random.Generator, size: Size, take: Take) -> Image.Image:
    """Panels of photographs in a few flat colours with dark edges and balloons."""
    style = (int(random.integers(3, 9)), random.uniform(1.5, 4.0), random.uniform(0.9, 1.8))
    return _fill_panels(random, size, lambda panel: _trace(fill_box(random, take(), panel), style))


def _fill_panels(random: np.random.Generator, size: Size, fill: Callable[[Size], Image.Image]) -> Image.Image:
    single = random.random() < 0.3
    gutter = 0 if single else int(min(size) * random.uniform(0.008, 0.035))
    picture = Image.new("RGB", size, (255, 255, 255) if random.random() < 0.7 else pick_colour(random, 0, 256))
    box = (gutter, gutter, size[0] - gutter, size[1] - gutter)
    panels = [box] if single else halve(random, box, depth=int(random.integers(1, 4)), gutter=gutter)
    line = max(1, int(min(size) * random.uniform(0.003, 0.008)))
    tall = max(9, int(min(size) / random.uniform(18, 34)))
    for panel in panels:
        inner = fill((panel[2] - panel[0], panel[3] - panel[1]))
        for _ in range(int(random.integers(0, 3))):
            _add_balloon(random, inner, tall=tall, line=line)
        picture.paste(inner, panel[:2])
        if not single:
            ImageDraw.Draw(picture).rectangle(panel, outline=(0, 0, 0), width=line)
    return picture


def _add_balloon(random: np.random.Generator, picture: Image.Image, *, tall: int, line: int) -> None:
    width, height = picture.size
    wide, high = int(width * random.uniform(0.3, 0.7)), int(tall * random.uniform(2.5, 5))
    left, top = int(random.uniform(0, max(1, width - wide))), int(random.uniform(0, max(1.0, height * 0.35)))
    pen, box = ImageDraw.Draw(picture), (left, top, left + wide, top + high)
    x = left + wide * random.uniform(0.3, 0.7)
    if random.random() < 0.25:
        pen.rectangle(box, fill=(255, 245, 170), outline=(0, 0, 0), width=line)
    else:
        tip = (x + wide * random.uniform(-0.3, 0.3), top + high * random.uniform(1.3, 1.8))
        pen.polygon([(x - tall * 0.5, top + high * 0.8), tip, (x + tall * 0.5, top + high * 0.8)], (255, 255, 255))
        pen.line([(x - tall * 0.5, top + high * 0.9), tip, (x + tall * 0.5, top + high * 0.9)], (0, 0, 0), line)
        pen.ellipse(box, fill=(255, 255, 255), outline=(0, 0, 0), width=line)
    lines = max(1, int(high / tall / 1.4))
    for at in range(lines):
        words = shape_words(say(random, int(random.integers(1, 4))).upper(), tall=tall, fill=(0, 0, 0), weight=0.01)
        y = top + int(high * 0.15) + at * int(high * 0.7 / lines)
        put_words(picture, words, (left + wide // 6, y, left + wide - wide // 6, y + max(6, int(high * 0.7 / lines))))


def _draw_scene(random: np.random.Generator, size: Size) -> Image.Image:
    large = (size[0] * 2, size[1] * 2)
    picture = _draw_background(random, large)
    count = int(random.choice([1, 1, 2, 2, 3]))
    tall = large[1] * random.uniform(0.5, 1.1)
    line = max(2, int(min(large) * random.uniform(0.006, 0.016)))
    for place in range(count):
        x = large[0] * (place + random.uniform(0.35, 0.65)) / count
        _draw_figure(random, picture, (x, large[1] * random.uniform(0.95, 1.25)), tall=tall, line=line)
    return picture.resize(size, Image.Resampling.BOX)


def _draw_background(random: np.random.Generator, size: Size) -> Image.Image:
    width, height = size
    picture = Image.new("RGB", size, pick_colour(random, 120, 256))
    pen, horizon, kind = ImageDraw.Draw(picture), height * random.uniform(0.4, 0.8), int(random.integers(4))
    if kind == 0:
        pen.rectangle((0, horizon, width, height), fill=pick_colour(random, 60, 220))
        for _ in range(int(random.integers(1, 6))):
            x, wide = random.uniform(0, width), width * random.uniform(0.08, 0.25)
            box = (x, height * random.uniform(0.1, 0.5), x + wide, horizon)
            if box[1] < box[3]:
                pen.rectangle(box, fill=pick_colour(random, 60, 240), outline=(0, 0, 0), width=max(2, height // 150))
    elif kind == 1:
        centre, fill = (
            (random.uniform(0.2, 0.8) * width, random.uniform(0.2, 0.8) * height),
            pick_colour(random, 150, 256),
        )
        for angle in np.arange(0, 2 * np.pi, 2 * np.pi / int(random.integers(10, 30))):
            ends = [
                (centre[0] + 3 * max(size) * np.cos(a), centre[1] + 3 * max(size) * np.sin(a))
                for a in (angle, angle + 0.1)
            ]
            pen.polygon([centre, *ends], fill=fill)
    elif kind == 2:
        pen.ellipse((-width * 0.3, horizon, width * 0.8, height * 1.8), fill=pick_colour(random, 60, 220))
        pen.ellipse((width * 0.4, horizon * 1.05, width * 1.4, height * 1.8), fill=pick_colour(random, 60, 220))
    if random.random() < 0.5:
        _add_halftone(random, picture)
    return picture


def _add_halftone(random: np.random.Generator, picture: Image.Image) -> None:
    width, height = picture.size
    step, angle = max(6.0, min(width, height) / random.uniform(25, 70)), random.uniform(0, 0.8)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    turned = ((x * np.cos(angle) + y * np.sin(angle)) % step, (y * np.cos(angle) - x * np.sin(angle)) % step)
    far = (turned[0] - step / 2) ** 2 + (turned[1] - step / 2) ** 2
    radius = step * (0.15 + 0.35 * (y / height if random.random() < 0.5 else 0.5))
    mask = Image.fromarray((far < radius**2).astype(np.uint8) * 255)
    picture.paste(pick_colour(random, 40, 256), (0, 0), mask)


def _draw_figure(
    random: np.random.Generator, picture: Image.Image, feet: tuple[float, float], *, tall: float, line: int
) -> None:
    pen, black = ImageDraw.Draw(picture), (0, 0, 0)
    skin, cloth, hair = (
        _SKINS[int(random.integers(len(_SKINS)))],
        pick_colour(random, 20, 256),
        pick_colour(random, 0, 220),
    )
    x, floor = feet
    head = tall * random.uniform(0.14, 0.24)
    neck, hip, wide = floor - tall + 2 * head, floor - tall * 0.42, tall * random.uniform(0.1, 0.2)
    for side in (-1, 1):
        _limb(pen, [(x + side * wide * 0.5, hip), (x + side * wide * random.uniform(0.3, 1.4), floor)],
              fill=pick_colour(random, 20, 200), thick=tall * 0.09, line=line)  # fmt: skip
        elbow = (x + side * wide * random.uniform(1.3, 2.2), neck + tall * random.uniform(0.0, 0.25))
        hand = (elbow[0] + side * tall * random.uniform(-0.1, 0.15), elbow[1] + tall * random.uniform(-0.2, 0.2))
        _limb(pen, [(x + side * wide * 0.8, neck + tall * 0.05), elbow, hand], fill=cloth, thick=tall * 0.07, line=line)
        pen.ellipse(_around(hand, tall * 0.045), fill=skin, outline=black, width=line)
    body = [(x - wide, neck), (x + wide, neck), (x + wide * random.uniform(0.5, 1.1), hip), (x - wide * 0.8, hip)]
    pen.polygon(body, fill=cloth, outline=black, width=line)
    shade = tuple(int(value * 0.7) for value in cloth)
    pen.polygon([(x + wide * 0.3, neck + line), (x + wide - line, neck + line), (x + wide * 0.5, hip)], fill=shade)
    _draw_head(random, pen, (x, neck - head * 0.8), head, (skin, hair), line=line)


def _draw_head(
    random: np.random.Generator, pen: ImageDraw.ImageDraw, at: tuple[float, float], head: float,
    colours: tuple[Colour, Colour], *, line: int,
) -> None:  # fmt: skip
    (x, y), (skin, hair), black = at, colours, (0, 0, 0)
    broad = head * random.uniform(0.75, 1.1)
    if random.random() < 0.8:
        angles = np.linspace(-0.5, np.pi + 0.5, int(random.integers(6, 16)))
        far = [(broad * random.uniform(1.0, 1.4), head * random.uniform(0.9, 1.3)) for _ in angles]
        top = [(x + a * np.cos(angle), y - b * np.sin(angle)) for angle, (a, b) in zip(angles, far, strict=True)]
        pen.polygon(top, fill=hair, outline=black, width=line)
    pen.ellipse((x - broad, y - head, x + broad, y + head), fill=skin, outline=black, width=line)
    pen.chord((x - broad, y - head, x + broad, y + head), 195, 345, fill=hair, outline=black, width=line)
    eye, look = head * random.uniform(0.12, 0.3), random.uniform(-0.4, 0.4)
    for side in (-1, 1):
        centre = (x + side * broad * 0.42, y)
        pen.ellipse((centre[0] - eye * 0.8, y - eye, centre[0] + eye * 0.8, y + eye), (255, 255, 255), black, line)
        pen.ellipse(_around((centre[0] + look * eye, y), eye * 0.4), fill=black)
        brow = y - eye * random.uniform(1.2, 1.8)
        pen.line((centre[0] - eye, brow, centre[0] + eye, brow + eye * random.uniform(-0.6, 0.6)), black, line)
    mouth = (x - broad * 0.4, y + head * 0.35, x + broad * 0.4, y + head * random.uniform(0.55, 0.8))
    if random.random() < 0.5:
        pen.chord(mouth, 0, 180, fill=(170, 30, 40), outline=black, width=line)
    else:
        pen.arc(mouth, 0 if random.random() < 0.6 else 180, 180 if random.random() < 0.6 else 360, black, line)
    pen.line([(x, y + eye * 0.3), (x + head * 0.12, y + head * 0.3), (x, y + head * 0.32)], black, line)


def _limb(pen: ImageDraw.ImageDraw, spots: list[tuple[float, float]], *, fill: Colour, thick: float, line: int) -> None:
    for colour, width in (((0, 0, 0), int(thick) + 2 * line), (fill, int(thick))):
        pen.line(spots, fill=colour, width=max(1, width), joint="curve")


def _around(spot: tuple[float, float], radius: float) -> tuple[float, float, float, float]:
    return spot[0] - radius, spot[1] - radius, spot[0] + radius, spot[1] + radius


def _trace(photograph: Image.Image, style: tuple[int, float, float]) -> Image.Image:
    """Flat colours with dark edges, by how many colours, how soft, and how strong the edges are."""
    colours, soft, strength = style
    size = photograph.size
    photograph.thumbnail((480, 480))  # more pixels take long, and are flat anyway
    smooth = photograph.filter(ImageFilter.GaussianBlur(soft)).filter(ImageFilter.MedianFilter(5))
    flat = ImageOps.autocontrast(smooth, cutoff=2).quantize(colours * 2).convert("RGB").resize(size)
    grey = ImageOps.grayscale(photograph)
    near, far = (grey.filter(ImageFilter.GaussianBlur(radius)) for radius in (soft * 0.7, soft * 1.6))
    edges = np.asarray(far).astype(float) - np.asarray(near)
    ink = Image.fromarray(np.clip(255 + 40 * (5 - edges * strength), 0, 255).astype(np.uint8)).resize(size)
    return ImageChops.multiply(flat, ink.convert("RGB"))


def draw_cartoon(random: np.random.Generator, size: Size) -> Image.Image:
    """A mascot of soft curves, with large eyes and two shades of each colour, on a plain ground."""
    width, height = size
    sky, ground = (np.array(pick_colour(random, 90, 256), dtype=float) for _ in range(2))
    share = np.linspace(0, 1, height)[:, None, None] * random.uniform(0, 1)
    wash = np.broadcast_to(sky + (ground - sky) * share, (height, width, 3))
    mascot = _Mascot(random, Image.fromarray(wash.astype(np.uint8)))
    mascot.draw_body()
    mascot.draw_face()
    if random.random() < 0.3:
        pen, font = ImageDraw.Draw(mascot.picture), load_font(height / 14)
        spot, text = (width / 2, height * 0.93), say(random, 2).title()
        pen.text(spot, text, (255, 255, 255), font, "mm", stroke_width=3, stroke_fill=mascot.ink)
    return mascot.picture


class _Mascot:
    """Lengths are shares of the head's radius, from the middle of the head."""

    def __init__(self, random: np.random.Generator, picture: Image.Image) -> None:
        self.random, self.picture = random, picture
        self.x, self.y = picture.width * random.uniform(0.4, 0.6), picture.height * random.uniform(0.35, 0.5)
        self.radius = min(picture.size) * random.uniform(0.2, 0.32)
        self.fur = pick_colour(random, 60, 250)
        self.ink = (self.fur[0] // 3, self.fur[1] // 3, self.fur[2] // 3)
        self.outlined = random.random() < 0.6
        self.thick = max(1, int(self.radius / random.uniform(12, 30)))

    def draw_body(self) -> None:
        """All but the face."""
        ears, ear = self.random.uniform(0.3, 0.9), int(self.random.integers(3))
        for side in (-1, 1):
            if ear == 0:
                spots = [(0.2 * side, -0.8), (0.85 * side, -1 - ears), (0.95 * side, -0.3)]
                spots = [(self.x + self.radius * x, self.y + self.radius * y) for x, y in spots]
                ink = self.ink if self.outlined else None
                ImageDraw.Draw(self.picture).polygon(spots, fill=self.fur, outline=ink, width=self.thick)
            elif ear == 1:
                self._blob((0.75 * side, -0.8), (0.4, 0.4), self.fur)
            else:
                self._blob((0.45 * side, -1.1), (0.2, ears), self.fur)
            self._blob((1.0 * side, 1.6), (0.25, 0.5), self.fur)
            self._blob((0.5 * side, 2.4), (0.35, 0.2), self.fur)
        self._blob((0, 1.6), (0.8, 0.9), self.fur)
        self._blob((0, 1.7), (0.5, 0.6), pick_colour(self.random, 150, 256), outlined=False)
        self._blob((0, 0), (self.random.uniform(1, 1.2), 1), self.fur)

    def draw_face(self) -> None:
        """Eyes, nose and mouth."""
        iris, big, white = pick_colour(self.random, 0, 200), self.random.uniform(0.18, 0.34), (255, 255, 255)
        for side in (-0.45, 0.45):
            self._blob((side, 0.1), (big, big * 1.25), white, outlined=True)
            self._blob((side, 0.1 + big * 0.2), (big * 0.75, big * 0.95), iris, outlined=False)
            self._blob((side - big * 0.25, 0.1 - big * 0.3), (big * 0.25, big * 0.25), white, outlined=False)
        x, y, radius = self.x, self.y, self.radius
        smile = (x - radius * 0.3, y + radius * 0.4, x + radius * 0.3, y + radius * 0.7)
        ImageDraw.Draw(self.picture).arc(smile, 10, 170, fill=self.ink, width=self.thick)
        self._blob((0, 0.45), (0.1, 0.07), (60, 30, 40), outlined=False)

    def _blob(
        self, at: tuple[float, float], radii: tuple[float, float], fill: Colour, *, outlined: bool | None = None
    ) -> None:
        """An ellipse, lighter at its upper left, smooth at its edge."""
        wide, tall = (max(2, int(radius * self.radius * 2)) for radius in radii)
        box = (0, 0, wide * 2 - 1, tall * 2 - 1)
        mask = Image.new("L", (wide * 2, tall * 2))
        ImageDraw.Draw(mask).ellipse(box, fill=255)
        inside = Image.new("RGB", (wide * 2, tall * 2), tuple(int(value * 0.8) for value in fill))
        pen = ImageDraw.Draw(inside)
        pen.ellipse((-wide * 0.2, -tall * 0.25, wide * 1.75, tall * 1.75), fill=fill)
        if self.outlined if outlined is None else outlined:
            pen.ellipse(box, outline=self.ink, width=self.thick * 2)
        spot = (int(self.x + at[0] * self.radius - wide / 2), int(self.y + at[1] * self.radius - tall / 2))
        self.picture.paste(inside.resize((wide, tall)), spot, mask.resize((wide, tall)))


def trace_manga(random: np.random.Generator, size: Size, take: Take) -> Image.Image:
    """A page in black, white and dotted greys: photographs in slanted panels, rays, and upright balloons."""
    width, height = size
    page = Image.new("L", size, 255)
    rows, gap = int(random.integers(1, 4)), max(3, int(width * random.uniform(0.01, 0.03)))
    tall = height // rows
    for row in range(rows):
        cut, slant = int(width * random.uniform(0.35, 0.65)), int(random.uniform(-0.12, 0.12) * width)
        whole = random.random() < 0.35
        for side in (0,) if whole else (0, 1):
            top, bottom = row * tall + gap, (row + 1) * tall - gap
            left, right = (gap, width - gap) if whole else ((gap, cut - gap), (cut + gap, width - gap))[side]
            inner = 0 if whole else slant
            corners = [(left + inner * side, top), (right + inner * (1 - side), top),
                       (right - inner * (1 - side), bottom), (left - inner * side, bottom)]  # fmt: skip
            mask = Image.new("L", size)
            ImageDraw.Draw(mask).polygon(corners, fill=255)
            box = (min(x for x, _ in corners), top, max(x for x, _ in corners), bottom)
            inside = _screen(random, take(), (max(1, box[2] - box[0]), max(1, box[3] - box[1])))
            page.paste(inside, box[:2], mask.crop((*box[:2], box[0] + inside.width, box[1] + inside.height)))
            ImageDraw.Draw(page).polygon(corners, outline=0, width=max(2, gap // 4))
            if random.random() < 0.6:
                _speak(random, page, (left + (right - left) * random.uniform(0.2, 0.8), top + tall * 0.3), tall * 0.25)
    return page.convert("RGB")


def _screen(random: np.random.Generator, photograph: Image.Image, size: Size) -> Image.Image:
    """A photograph in black lines, white lights, and dots between them."""
    small = ImageOps.grayscale(photograph)
    small.thumbnail((320, 320))
    lines = ImageChops.subtract(small.filter(ImageFilter.MaxFilter(5)), small)
    tone = ImageOps.autocontrast(small.filter(ImageFilter.MedianFilter(5)))
    grey, strong = (np.asarray(ImageOps.fit(one, size)).astype(np.float32) for one in (tone, lines))
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    period = random.uniform(3, 8)
    dots = 128 + 50 * (np.cos(2 * np.pi * (x + y) / period) + np.cos(2 * np.pi * (x - y) / period))
    light = random.uniform(110, 170)
    white = (grey > light) | ((grey > random.uniform(40, 80)) & (grey > dots))
    return Image.fromarray(np.where(white & (strong < 45), 255, 20).astype(np.uint8))


def _speak(random: np.random.Generator, page: Image.Image, at: tuple[float, float], tall: float) -> None:
    pen, wide = ImageDraw.Draw(page), tall * random.uniform(0.5, 0.8)
    spikes = random.random() < 0.3
    spots = []
    for number, angle in enumerate(np.linspace(0, 2 * np.pi, 37)[:-1]):
        far = 1.25 if spikes and number % 2 else 1.0
        spots.append((at[0] + wide * far * np.cos(angle), at[1] + tall * far * np.sin(angle)))
    pen.polygon(spots, fill=255, outline=0, width=2)
    letter = max(8.0, tall / 5)
    for line in range(int(tall * 1.4 / letter / 1.2)):
        pen.text((at[0], at[1] - tall * 0.65 + line * letter * 1.2), say(random, 1)[:8], 0, load_font(letter), "mm")
