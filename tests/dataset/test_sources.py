import pytest

from smn.dataset.rows import Failed, Row
from smn.dataset.sources import FolderSource, open_sources
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
