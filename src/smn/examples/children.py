"""Children's drawings: in crayon, which training may see, and in felt pen by other code, which no training sees."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from smn.examples.page_kinds import Colour, Size, load_font, pick_colour, say

_CRAYONS: list[Colour] = [
    (220, 40, 40), (40, 90, 200), (250, 200, 30), (40, 150, 60), (240, 130, 30), (120, 60, 150), (110, 70, 40),
    (30, 30, 30), (240, 120, 170), (80, 190, 230),
]  # fmt: skip
Spot = tuple[float, float]


class _Crayons:
    """Draws wobbling, broken strokes on a sheet; coordinates are shares of its width and height."""

    def __init__(self, random: np.random.Generator, size: Size) -> None:
        self.random, self.size = random, size
        self.sheet = Image.new("RGB", size, pick_colour(random, 236, 256))
        self.pen = ImageDraw.Draw(self.sheet)
        self.thick = min(size) * random.uniform(0.006, 0.02)
        self.wobble = random.uniform(0.001, 0.005)

    def choose(self) -> Colour:
        return _CRAYONS[int(self.random.integers(len(_CRAYONS)))]

    def stroke(self, spots: list[Spot], colour: Colour) -> None:
        ways = np.array(spots)
        steps = np.linspace(0, len(ways) - 1, 6 * len(ways))
        x, y = (np.interp(steps, np.arange(len(ways)), ways[:, axis]) for axis in (0, 1))
        drift = self.random.normal(0, self.wobble, size=(2, len(steps)))
        line = [
            (float(a * self.size[0]), float(b * self.size[1])) for a, b in zip(x + drift[0], y + drift[1], strict=True)
        ]
        self.pen.line(line, fill=colour, width=max(1, int(self.thick * self.random.uniform(0.7, 1.4))), joint="curve")

    def ring(self, at: Spot, radius: float, colour: Colour) -> None:
        angles = np.linspace(0, 2 * np.pi * self.random.uniform(0.95, 1.1), 14)
        high = radius * self.size[0] / self.size[1]
        self.stroke([(at[0] + radius * np.cos(a), at[1] + high * np.sin(a)) for a in angles], colour)

    def scribble(self, box: tuple[float, float, float, float], colour: Colour) -> None:
        left, top, right, bottom = box
        count = max(4, int((bottom - top) * self.size[1] / self.thick / self.random.uniform(1.2, 3)))
        spots = [(left if at % 2 else right, y) for at, y in enumerate(np.linspace(top, bottom, count))]
        self.stroke([(x + self.random.normal(0, 0.01), float(y)) for x, y in spots], colour)

    def finish(self) -> Image.Image:
        """The sheet with the paper's grain showing through the wax."""
        pixels = np.asarray(self.sheet).astype(float)
        grain = Image.fromarray(self.random.integers(0, 256, size=(self.size[1], self.size[0])).astype(np.uint8))
        rough = np.asarray(grain.filter(ImageFilter.GaussianBlur(0.8))).astype(float)
        bare = (rough > self.random.uniform(134, 160)) & (self.random.random() < 0.8)
        pixels[bare] = pixels[bare] * 0.35 + np.array(self.sheet.getpixel((0, 0))) * 0.65
        return Image.fromarray(np.clip(pixels + self.random.normal(0, 3, size=pixels.shape), 0, 255).astype(np.uint8))


def draw_crayon(random: np.random.Generator, size: Size) -> Image.Image:
    """A house, a sun, trees, flowers and people of sticks in crayon, some of them scribbled full."""
    crayons = _Crayons(random, size)
    if random.random() < 0.7:
        crayons.scribble((0, random.uniform(0.78, 0.9), 1, 0.99), _CRAYONS[3])
    if random.random() < 0.4:
        crayons.scribble((0, 0.01, 1, random.uniform(0.06, 0.2)), _CRAYONS[9])
    things: list[Callable[[_Crayons, Spot, float], None]] = [_house, _person, _person, _tree, _flower, _animal]
    for place in random.permutation(5)[: int(random.integers(2, 6))]:
        thing = things[int(random.integers(len(things)))]
        thing(crayons, (0.12 + 0.19 * float(place), random.uniform(0.75, 0.92)), random.uniform(0.6, 1.4))
    if random.random() < 0.7:
        at = (random.choice([0.12, 0.85]), random.uniform(0.08, 0.16))
        crayons.ring(at, 0.06, _CRAYONS[2])
        for angle in np.linspace(0, 2 * np.pi, 10):
            near, far = ((at[0] + r * np.cos(angle), at[1] + r * np.sin(angle)) for r in (0.08, 0.13))
            crayons.stroke([near, far], _CRAYONS[2])
    return crayons.finish()


