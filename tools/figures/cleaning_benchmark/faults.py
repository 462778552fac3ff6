"""Faults that data sets really have, made on purpose, so that what `smn clean` finds can be counted."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

Random = np.random.Generator
Spoil = Callable[[Image.Image, Random], Image.Image]


class Way(StrEnum):
    """How a fault enters a data set."""

    CHANGE = "change"  # a row's picture is replaced by a spoilt one
    COPY = "copy"  # a second row gets a changed copy of a row's picture
    LEAK = "leak"  # as COPY, from a held-back split into the training split
    FOREIGN = "foreign"  # a new row shows something that is no painting
    SWAP = "swap"  # a row gets another movement


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    Args:
        name: as in the table of what was planted.
        check: the check that should find it.
        way: how it enters.
        spoil: makes the faulty picture (RGB) from a good one (RGB), where there is one to make.
    """

    name: str
    check: str
    way: Way
    spoil: Spoil | None = None


def encode(image: Image.Image, *, quality: int = 90) -> bytes:
    """A picture as the bytes of a JPEG."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def _same(image: Image.Image, _: Random) -> Image.Image:
    return image


def _recompress(image: Image.Image, random: Random) -> Image.Image:
    return Image.open(io.BytesIO(encode(image, quality=int(random.integers(25, 60))))).convert("RGB")


def _rescan(image: Image.Image, random: Random) -> Image.Image:
    """Another scan of the work: other size, light, colour and encoder, a sliver cut off the edges."""
    left, top, right, bottom = map(float, random.uniform(0.0, 0.03, 4))
    box = (left * image.width, top * image.height, (1 - right) * image.width, (1 - bottom) * image.height)
    scale = random.uniform(0.6, 1.6)
    size = (max(round(image.width * scale), 48), max(round(image.height * scale), 48))
    scan = image.resize(size, Image.Resampling.BICUBIC, box=box)
    scan = ImageEnhance.Brightness(scan).enhance(random.uniform(0.8, 1.2))
    scan = ImageEnhance.Color(scan).enhance(random.uniform(0.7, 1.3))
    tint = np.asarray(scan, dtype=np.float32) * random.uniform(0.92, 1.08, 3)
    return _recompress(Image.fromarray(tint.clip(0, 255).astype(np.uint8)), random)


def _crop(image: Image.Image, random: Random) -> Image.Image:
    """A detail: between a half and four fifths of the area."""
    side = float(np.sqrt(random.uniform(0.5, 0.8)))
    width, height = round(image.width * side), round(image.height * side)
    left = int(random.integers(0, image.width - width + 1))
    top = int(random.integers(0, image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def _mirror(image: Image.Image, _: Random) -> Image.Image:
    return ImageOps.mirror(image)


def _blur(image: Image.Image, random: Random) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(random.uniform(0.02, 0.04) * min(image.size)))


def _darken(image: Image.Image, random: Random) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(random.uniform(0.04, 0.12))


def _wash_out(image: Image.Image, random: Random) -> Image.Image:
    return Image.blend(image, Image.new("RGB", image.size, (255, 255, 255)), random.uniform(0.88, 0.96))


def _empty(image: Image.Image, random: Random) -> Image.Image:
    """A blank page or wall in the picture's mean colour, with the noise of a sensor."""
    mean = np.asarray(image, dtype=np.float32).mean(axis=(0, 1))
    page = mean + random.normal(0, 1.5, (image.height, image.width, 1))
    return Image.fromarray(page.clip(0, 255).astype(np.uint8))


def _grey(image: Image.Image, _: Random) -> Image.Image:
    return image.convert("L").convert("RGB")


def _shrink(image: Image.Image, random: Random) -> Image.Image:
    side = int(random.integers(20, 64))
    return ImageOps.contain(image, (round(side * image.width / min(image.size)), side))


def _strip(image: Image.Image, random: Random) -> Image.Image:
    """A slice, as left by a cropping script: six to ten times as long as high."""
    height = max(round(image.width / random.uniform(6, 10)), 18)
    top = int(random.integers(0, max(image.height - height, 1)))
    return image.crop((0, top, image.width, min(top + height, image.height)))


def _border(image: Image.Image, random: Random) -> Image.Image:
    shade = int(random.choice([0, 20, 128, 235, 255]))
    sides = (random.uniform(0.06, 0.2, 4) * min(image.size)).round().astype(int)
    page = Image.new("RGB", (image.width + sides[0] + sides[2], image.height + sides[1] + sides[3]), (shade,) * 3)
    page.paste(image, (int(sides[0]), int(sides[1])))
    return page


def _frame(image: Image.Image, random: Random) -> Image.Image:
    """A moulded frame of wood or gilt, mitred and lit from the upper left, on a wall."""
    width = max(round(random.uniform(0.1, 0.18) * min(image.size)), 8)
    wood = np.array([(168, 128, 58), (92, 60, 34), (48, 40, 36), (196, 178, 140)][random.integers(4)], dtype=float)
    framed = Image.new("RGB", (image.width + 2 * width, image.height + 2 * width))
    draw = ImageDraw.Draw(framed)
    for depth in range(width):
        profile = 0.75 + 0.35 * np.sin(3.2 * np.pi * depth / width)
        box = (depth, depth, framed.width - 1 - depth, framed.height - 1 - depth)
        for light, line in (
            (1.15, (box[0], box[1], box[2], box[1])),
            (1.05, (box[0], box[1], box[0], box[3])),
            (0.75, (box[0], box[3], box[2], box[3])),
            (0.85, (box[2], box[1], box[2], box[3])),
        ):
            colour = (wood * profile * light + random.normal(0, 3, 3)).clip(0, 255).astype(int)
            draw.line(line, fill=tuple(map(int, colour)))
    framed.paste(image, (width, width))
    wall = tuple(int(value) for value in random.integers(150, 240, 3))
    return ImageOps.expand(framed, border=round(0.4 * width), fill=wall)


_FAULTS = (
    Fault("tiny", "tiny", Way.CHANGE, _shrink),
    Fault("strip", "odd_aspect", Way.CHANGE, _strip),
    Fault("dark", "dark", Way.CHANGE, _darken),
    Fault("washed-out", "light", Way.CHANGE, _wash_out),
    Fault("blurred", "blurred", Way.CHANGE, _blur),
    Fault("blank", "low_information", Way.CHANGE, _empty),
    Fault("grey", "greyscale", Way.CHANGE, _grey),
    Fault("border", "border", Way.CHANGE, _border),
    Fault("frame", "frame", Way.CHANGE, _frame),
    Fault("truncated", "broken", Way.CHANGE),
    Fault("same-pixels", "exact_duplicate", Way.COPY, _same),
    Fault("recompressed", "near_duplicate", Way.COPY, _recompress),
    Fault("rescan", "near_duplicate", Way.COPY, _rescan),
    Fault("detail", "near_duplicate", Way.COPY, _crop),
    Fault("mirrored", "near_duplicate", Way.COPY, _mirror),
    Fault("leak", "leak", Way.LEAK, _rescan),
    Fault("photograph", "not_a_painting", Way.FOREIGN),
    Fault("swapped", "label", Way.SWAP),
)

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _FAULTS}
"""Every kind of fault by its name."""
