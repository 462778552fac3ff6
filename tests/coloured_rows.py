"""Pictures of one colour each and their manifest, for tests that measure a model on a set."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

from smn.manifest import COLUMNS, write_manifest

HUES = {
    "fauvism": (220, 40, 40),
    "impressionism": (40, 40, 220),
    "realism": (40, 220, 40),
    "not-a-painting": (128, 128, 128),
}


@dataclass
class Row:
    """A row of a manifest that the tests make; ``looks`` is the movement whose colour it has."""

    movement: str | None
    artist: str | None = None
    looks: str = ""
    source: str = "made"
    label_kind: str = "work"
    split: str | None = None
    accepted: str | None = None


def write_rows(folder: Path, rows: Sequence[Row], *, broken: int = 0) -> Path:
    """Write pictures of one colour each, the first ``broken`` of them damaged, and their manifest into a new folder."""
    folder.mkdir()
    records: list[dict[str, Any]] = []
    random = np.random.default_rng(0)
    for at, row in enumerate(rows):
        hue = HUES[row.looks or row.movement or "not-a-painting"]
        pixels = np.clip(np.array(hue) + random.integers(-20, 21, (40, 48, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{at}.png")
        if at < broken:
            (folder / f"{at}.png").write_bytes(b"no picture at all")
        digest = hashlib.sha256((folder / f"{at}.png").read_bytes()).hexdigest()
        given = {key: getattr(row, key) for key in ("movement", "artist", "source", "label_kind", "split")}
        records.append(
            {**dict.fromkeys(COLUMNS), **given, "id": f"{folder.name}-{at}", "path": f"{at}.png", "sha256": digest}
        )
    table = pa.Table.from_pylist(records, schema=_schema())
    if any(row.accepted for row in rows):
        table = table.append_column("accepted", pa.array([row.accepted for row in rows], pa.string()))
    write_manifest(table, folder / "manifest.parquet")
    return folder


def _schema() -> pa.Schema:
    return pa.schema([(name, pa.type_for_alias(kind)) for name, kind in COLUMNS.items()])
