"""The history of a data set, kept inside its manifest."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

import smn
from smn.dataset import import_dataset, rewrite_manifest, split_manifest
from smn.manifest import COLUMNS, Manifest, read_manifest, write_manifest
from smn.manifest.lineage import KEY, UNRECORDED, Step, describe_step, read_lineage, write_lineage
from smn.manifest.writer import manifest_schema, parquet_writer, write_records

SCHEMA = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in COLUMNS.items()])


def table_of(count: int, **values: Any) -> pa.Table:
    rows = [
        dict.fromkeys(COLUMNS) | {"id": str(number), "sha256": f"{number:064x}"} | values for number in range(count)
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def written(file: Path, table: pa.Table, command: str | None = "first", parents: tuple[Manifest, ...] = ()) -> Manifest:
    made_by = None if command is None else {"command": command}
    return read_manifest(write_manifest(table, file, made_by=made_by, parents=parents))


def commands(manifest: Manifest) -> list[str]:
    return [step.made_by["command"] for step in manifest.lineage()]


def test_a_manifest_knows_what_made_it(tmp_path: Path) -> None:
    manifest = written(tmp_path / "a.parquet", table_of(2))
    (step,) = manifest.lineage()
    assert (step.data, step.parents, step.made_by) == (manifest.data_hash(), (), {"command": "first"})
    assert step.smn == smn.__version__
    assert step.at.endswith("Z")


def test_without_a_record_there_is_no_history(tmp_path: Path) -> None:
    manifest = written(tmp_path / "a.parquet", table_of(2), None)
    assert manifest.lineage() == ()
    child = written(tmp_path / "b.parquet", table_of(1), "next", (manifest,))
    assert [(step.parents, step.made_by["command"]) for step in child.lineage()] == [((manifest.data_hash(),), "next")]


def test_rewriting_adds_a_step(tmp_path: Path) -> None:
    old = written(tmp_path / "a.parquet", table_of(2))
    file = rewrite_manifest(
        old, tmp_path / "b.parquet", columns={"split": ["train", "val"]}, made_by={"command": "second"}
    )
    new = read_manifest(file)
    assert commands(new) == ["first", "second"]
    assert new.lineage()[1].data == new.data_hash()
    assert new.lineage()[1].parents == (old.data_hash(),)
    again = read_manifest(rewrite_manifest(new, tmp_path / "c.parquet", columns={}, made_by={"command": "third"}))
    assert commands(again) == ["first", "second", "third"]
    assert again.data_hash() == new.data_hash()


@pytest.mark.parametrize("embedded", [False, True])
def test_records_that_are_streamed_have_a_history_too(tmp_path: Path, embedded: bool) -> None:
    parent = written(tmp_path / "a.parquet", table_of(2))
    inside = {"image": {"bytes": b"x", "path": None}} if embedded else {}
    rows = [row | inside for row in table_of(3).to_pylist()]
    schema = manifest_schema({}, embedded=embedded)
    file = write_records(
        iter(rows), tmp_path / "b.parquet", schema=schema, made_by={"command": "second"}, parents=[parent]
    )
    manifest = read_manifest(file)
    assert commands(manifest) == ["first", "second"]
    assert manifest.lineage()[1].data == manifest.data_hash()
    assert (b"huggingface" in parquet.read_schema(file).metadata) if embedded else True
    assert KEY in parquet.read_metadata(file).metadata


def test_several_parents_share_their_ancestors(tmp_path: Path) -> None:
    root = written(tmp_path / "root.parquet", table_of(1), "root")
    sides = [written(tmp_path / f"{side}.parquet", table_of(side), f"side {side}", (root,)) for side in (2, 3)]
    child = written(tmp_path / "child.parquet", table_of(4), "merge", tuple(sides))
    assert commands(child) == ["root", "side 2", "side 3", "merge"]
    assert child.lineage()[-1].parents == tuple(side.data_hash() for side in sides)


def test_what_changed_a_manifest_without_a_record_shows(tmp_path: Path) -> None:
    manifest = written(tmp_path / "a.parquet", table_of(2))
    # A table that was read, changed and written by somebody carries its history along.
    changed = written(tmp_path / "b.parquet", manifest.table.slice(0, 1), None)
    assert commands(changed) == ["first", UNRECORDED]
    assert changed.lineage()[-1] == Step(changed.data_hash(), (manifest.data_hash(),), {"command": UNRECORDED})
    schema = manifest.table.schema
    with parquet_writer(tmp_path / "c.parquet", schema=schema) as writer:
        writer.write_table(manifest.table.slice(1))
    assert commands(read_manifest(tmp_path / "c.parquet")) == ["first", UNRECORDED]
    with parquet_writer(
        tmp_path / "d.parquet", schema=schema, made_by={"command": "half"}, parents=[manifest]
    ) as writer:
        writer.write_table(manifest.table.slice(1))
    assert commands(read_manifest(tmp_path / "d.parquet")) == ["first", "half"]


@pytest.mark.parametrize("text", ["", "nonsense", "null", "[1]", "[{}]", '{"data": 1}', '[{"data": "x"}]'])
def test_a_history_that_cannot_be_read_is_none(text: str) -> None:
    assert read_lineage({KEY: text.encode()}, data="x") == ()
    assert read_lineage(None, data="x") == ()


def test_settings_of_any_kind_are_written(tmp_path: Path) -> None:
    made_by = {"command": "dataset import", "sources": [tmp_path], "columns": {"artist": "wer"}, "embed": False}
    (step,) = read_lineage({KEY: write_lineage("x", made_by=made_by, parents=[]).encode()}, data="x")
    assert step.made_by["sources"] == [str(tmp_path)]
    assert json.loads(json.dumps(step.to_dict()))["data"] == "x"
    assert describe_step(step) == f"dataset import (sources {tmp_path}, columns artist=wer)"
    assert describe_step(Step("x", (), {})) == UNRECORDED
    assert describe_step(Step("x", (), {"command": "c", "pixels": True, "seed": 0})) == "c (pixels yes, seed 0)"


def test_import_and_split_are_recorded(tmp_path: Path, paint_file: Any) -> None:
    for number in range(12):
        paint_file(f"set/cubism/{number}.png", (number * 20, 0, 0))
    import_dataset([tmp_path / "set"], tmp_path / "a", licence="CC0-1.0")
    split_manifest(tmp_path / "a", tmp_path / "b", seed=3, ratios=(2, 1, 1))
    first, second = map(describe_step, read_manifest(tmp_path / "b").lineage())
    assert first == f"dataset import (sources {tmp_path / 'set'}, licence CC0-1.0)"
    assert second == "dataset split (by artist, ratios 2/1/1, seed 3)"
