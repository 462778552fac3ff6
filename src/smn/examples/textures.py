"""Noise, colour arithmetic, oil paint laid in strokes, and the surfaces of canvas, paper and varnish.

Colour pictures are float32 arrays (height, width, 3) in 0..1, masks are float32 arrays (height, width) in
0..1, and a shape is always (height, width) in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

Array = npt.NDArray[np.floating]
Shape = tuple[int, int]


def tone(code: str) -> Array:
    """The colour of a hexadecimal code such as ``c8a45a``: float32 (3,) in 0..1."""
    return np.array([int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)], dtype=np.float32)


def tones(codes: str) -> Array:
    """Colours of several blank-separated hexadecimal codes: float32 (n, 3) in 0..1."""
    return np.stack([tone(code) for code in codes.split()])


def byte_colour(colour: Array) -> tuple[int, int, int]:
    """A 0..1 colour (3,) as the 0..255 triple that Pillow draws with."""
    red, green, blue = (round(min(max(float(part), 0.0), 1.0) * 255) for part in colour)
    return red, green, blue


def plane(shape: Shape) -> tuple[Array, Array]:
    """Coordinates x and y of every pixel centre, each (height, width) in 0..1."""
    height, width = shape
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    return (xs + 0.5) / width, (ys + 0.5) / height


def unit(size: tuple[int, int]) -> float:
    """The length, in pixels, that is 1 in a 640x512 picture and shrinks with the picture."""
    return float(np.sqrt(size[0] * size[1] / (640 * 512)))


def resized(field: Array, shape: Shape) -> Array:
    """A field (h, w) stretched to another shape, bicubically."""
    image = Image.fromarray(np.ascontiguousarray(field, dtype=np.float32))
    return np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.BICUBIC), dtype=np.float32)


def noise(rng: np.random.Generator, shape: Shape, cell: float, *, octaves: int = 4, stretch: float = 1.0) -> Array:
    """Fractal noise (height, width), mean 0.5, clipped to 0..1.

    ``cell`` is the size of the coarsest features in pixels; ``stretch`` above 1 draws them out sideways,
    below 1 up and down.
    """
    total = np.zeros(shape, dtype=np.float32)
    for octave in range(octaves):
        step = cell / 2**octave
        if octave and step < 1.5:
            break
        rows = max(2, int(np.ceil(shape[0] / step * min(stretch, 1.0) * max(stretch, 1.0) ** 0.5)) + 2)
        columns = max(2, int(np.ceil(shape[1] / step / max(stretch, 1.0) * min(stretch, 1.0) ** -0.5)) + 2)
        rows, columns = min(rows, shape[0] + 2), min(columns, shape[1] + 2)
        total += resized(rng.random((rows, columns), dtype=np.float32), shape) / 2**octave
    spread = float(total.std()) or 1.0
    return np.asarray(np.clip((total - total.mean()) / spread * 0.2 + 0.5, 0, 1), dtype=np.float32)


def ridge(rng: np.random.Generator, width: int, cell: float, *, octaves: int = 5) -> Array:
    """A rough line: float32 (width,), mean 0, mostly within -1..1; ``cell`` in pixels."""
    return np.asarray((noise(rng, (4, width), cell, octaves=octaves)[1] - 0.5) * 2.5, dtype=np.float32)


def smoothstep(low: float, high: float, field: Array) -> Array:
    """0 below ``low``, 1 above ``high``, an S-shaped ramp between (``low`` may exceed ``high``)."""
    ramp = np.clip((field - low) / (high - low), 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp), dtype=np.float32)


def mix(first: Array, second: Array, amount: Array | float) -> Array:
    """``first`` where ``amount`` is 0, ``second`` where it is 1; a mask (h, w) is spread over colours."""
    if isinstance(amount, np.ndarray) and amount.ndim == 2:
        amount = amount[..., None]
    return np.asarray(first * (1 - amount) + second * amount, dtype=np.float32)


def ramp(field: Array, stops: Sequence[float], colours: Array) -> Array:
    """Colours (height, width, 3) looked up along a field; ``colours`` (n, 3) stand at the n ``stops``."""
    return np.asarray(np.stack([np.interp(field, stops, colours[:, i]) for i in range(3)], axis=-1), dtype=np.float32)


def blur(field: Array, radius: float) -> Array:
    """A field (h, w) or (h, w, 3) blurred by three box filters; ``radius`` in pixels."""
    half = round(radius)
    if half < 1:
        return field
    out = field.astype(np.float64)
    for _ in range(3):
        for axis in (0, 1):
            pad = [(0, 0)] * out.ndim
            pad[axis] = (half + 1, half)
            sums = np.cumsum(np.pad(out, pad, mode="edge"), axis=axis)
            count, span = field.shape[axis], 2 * half + 1
            upper = np.take(sums, range(span, span + count), axis=axis)
            out = (upper - np.take(sums, range(count), axis=axis)) / span
    return out.astype(np.float32)


def shifted(colours: Array, hue: Array, saturation: Array, light: Array) -> Array:
    """Colours (n, 3) with hue turned (radians), chroma multiplied and brightness multiplied, each (n,)."""
    grey = colours @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    first = colours @ np.array([0.596, -0.274, -0.322], dtype=np.float32)
    second = colours @ np.array([0.211, -0.523, 0.312], dtype=np.float32)
    cosine, sine = np.cos(hue) * saturation, np.sin(hue) * saturation
    first, second = first * cosine - second * sine, first * sine + second * cosine
    red = grey + 0.956 * first + 0.621 * second
    green = grey - 0.272 * first - 0.647 * second
    blue = grey - 1.106 * first + 1.703 * second
    return np.asarray(np.clip(np.stack([red, green, blue], axis=-1) * light[:, None], 0, 1), dtype=np.float32)


def as_image(colours: Array) -> Image.Image:
    """An RGB picture from colours (height, width, 3) in 0..1."""
    return Image.fromarray((np.clip(colours, 0, 1) * 255 + 0.5).astype(np.uint8))


def as_array(image: Image.Image) -> Array:
    """Colours (height, width, 3), or a mask (height, width) for a grey picture, in 0..1."""
    return np.asarray(image, dtype=np.float32) / 255


ANGLES = 24
VARIANTS = 4


@dataclass(frozen=True)
class Jitter:
    """How far strokes stray from the reference: hue and angle in radians, chroma and light as fractions."""

    hue: float = 0.12
    chroma: float = 0.2
    light: float = 0.07
    angle: float = 0.2


def _footprint(rng: np.random.Generator, length: int, width: int, ragged: float) -> tuple[Array, Array]:
    """Coverage and paint height of one horizontal stroke, each (width, length) in 0..1."""
    along = np.linspace(-1, 1, length, dtype=np.float32)[None, :]
    across = np.linspace(-1, 1, width, dtype=np.float32)[:, None]
    streaks = noise(rng, (width, length), max(2.0, width / 3), octaves=3, stretch=max(1.5, length / width * 2))
    starts = -1 + ragged * rng.random((width, 1), dtype=np.float32)
    ends = 1 - ragged * rng.random((width, 1), dtype=np.float32)
    soft = 2.5 / length
    body = smoothstep(0, soft, along - starts - 0.02) * smoothstep(0, soft, ends - along - 0.02)
    bow = across + rng.uniform(-0.25, 0.25) * (along**2 - 0.4)
    round_off = smoothstep(1.0, 0.55, np.abs(bow) + 0.35 * np.abs(along) ** 3)
    cover = body * round_off * (0.72 + 0.5 * streaks)
    height = (0.25 + 0.75 * streaks) * (0.55 + 0.45 * np.abs(bow)) * (0.75 + 0.25 * along)
    return np.clip(cover, 0, 1), np.clip(height, 0, 1)


class Brush:
    """A set of stroke stamps of one size in every direction; ``length`` and ``width`` in pixels."""

    def __init__(
        self, rng: np.random.Generator, length: float, width: float, *, ragged: float = 0.35, opacity: float = 1.0
    ) -> None:
        self.length, self.width = max(3, round(length)), max(2, round(width))
        self.stamps: list[list[tuple[Image.Image, Image.Image]]] = [[] for _ in range(ANGLES)]
        for _ in range(VARIANTS):
            cover, height = _footprint(rng, self.length, self.width, ragged)
            masks = [Image.fromarray((part * 255).astype(np.uint8)) for part in (cover * opacity, height)]
            for index, slot in enumerate(self.stamps):
                turn = index * 180 / ANGLES
                first, second = (m.rotate(-turn, Image.Resampling.BICUBIC, expand=True) for m in masks)
                slot.append((first, second))


class Canvas:
    """A picture being painted: its colours and the relief of its paint."""

    def __init__(self, ground: Array) -> None:
        self.shape = (ground.shape[0], ground.shape[1])
        self.image = as_image(ground)
        self.relief = Image.new("L", self.image.size, 90)

    def lay(
        self,
        rng: np.random.Generator,
        brush: Brush,
        reference: Array,
        angles: Array | float,
        *,
        coverage: float = 1.5,
        jitter: Jitter | None = None,
        where: Array | None = None,
    ) -> None:
        """Lay strokes coloured from ``reference`` (height, width, 3) along ``angles`` (radians, y down).

        ``coverage`` is how many times over the strokes would fill the picture; ``where`` (height, width)
        is the chance, 0..1, that a stroke is laid there.
        """
        height, width = self.shape
        count = int(coverage * height * width / (brush.length * brush.width)) + 1
        rows, columns = scatter(rng, self.shape, count)
        if where is not None:
            kept = rng.random(len(rows)) < where[rows, columns]
            rows, columns = rows[kept], columns[kept]
        play = jitter or Jitter()
        colours = vary(rng, reference[rows, columns], play)
        turn = angles[rows, columns] if isinstance(angles, np.ndarray) else np.full(len(rows), angles)
        turn = turn + rng.normal(0, play.angle, len(rows))
        slots = np.round(turn / np.pi * ANGLES).astype(int) % ANGLES
        picks = rng.integers(0, VARIANTS, len(rows))
        inks = (colours * 255).astype(int).tolist()
        for row, column, ink, slot, pick in zip(
            rows.tolist(), columns.tolist(), inks, slots.tolist(), picks.tolist(), strict=True
        ):
            cover, relief = brush.stamps[slot][pick]
            corner = (column - cover.width // 2, row - cover.height // 2)
            self.image.paste(tuple(ink), corner, cover)
            self.relief.paste(relief, corner, cover)

    def lit(self, strength: float = 0.35, *, softness: float = 0.0) -> Array:
        """The colours (height, width, 3) with the paint relief lit from the upper left."""
        colours = as_array(self.image)
        relief = blur(as_array(self.relief), softness)
        down, right = np.gradient(relief)
        slope = np.asarray(np.clip((down + right) * -1.0, -0.5, 0.5), dtype=np.float32)[..., None]
        return np.asarray(np.clip(colours * (1 - strength * slope) - 0.12 * strength * slope, 0, 1), dtype=np.float32)


def scatter(
    rng: np.random.Generator, shape: tuple[int, int], count: int
) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], np.ndarray[tuple[int], np.dtype[np.intp]]]:
    """About ``count`` evenly strewn pixel positions in random order: rows and columns, each (n,)."""
    height, width = shape
    step = max(0.7, float(np.sqrt(height * width / max(count, 1))))
    ys, xs = np.mgrid[0 : height / step, 0 : width / step]
    rows = ((ys.ravel() + rng.random(ys.size)) * step).astype(np.intp)
    columns = ((xs.ravel() + rng.random(xs.size)) * step).astype(np.intp)
    order = rng.permutation(rows.size)
    return np.clip(rows[order], 0, height - 1), np.clip(columns[order], 0, width - 1)


def vary(rng: np.random.Generator, colours: Array, jitter: Jitter) -> Array:
    """Colours (n, 3) each strayed at random as ``jitter`` says."""
    count = len(colours)
    hue = rng.normal(0, jitter.hue, count).astype(np.float32)
    chroma = (1 + rng.normal(0.1, jitter.chroma, count)).astype(np.float32)
    light = (1 + rng.normal(0, jitter.light, count)).astype(np.float32)
    return shifted(colours, hue, np.clip(chroma, 0, 3), light)


def edges(reference: Array, gain: float = 8.0) -> Array:
    """Where the reference changes fast: (height, width) in 0..1, for laying finer strokes there."""
    down, right = np.gradient(reference.mean(axis=-1))
    return np.asarray(np.clip(blur(np.hypot(down, right), 2) * gain, 0, 1), dtype=np.float32)


def weave(rng: np.random.Generator, colours: Array, strength: float = 0.03) -> Array:
    """The colours over a plain-woven canvas; ``strength`` is the brightness swing of the threads."""
    height, width = colours.shape[:2]
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    drift = (noise(rng, (height, width), 60, octaves=2) - 0.5) * 6
    threads = np.sin((xs + drift) * 2.1) * np.sin((ys + drift) * 2.1)
    grain = threads * 0.6 + rng.normal(0, 0.45, (height, width)).astype(np.float32)
    return np.asarray(np.clip(colours * (1 + strength * grain[..., None]), 0, 1), dtype=np.float32)


def paper(rng: np.random.Generator, colours: Array, strength: float = 0.04) -> Array:
    """The colours printed on fibrous paper, slightly foxed; ``strength`` is the brightness swing."""
    shape = (colours.shape[0], colours.shape[1])
    fibres = noise(rng, shape, 6, octaves=3, stretch=3) + noise(rng, shape, 5, octaves=2, stretch=0.3) - 1
    stain = noise(rng, shape, max(shape) / 3, octaves=4) - 0.5
    tint = np.array([0.6, 1.0, 1.8], dtype=np.float32)
    aged = colours * (1 + strength * fibres[..., None] - strength * np.abs(stain)[..., None] * tint)
    return np.asarray(np.clip(aged, 0, 1), dtype=np.float32)


def varnish(rng: np.random.Generator, colours: Array, age: float = 0.5) -> Array:
    """The colours under old varnish: warmer, browner in the darks, dimmer to the corners; ``age`` 0..1."""
    xs, ys = plane((colours.shape[0], colours.shape[1]))
    away = (xs - 0.5) ** 2 + (ys - 0.5) ** 2
    cloud = noise(rng, (colours.shape[0], colours.shape[1]), colours.shape[1] / 3, octaves=3) - 0.5
    warm = np.array([1.0, 0.95, 0.80], dtype=np.float32) * age + (1 - age)
    lifted = colours * (1 - 0.05 * age) + np.array([0.055, 0.04, 0.025], dtype=np.float32) * age
    dim = 1 - (0.45 * away + 0.06 * cloud) * age
    return np.asarray(np.clip(lifted * warm * dim[..., None], 0, 1), dtype=np.float32)
