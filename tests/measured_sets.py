"""Small sets of pictures, measured as far as the search for duplicates needs."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image, ImageOps

from smn.clean.measurements import Measured
from smn.duplicates import hash_picture
from smn.manifest import COLUMNS, Manifest, read_manifest, write_manifest

KINDS = {"string": pa.string(), "int32": pa.int32()}


def write_set(folder: Path, rows: list[tuple[Image.Image | None, dict[str, Any]]]) -> Manifest:
    """A manifest of pictures, stored without loss; where there is no picture, a file that cannot be read."""
    folder.mkdir(parents=True)
    table = []
    for number, (picture, known) in enumerate(rows):
        file = folder / f"{number}.png"
        if picture is None:
            file.write_bytes(b"not a picture")
        else:
            picture.save(file)
        size = {} if picture is None else {"width": picture.width, "height": picture.height}
        own = {"id": f"{folder.name}-{number}", "path": file.name, "sha256": str(number), "movement": "cubism"}
        table.append(dict.fromkeys(COLUMNS) | own | size | known)
    schema = pa.schema([(name, KINDS[kind]) for name, kind in COLUMNS.items()])
    return read_manifest(write_manifest(pa.Table.from_pylist(table, schema), folder / "manifest.parquet"))


def measure_set(manifest: Manifest) -> Measured:
    """As the first pass of ``smn clean check`` would, with a simple description of colour for an embedding."""
    count = len(manifest)
    blank = Measured(
        manifest=manifest,
        reasons=["It is not a picture."] * count,
        pixels=np.zeros(count, "S32"),
        hashes=np.zeros((count, 4), np.uint64),
        values={},
        logits=np.zeros((count, 1), np.float32),
        painting=np.zeros(count, np.float32),
        embedding=np.zeros((count, 24), np.float16),
        labels=("cubism",),
    )
    reasons = list(blank.reasons)
    for row in range(count):
        file = manifest.picture(row)
        if Path(str(file)).read_bytes() == b"not a picture":
            continue
        image = Image.open(str(file)).convert("RGB")
        reasons[row] = None
        blank.pixels[row] = hashlib.sha256(f"{image.size}".encode() + image.tobytes()).hexdigest()[:32].encode()
        blank.hashes[row] = hash_picture(image)
        blank.embedding[row] = _colours(image)
    return replace(blank, reasons=reasons)


def _colours(image: Image.Image) -> np.ndarray:
    """Means and spreads of four rows of the picture and its mirror image, so that mirroring changes nothing."""
    both = np.stack([np.asarray(each.resize((32, 32)), np.float32) for each in (image, ImageOps.mirror(image))])
    bands = both.reshape(2, 4, 8, 32, 3)
    return np.concatenate([bands.mean(axis=(0, 2, 3)).ravel(), bands.std(axis=(0, 2, 3)).ravel()]).astype(np.float16)
