import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from catalogue.killing import KILLED_AT, killed
from smn.catalogue.undo_journal import WriteJournal, Written, backups_of, read_journal, undo
from smn.errors import InputError

ABOUT = {"command": "test"}


def fill(folder: Path) -> None:
    """What was there before: a file that will be written over, one that is left alone, and what will be copied."""
    (folder / "scans").mkdir(parents=True)
    (folder / "scans" / "old.xmp").write_bytes(b"old")
    (folder / "scans" / "other.xmp").write_bytes(b"other")
    (folder / "picture.jpg").write_bytes(b"picture")
    os.utime(folder / "picture.jpg", (1_000_000, 1_000_000))


def write_all(folder: Path) -> list[Written]:
    with WriteJournal(folder / "journal", ABOUT) as journal:
        return [
            journal.write(folder / "scans" / "old.xmp", b"new"),
            journal.write(folder / "scans" / "deep" / "er" / "b.xmp", b"b"),
            journal.copy(folder / "picture.jpg", folder / "out" / "copy.jpg"),
            journal.link(folder / "picture.jpg", folder / "out" / "link.jpg"),
        ]


def tree(folder: Path) -> dict[str, object]:
    """Everything but the journal and its backups."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if not name.startswith("journal"):
            found[name] = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else None
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    fill(tmp_path / "a")
    return tmp_path / "a"


def test_everything_is_written_once_and_undone(folder: Path) -> None:
    before = tree(folder)
    assert write_all(folder) == [Written.NEW] * 4
    assert (folder / "scans" / "old.xmp").read_bytes() == b"new"
    assert (folder / "out" / "copy.jpg").stat().st_mtime == 1_000_000
    assert (folder / "out" / "link.jpg").resolve() == (folder / "picture.jpg").resolve()
    after = tree(folder)
    assert write_all(folder) == [Written.ALREADY] * 4
    assert tree(folder) == after
    done = undo(folder / "journal")
    # Three files and links, and the folders out, deep and er.
    assert (done.restored, done.removed, done.kept) == (1, 6, ())
    assert tree(folder) == before
    assert not (folder / "journal").exists()
    assert not backups_of(folder / "journal").exists()


@pytest.mark.parametrize("call", KILLED_AT)
def test_a_kill_at_any_point_loses_and_doubles_nothing(folder: Path, tmp_path: Path, call: str) -> None:
    """Killed with SIGKILL at the first, second, third ... call, until none is left; undone, or continued and undone."""
    before, journal = tree(folder), folder / "journal"
    fill(tmp_path / "whole")
    write_all(tmp_path / "whole")
    whole = tree(tmp_path / "whole")
    at = 1
    while killed(lambda: write_all(folder), call, at=at):
        if journal.exists():
            undo(journal)
        assert tree(folder) == before
        assert killed(lambda: write_all(folder), call, at=at)
        write_all(folder)
        assert tree(folder) == whole
        undo(journal)
        assert tree(folder) == before
        at += 1
    assert at > 3
    assert tree(folder) == whole  # the last child came to its end


@pytest.mark.parametrize("call", ["os.replace", "pathlib.Path.unlink", "pathlib.Path.rmdir"])
def test_a_killed_undo_is_finished_by_the_next(folder: Path, call: str) -> None:
    before, at = tree(folder), 1
    write_all(folder)
    while killed(lambda: undo(folder / "journal"), call, at=at):
        undo(folder / "journal")
        assert tree(folder) == before
        write_all(folder)
        at += 1
    assert at > 1
    assert tree(folder) == before  # the last child came to its end


def test_what_somebody_changed_since_is_left_alone(folder: Path) -> None:
    write_all(folder)
    (folder / "scans" / "old.xmp").write_bytes(b"mine")
    (folder / "out" / "note.txt").write_bytes(b"mine, too")
    assert write_all(folder) == [Written.CHANGED, *[Written.ALREADY] * 3]
    done = undo(folder / "journal")
    assert done.kept == (folder / "scans" / "old.xmp",)
    assert (folder / "scans" / "old.xmp").read_bytes() == b"mine"
    assert (folder / "out" / "note.txt").exists()
    assert not (folder / "out" / "copy.jpg").exists()
    assert [file.read_bytes() for file in backups_of(folder / "journal").iterdir()] == [b"old"]


def test_a_journal_about_something_else_is_not_continued(folder: Path) -> None:
    write_all(folder)
    with pytest.raises(InputError, match="another command or of other answers; undo that with smn undo"):
        WriteJournal(folder / "journal", {"command": "other"})


def test_a_journal_of_nothing_is_removed_and_hinders_nothing(folder: Path) -> None:
    with WriteJournal(folder / "journal", {"command": "other"}):
        assert (folder / "journal").exists()
    assert not (folder / "journal").exists()
    header = json.dumps({"smn-journal": 1, "command": "other"})
    (folder / "journal").write_text(f"{header}\n", encoding="utf-8")  # of a command that was killed at once
    assert write_all(folder) == [Written.NEW] * 4
    assert read_journal(folder / "journal")[0] == {"smn-journal": 1, **ABOUT}


@pytest.mark.parametrize("content", [b"\x00\n", b"[]\n", b'{"a": 1}\n', b'{"smn-journal": 1}\n{"kind": 3}\n'])
def test_what_is_no_journal_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "journal").write_bytes(content)
    with pytest.raises(InputError, match="is no journal of smn catalogue"):
        undo(tmp_path / "journal")
    assert (tmp_path / "journal").read_bytes() == content
    with pytest.raises(InputError, match=r"There is no file .*missing; check the path, unless it was undone already"):
        undo(tmp_path / "missing")


def test_a_line_that_a_kill_cut_short_is_dropped(folder: Path) -> None:
    write_all(folder)
    file = folder / "journal"
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"kind": "fi')
    header, changes = read_journal(file)
    assert (header, len(changes)) == ({"smn-journal": 1, **ABOUT}, 7)
    assert file.read_bytes() == whole


def test_a_link_is_not_written_over(folder: Path) -> None:
    (folder / "scans" / "link.xmp").symlink_to("other.xmp")
    with WriteJournal(folder / "journal", ABOUT) as journal, pytest.raises(InputError, match="is a link"):
        journal.write(folder / "scans" / "link.xmp", b"x")
    assert (folder / "scans" / "other.xmp").read_bytes() == b"other"


def test_names_that_are_no_unicode_come_back(folder: Path) -> None:
    place = folder / os.fsdecode(b"caf\xe9.xmp")
    with WriteJournal(folder / "journal", ABOUT) as journal:
        journal.write(place, b"x")
    assert place.read_bytes() == b"x"
    undo(folder / "journal")
    assert not place.exists()


def test_the_killing_is_real(tmp_path: Path) -> None:
    def write() -> None:
        os.replace(tmp_path / "a", tmp_path / "b")

    check: Callable[[], object] = write
    (tmp_path / "a").write_bytes(b"")
    assert killed(check, "os.replace", at=1)
    assert (tmp_path / "a").exists()
    assert not killed(check, "os.replace", at=2)
