from pathlib import Path

import pyarrow as pa
import pytest

import corrections
from smn.clean.decisions import Verdict
from smn.manifest import COLUMNS, Manifest, read_manifest, write_manifest


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    rows = [
        {"id": "a", "movement": "realism", "artist": "Ilya Repin", "split": "train"},
        {"id": "b", "movement": "realism", "artist": "Ilya Repin", "split": "test", "title": "Autumn"},
        {"id": "c", "movement": "realism", "artist": "Ilya Repin", "split": "train"},
        {"id": "d", "movement": "realism", "artist": "Ilya Repin", "split": "val", "same_work": "a"},
        {"id": "e", "movement": "art-nouveau", "artist": "Alphonse Mucha", "split": "val", "same_work": "none"},
    ]
    schema = pa.schema([*((name, getattr(pa, kind)()) for name, kind in COLUMNS.items()), ("same_work", pa.string())])
    table = pa.Table.from_pylist([{"sha256": row["id"] * 64, **row} for row in rows], schema=schema)
    return read_manifest(write_manifest(table, tmp_path / "manifest.parquet"))


def test_labels_of_works_count_outside_test_and_for_the_same_artist(manifest: Manifest) -> None:
    work = {"movement": "Impressionism", "raw_label": "Impressionism", "artist": "Repin, Ilya", "title": "On a bench"}
    other = {**work, "artist": "Isaac Levitan"}
    nouveau = {**work, "movement": "Art Nouveau", "artist": "Alphonse Mucha"}
    found = list(corrections.correct_labels(manifest, {"a": work, "b": work, "c": other, "e": nouveau}))
    assert [(one.id, one.verdict, one.movement, one.sha256) for one in found] == [
        ("a", Verdict.RELABEL, "impressionism", "a" * 64)
    ]


def test_of_a_crop_and_the_whole_the_crop_is_dropped(manifest: Manifest) -> None:
    assert [(one.id, one.verdict, one.note) for one in corrections.drop_crops(manifest)] == [
        ("a", Verdict.DROP, "a crop of d")
    ]


def test_held_out_works_are_dropped_from_every_split(manifest: Manifest) -> None:
    assert [(one.id, one.note) for one in corrections.drop_held_out(manifest, manifest)] == [
        ("b", "the work is held out")
    ]
