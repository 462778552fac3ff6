"""Which rows a recipe learns from."""

from pathlib import Path

import pytest

from smn.errors import ManifestError
from smn.manifest import read_manifest, write_manifest
from smn.movements import read_taxonomy
from smn.train.selection import select, select_negatives


def test_selection_groups_by_the_taxonomy_and_leaves_the_rest_out(pictures: Path, tmp_path: Path) -> None:
    import pyarrow as pa

    manifest = read_manifest(pictures)
    rows = manifest.table.to_pylist()
    for row, movement in zip(
        rows, ("minimalism", "ukiyo-e", None, "not-a-painting", "neo-impressionism"), strict=False
    ):
        row |= {"movement": movement, "split": "train"}
    table = pa.Table.from_pylist(rows, manifest.table.schema)
    changed = read_manifest(write_manifest(table, tmp_path / "manifest.parquet"))
    data = select(changed, read_taxonomy("origin-8"), split="train")
    labels = [read_taxonomy("origin-8").label_ids[target] for target in data.targets]
    # Ukiyo-e is none of the eight; the other two are read with a neighbour.
    assert labels[:2] == ["color-field", "impressionism"]
    assert data.rows[:2] == (0, 4)
    assert len(data.rows) == len(changed.rows(split="train")) - 3


def test_negatives_are_the_training_rows_that_are_no_paintings(pictures: Path, others: Path) -> None:
    negatives = read_manifest(others)
    assert select_negatives(negatives) == negatives.rows(split="train")
    with pytest.raises(ManifestError, match="import it with --not-paintings"):
        select_negatives(read_manifest(pictures))
