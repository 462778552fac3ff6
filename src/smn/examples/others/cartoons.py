"""Comics of other hands, which no training sees: a big-headed figure, and grey pages traced from photographs."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from smn.examples.others.primitives import Colour, Size, Take, load_font, pick_colour, say


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
