"""Features of pictures: augmented views of them, and what a network gives of a view, computed once and then cached."""

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from smn.feature_cache import FeatureSet, compute_missing
from smn.images import open_image
from smn.images.preprocess import PreprocessSpec
from smn.manifest import Manifest
from smn.models import Classifier, StatisticsClassifier
from smn.progress import Progress
from smn.train.devices import autocast, choose_dtype, device_of, has_bfloat16
from smn.train.model_configs import ModelSettings, StatisticsSettings, feature_settings
from smn.train.recipe import AugmentSettings, Recipe

VERSION = 1
"""Of the features: raise it where decoding, preprocessing, augmentation or a network gives other ones than before."""

_BATCH = 64


def open_view(manifest: Manifest, row: int, *, recipe: Recipe, spec: PreprocessSpec, view: int) -> NDArray[np.uint8]:
    """One view of a row's picture as pixels (size, size, 3): view 0 is the picture itself, others are augmented.

    How it is augmented depends on the recipe's seed, the view and the picture, not on the row that it stands in.
    """
    image: Image.Image = open_image(manifest.picture(row), reduce_to=spec.size)
    if view:
        content = str(manifest.table["sha256"][row].as_py()).encode()
        drawn = int.from_bytes(hashlib.sha256(content).digest()[:8])
        image = augment(image, recipe.augment, seed=(recipe.seed, view, drawn))
    return np.asarray(spec.resize(image), dtype=np.uint8)


def statistics(
    model: Classifier, manifest: Manifest, *, recipe: Recipe, spec: PreprocessSpec, rows: Sequence[int], view: int
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Raw style statistics in batches ``(start, (n, D))``; the next batch is decoded while the network runs."""
    read = partial(open_view, manifest, recipe=recipe, spec=spec, view=view)
    model.eval()
    device = device_of(model)
    with ThreadPoolExecutor(2) as pool:
        queued: list[Future[NDArray[np.uint8]]] = []
        for start in range(0, len(rows), _BATCH):
            current = queued or [pool.submit(read, row) for row in rows[start : start + _BATCH]]
            queued = [pool.submit(read, row) for row in rows[start + _BATCH : start + 2 * _BATCH]]
            batch = torch.from_numpy(spec.normalise(np.stack([picture.result() for picture in current])))
            # Whatever the network computes in, the statistics are summed in 32 bits.
            with torch.inference_mode(), autocast(device):
                values = model.statistics(batch.contiguous(memory_format=torch.channels_last).to(device))
            yield start, values.float().cpu().numpy()


def cached_statistics(
    model: Classifier,
    manifest: Manifest,
    *,
    recipe: Recipe,
    spec: PreprocessSpec,
    rows: Sequence[int],
    view: int,
    cache: Path,
    progress: Progress,
) -> NDArray[np.float32]:
    """Raw style statistics (len(rows), D) of one view of each row, read from a cache as far as they are there.

    A changed manifest computes only the pictures that are new, in whatever order and split they stand, and an
    interrupted computation continues where it was.

    Args:
        model: the network.
        manifest: the pictures.
        recipe: how views are augmented.
        spec: how pictures become numbers.
        rows: numbers of the rows, in any order.
        view: 0 for the pictures themselves, above for augmented ones.
        cache: the cache's folder, see `smn.feature_cache`.
        progress: called after each batch that was not in the cache.
    """
    contents = manifest.column("sha256")

    def compute(places: list[int]) -> Iterator[tuple[int, NDArray[np.float32]]]:
        return statistics(model, manifest, recipe=recipe, spec=spec, rows=[rows[at] for at in places], view=view)

    return compute_missing(
        cache, describe_features(model, recipe=recipe, spec=spec, view=view), [contents[row] for row in rows], compute,
        title=f"features, view {view}", progress=progress,
    )  # fmt: skip


def describe_features(model: Classifier, *, recipe: Recipe, spec: PreprocessSpec, view: int) -> FeatureSet:
    """Everything but the picture that decides its features."""
    device = device_of(model).type
    facts: dict[str, Any] = {
        **_describe_network(model, recipe.model),
        "weights": _hash_weights(model),
        "preprocess": spec.to_dict(),
        "numbers": str(choose_dtype(device, bfloat16=has_bfloat16(device))),
        "view": view,
    }
    if view:
        facts |= {"augment": asdict(recipe.augment), "seed": recipe.seed}
    return FeatureSet("network statistics", VERSION, facts, np.dtype(("<f4", (model.width,))))


def _describe_network(model: Classifier, settings: ModelSettings) -> dict[str, Any]:
    if isinstance(settings, StatisticsSettings) and isinstance(model, StatisticsClassifier):
        return {"backbone": settings.backbone, "levels": list(model.levels)}
    return {"backbone": getattr(settings, "name", settings.kind), "settings": feature_settings(settings)}


def _hash_weights(model: Classifier) -> str:
    digest = hashlib.sha256()
    for name, value in model.backbone.state_dict().items():
        digest.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


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
