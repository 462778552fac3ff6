from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from smn.dataset.union import Part, has_pictures_inside, stream_pictures, unite_columns, write_union
from smn.errors import ManifestError, OutputExistsError
from smn.manifest import Manifest, read_manifest, write_manifest

QUIET = {"made_by": {"command": "test"}, "progress": lambda *_: None}


def everything(*manifests, columns=None):
    return [Part(manifest, [True] * len(manifest), columns or {}) for manifest in manifests]


def with_column(manifest: Manifest, values: pa.Array, name: str = "extra") -> Manifest:
    table = manifest.table.append_column(name, values)
    return read_manifest(write_manifest(table, manifest.file, replace=True))


def test_pictures_inside_and_beside_are_streamed_in_order(collect, paint):
    for embed in (False, True):
        manifest = collect([{"seed": seed} for seed in range(70)], f"set {embed}", embed=embed)
        assert has_pictures_inside(manifest) is embed
        found = [one.read_bytes() if isinstance(one, Path) else one for one in stream_pictures(manifest)]
        assert found == [paint(seed) for seed in range(70)]


def test_rows_without_a_picture_are_none(manifest):
    assert list(stream_pictures(manifest([{}, {}]))) == [None, None]


def test_a_union_of_pictures_inside_and_beside(collect, paint, tmp_path):
    beside = collect([{"seed": 1}, {"seed": 2}], "beside", museum=pa.string())
    inside = collect([{"seed": 3}, {"seed": 4, "stars": 5}], "inside", embed=True, stars=pa.int32())
    extras = unite_columns([beside, inside])
    assert extras == {"museum": pa.string(), "stars": pa.int32()}
    parts = [Part(beside, [True, False], {"id": ["x", "y"]}), Part(inside, [True, True], {})]
    file = write_union(parts, tmp_path / "out" / "m.parquet", extras=extras, **QUIET)
    union = read_manifest(file)
    assert union.column("id") == ["x", *inside.column("id")]
    assert union.column("stars") == [None, None, 5]
    assert union.column("museum") == [None] * 3
    found = [union.picture(row) for row in range(3)]
    assert found == [Path(beside.picture(0)), paint(3), paint(4)]
    assert not Path(union.column("path")[0]).is_relative_to("..")
    assert b"Image" in parquet.read_schema(file).metadata[b"huggingface"]
    (step,) = union.lineage()
    assert step.parents == (beside.data_hash(), inside.data_hash())


def test_pictures_below_the_new_folder_are_relative(collect, tmp_path):
    manifest = collect([{"seed": 1}])
    file = write_union(everything(manifest), tmp_path / "m.parquet", extras={}, **QUIET)
    assert read_manifest(file).column("path") == [f"old/{manifest.column('path')[0]}"]


@pytest.mark.parametrize(
    ("one", "other", "united"),
    [
        (pa.array([1], pa.int32()), pa.array([2], pa.int64()), pa.int64()),
        (pa.array([1], pa.int64()), pa.array([0.5]), pa.float64()),
        (pa.array([1], pa.int64()), pa.array(["c. 1889"]), pa.string()),
        (pa.array([True]), pa.array([3], pa.int64()), pa.string()),
        (pa.nulls(1), pa.array([3], pa.int32()), pa.int32()),
        (pa.nulls(1), pa.nulls(1), pa.string()),
        (pa.array(["a"], pa.large_string()), pa.array(["b"]).dictionary_encode(), pa.string()),
        (pa.array([["a"]]), pa.nulls(1), pa.list_(pa.string())),
    ],
)
def test_types_that_hold_the_values_of_both(collect, tmp_path, one, other, united):
    manifests = [
        with_column(collect([{"seed": 1}], "one"), one),
        with_column(collect([{"seed": 2}], "other"), other),
    ]
    for order in (manifests, manifests[::-1]):
        extras = unite_columns(order)
        assert extras == {"extra": united}
        file = write_union(
            everything(*order), tmp_path / order[0].file.parent.name / "u.parquet", extras=extras, **QUIET
        )
        assert read_manifest(file).table.schema.field("extra").type == united


def test_types_that_no_value_could_have(collect):
    manifests = [
        with_column(collect([{"seed": 1}], "one"), pa.array([["a"]])),
        with_column(collect([{"seed": 2}], "other"), pa.array(["b"])),
    ]
    with pytest.raises(ManifestError, match=r"other.*the column extra holds string, but list.*rename or drop it"):
        unite_columns(manifests)


def test_a_value_that_does_not_fit_names_its_column(collect, tmp_path):
    manifest = with_column(collect([{"seed": 1}]), pa.array(["many"]))
    with pytest.raises(ManifestError, match=r"the column extra cannot be read as int32 .*correct or drop it"):
        write_union(everything(manifest), tmp_path / "u.parquet", extras={"extra": pa.int32()}, **QUIET)
    assert not list(tmp_path.glob("*.parquet*"))


def test_nothing_is_overwritten(collect):
    manifest = collect([{"seed": 1}])
    with pytest.raises(OutputExistsError):
        write_union(everything(manifest), manifest.file, extras={}, **QUIET)
