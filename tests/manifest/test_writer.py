from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from smn.errors import OutputExistsError
from smn.manifest import COLUMNS, read_manifest
from smn.manifest.writer import manifest_schema, parquet_writer, place_path, rewrite_manifest, write_records


def record(number, **more):
    return dict.fromkeys(COLUMNS) | {"id": str(number), "sha256": f"{number:064d}"} | more


def test_schema():
    assert manifest_schema({"museum": pa.string()}, embedded=False).names == [*COLUMNS, "museum"]
    embedded = manifest_schema({}, embedded=True)
    assert embedded.field("image").type == pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    assert b"Image" in embedded.metadata[b"huggingface"]


def test_embedded_records_are_streamed(tmp_path):
    records = (record(n, image={"bytes": b"x" * n, "path": None}) for n in range(1100))
    file = write_records(records, tmp_path / "m.parquet", schema=manifest_schema({}, embedded=True))
    assert parquet.read_metadata(file).num_row_groups == 3
    assert read_manifest(file).picture(7) == b"x" * 7


def test_nothing_is_overwritten_and_nothing_half_written_stays(tmp_path):
    schema = manifest_schema({}, embedded=True)
    file = tmp_path / "m.parquet"

    def broken():
        yield record(1, image={"bytes": b"x", "path": None})
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_records(broken(), file, schema=schema)
    assert list(tmp_path.iterdir()) == []
    file.write_bytes(b"mine")
    with pytest.raises(OutputExistsError), parquet_writer(file, schema=schema):
        pass
    assert file.read_bytes() == b"mine"


def test_rewriting_elsewhere_finds_the_pictures(tmp_path):
    (tmp_path / "1.png").write_bytes(b"picture")
    records = [record(n, path=f"{n}.png") for n in range(2)]
    old = read_manifest(write_records(records, tmp_path / "m.parquet", schema=manifest_schema({}, embedded=False)))
    new = read_manifest(rewrite_manifest(old, tmp_path / "other/place/m.parquet", columns={"split": ["test", "val"]}))
    assert new.column("split") == ["test", "val"]
    assert new.picture(1).is_file()
    assert Path(new.column("path")[0]).is_absolute()
    beside = read_manifest(rewrite_manifest(old, old.file.with_name("n.parquet"), columns={}))
    assert beside.column("path") == old.column("path")
    assert beside.data_hash() == old.data_hash()


def test_rewriting_keeps_pictures_inside_and_extra_columns(tmp_path):
    schema = manifest_schema({"museum": pa.string()}, embedded=True)
    records = [record(n, image={"bytes": bytes([n]), "path": None}, museum="Louvre") for n in range(600 % 256)]
    old = read_manifest(write_records(records, tmp_path / "m.parquet", schema=schema))
    new = read_manifest(rewrite_manifest(old, tmp_path / "n.parquet", columns={"split": ["train"] * len(old)}))
    assert [new.picture(n) for n in range(len(new))] == [old.picture(n) for n in range(len(old))]
    assert set(new.column("museum")) == {"Louvre"}
    assert parquet.read_schema(new.file).metadata[b"huggingface"]


def test_paths_are_relative_below_the_folder_only(tmp_path):
    assert place_path(tmp_path / "a/b/../c.png", folder=tmp_path / "a") == "c.png"
    assert place_path(tmp_path / "c.png", folder=tmp_path / "a") == (tmp_path / "c.png").as_posix()
