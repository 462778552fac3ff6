"""A child's drawing in felt pen, which no training sees."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from smn.examples.others.primitives import Colour, Size, load_font, pick_colour, say

Spot = tuple[float, float]
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
