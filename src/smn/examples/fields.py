"""Smooth fields, noise and colour arithmetic the painters share.

Colour pictures are float32 arrays (height, width, 3) in 0..1, masks are float32 arrays (height, width) in
0..1, and a shape is always (height, width) in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

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
