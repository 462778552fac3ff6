import pyarrow as pa
import pytest

from smn.dataset.sources import CsvSource, Failed, FolderSource, ParquetSource, Row, open_sources
from smn.errors import InputError, ManifestError


def test_a_folder_of_folders(write, paint, tmp_path):
    for name in ("set/Cubism/b.png", "set/Cubism/á 画.JPG", "set/Art Nouveau/c.webp", "set/loose.png"):
        write(name, paint(1))
    for name in ("set/Cubism/notes.txt", "set/.cache/d.png", "set/Cubism/._b.png"):
        write(name, b"")
    source = FolderSource(tmp_path / "set")
    rows = list(source.rows())
    assert len(source) == 4
    assert source.name == "set"
    assert sorted((row.picture.name, row.values["movement"]) for row in rows) == [
        ("b.png", "Cubism"), ("c.webp", "Art Nouveau"), ("loose.png", None), ("á 画.JPG", "Cubism"),
    ]  # fmt: skip
    assert rows == list(source.rows())


def test_what_lies_deeper_is_reported(write, paint, tmp_path):
    write("set/Cubism/a.png", paint(1))
    write("set/Cubism/early/b.png", paint(2))
    first, second = FolderSource(tmp_path / "set").rows()
    assert isinstance(first, Row)
    assert isinstance(second, Failed)
    assert "1 pictures lie deeper" in second.reason


def test_a_name_that_is_not_unicode_costs_its_picture_only(write, paint, tmp_path):
    write("set/a.png", paint(1))
    try:
        write("set/b\udcff.png", paint(2))
    except OSError:
        pytest.skip("this file system takes Unicode names only")
    first, second = FolderSource(tmp_path / "set").rows()
    assert isinstance(first, Row)
    assert isinstance(second, Failed)
    assert "rename the file" in second.reason


def test_a_folder_without_pictures(tmp_path, write):
    with pytest.raises(InputError, match=r"there is no picture in it; give a folder whose sub-folders are named"):
        FolderSource(tmp_path)
    write("a/b/c.png", b"")
    with pytest.raises(InputError, match="all of its pictures lie deeper"):
        FolderSource(tmp_path)


def test_every_kind_is_recognised(write, shard, paint, tmp_path):
    write("folder/a.png", paint(1))
    csv = write("t.csv", b"path\na.png\n")
    image = [{"bytes": paint(2), "path": None}]
    single = shard("s.parquet", {"image": image})
    shard("shards/2.parquet", {"image": image})
    shard("shards/1.parquet", {"image": image})
    sources, failed = open_sources([tmp_path / "folder", str(csv), single, tmp_path / "shards"])
    assert [source.name for source in sources] == ["folder", "t", "s", "shards", "shards"]
    assert failed == ()
    assert "1.parquet" in next(sources[3].rows()).name


def test_a_broken_shard_costs_itself_only(shard, write, paint, tmp_path):
    shard("shards/1.parquet", {"image": [{"bytes": paint(2), "path": None}]})
    write("shards/2.parquet", b"cut")
    write("shards/.partial-1-00-3.parquet", b"what a killed writer leaves is no shard")
    sources, failed = open_sources([tmp_path / "shards"])
    assert len(sources) == 1
    assert "2.parquet" in failed[0].name
    (tmp_path / "shards/1.parquet").write_bytes(b"cut too")
    with pytest.raises(ManifestError, match=r"1\.parquet cannot be read as Parquet"):
        open_sources([tmp_path / "shards"])


def test_what_is_not_there_or_no_source(tmp_path, write):
    with pytest.raises(InputError, match=r"no file or folder .*nowhere; check the path"):
        open_sources([tmp_path / "nowhere"])
    with pytest.raises(InputError, match=r"a.zip is no source .* ending in .csv, .tsv, .parquet"):
        open_sources([write("a.zip", b"")])


def csv_source(file, **columns):
    return CsvSource(file, columns=columns, name="table")


def test_csv_rows_and_extra_columns(write, tmp_path):
    file = write("table.csv", "\ufeffpath,movement,museum,year\nbild ü.png,Cubism,Musée d'Orsay,1907\n".encode())
    opened = csv_source(file)
    assert len(opened) == 1
    assert list(opened.extras) == ["museum"]
    (row,) = opened.rows()
    assert isinstance(row, Row)
    assert row.picture == tmp_path / "bild ü.png"
    assert row.values == {"movement": "Cubism", "year": "1907", "museum": "Musée d'Orsay"}
    assert "row 1" in row.name


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators(write, separator):
    file = write("t.csv", f"path{separator}artist\na.png{separator}Monet\n".encode())
    assert next(csv_source(file).rows()).values == {"artist": "Monet"}


