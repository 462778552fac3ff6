import pytest

from smn.dataset.aliases import join_splits, read_aliases, rename_artist
from smn.errors import InputError


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