def _house(crayons: _Crayons, at: Spot, share: float) -> None:
    (x, y), wide, tall, wall = at, 0.13 * share, 0.2 * share, crayons.choose()
    if crayons.random.random() < 0.5:
        crayons.scribble((x - wide, y - tall, x + wide, y), crayons.choose())
    crayons.stroke([(x - wide, y), (x - wide, y - tall), (x + wide, y - tall), (x + wide, y), (x - wide, y)], wall)
    crayons.stroke([(x - wide * 1.2, y - tall), (x, y - tall * 1.8), (x + wide * 1.2, y - tall)], crayons.choose())
    crayons.stroke(
        [(x, y), (x, y - tall * 0.5), (x + wide * 0.4, y - tall * 0.5), (x + wide * 0.4, y)], crayons.choose()
    )
    crayons.ring((x - wide * 0.5, y - tall * 0.6), wide * 0.25, crayons.choose())


def _person(crayons: _Crayons, at: Spot, share: float) -> None:
    (x, y), tall, ink = at, 0.3 * share, crayons.choose()
    head = 0.05 * share
    crayons.ring((x, y - tall), head, ink)
    crayons.stroke([(x, y - tall * 0.85), (x, y - tall * 0.35)], ink)
    for side in (-1, 1):
        crayons.stroke([(x, y - tall * 0.35), (x + side * 0.04 * share, y)], ink)
        crayons.stroke(
            [(x, y - tall * 0.7), (x + side * 0.09 * share, y - tall * crayons.random.uniform(0.5, 0.9))], ink
        )
        crayons.ring((x + side * head * 0.4, y - tall * 1.02), head * 0.12, ink)
    crayons.stroke(
        [(x - head * 0.5, y - tall * 0.97), (x, y - tall * 0.93), (x + head * 0.5, y - tall * 0.97)], _CRAYONS[0]
    )
    if crayons.random.random() < 0.5:
        dress = (x - 0.05 * share, y - tall * 0.7, x + 0.05 * share, y - tall * 0.35)
        crayons.scribble(dress, crayons.choose())


def _tree(crayons: _Crayons, at: Spot, share: float) -> None:
    x, y = at
    crayons.scribble((x - 0.02, y - 0.18 * share, x + 0.02, y), _CRAYONS[6])
    for _ in range(3):
        crayons.ring((x + crayons.random.normal(0, 0.015), y - 0.26 * share), 0.08 * share, _CRAYONS[3])


def _flower(crayons: _Crayons, at: Spot, share: float) -> None:
    (x, y), petal = at, crayons.choose()
    crayons.stroke([(x, y), (x, y - 0.14 * share)], _CRAYONS[3])
    for angle in np.linspace(0, 2 * np.pi, 7)[:-1]:
        crayons.ring((x + 0.03 * share * np.cos(angle), y - 0.16 * share + 0.03 * share * np.sin(angle)), 0.018, petal)


def _animal(crayons: _Crayons, at: Spot, share: float) -> None:
    (x, y), fur = at, crayons.choose()
    crayons.ring((x, y - 0.1 * share), 0.08 * share, fur)
    crayons.ring((x + 0.1 * share, y - 0.16 * share), 0.04 * share, fur)
    for leg in (-0.06, -0.03, 0.03, 0.06):
        crayons.stroke([(x + leg * share, y - 0.06 * share), (x + leg * share, y)], fur)
    crayons.stroke([(x - 0.08 * share, y - 0.1 * share), (x - 0.13 * share, y - 0.17 * share)], fur)


_CAR = [(-1, 0), (-1, -0.4), (-0.5, -0.4), (-0.3, -0.8), (0.4, -0.8), (0.6, -0.4), (1, -0.35), (1, 0), (-1, 0)]


