import pytest

from smn.dataset.csvfile import CsvSource
from smn.dataset.rows import Failed, Row
from smn.errors import ManifestError


def source(file, **columns):
    return CsvSource(file, columns=columns, name="table")


def test_rows_and_extra_columns(write, tmp_path):
    file = write("table.csv", "\ufeffpath,movement,museum,year\nbild ü.png,Cubism,Musée d'Orsay,1907\n".encode())
    opened = source(file)
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
    assert next(source(file).rows()).values == {"artist": "Monet"}


def test_leading_zeros_survive(write):
    assert next(source(write("t.csv", b"path,id\na.png,007\n")).rows()).values["id"] == "007"


def test_an_empty_path_costs_its_row_only(write):
    first, second = source(write("t.csv", b"path,artist\n,Monet\nb.png\n")).rows()
    assert isinstance(first, Failed)
    assert "column path is empty" in first.reason
    assert isinstance(second, Row)
    assert second.values == {"artist": None}


def test_no_path_column_says_how_to_name_it(write):
    with pytest.raises(ManifestError, match=r"no column path; it has datei, stil. .*--column path=NAME"):
        source(write("t.csv", b"datei,stil\na.png,x\n"))
    assert len(source(write("u.csv", b"datei,stil\na.png,x\n"), path="datei")) == 1


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
        source(write("t.csv", data))
