"""What coarser taxonomies gain and lose, read from one confusion matrix."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smn.evaluate.tradeoff import count_families, count_preset, draw_tradeoff
from smn.movements import read_taxonomy

SMN = read_taxonomy("smn-25")


@pytest.fixture
def table() -> np.ndarray:
    random = np.random.default_rng(0)
    return random.integers(0, 10, (25, 25)) + np.diag(random.integers(20, 60, 25)).astype(float)


def test_families_are_sums(table: np.ndarray) -> None:
    step = count_families(table, SMN)
    assert len(step.groups) == 12
    families = [label.family for label in SMN.labels]
    same = np.equal.outer(families, families)
    assert step.top1 == pytest.approx(table[same].sum() / table.sum())
    assert 0 < step.bits < np.log2(12)


def test_a_preset_joins_and_drops(table: np.ndarray) -> None:
    step = count_preset(table, SMN, read_taxonomy("origin-8"))
    assert len(step.groups) == 8
    assert ("early-renaissance", "high-renaissance", "northern-renaissance", "mannerism") in step.groups
    assert "ukiyo-e" not in {label for group in step.groups for label in group}
    assert count_preset(table, SMN, SMN).groups == tuple((label.id,) for label in SMN.labels)


def test_the_picture_is_drawn(table: np.ndarray, tmp_path: Path) -> None:
    presets = {"families": count_families(table, SMN), "origin-8": count_preset(table, SMN, read_taxonomy("origin-8"))}
    file = tmp_path / "curve.png"
    draw_tradeoff(table, SMN, file, chosen=16, presets=presets, part="val")
    with Image.open(file) as picture:
        assert picture.size == (1312, 1056)
        assert len(picture.convert("RGB").getcolors(1 << 20) or []) > 20
