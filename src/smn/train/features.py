"""Features of pictures: views of them, and the statistics of a network's layers."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from smn.images import open_image
from smn.manifest import Manifest
from smn.models import Classifier
from smn.preprocess import PreprocessSpec
from smn.train.augment import augment
from smn.train.precision import autocast, device_of
from smn.train.recipe import Recipe

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, and how many there are."""

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
