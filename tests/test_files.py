"""Atomic writes: the old file or the new one, and no rest of either."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from smn.files import write_bytes, write_partial, write_text


def test_texts_and_bytes_replace_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    assert write_text(file, "first\n") == file
    write_text(file, "é\n")
    assert file.read_bytes() == "é\n".encode()
    assert write_bytes(file, b"\x00\xff") == file
    assert file.read_bytes() == b"\x00\xff"
    assert list(tmp_path.iterdir()) == [file]


def test_a_partial_file_ends_as_the_file_does_and_lies_beside_it(tmp_path: Path) -> None:
    with write_partial(tmp_path / "curves.png") as partial:
        assert (partial.parent, partial.suffix) == (tmp_path, ".png")
        assert not partial.exists()
        partial.write_bytes(b"drawn")
        assert not (tmp_path / "curves.png").exists()
    assert [file.name for file in tmp_path.iterdir()] == ["curves.png"]


def test_an_error_leaves_the_old_file_alone(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")

    def write_half() -> None:
        with write_partial(tmp_path / "a.txt") as partial:
            partial.write_text("half")
            raise RuntimeError("full")

    with pytest.raises(RuntimeError, match="full"):
        write_half()
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("a.txt", "old")]


def test_two_writers_at_once_do_not_share_a_partial_file(tmp_path: Path) -> None:
    with write_partial(tmp_path / "a.txt") as one, write_partial(tmp_path / "a.txt") as other:
        assert one != other
        one.write_text("one")
        other.write_text("other")
    assert (tmp_path / "a.txt").read_text() == "one"


KILLED = """
import sys
from pathlib import Path
from smn.files import write_text
for number in range(1_000_000):
    write_text(Path(sys.argv[1]), f"{number} " * 5000)
    if number == 20:
        print("started", flush=True)
"""


def test_a_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(file)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"started\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    words = file.read_text().split(" ")
    assert len(words) == 5001
    assert len(set(words[:-1])) == 1
