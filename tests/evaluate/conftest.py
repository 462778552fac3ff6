"""Predictions made for the tests of evaluation."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coloured_rows import Row, write_rows
from smn.evaluate import Predictions
from smn.movements import read_taxonomy


@pytest.fixture
def make_manifest(tmp_path: Path) -> Callable[..., Path]:
    """Writes pictures of one colour each and their manifest, and gives the folder."""

    def make(name: str, rows: Sequence[Row], *, broken: int = 0) -> Path:
        return write_rows(tmp_path / name, rows, broken=broken)

    return make


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
