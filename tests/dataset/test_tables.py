from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smn.dataset.tables import READERS, class_names, extra_columns, match_columns, read_split, read_text, read_whole
from smn.errors import ManifestError, UnknownNameError
from smn.manifest import COLUMNS

HERE = Path("table.csv")


def test_names_like_the_manifests_are_taken():
    assert match_columns(["path", "artist", "museum"], {}, where=HERE) == {"path": "path", "artist": "artist"}


def test_customary_names_are_understood():
    assert match_columns(["file_name", "style"], {}, where=HERE) == {"path": "file_name", "movement": "style"}
    assert match_columns(["path", "style"], {}, where=HERE, labels=()) == {"path": "path"}


def test_a_movement_column_beats_style():
    assert match_columns(["movement", "style"], {}, where=HERE) == {"movement": "movement"}


def test_the_users_columns_win():
    names = ["path", "movement", "period"]
    matched = match_columns(names, {"movement": "period"}, where=HERE)
    assert matched == {"path": "path", "movement": "period"}
    assert extra_columns(names, matched) == []


def test_wrong_columns_are_refused():
    with pytest.raises(UnknownNameError, match=r"no column 'artists'.*id you mean artist"):
        match_columns(["a"], {"artists": "a"}, where=HERE)
    with pytest.raises(ManifestError, match=r"table.csv has no column 'b'; it has a. Correct --column artist=b"):
        match_columns(["a"], {"artist": "b"}, where=HERE)


def test_extra_columns_keep_their_names():
    assert extra_columns(["path", "museum", "image"], {"path": "path"}) == ["museum"]


@pytest.mark.parametrize(("value", "text"), [(None, None), (float("nan"), None), ("  ", None), (" é ", "é"), (7, "7")])
def test_text(value, text):
    assert read_text(value) == text


@pytest.mark.parametrize(("value", "number"), [("1889", 1889), (1889.0, 1889), ("-30", -30), ("", None), (None, None)])
def test_whole_numbers(value, number):
    assert read_whole(value) == number


@given(st.one_of(st.text(), st.floats(), st.integers()))
def test_a_whole_number_fits_the_column_or_is_refused(value):
    try:
        number = read_whole(value)
    except ValueError:
        return
    assert number is None or (isinstance(number, int) and abs(number) < 2**31)


@pytest.mark.parametrize(("value", "split"), [("validation", "val"), ("Train", "train"), (None, None), ("", None)])
def test_splits(value, split):
    assert read_split(value) == split


@pytest.mark.parametrize("read", [read_split, read_whole])
def test_what_cannot_be_read_is_refused(read):
    with pytest.raises(ValueError, match="1889"):
        read("c. 1889")


def test_every_column_has_a_reader():
    assert READERS.keys() == COLUMNS.keys()


@pytest.mark.parametrize("metadata", [None, {b"huggingface": b"{"}, {b"huggingface": b"[]"}, {b"x": b"y"}])
def test_malformed_metadata_name_no_classes(metadata):
    assert class_names(pa.schema([("a", pa.int64())], metadata=metadata)) == {}
