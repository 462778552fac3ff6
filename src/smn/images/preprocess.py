"""From a picture to the numbers that a network takes: one description, used by training, export and prediction."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.errors import BundleError


class Fit(StrEnum):
    """How a picture of any shape becomes a square."""

    SQUASH = "squash"
    """Both sides are scaled to the size: the whole composition is seen, its aspect is lost."""
    CROP = "crop"
    """The shorter side is scaled to the size and the middle is kept."""


class Resample(StrEnum):
    """The filter that scales."""

    BILINEAR = "bilinear"
    BICUBIC = "bicubic"


_FILTERS = {Resample.BILINEAR: Image.Resampling.BILINEAR, Resample.BICUBIC: Image.Resampling.BICUBIC}


@dataclass(frozen=True)
class PreprocessSpec:
    """What happens to an upright RGB picture before the network sees it.

    Args:
        size: side of the square input, in pixels.
        fit: how the picture becomes a square.
        resample: the scaling filter, antialiased.
        mean: per channel (R, G, B), in the range 0..1, subtracted.
        std: per channel (R, G, B), in the range 0..1, divided by.
        jpeg: quality, 1..95, of a JPEG encoding that the square goes through; 0 leaves it out. A network that has
            learned from small encoded pictures knows their traces, which a large clean scan has not got.
    """

    size: int = 224
    fit: Fit = Fit.SQUASH
    resample: Resample = Resample.BICUBIC
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)
    jpeg: int = 0

    def resize(self, image: Image.Image) -> Image.Image:
        """The picture as a square of `size` pixels, mode ``RGB``, encoded and decoded again if `jpeg` says so."""
        box = None
        if self.fit is Fit.CROP:
            width, height = image.size
            side = min(width, height)
            left, top = (width - side) // 2, (height - side) // 2
            box = (left, top, left + side, top + side)
        square = image.resize((self.size, self.size), _FILTERS[self.resample], box=box)
        if not self.jpeg:
            return square
        stream = io.BytesIO()
        square.save(stream, "JPEG", quality=self.jpeg)
        return Image.open(stream).convert("RGB")

    def normalise(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Pixels (..., H, W, 3) in 0..255 as network input (..., 3, H, W)."""
        scale = 1.0 / (255.0 * np.asarray(self.std, dtype=np.float32))
        shift = np.asarray(self.mean, dtype=np.float32) / np.asarray(self.std, dtype=np.float32)
        values = np.moveaxis(pixels, -1, -3) * scale[:, None, None].astype(np.float32) - shift[:, None, None]
        return np.ascontiguousarray(values, dtype=np.float32)

    def restore(self, values: NDArray[np.float32]) -> Image.Image:
        """The square picture, mode ``RGB``, that became this network input (3, size, size)."""
        shares = np.moveaxis(values, 0, -1) * np.asarray(self.std, np.float32) + np.asarray(self.mean, np.float32)
        return Image.fromarray(np.clip(np.round(255 * shares), 0, 255).astype(np.uint8))

    def apply(self, image: Image.Image) -> NDArray[np.float32]:
        """One upright RGB picture as network input (3, size, size)."""
        return self.normalise(np.asarray(self.resize(image), dtype=np.uint8))

    def apply_all(self, images: Iterable[Image.Image]) -> NDArray[np.float32]:
        """Several pictures as a batch (N, 3, size, size)."""
        return np.stack([self.apply(image) for image in images])

    def to_dict(self) -> dict[str, Any]:
        """Plain data for ``bundle.json``."""
        known = asdict(self)
        if not self.jpeg:  # what bundles and runs looked like before there was a choice
            del known["jpeg"]
        return known

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, where: str) -> "PreprocessSpec":
        """Read what `to_dict` wrote.

        Raises:
            BundleError: a key or value is unknown; the message names the file ``where`` it stands.
        """
        known = set(cls.__dataclass_fields__) - {"jpeg"}
        if set(data) - {"jpeg"} != known:
            raise BundleError(f"{where}: preprocessing must have exactly {sorted(known)}, but has {sorted(data)}.")
        try:
            spec = cls(
                size=int(data["size"]),
                fit=Fit(data["fit"]),
                resample=Resample(data["resample"]),
                mean=_three(data["mean"]),
                std=_three(data["std"]),
                jpeg=int(data.get("jpeg", 0)),
            )
        except (ValueError, TypeError, OverflowError) as error:
            raise BundleError(f"{where}: preprocessing has a value that smn does not know ({error}).") from error
        if spec.size < 1 or min(spec.std) <= 0 or not np.isfinite([*spec.mean, *spec.std]).all():
            raise BundleError(
                f"{where}: preprocessing needs a size of 1 or more, a finite mean and std above 0, but has {data}."
            )
        if not 0 <= spec.jpeg <= 95:
            raise BundleError(f"{where}: preprocessing has jpeg {spec.jpeg}; it must be 0, for none, or from 1 to 95.")
        return spec


def _three(values: Iterable[float]) -> tuple[float, float, float]:
    first, second, third = (float(value) for value in values)
    return first, second, third
