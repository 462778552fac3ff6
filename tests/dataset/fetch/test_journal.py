from collections.abc import Callable
from pathlib import Path

import pytest

from smn.dataset.fetch.fetch_source import Candidate, Flaw
from smn.dataset.fetch.journal import Journal, Missed, Stored
from smn.errors import InputError

ENTRIES = [
    Candidate("a", "https://m.org/a.jpg", title="Grünes Haus", year=1911),
    Flaw("b", "No picture."),
    Candidate("c", "https://m.org/c.jpg"),
    Candidate("d", None, image=b"inside"),
]


def stored(name: str, **changes: object) -> Stored:
    values: dict[str, object] = {
        "sha256": name * 64, "path": f"images/{name}.jpg", "size": 3, "width": 40, "height": 30,
        "retrieved_at": "2026-11-23T07:00:00+00:00",
    }  # fmt: skip
    return Stored(name, **(values | changes))  # type: ignore[arg-type]


def write(file: Path) -> None:
    with Journal(file) as journal:
        journal.note_entries(ENTRIES, total=9)
        journal.note_cursor("2")
        journal.note_outcome(stored("a"))
        journal.note_outcome(Missed("c", "It is gone.", passing=True))
        journal.note_manifest("f" * 64)


def names(journal: Journal) -> list[str]:
    return [candidate.id for candidate in journal.pending()]


def test_what_was_noted_is_known_again(tmp_path: Path) -> None:
    write(tmp_path / "j")
    with Journal(tmp_path / "j") as journal:
        assert list(journal.candidates.values()) == [*ENTRIES[:1], ENTRIES[2], Candidate("d", None)]
        assert journal.flaws == {"b": ENTRIES[1]}
        assert journal.stored == {"a": stored("a")}
        assert journal.missed == {"c": Missed("c", "It is gone.", passing=True)}
        assert (journal.cursor, journal.listed, journal.total, journal.wrote) == ("2", False, 9, {"f" * 64})
        assert names(journal) == ["d"]
        journal.note_cursor(None)
        journal.note_outcome(stored("c"))
    with Journal(tmp_path / "j") as journal:
        assert (journal.cursor, journal.listed, journal.missed) == (None, True, {})


def test_it_may_end_anywhere(tmp_path: Path) -> None:
    write(tmp_path / "whole")
    data = (tmp_path / "whole").read_bytes()
    ends = [place + 1 for place, byte in enumerate(data) if byte == ord("\n")]
    assert len(ends) == 5
    for size in {*range(0, len(data), 11), *ends, *(end - 1 for end in ends)}:
        file = tmp_path / "torn"
        file.write_bytes(data[:size])
        with Journal(file) as journal:
            whole = max((end for end in ends if end <= size), default=0)
            assert file.stat().st_size == whole
            assert bool(journal.stored) == (size >= ends[2])
            journal.note_outcome(stored("c"))
        with Journal(file) as journal:
            assert "c" in journal.stored


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"[]",
        b'{"stored": {}}',
        b'{"odd": {}}',
        b'{"cursor": 3}',
        b"\x00\x00",
        b'{"listed": {"entries": [{}], "total": 1}}',
    ],
)
def test_damage_in_the_middle_is_told(tmp_path: Path, line: bytes) -> None:
    write(tmp_path / "j")
    data = (tmp_path / "j").read_bytes()
    (tmp_path / "j").write_bytes(line + b"\n" + data)
    with pytest.raises(InputError, match="damaged in line 1; fetch into another folder"):
        Journal(tmp_path / "j")
    assert (tmp_path / "j").read_bytes().endswith(data)


def test_two_cannot_write_at_once(tmp_path: Path) -> None:
    with Journal(tmp_path / "j"), pytest.raises(InputError, match="wait until it has ended"):
        Journal(tmp_path / "j")
    Journal(tmp_path / "j").__exit__()


def test_the_first_of_two_with_one_id_stays(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        journal.note_entries([Candidate("a", "https://m.org/1"), Candidate("a", "https://m.org/2")], total=None)
        assert [one.address for one in journal.pending()] == ["https://m.org/1"]


def refresh(journal: Journal) -> None:
    journal.note_refresh()
    journal.note_entries([Candidate("a", "https://m.org/new.jpg"), Candidate("e", "https://m.org/e.jpg")], total=2)


def one_is_answered(journal: Journal) -> None:
    journal.note_outcome(stored("a", etag="new"))


@pytest.mark.parametrize("reopen", [False, True])
def test_a_refresh_asks_again_for_what_the_list_names_again(tmp_path: Path, *, reopen: bool) -> None:
    write(tmp_path / "j")

    def after(*steps: Callable[[Journal], None]) -> Journal:
        """The journal after steps, each of them in a process of its own if that is asked for."""
        journal = Journal(tmp_path / "j")
        for step in steps:
            step(journal)
            if reopen:
                journal.__exit__()
                journal = Journal(tmp_path / "j")
        return journal

    with after(refresh) as journal:
        assert names(journal) == ["a", "d", "e"]
        assert journal.candidates["a"].address == "https://m.org/new.jpg"
        assert (journal.cursor, journal.listed, journal.flaws) == (None, False, {})
    with after(one_is_answered) as journal:
        assert names(journal) == ["d", "e"]
        assert journal.stored["a"].etag == "new"


def test_pictures_whose_files_are_gone_are_had_again(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for name in "acd":
        (tmp_path / f"images/{name}.jpg").write_bytes(b"abc")
    with Journal(tmp_path / "j") as journal:
        journal.note_entries(ENTRIES, total=None)
        journal.note_cursor(None)
        for name in "acd":
            journal.note_outcome(stored(name))
        journal.forget_lost_files(tmp_path)
        assert (names(journal), journal.listed) == ([], True)
        (tmp_path / "images/a.jpg").write_bytes(b"ab")
        journal.forget_lost_files(tmp_path)
        assert (names(journal), journal.listed) == (["a"], True)
        (tmp_path / "images/d.jpg").unlink()
        journal.forget_lost_files(tmp_path)
        assert (names(journal), journal.listed) == (["a", "d"], False)
