import pyarrow as pa
import pytest

from smn.dataset.parquetfile import ParquetSource, class_names
from smn.dataset.rows import Failed, Row
from smn.errors import ManifestError


def source(file, **columns):
    return ParquetSource(file, columns=columns, name="table")


def test_pictures_inside(shard, paint):
    image = [{"bytes": paint(1), "path": "a.png"}, {"bytes": paint(2), "path": None}]
    opened = source(shard("t.parquet", {"id": ["x", "y"], "image": image, "museum": ["Louvre", None], "n": [1, 2]}))
    first, second = opened.rows()
    assert len(opened) == 2
    assert opened.extras == {"museum": pa.string(), "n": pa.int64()}
    assert first.picture == paint(1)
    assert first.values == {"id": "x", "museum": "Louvre", "n": 1}
    assert "a.png" in first.name
    assert second.picture == paint(2)


def test_class_labels_are_read_as_their_names(shard, paint):
    image = [{"bytes": paint(n), "path": None} for n in range(3)]
    classes = {"style": ["Cubism", "Baroque"], "artist": ["claude-monet"], "genre": ["portrait"]}
    columns = {"image": image, "artist": [0, 0, 0], "genre": [0, 0, 0], "style": [1, 0, -1]}
    opened = source(shard("t.parquet", columns, classes))
    rows = list(opened.rows())
    assert [row.values["movement"] for row in rows] == ["Baroque", "Cubism", None]
    assert rows[0].values == {"movement": "Baroque", "artist": "claude-monet", "genre": "portrait"}
    assert opened.extras == {"genre": pa.string()}


def test_numbers_without_names_are_no_labels(shard, paint):
    opened = source(shard("t.parquet", {"image": [{"bytes": paint(0), "path": None}], "label": [3]}))
    assert next(opened.rows()).values == {"label": 3}


def test_paths(shard, tmp_path):
    (row,) = source(shard("t.parquet", {"path": ["a.png"], "style": ["Cubism"]})).rows()
    assert row.picture == tmp_path / "a.png"
    assert row.values == {"movement": "Cubism"}


def test_bare_bytes_and_another_name(shard, paint):
    (row,) = source(shard("t.parquet", {"jpg": [paint(4)]}), image="jpg").rows()
    assert row.picture == paint(4)


def test_a_picture_that_is_not_inside_is_looked_for(shard, tmp_path):
    image = [{"bytes": None, "path": "a.png"}, {"bytes": None, "path": None}]
    first, second = source(shard("t.parquet", {"image": image})).rows()
    assert isinstance(first, Row)
    assert first.picture == tmp_path / "a.png"
    assert isinstance(second, Failed)
    assert "neither a picture inside nor a path" in second.reason


@pytest.mark.parametrize("ids", [["a", "a"], ["a", None], [1, 2]])
def test_ids_that_are_not_unique_text_are_dropped(shard, paint, ids):
    image = [{"bytes": paint(n), "path": None} for n in range(2)]
    assert all("id" not in row.values for row in source(shard("t.parquet", {"id": ids, "image": image})).rows())


def test_categories_are_text(shard):
    museum = pa.array(["Louvre"]).dictionary_encode()
    opened = source(shard("t.parquet", {"path": ["a.png"], "museum": museum, "empty": pa.nulls(1)}))
    assert opened.extras == {"museum": pa.string(), "empty": pa.string()}
    assert next(opened.rows()).values == {"museum": "Louvre", "empty": None}


def test_a_file_that_is_no_parquet(write):
    with pytest.raises(ManifestError, match=r"cannot be read as Parquet .* copy or download it again"):
        source(write("t.parquet", b"PAR1 and nothing"))


def test_neither_pictures_nor_paths(shard):
    with pytest.raises(
        ManifestError, match=r"neither a column image nor a column path; it has a. .*--column image=NAME"
    ):
        source(shard("t.parquet", {"a": [1]}))


def test_damage_inside_costs_the_rest_of_the_file(shard, paint):
    image = [{"bytes": paint(n), "path": None} for n in range(40)]
    file = shard("t.parquet", {"image": image})
    data = bytearray(file.read_bytes())
    data[40:4000] = b"\x00" * 3960
    file.write_bytes(bytes(data))
    *_, last = source(file).rows()
    assert isinstance(last, Failed)
    assert "damaged" in last.reason


@pytest.mark.parametrize("metadata", [None, {b"huggingface": b"{"}, {b"huggingface": b"[]"}, {b"x": b"y"}])
def test_malformed_metadata_name_no_classes(metadata):
    assert class_names(pa.schema([("a", pa.int64())], metadata=metadata)) == {}
