import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from smn.errors import InputError, OutputExistsError
from smn.predict.formats import Format
from smn.predict.journal import Journal
from smn.predict.prediction import Prediction, failed

SETTINGS = {"model": "tiny-1", "taxonomy": "smn-25", "top_k": 3}
# Separators that str.splitlines takes for a line's end stand in the names.
NAMES = [f"{number}\u2028naïve\x85.jpg" for number in range(6)]


def answers(names: list[str]) -> Iterator[Prediction]:
    return (failed(name, "no answer", model="tiny-1") for name in names)


def work(journal: Journal, names: list[str]) -> None:
    assert [answer.path for answer in journal.add(answers(names))] == names


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "new" / "out.jsonl"


@pytest.fixture
def partial(out: Path) -> Path:
    return out.with_name("out.jsonl.partial")


def paths_in(file: Path) -> list[str]:
    return [json.loads(line)["path"] for line in file.read_bytes().decode().split("\n")[:-1]]


def test_a_job_without_interruption_leaves_its_output_only(out: Path, partial: Path) -> None:
    journal = Journal(out, SETTINGS)
    assert journal.done == set()
    assert partial.is_file()
    work(journal, NAMES)
    assert [row["path"] for row in journal.rows()] == NAMES
    journal.finish(Format.JSONL, top_k=3)
    assert paths_in(out) == NAMES
    assert list(out.parent.iterdir()) == [out]


def test_an_interrupted_job_continues_where_it_was(out: Path) -> None:
    work(Journal(out, SETTINGS), NAMES[:4])
    journal = Journal(out, SETTINGS)
    assert journal.done == set(NAMES[:4])
    work(journal, NAMES[4:])
    journal.finish(Format.JSONL, top_k=3)
    assert paths_in(out) == NAMES


def test_a_line_that_a_kill_cut_short_is_answered_again(out: Path, partial: Path) -> None:
    work(Journal(out, SETTINGS), NAMES[:4])
    whole = partial.read_bytes()
    last = len(whole.splitlines(keepends=True)[-1])
    for cut in (1, 2, last // 2, last - 1):
        partial.write_bytes(whole[:-cut])
        assert Journal(out, SETTINGS).done == set(NAMES[:3])
        assert partial.read_bytes() == whole[:-last]
    journal = Journal(out, SETTINGS)
    work(journal, NAMES[3:])
    journal.finish(Format.JSONL, top_k=3)
    assert paths_in(out) == NAMES


def test_answers_are_on_disk_before_the_job_is_over(out: Path, partial: Path) -> None:
    stream = Journal(out, SETTINGS).add(answers(NAMES), flush_every=2)
    for _ in range(5):
        next(stream)
    assert len(partial.read_bytes().splitlines()) - 1 >= 4
    stream.close()
    assert Journal(out, SETTINGS).done == set(NAMES[:5])


@pytest.mark.parametrize("key", SETTINGS)
def test_a_job_with_other_settings_is_refused_and_kept(out: Path, partial: Path, key: str) -> None:
    work(Journal(out, SETTINGS), NAMES[:2])
    before = partial.read_bytes()
    with pytest.raises(InputError, match=r"unfinished job with other settings .*finish it with those, or move"):
        Journal(out, SETTINGS | {key: "other"})
    assert partial.read_bytes() == before


NO_JOURNALS = [b"my notes\nwithout an end", b"no line", b"\xff\xfe\n", b"[]\n7\n", b'{"a": 1}\n{}\n']


@pytest.mark.parametrize("content", NO_JOURNALS)
def test_a_file_that_is_no_journal_is_refused_and_kept(out: Path, partial: Path, content: bytes) -> None:
    partial.parent.mkdir()
    partial.write_bytes(content)
    with pytest.raises(InputError, match="is not an unfinished job of smn's; move it away"):
        Journal(out, SETTINGS)
    assert partial.read_bytes() == content


def test_an_empty_journal_begins_anew(out: Path, partial: Path) -> None:
    partial.parent.mkdir()
    partial.touch()
    work(Journal(out, SETTINGS), NAMES)
    assert Journal(out, SETTINGS).done == set(NAMES)


def test_an_existing_output_is_never_overwritten(out: Path, partial: Path) -> None:
    out.parent.mkdir()
    out.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputExistsError, match="overwrites nothing"):
        Journal(out, SETTINGS)
    assert not partial.exists()
    assert out.read_text(encoding="utf-8") == "mine"


def test_an_output_that_appears_meanwhile_is_not_overwritten_either(out: Path, partial: Path) -> None:
    journal = Journal(out, SETTINGS)
    work(journal, NAMES)
    out.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputExistsError):
        journal.finish(Format.JSONL, top_k=3)
    assert out.read_text(encoding="utf-8") == "mine"
    assert sorted(out.parent.iterdir()) == [out, partial]


def test_a_place_that_cannot_be_written_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot be written .*name another place"):
        Journal(tmp_path / "file" / "out.csv", SETTINGS)
