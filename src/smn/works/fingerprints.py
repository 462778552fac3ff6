"""What is compared of a picture to find the work in it: the network's embedding and hashes of its layout."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.duplicates import hash_picture
from smn.images.preprocess import PreprocessSpec

Hashes = NDArray[np.uint64]

BOXES = tuple(
    (0.5 - width / 2 + right, 0.5 - height / 2 + down, 0.5 + width / 2 + right, 0.5 + height / 2 + down)
    for width, height, right, down in (
        *((side, side, 0.0, 0.0) for side in (1.0, 0.97, 0.94, 0.9, 0.85, 0.8)),
        *((side, 1.0, 0.0, 0.0) for side in (0.9, 0.82, 0.75, 0.67)),
        *((1.0, side, 0.0, 0.0) for side in (0.9, 0.82, 0.75, 0.67)),
        *((0.96, 0.96, right, down) for right in (-0.02, 0.02) for down in (-0.02, 0.02)),
    )
)
"""Parts of a picture that an index may hold, left, upper, right, lower, as shares: it may be cropped, or less so."""


def feature_type(width: int) -> np.dtype[Any]:
    """One picture's features: its ``embedding`` of so many numbers, and the ``hash`` of its layout."""
    return np.dtype([("embedding", "<f4", (width,)), ("hash", "<u8", (4,))])


def hash_parts(values: NDArray[np.float32], spec: PreprocessSpec) -> Hashes:
    """Hashes (B, 4) of `BOXES` of a picture, the whole one first; see `smn.duplicates.hash_picture`.

    Args:
        values: network input (3, size, size).
        spec: what made it.
    """
    grey = spec.restore(values).convert("L")
    side = grey.width
    parts = [tuple(round(side * share) for share in box) for box in BOXES]
    return np.stack([hash_picture(grey.crop(part)) for part in parts])  # type: ignore[arg-type]


def hash_whole(values: NDArray[np.float32], spec: PreprocessSpec) -> Hashes:
    """The hash (4,) of the whole picture, see `hash_parts`."""
    return hash_picture(spec.restore(values))
