from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from smn.errors import ManifestError, OutputExistsError
from smn.manifest import COLUMNS, Manifest, read_manifest, resolve, write_manifest

SCHEMA = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in COLUMNS.items()])


def row(number: int, **values: Any) -> dict[str, Any]:
    known = {"id": f"id-{number}", "sha256": f"{number:064x}", "movement": "cubism", "split": "train"}
    return dict.fromkeys(COLUMNS) | known | {"path": f"images/{number}.jpg"} | values


def table_of(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=SCHEMA)


def written(folder: Path, *rows: dict[str, Any]) -> Manifest:
    write_manifest(table_of(*rows), folder / "manifest.parquet")
    return read_manifest(folder)


def test_a_manifest_survives_writing_and_reading(tmp_path: Path) -> None:
    table = table_of(row(1, artist="Sonia Delaunay", year=1913, title="Naïve – 絵"), row(2, split=None))
    file = write_manifest(table, tmp_path / "new" / "manifest.parquet")
    manifest = read_manifest(file)
    assert manifest.table.equals(table)
    assert len(manifest) == 2
    assert manifest.column("artist") == ["Sonia Delaunay", None]
    assert manifest.column("of no such name") == [None, None]
    assert [path.name for path in file.parent.iterdir()] == ["manifest.parquet"]


def test_a_manifest_is_found_by_its_file_or_folder(tmp_path: Path) -> None:
    file = write_manifest(table_of(row(1)), tmp_path / "manifest.parquet")
    assert resolve(tmp_path) == resolve(str(file)) == file
    for place in (tmp_path / "missing", tmp_path / "missing.parquet"):
        with pytest.raises(ManifestError, match="make one with: smn dataset import"):
            read_manifest(place)


def test_pictures_stand_beside_the_manifest_or_anywhere_else(tmp_path: Path) -> None:
    manifest = written(tmp_path, row(1), row(2, path="/elsewhere/2.jpg"))
    assert manifest.picture(0) == tmp_path / "images" / "1.jpg"
    assert manifest.picture(1) == Path("/elsewhere/2.jpg")
    assert not manifest.is_embedded
    assert list(manifest.stream_pictures()) == [manifest.picture(0), manifest.picture(1)]
    assert list(written(tmp_path / "none", row(1, path=None)).stream_pictures()) == [None]


def test_pictures_stand_inside_the_manifest(tmp_path: Path) -> None:
    images = [{"bytes": b"first", "path": None}, {"bytes": None, "path": None}, {"bytes": b"third", "path": "3.jpg"}]
    table = table_of(*[row(number, path=None) for number in range(3)]).append_column("image", pa.array(images))
    manifest = read_manifest(write_manifest(table, tmp_path / "manifest.parquet"))
    assert "image" not in manifest.table.column_names
    assert (manifest.picture(0), manifest.picture(2)) == (b"first", b"third")
    with pytest.raises(ManifestError, match="row 1 has neither a path nor a picture inside"):
        manifest.picture(1)
    assert manifest.is_embedded
    assert list(manifest.stream_pictures()) == [b"first", None, b"third"]


def test_embedded_pictures_are_streamed_in_order(tmp_path: Path) -> None:
    images = [{"bytes": bytes([number]), "path": None} for number in range(70)]
    rows = [row(number, path="beside.png" if number == 40 else None) for number in range(70)]
    table = table_of(*rows).append_column("image", pa.array(images))
    pictures = list(read_manifest(write_manifest(table, tmp_path / "manifest.parquet")).stream_pictures())
    assert pictures == [bytes([number]) if number != 40 else tmp_path / "beside.png" for number in range(70)]


def test_a_row_without_any_picture_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="row 0 has neither"):
        written(tmp_path, row(1, path=None)).picture(0)


def test_columns_that_smn_does_not_know_are_kept(tmp_path: Path) -> None:
    table = table_of(row(1)).append_column("inventory", pa.array(["INV. 779"]))
    manifest = read_manifest(write_manifest(table, tmp_path / "manifest.parquet"))
    assert manifest.column("inventory") == ["INV. 779"]


def test_columns_of_a_near_type_are_cast(tmp_path: Path) -> None:
    table = table_of(row(1, year=1905))
    table = table.set_column(table.column_names.index("year"), "year", pa.array([1905], pa.int64()))
    table = table.set_column(table.column_names.index("artist"), "artist", pa.array(["Derain"]).dictionary_encode())
    assert read_manifest(write_manifest(table, tmp_path / "manifest.parquet")).table.schema.equals(SCHEMA)