def test_leading_zeros_survive(write):
    assert next(csv_source(write("t.csv", b"path,id\na.png,007\n")).rows()).values["id"] == "007"


def test_an_empty_path_costs_its_row_only(write):
    first, second = csv_source(write("t.csv", b"path,artist\n,Monet\nb.png\n")).rows()
    assert isinstance(first, Failed)
    assert "column path is empty" in first.reason
    assert isinstance(second, Row)
    assert second.values == {"artist": None}


def test_no_path_column_says_how_to_name_it(write):
    with pytest.raises(ManifestError, match=r"no column path; it has datei, stil. .*--column path=NAME"):
        csv_source(write("t.csv", b"datei,stil\na.png,x\n"))
    assert len(csv_source(write("u.csv", b"datei,stil\na.png,x\n"), path="datei")) == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"path\n\xff\xfe\n", "save it as CSV in UTF-8"),
        (b"path,artist\n", "no rows below its header"),
        (b"", "no rows below its header"),
        (b"path,path\na,b\n", "names a column twice"),
        (b'path\n"a', "cannot be read as CSV"),
    ],
)
def test_files_that_are_no_tables(write, data, reason):
    with pytest.raises(ManifestError, match=reason):
        csv_source(write("t.csv", data))


def parquet_source(file, **columns):
    return ParquetSource(file, columns=columns, name="table")


def test_pictures_inside(shard, paint):
    image = [{"bytes": paint(1), "path": "a.png"}, {"bytes": paint(2), "path": None}]
    opened = parquet_source(
        shard("t.parquet", {"id": ["x", "y"], "image": image, "museum": ["Louvre", None], "n": [1, 2]})
    )
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
    opened = parquet_source(shard("t.parquet", columns, classes))
    rows = list(opened.rows())
    assert [row.values["movement"] for row in rows] == ["Baroque", "Cubism", None]
    assert rows[0].values == {"movement": "Baroque", "artist": "claude-monet", "genre": "portrait"}
    assert opened.extras == {"genre": pa.string()}


def test_numbers_without_names_are_no_labels(shard, paint):
    opened = parquet_source(shard("t.parquet", {"image": [{"bytes": paint(0), "path": None}], "label": [3]}))
    assert next(opened.rows()).values == {"label": 3}


def test_paths(shard, tmp_path):
    (row,) = parquet_source(shard("t.parquet", {"path": ["a.png"], "style": ["Cubism"]})).rows()
    assert row.picture == tmp_path / "a.png"
    assert row.values == {"movement": "Cubism"}


def test_bare_bytes_and_another_name(shard, paint):
    (row,) = parquet_source(shard("t.parquet", {"jpg": [paint(4)]}), image="jpg").rows()
    assert row.picture == paint(4)


def test_a_picture_that_is_not_inside_is_looked_for(shard, tmp_path):
    image = [{"bytes": None, "path": "a.png"}, {"bytes": None, "path": None}]
    first, second = parquet_source(shard("t.parquet", {"image": image})).rows()
    assert isinstance(first, Row)
    assert first.picture == tmp_path / "a.png"
    assert isinstance(second, Failed)
    assert "neither a picture inside nor a path" in second.reason


@pytest.mark.parametrize("ids", [["a", "a"], ["a", None], [1, 2]])
def test_ids_that_are_not_unique_text_are_dropped(shard, paint, ids):
    image = [{"bytes": paint(n), "path": None} for n in range(2)]
    assert all("id" not in row.values for row in parquet_source(shard("t.parquet", {"id": ids, "image": image})).rows())


def test_categories_are_text(shard):
    museum = pa.array(["Louvre"]).dictionary_encode()
    opened = parquet_source(shard("t.parquet", {"path": ["a.png"], "museum": museum, "empty": pa.nulls(1)}))
    assert opened.extras == {"museum": pa.string(), "empty": pa.string()}
    assert next(opened.rows()).values == {"museum": "Louvre", "empty": None}


def test_a_file_that_is_no_parquet(write):
    with pytest.raises(ManifestError, match=r"cannot be read as Parquet .* copy or download it again"):
        parquet_source(write("t.parquet", b"PAR1 and nothing"))


def test_neither_pictures_nor_paths(shard):
    with pytest.raises(
        ManifestError, match=r"neither a column image nor a column path; it has a. .*--column image=NAME"
    ):
        parquet_source(shard("t.parquet", {"a": [1]}))


def test_damage_inside_costs_the_rest_of_the_file(shard, paint):
    image = [{"bytes": paint(n), "path": None} for n in range(40)]
    file = shard("t.parquet", {"image": image})
    data = bytearray(file.read_bytes())
    data[40:4000] = b"\x00" * 3960
    file.write_bytes(bytes(data))
    *_, last = parquet_source(file).rows()
    assert isinstance(last, Failed)
    assert "damaged" in last.reason
