import os
from datetime import UTC, datetime

import pytest

from smn.clean.decisionlog import (
    append_decisions,
    file_digest,
    read_decision_files,
    read_decisions,
    undo_decisions,
)
from smn.clean.decisions import Decision, Verdict, standing_decisions
from smn.errors import DecisionsError, InputError

DROP, KEEP = Verdict.DROP, Verdict.KEEP
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


def test_lines_are_only_ever_added(tmp_path):
    file = tmp_path / "new" / "decisions.csv"
    append_decisions(file, [Decision("a", DROP)])
    first = file.read_bytes()
    append_decisions(file, [Decision("b", KEEP), Decision("a", KEEP)])
    assert file.read_bytes().startswith(first)
    assert [one.id for one in read_decisions(file)] == ["a", "b", "a"]
    assert list(file.parent.iterdir()) == [file]


def test_a_persons_own_layout_stays(tmp_path):
    file = tmp_path / "mine.csv"
    old = b"\xef\xbb\xbfdecision;why;id\r\ndrop;ugly;a"
    file.write_bytes(old)
    append_decisions(file, [Decision("b", KEEP, note="not written: there is no such column")])
    assert file.read_bytes() == old + b"\nkeep;;b\n"
    assert [(one.id, one.verdict) for one in read_decisions(file)] == [("a", DROP), ("b", KEEP)]


def test_mode_and_link_stay(tmp_path):
    file, link = tmp_path / "real.csv", tmp_path / "link.csv"
    append_decisions(file, [Decision("a", DROP)])
    file.chmod(0o640)
    link.symlink_to(file)
    append_decisions(link, [Decision("b", DROP)])
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert len(read_decisions(file)) == 2


def test_nothing_is_added_to_what_is_no_decisions_file(tmp_path):
    file = tmp_path / "letter.csv"
    file.write_text("Dear all,\nhello\n")
    with pytest.raises(DecisionsError, match="Its header lacks id, decision"):
        append_decisions(file, [Decision("a", DROP)])
    assert file.read_text() == "Dear all,\nhello\n"


def test_an_interrupted_writing_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    file = tmp_path / "decisions.csv"
    append_decisions(file, [Decision("a", DROP)])
    before = file.read_bytes()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        append_decisions(file, [Decision("b", DROP)])
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_unreadable_files_say_what_to_do(tmp_path):
    with pytest.raises(DecisionsError, match=r"none.csv cannot be used: It cannot be read \(.*\); check the path"):
        read_decisions(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes(b"id,decision,note\na,keep,\xe9\n")
    with pytest.raises(DecisionsError, match=r"It is not UTF-8 \(.* at byte 24\); save it so"):
        read_decisions(tmp_path / "latin.csv")


def test_several_files_are_read_as_one(tmp_path):
    one, two = tmp_path / "1.csv", tmp_path / "2.csv"
    append_decisions(one, [Decision("a", DROP), Decision("b", DROP)])
    append_decisions(two, [Decision("a", KEEP)])
    assert standing_decisions(read_decision_files([one, two]))["a"].verdict is KEEP
    assert standing_decisions(read_decision_files([two, one]))["a"].verdict is DROP
    assert file_digest(one) != file_digest(two)


@pytest.fixture
def log(tmp_path):
    lines = [
        Decision("a", DROP, checks=("leak",)),
        Decision("b", KEEP, checks=("label", "leak")),
        Decision("c", DROP, checks=("label",)),
        Decision("d", DROP),
        Decision("a", KEEP, checks=("dark",)),
    ]
    return append_decisions(tmp_path / "decisions.csv", lines)


@pytest.mark.parametrize(
    ("choice", "left"),
    [
        ({"ids": ["c", "a", "c"]}, ["b", "d"]),
        ({"last": 2}, ["b", "c"]),
        ({"last": 99}, []),
        ({"check": "leak"}, ["c", "d", "a"]),
    ],
)
def test_decisions_are_taken_back(log, choice, left):
    before = log.read_bytes()
    taken = undo_decisions(log, now=NOON, **choice)
    assert list(standing_decisions(read_decisions(log))) == left
    assert {one.id for one in taken} == set("abcd") - set(left)
    assert log.read_bytes().startswith(before)
    assert "2025-03-01T12:00:00Z" in log.read_text()


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({}, "in one way: ids, or --last 1 or more, or --check NAME"),
        ({"last": 1, "check": "leak"}, "in one way"),
        ({"last": 0}, "--last 1 or more"),
        ({"ids": ["a", "x", "y"]}, "no standing decision about x, y; nothing was changed"),
        ({"check": "blurred"}, "no standing decision that blurred led to"),
    ],
)
def test_what_cannot_be_taken_back_is_said(log, choice, said):
    before = log.read_bytes()
    with pytest.raises(InputError, match=said):
        undo_decisions(log, **choice)
    assert log.read_bytes() == before