def replaced(name: str, values: list[Any]) -> pa.Table:
    table = table_of(row(1), row(2))
    return table.set_column(table.column_names.index(name), name, pa.array(values))


WRONG = {
    "missing column": (table_of(row(1)).drop_columns(["movement", "split"]), "movement, split are missing"),
    "no id": (table_of(row(1, id=None)), "1 rows have no id"),
    "no hash": (table_of(row(1, sha256=None)), "1 rows have no sha256"),
    "same id": (table_of(row(1), row(2), row(1, path="other.jpg")), "1 ids occur twice; ids must be unique"),
    "bad split": (table_of(row(1, split="dev")), r"unknown splits \['dev'\]; allowed are train, val, test or nothing"),
    "bad year": (replaced("year", ["1905", "about 1906"]), "the column year cannot be read as int32"),
    "bad path": (replaced("path", [["a"], ["b"]]), "the column path cannot be read as string"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_table_that_does_not_fit_is_refused_when_written_and_when_read(wrong: str, tmp_path: Path) -> None:
    table, sentence = WRONG[wrong]
    with pytest.raises(ManifestError, match=sentence):
        write_manifest(table, tmp_path / "manifest.parquet")
    assert list(tmp_path.iterdir()) == []
    parquet.write_table(table, tmp_path / "manifest.parquet")
    with pytest.raises(ManifestError, match=sentence):
        read_manifest(tmp_path)


def test_a_repeated_column_is_refused(tmp_path: Path) -> None:
    table = table_of(row(1)).append_column("title", pa.array(["again"]))
    with pytest.raises(ManifestError, match="the columns title occur twice; keep one of each"):
        write_manifest(table, tmp_path / "manifest.parquet")
    parquet.write_table(table, tmp_path / "manifest.parquet")
    with pytest.raises(ManifestError, match="title"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("kept", [slice(-40), slice(100, None), slice(0)])
def test_a_damaged_file_is_a_manifest_error(kept: slice, tmp_path: Path) -> None:
    file = write_manifest(table_of(row(1)), tmp_path / "manifest.parquet")
    file.write_bytes(file.read_bytes()[kept])
    with pytest.raises(ManifestError, match=r"(?s)not a Parquet file that can be read .*import the data anew"):
        read_manifest(file)


def test_nothing_is_overwritten_unless_the_command_made_it_itself(tmp_path: Path) -> None:
    file = write_manifest(table_of(row(1)), tmp_path / "manifest.parquet")
    with pytest.raises(OutputExistsError):
        write_manifest(table_of(row(2)), file)
    assert read_manifest(file).column("id") == ["id-1"]
    write_manifest(table_of(row(2)), file, replace=True)
    assert read_manifest(file).column("id") == ["id-2"]


def test_a_refused_replacement_leaves_the_manifest(tmp_path: Path) -> None:
    file = write_manifest(table_of(row(1)), tmp_path / "manifest.parquet")
    with pytest.raises(ManifestError):
        write_manifest(table_of(row(1), row(1)), file, replace=True)
    assert read_manifest(file).column("id") == ["id-1"]


def test_rows_meet_every_condition(tmp_path: Path) -> None:
    manifest = written(
        tmp_path,
        row(0, split="train", movement="cubism"),
        row(1, split="test", movement="cubism"),
        row(2, split="test", movement="fauvism"),
        row(3, split="test", movement="realism"),
        row(4, split=None, movement=None),
    )
    assert manifest.rows() == [0, 1, 2, 3, 4]
    assert manifest.rows(split="test") == [1, 2, 3]
    assert manifest.rows(split="test", movement=["cubism", "realism"]) == [1, 3]
    assert manifest.rows(split=("train", "val"), movement="fauvism") == []


def test_the_data_hash_changes_with_the_data_and_with_nothing_else(tmp_path: Path) -> None:
    first, second = row(1), row(2)
    numbers = iter(range(100))

    def hash_of(*rows: dict[str, Any]) -> str:
        return written(tmp_path / str(next(numbers)), *rows).data_hash()

    usual = hash_of(first, second)
    assert len(usual) == 64
    assert hash_of(second, first) == usual
    assert hash_of(first, second | {"title": "Renamed", "path": "moved.jpg"}) == usual
    changes = [{"movement": "fauvism"}, {"movement": None}, {"split": "val"}, {"sha256": "ff"}, {"id": "another"}]
    hashes = {usual, hash_of(first), *(hash_of(first, second | change) for change in changes)}
    assert len(hashes) == len(changes) + 2
