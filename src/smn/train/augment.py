"""Changes training pictures so that the network learns the style and not the scanner, the encoder or the crop."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from smn.train.recipe import AugmentSettings

Change = Callable[[Image.Image, AugmentSettings, np.random.Generator], Image.Image]


def augment(image: Image.Image, settings: AugmentSettings, *, seed: tuple[int, ...]) -> Image.Image:
    """One augmented view of an upright RGB picture; the same seed gives the same view.

    The order is that of a picture's life: hung and framed, photographed, coloured by the camera, scaled and encoded;
    RandAugment comes last. With ``settings.on`` false the picture stays as it is.
    """
    if not settings.on:
        return image
    random = np.random.default_rng(seed)
    for name, change in _CHANGES.items():
        if random.random() < getattr(settings, name):
            image = change(image, settings, random)
    for _ in range(int(random.integers(settings.rounds + 1)) if settings.rounds else 0):
        image = _copy(image, settings, random)
    if settings.randaugment:
        image = _distort(image, settings, random)
    return image


def _distort(image: Image.Image, settings: AugmentSettings, random: np.random.Generator) -> Image.Image:
    """RandAugment (Cubuk et al. 2020), drawn from our generator and not from the process's."""
    import torch
    from torchvision.transforms import v2

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(random.integers(2**31)))
        changed: Image.Image = v2.RandAugment(settings.randaugment, settings.magnitude)(image)
    return changed


def _crop(image: Image.Image, settings: AugmentSettings, random: np.random.Generator) -> Image.Image:
    width, height = image.size
    side = np.sqrt(random.uniform(settings.crop_area, 1.0))
    stretch = np.exp(random.uniform(-settings.aspect, settings.aspect))
    across = int(np.clip(width * side * stretch, 16, width))
    down = int(np.clip(height * side / stretch, 16, height))
    left, top = random.integers(0, width - across + 1), random.integers(0, height - down + 1)
    return image.crop((int(left), int(top), int(left) + across, int(top) + down))


def _flip(image: Image.Image, _: AugmentSettings, __: np.random.Generator) -> Image.Image:
    return ImageOps.mirror(image)


def _margin(image: Image.Image, _: AugmentSettings, random: np.random.Generator) -> Image.Image:
    shade = int(random.choice([random.integers(0, 60), random.integers(120, 200), random.integers(215, 256)]))
    tint = np.clip(shade + random.integers(-12, 13, size=3), 0, 255)
    edges = (random.uniform(0.0, 0.08, size=4) * min(image.size)).astype(int)
    colour = (int(tint[0]), int(tint[1]), int(tint[2]))
    return ImageOps.expand(image, (int(edges[0]), int(edges[1]), int(edges[2]), int(edges[3])), fill=colour)


def _colour(image: Image.Image, settings: AugmentSettings, random: np.random.Generator) -> Image.Image:
    factors = 1.0 + random.uniform(-settings.colour_strength, settings.colour_strength, size=3)
    image = ImageEnhance.Brightness(image).enhance(factors[0])
    image = ImageEnhance.Contrast(image).enhance(factors[1])
    image = ImageEnhance.Color(image).enhance(factors[2])
    gains = 1.0 + random.uniform(-settings.colour_strength, settings.colour_strength, size=3) / 2.0
    table = np.clip(np.arange(256)[None, :] * gains[:, None], 0, 255).astype(np.uint8)
    return image.point(table.ravel().tolist())


def _grey(image: Image.Image, _: AugmentSettings, __: np.random.Generator) -> Image.Image:
    return ImageOps.grayscale(image).convert("RGB")


def _blur(image: Image.Image, _: AugmentSettings, random: np.random.Generator) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(random.uniform(0.3, 1.2)))


def _rescale(image: Image.Image, settings: AugmentSettings, random: np.random.Generator) -> Image.Image:
    shortest = min(image.size)
    if shortest <= settings.rescale_to:
        return image
    scale = random.uniform(settings.rescale_to, shortest) / shortest
    return image.resize(
        (max(1, round(image.width * scale)), max(1, round(image.height * scale))), Image.Resampling.BICUBIC
    )


def _jpeg(image: Image.Image, settings: AugmentSettings, random: np.random.Generator) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=int(random.integers(settings.jpeg_quality, 96)))
    return Image.open(stream).convert("RGB")


def _copy(image: Image.Image, settings: AugmentSettings, random: np.random.Generator) -> Image.Image:
    """What happens to a copy on its way through the web: scaled by some filter, sharpened, encoded anew."""
    shortest = min(image.size)
    goal = random.uniform(min(settings.rescale_to, shortest), 1.4 * shortest)
    size = (max(1, round(image.width * goal / shortest)), max(1, round(image.height * goal / shortest)))
    image = image.resize(size, _FILTERS[int(random.integers(len(_FILTERS)))])
    if random.random() < settings.sharpen:
        image = image.filter(ImageFilter.UnsharpMask(random.uniform(0.5, 2.0), int(random.integers(30, 150)), 2))
    if random.random() < settings.noise:
        grain = random.normal(0.0, random.uniform(1.0, 6.0), (image.height, image.width, 1))
        image = Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))
    stream, quality = io.BytesIO(), int(random.integers(settings.jpeg_quality, 98))
    if random.random() < settings.webp:
        image.save(stream, "WEBP", quality=quality, method=0)
    else:
        image.save(stream, "JPEG", quality=quality, subsampling=int(random.integers(3)))
    return Image.open(stream).convert("RGB")


_FILTERS = (
    Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.HAMMING, Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
)  # fmt: skip

_CHANGES: dict[str, Change] = {
    "margin": _margin,
    "crop": _crop,
    "flip": _flip,
    "colour": _colour,
    "grey": _grey,
    "blur": _blur,
    "rescale": _rescale,
    "jpeg": _jpeg,
}