def draw_felt_pen(random: np.random.Generator, size: Size) -> Image.Image:
    """One large rainbow, face, fish or car in clean lines, on white, ruled or squared paper, with a word."""
    width, height = size
    paper = Image.new("RGB", size, (252, 252, 250))
    pen = ImageDraw.Draw(paper)
    if random.random() < 0.5:
        step, squared = max(8, height // int(random.integers(14, 40))), random.random() < 0.5
        for y in range(step, height, step):
            pen.line((0, y, width, y), fill=(190, 210, 235))
        for x in range(step, width if squared else 0, step):
            pen.line((x, 0, x, height), fill=(190, 210, 235))
    felt = _FeltPens(random, pen, size)
    subjects = [felt.draw_rainbow, felt.draw_face, felt.draw_fish, felt.draw_car]
    subjects[int(random.integers(len(subjects)))]()
    if random.random() < 0.6:
        pen.text((width * 0.1, height * 0.86), say(random, 1).upper(), felt.inks[4], load_font(height / 12))
    return paper


class _FeltPens:
    """Lengths are shares of the subject's own, from its middle."""

    def __init__(self, random: np.random.Generator, pen: ImageDraw.ImageDraw, size: Size) -> None:
        self.random, self.pen = random, pen
        self.middle, self.far = (
            (size[0] * random.uniform(0.4, 0.6), size[1] / 2),
            min(size) * random.uniform(0.25, 0.38),
        )
        self.thick = max(2, int(min(size) * random.uniform(0.008, 0.018)))
        self.shake = random.uniform(0.003, 0.015)
        self.inks = [pick_colour(random, 0, 230) for _ in range(6)]

    def draw_rainbow(self) -> None:
        for band, ink in enumerate(self.inks):
            radius = 1.3 - band * 0.12
            self._arc((0, 0.5), (radius, radius), ink, start=np.pi, end=2 * np.pi)

    def draw_face(self) -> None:
        self._oval((0, 0), (1, 1), self.inks[0])
        for side in (-1, 1):
            self._oval((0.4 * side, -0.2), (0.12, 0.16), self.inks[1], full=self.random.random() < 0.6)
        for hair in np.linspace(-0.9, 0.9, int(self.random.integers(5, 14))):
            root = -float(np.sqrt(1 - hair**2))
            self._arc((hair, root - 0.15), (0.02, 0.15), self.inks[2], start=np.pi / 2, end=3 * np.pi / 2)
        self._arc((0, 0.3), (0.5, 0.35), self.inks[3], start=0.2, end=np.pi - 0.2)

    def draw_fish(self) -> None:
        self._oval((0, 0), (1, 0.5), self.inks[0], full=self.random.random() < 0.3)
        self._curve(lambda t: (1 + 0.5 * np.sin(np.pi * t), t - 0.5), self.inks[0])
        self._oval((-0.6, -0.1), (0.07, 0.07), self.inks[1], full=True)
        for scale in range(4):
            self._arc((-0.3 + 0.25 * scale, 0), (0.1, 0.25), self.inks[2], start=-np.pi / 2, end=np.pi / 2)

    def draw_car(self) -> None:
        spots = np.array(_CAR)
        along = np.linspace(0, 1, len(spots))
        outline = lambda t: (float(np.interp(t, along, spots[:, 0])), float(np.interp(t, along, spots[:, 1])))  # noqa: E731
        self._curve(outline, self.inks[0], full=self.random.random() < 0.3)
        for side in (-0.55, 0.55):
            self._oval((side, 0), (0.22, 0.22), self.inks[1], full=True)

    def _arc(self, at: Spot, radii: Spot, ink: Colour, *, start: float, end: float, full: bool = False) -> None:
        def walk(t: float) -> Spot:
            angle = start + (end - start) * t
            return at[0] + radii[0] * np.cos(angle), at[1] + radii[1] * np.sin(angle)

        self._curve(walk, ink, full=full)

    def _oval(self, at: Spot, radii: Spot, ink: Colour, *, full: bool = False) -> None:
        self._arc(at, radii, ink, start=0, end=2 * np.pi, full=full)

    def _curve(self, walk: Callable[[float], Spot], ink: Colour, *, full: bool = False) -> None:
        spots = np.array([walk(float(t)) for t in np.linspace(0, 1, 40)])
        spots += self.random.normal(0, self.shake, size=spots.shape)
        line = [(float(x), float(y)) for x, y in self.middle + self.far * spots]
        if full:
            self.pen.polygon(line, fill=ink)
        self.pen.line(line, fill=ink, width=self.thick, joint="curve")
