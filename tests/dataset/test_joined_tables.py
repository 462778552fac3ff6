from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from smn.cli.dataset import dataset
from smn.dataset import import_dataset
from smn.dataset.joined_tables import JoinedTable, join_splits, read_aliases, rename_artist
from smn.errors import InputError, ManifestError
from smn.manifest import read_manifest

Write = Callable[[str, bytes], Path]


@pytest.fixture
def pictures(write: Write, paint: Callable[..., bytes]) -> Path:
    for number in range(3):
        write(f"set/Cubism/{number}.png", paint(number))
    return write("table.csv", b"id,path,movement\na,set/Cubism/0.png,Cubism\nb,set/Cubism/1.png,Cubism\n")


def test_columns_are_joined_by_id_and_other_ids_are_noted(pictures: Path, write: Write, tmp_path: Path) -> None:
    table = write("more.csv", "id;accepted;note\nb;Cubism|Fauvism;é\nz;Realism;\n".encode())
    report = import_dataset([pictures], tmp_path / "out", join=[table])
    manifest = read_manifest(tmp_path / "out")
    assert manifest.column("accepted") == [None, "Cubism|Fauvism"]
    assert manifest.column("note") == [None, "é"]
    assert report.notes == (f"1 ids of {table} name no picture: z.",)
    assert manifest.lineage()[-1].made_by["join"] == [str(table)]


@pytest.mark.parametrize("embed", [False, True])
def test_ids_made_of_the_content_can_be_joined_by(pictures: Path, write: Write, tmp_path: Path, *, embed: bool) -> None:
    import_dataset([tmp_path / "set"], tmp_path / "first")
    ids = read_manifest(tmp_path / "first").column("id")
    table = write("more.csv", f"id,accepted\n{ids[2]},Cubism\n".encode())
    asked = ["import", str(tmp_path / "set"), "--join", str(table), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(dataset, [*asked, *(["--embed"] if embed else [])], catch_exceptions=False)
    assert result.exit_code == 0
    assert read_manifest(tmp_path / "out").column("accepted") == [None, None, "Cubism"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,title,accepted\na,x,y\n", "has the columns title, which the manifest has already; rename"),
        ("id\na\n", "it needs id and others"),
        ("name,accepted\na,b\n", "it needs id and others"),
        ("id,accepted\na,b\na,c\n", "has 1 ids twice; keep one row"),
        ("id,accepted\ny,b\nz,c\n", "Not one id of .*more.csv is an id of these pictures; its first is y"),
        ("id,accepted\n", "has no rows"),
    ],
)
def test_what_does_not_fit_is_an_error(pictures: Path, write: Write, tmp_path: Path, text: str, said: str) -> None:
    table = write("more.csv", text.encode())
    with pytest.raises(ManifestError, match=said):
        import_dataset([pictures], tmp_path / "out", join=[table])
    assert not (tmp_path / "out" / "manifest.parquet").exists()


def test_a_column_that_the_source_has_already_is_an_error(write: Write, pictures: Path, tmp_path: Path) -> None:
    source = write("own.csv", b"id,path,accepted\na,set/Cubism/0.png,Realism\n")
    with pytest.raises(ManifestError, match="accepted, which the manifest has already"):
        import_dataset([source], tmp_path / "out", join=[write("more.csv", b"id,accepted\na,Cubism\n")])


def test_what_was_not_used_is_listed_in_part(write: Write) -> None:
    join = JoinedTable(write("more.csv", b"id,accepted\n" + b"".join(b"%d,x\n" % at for at in range(9))))
    assert list(join.apply([{"id": "0"}])) == [{"id": "0", "accepted": "x"}]
    assert join.notes() == [f"8 ids of {join.file} name no picture: 1, 2, 3, 4, 5 and others."]


def test_a_spelling_leads_to_its_name_however_it_is_written(write):
    file = write(
        "aliases.csv", "artist,canonical\nArnold B Cklin,Arnold Böcklin\nArnold Bocklin,Arnold Böcklin\n".encode()
    )
    aliases = read_aliases(file)
    assert rename_artist("arnold b-cklin", aliases) == "Arnold Böcklin"
    assert rename_artist("Böcklin, Arnold", aliases) == "Arnold Böcklin"
    assert rename_artist("Paul Klee", aliases) == "Paul Klee"
    assert rename_artist(None, aliases) is None
    assert rename_artist("Unknown", aliases) == "Unknown"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"artist,name\na,b\n", "lacks the column canonical"),
        (b"artist,canonical\nPaul Klee,\n", "row 1 maps 'Paul Klee' to ''"),
        (b"artist,canonical\nUnknown,Paul Klee\n", "row 1 maps 'Unknown'"),
        (b"artist,canonical\nKlee,Paul Klee\nKLEE,P. Klee\n", "to 'Paul Klee' and to 'P. Klee'"),
        (b"artist,canonical\n\xff,Paul Klee\n", "cannot be read as CSV"),
        (b"artist,canonical\n", "has no rows below its header"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(write, text, says):
    with pytest.raises(InputError, match=says):
        read_aliases(write("aliases.csv", text))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_aliases(tmp_path / "none.csv")


def test_the_most_protected_split_of_an_artist_takes_all_rows():
    artists = ["Claude Monet", "Monet, Claude", "Paul Klee", "paul klee", "Edgar Degas", "Claude Monet"]
    splits = ["train", "test", "train", "val", "train", "val"]
    assert join_splits(splits, artists) == ["test", "test", "val", "val", "train", "test"]


def test_rows_without_a_split_or_an_artist_stay():
    artists = ["Claude Monet", "Claude Monet", None, "Unknown", "unknown", ""]
    splits = [None, "test", "train", "train", "test", "val"]
    assert join_splits(splits, artists) == splits


def test_namesakes_stay_two():
    artists = ["Jan Brueghel the Elder", "Jan Brueghel the Younger"]
    assert join_splits(["train", "test"], artists) == ["train", "test"]
