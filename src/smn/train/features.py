"""Features of pictures, computed once and kept on disk; interrupted, the computation continues where it was."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from smn.images import open_image
from smn.manifest import Manifest
from smn.models import Classifier
from smn.preprocess import PreprocessSpec
from smn.train.augment import augment
from smn.train.recipe import Recipe

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, and how many there are."""

_BATCH = 64


def open_view(manifest: Manifest, row: int, *, recipe: Recipe, spec: PreprocessSpec, view: int) -> NDArray[np.uint8]:
    """One view of a row's picture as pixels (size, size, 3): view 0 is the picture itself, others are augmented."""
    image: Image.Image = open_image(manifest.picture(row), reduce_to=spec.size)
    if view:
        image = augment(image, recipe.augment, seed=(recipe.seed, view, row))
    return np.asarray(spec.resize(image), dtype=np.uint8)


def cache_key(manifest: Manifest, *, recipe: Recipe, rows: Sequence[int], view: int) -> str:
    """A name that changes whenever the features would: with data, network, preprocessing, view and augmentation."""
    model = {key: value for key, value in asdict(recipe.model).items() if key != "dropout"}
    contents = manifest.column("sha256")  # with the row's number, because the same data may stand in another order
    parts: list[object] = [[[row, contents[row]] for row in rows], model, view]
    if view:
        parts += [asdict(recipe.augment), recipe.seed]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


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
    """Raw style statistics (len(rows), D) of one view of each row, of the *pretrained* network.

    They are written to ``cache`` as they come, and read from there the next time.
    """
    cache.mkdir(parents=True, exist_ok=True)
    name = f"features-{cache_key(manifest, recipe=recipe, rows=rows, view=view)}"
    final, unfinished, done_file = (cache / f"{name}{end}" for end in (".npy", ".partial.npy", ".done"))
    if final.exists():
        return np.asarray(np.load(final), dtype=np.float32)
    if not unfinished.exists():
        done_file.unlink(missing_ok=True)
    done = int(done_file.read_text()) if done_file.exists() else 0
    shape = (len(rows), model.width)
    store = np.lib.format.open_memmap(unfinished, mode="r+" if done else "w+", dtype=np.float32, shape=shape)
    for start, values in statistics(model, manifest, recipe=recipe, spec=spec, rows=rows, view=view, skip=done):
        store[start : start + len(values)] = values
        store.flush()
        _write_whole(done_file, str(start + len(values)))
        progress(f"features, view {view}", start + len(values), len(rows))
    os.replace(unfinished, final)
    done_file.unlink(missing_ok=True)
    return np.asarray(np.load(final), dtype=np.float32)


def _write_whole(file: Path, text: str) -> None:
    partial_file = file.with_name(file.name + ".partial")
    partial_file.write_text(text)
    os.replace(partial_file, file)


def statistics(
    model: Classifier,
    manifest: Manifest,
    *,
    recipe: Recipe,
    spec: PreprocessSpec,
    rows: Sequence[int],
    view: int,
    skip: int = 0,
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Raw style statistics in batches ``(start, (n, D))``; the next batch is decoded while the network runs."""
    starts = range(skip, len(rows), _BATCH)
    read = partial(open_view, manifest, recipe=recipe, spec=spec, view=view)
    model.eval()
    with ThreadPoolExecutor(2) as pool:
        queued: list[Future[NDArray[np.uint8]]] = []
        for start in starts:
            current = queued or [pool.submit(read, row) for row in rows[start : start + _BATCH]]
            queued = [pool.submit(read, row) for row in rows[start + _BATCH : start + 2 * _BATCH]]
            batch = torch.from_numpy(spec.normalise(np.stack([picture.result() for picture in current])))
            # bfloat16 is the fast type on recent CPUs; the statistics are summed in 32 bits all the same.
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
                values = model.statistics(batch.contiguous(memory_format=torch.channels_last))
            yield start, values.float().numpy()
