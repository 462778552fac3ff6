import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from awkward_files import READABLE, encode, jpeg, scene
from smn.images import SUFFIXES
from smn.predict.inputs import Input, find_inputs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.jpg", "a.PNG", "notes.txt", ".hidden.jpg", "sub/deep/c.tiff", ".cache/d.jpg", "sub/e.webp"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def shown(inputs: Iterable[Input], folder: Path) -> list[str]:
    return [os.path.relpath(item.path, folder) for item in inputs]


def test_a_file_is_taken_whatever_its_ending(folder: Path) -> None:
    for name in ("b.jpg", "notes.txt", ".hidden.jpg"):
        file = folder / name
        assert find_inputs([str(file)]) == (Input(str(file), file),)


def test_a_folder_is_searched_in_a_fixed_order_without_hidden_names(folder: Path) -> None:
    assert shown(find_inputs([str(folder)]), folder) == ["a.PNG", "b.jpg", "sub/e.webp", "sub/deep/c.tiff"]


def test_every_picture_ending_is_found_in_a_folder(tmp_path: Path) -> None:
    for ending in SUFFIXES:
        (tmp_path / f"a{ending}").write_bytes(b"")
    assert len(find_inputs([str(tmp_path)])) == len(SUFFIXES) == 18


def test_a_pattern_finds_files_only(folder: Path) -> None:
    assert shown(find_inputs([str(folder / "*")]), folder) == ["a.PNG", "b.jpg", "notes.txt"]
    assert shown(find_inputs([str(folder / "**" / "*.[tw]*")]), folder) == [
        "notes.txt",
        "sub/deep/c.tiff",
        "sub/e.webp",
    ]


def test_a_relative_pattern_is_searched_from_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert [item.path for item in find_inputs(["sub/**/*.webp", "./b.jpg", "b.jpg"])] == ["sub/e.webp", "b.jpg"]


def test_a_file_whose_name_looks_like_a_pattern_is_itself(folder: Path) -> None:
    file = folder / "[1].jpg"
    file.write_bytes(b"")
    assert shown(find_inputs([str(file)]), folder) == ["[1].jpg"]


def test_names_that_match_nothing_are_kept(folder: Path) -> None:
    names = [str(folder / "missing.jpg"), str(folder / "*.gif")]
    assert [item.path for item in find_inputs(names)] == names
    assert all(isinstance(item.source, Path) for item in find_inputs(names))


def test_an_empty_folder_has_no_pictures(tmp_path: Path) -> None:
    assert find_inputs([str(tmp_path)]) == ()


def test_a_picture_is_listed_once_however_often_it_is_named(folder: Path) -> None:
    names = [str(folder / "b.jpg"), str(folder), str(folder / "*.jpg"), str(folder / "b.jpg")]
    assert shown(find_inputs(names), folder) == ["b.jpg", "a.PNG", "sub/e.webp", "sub/deep/c.tiff"]


def test_standard_input_is_a_list_of_names(folder: Path) -> None:
    names = f"{folder / 'b.jpg'}\r\n\n{folder / 'sub'}\n-\n{folder / 'missing.jpg'}"
    found = find_inputs(["-"], stdin=names.encode())
    assert shown(found, folder) == ["b.jpg", "sub/e.webp", "sub/deep/c.tiff", "missing.jpg"]


@pytest.mark.parametrize("name", [name for name in READABLE if len(name) < 100])
def test_standard_input_is_a_picture(name: str) -> None:
    data = READABLE[name].make()
    assert find_inputs(["-"], stdin=data) == (Input("-", data),)


def test_a_picture_without_a_zero_byte_is_a_picture() -> None:
    data = encode(scene(), "PPM")
    assert b"\0" not in data
    assert find_inputs(["-"], stdin=data) == (Input("-", data),)


@pytest.mark.parametrize("stdin", [None, b"", b" \n"])
def test_empty_standard_input_becomes_one_row(stdin: bytes | None) -> None:
    assert find_inputs(["-"], stdin=stdin) == (Input("-", stdin or b""),)


def test_standard_input_stands_beside_other_names(folder: Path) -> None:
    assert [item.path for item in find_inputs([str(folder / "b.jpg"), "-"], stdin=jpeg())] == [
        str(folder / "b.jpg"),
        "-",
    ]


def test_names_that_are_not_unicode_are_told_apart_and_can_be_shown(tmp_path: Path) -> None:
    names = [b"caf\xe8.jpg", b"caf\xe9.jpg", "café.jpg".encode()]
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(jpeg())
    listed = b"\n".join(os.fsencode(tmp_path) + b"/" + name for name in names)
    for found in (find_inputs([str(tmp_path)]), find_inputs(["-"], stdin=listed)):
        assert len(found) == 3
        assert {item.path.encode("utf-8") for item in found} == {
            os.fsencode(tmp_path) + name for name in (b"/caf\\udce8.jpg", b"/caf\\udce9.jpg", "/café.jpg".encode())
        }
        assert all(item.source.read_bytes() == jpeg() for item in found if isinstance(item.source, Path))
