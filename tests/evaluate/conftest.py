"""Predictions and pictures made for the tests of evaluation."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from smn.evaluate import Predictions
from smn.manifest import COLUMNS, write_manifest
from smn.movements import read_taxonomy

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


@pytest.fixture
def make_manifest(tmp_path: Path) -> Callable[..., Path]:
    """Writes pictures of one colour each and their manifest, and gives the folder."""

    def make(name: str, rows: Sequence[Row], *, broken: int = 0) -> Path:
        folder = tmp_path / name
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
                {**dict.fromkeys(COLUMNS), **given, "id": f"{name}-{at}", "path": f"{at}.png", "sha256": digest}
            )
        table = pa.Table.from_pylist(records, schema=_schema())
        if any(row.accepted for row in rows):
            table = table.append_column("accepted", pa.array([row.accepted for row in rows], pa.string()))
        write_manifest(table, folder / "manifest.parquet")
        return folder

    return make


def _schema() -> pa.Schema:
    return pa.schema([(name, pa.type_for_alias(kind)) for name, kind in COLUMNS.items()])


@pytest.fixture
def make_predictions() -> Callable[..., Predictions]:
    """Makes predictions of a middling model: ``make_predictions(rows=200, seed=1, taxonomy="origin-8")``."""

    def make(*, rows: int = 200, seed: int = 0, taxonomy: str = "origin-8", **given: Any) -> Predictions:
        random = np.random.default_rng(seed)
        read = read_taxonomy(taxonomy)
        classes = len(read.labels)
        truth = random.integers(0, classes, rows)
        logits = random.normal(size=(rows, classes))
        logits[np.arange(rows), truth] += 1.5
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        made: dict[str, Any] = {
            "name": "made",
            "taxonomy": read,
            "ids": tuple(str(at) for at in range(rows)),
            "probabilities": probabilities,
            "truth": truth,
            "artists": tuple(f"Artist {at}" for at in random.integers(0, max(rows // 4, 1), rows)),
            "sources": tuple(("east", "west", None)[at % 3] for at in range(rows)),
            "label_kinds": tuple(("work", "artist")[at % 2] for at in range(rows)),
            "painting": random.beta(5, 1, rows),
            "not_paintings": random.beta(1, 5, 50),
            "data_hash": "0" * 64,
        }
        return Predictions(**{**made, **given})

    return make
