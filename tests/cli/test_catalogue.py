"""What ``smn catalogue`` and ``smn undo`` say, and how they end."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from catalogue.conftest import answer
from smn.cli import main

CANVAS = "https://museum.example/canvas/"


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """Two rows with a movement and a canvas, eleven without one, each of the latter for one of two reasons."""
    rows = [answer(f"{name}.jpg", columns={"canvas": f"{CANVAS}{name}"}) for name in "ab"]
    rows += [answer(f"{n}.jpg", None, "unsure", columns={"canvas": f"{CANVAS}{n}"}) for n in range(10)]
    rows.append(answer("broken.jpg", None, "error", columns={"canvas": f"{CANVAS}x"}))
    file = tmp_path / "answers.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def test_rows_that_are_left_out_are_told_by_reason(answers: Path, tmp_path: Path) -> None:
    result = run("catalogue", "annotations", answers, "--out", tmp_path / "pages", "--base", "https://m.example")
    assert result.exit_code == 0
    assert "Left out: 0.jpg and 9 more: There is no movement to write (unsure)." in result.stderr
    assert "Left out: broken.jpg: There is no movement to write (unreadable)." in result.stderr
    journal = f"{answers}.annotations.journal"
    assert f"2 written; 11 left out. To undo: smn undo {journal}" in result.stderr
    assert "3 removed, 0 restored, 0 left alone." in run("undo", journal).stderr
    again = run("undo", journal)
    assert (again.exit_code, "unless it was undone already" in again.stderr) == (2, True)


def test_many_reasons_are_not_all_told(answers: Path, tmp_path: Path) -> None:
    rows = [answer(f"{n}.jpg", columns={"inventory": str(n // 2)}) for n in range(40)]
    answers.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    where = ("--out", tmp_path / "records", "--base", "https://m.example", "--id-column", "inventory")
    result = run("catalogue", "linked-art", answers, *where)
    assert result.stderr.count("has the same id") == 8
    assert "Left out: 12 more, for other reasons." in result.stderr
    assert "20 written; 20 left out." in result.stderr


def test_where_nothing_is_written_there_is_nothing_to_undo(answers: Path, tmp_path: Path) -> None:
    where = ("--out", tmp_path / "records", "--base", "https://m.example")
    result = run("catalogue", "linked-art", answers, *where, "--id-column", "lost")
    assert "nothing written; 13 left out.\n" in result.stderr
    assert list(tmp_path.iterdir()) == [answers]
    assert "2 written" in run("catalogue", "linked-art", answers, *where).stderr


@pytest.mark.parametrize("command", ["annotations", "linked-art"])
def test_an_address_that_is_none_is_refused(answers: Path, tmp_path: Path, command: str) -> None:
    result = run("catalogue", command, answers, "--out", tmp_path / "out", "--base", "museum.example")
    assert result.exit_code == 2
    assert "--base is 'museum.example'; give an address that starts with http:// or https://." in result.stderr
    assert list(tmp_path.iterdir()) == [answers]


def test_a_command_with_other_settings_needs_a_journal_of_its_own(answers: Path, tmp_path: Path) -> None:
    where = ("--out", tmp_path / "out", "--base")
    assert run("catalogue", "linked-art", answers, *where, "https://m.example").exit_code == 0
    result = run("catalogue", "linked-art", answers, *where, "https://other.example")
    assert result.exit_code == 2
    assert "undo that with smn undo" in result.stderr
    assert "--journal" in result.stderr
