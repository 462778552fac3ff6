import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smn.clean.decisions import (
    FIELDS,
    Decision,
    Verdict,
    append_decisions,
    file_digest,
    format_decisions,
    parse_decisions,
    read_decision_files,
    read_decisions,
    standing_decisions,
    undo_decisions,
    write_time,
)
from smn.errors import DecisionsError, InputError

SHA = "ab" * 32
HERE = Path("decisions.csv")


def parse(text):
    return parse_decisions(text, where=HERE)


def test_lines_are_written_and_read():
    lines = [
        Decision("a", Verdict.KEEP, sha256=SHA, checks=("blurred", "dark"), note='soft, "as meant"', decided_at="2025"),
        Decision("b", Verdict.RELABEL, movement="impressionism"),
        Decision("b", Verdict.UNDO),
        Decision("c", Verdict.DROP, note="Ärger; é 画"),
    ]
    text = format_decisions(lines)
    assert text.splitlines()[0] == ",".join(FIELDS)
    assert parse(text) == tuple(lines)


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30).map(lambda text: " ".join(text.split()))


@given(note=TEXT, row_id=TEXT.filter(bool), separator=st.sampled_from(",;\t"))
def test_any_text_survives(note, row_id, separator):
    header = separator.join(FIELDS) + "\n"
    line = Decision(row_id, Verdict.KEEP, note=note)
    assert parse(header + format_decisions([line], like=header)) == (line,)


@pytest.mark.parametrize("value", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "'=1", "''-x"])
def test_no_value_is_a_formula_to_a_spreadsheet(value):
    line = Decision(value, Verdict.DROP, note=value)
    text = format_decisions([line])
    cells = text.splitlines()[1].split(",")
    assert all(cell[:1] not in tuple("=+-@\t") for cell in cells if cell)
    assert parse(text) == (line,)
    assert parse("id,decision,note\na,keep,'tis dark\n")[0].note == "'tis dark"


def test_a_note_is_one_line():
    text = format_decisions([Decision("a", Verdict.KEEP, note="one\ntwo\r\n three")])
    assert len(text.splitlines()) == 2
    assert parse(text)[0].note == "one two three"


def test_what_a_person_or_a_spreadsheet_wrote_is_read():
    text = "\r\nDecision;ID;mine;movement\r\nDrop;a;whatever;\r\n;;;\r\nRELABEL;b;;Renaissance (Northern)\r\nkeep;c\r\n"
    found = parse(text.replace("Renaissance (Northern)", "Northern Renaissance"))
    assert [(one.id, one.verdict.value, one.movement) for one in found] == [
        ("a", "drop", None), ("b", "relabel", "northern-renaissance"), ("c", "keep", None),
    ]  # fmt: skip
    assert (
        parse("id,decision,movement\na,relabel,Not a painting\nb,relabel,not-a-painting\n")[1].movement
        == "not-a-painting"
    )
    assert parse("") == parse("\n \n") == ()


def test_every_bad_line_is_told_with_its_number():
    text = (
        "id,decision,movement,sha256\n"
        "a,delete,,\n"
        "\n"
        "b,relabel,impresionism,\n"
        "c,relabel,,\n"
        ",keep,,\n"
        "d,keep,,abc\n"
        'e,keep,,,"too\nmany"\n'
        "f,keep\n"
        "g,burn,,\n"
        "h,change,zzz,\n"
    )
    with pytest.raises(DecisionsError) as caught:
        parse(text)
    said = str(caught.value)
    for part in (
        "decisions.csv cannot be used: ",
        "Line 2 decides 'delete'; allowed are keep, drop, relabel, undo, reject, change.",
        "Line 4: there is no movement 'impresionism' (did you mean impressionism?).",
        "Line 12: there is no movement 'zzz'.",
        "Line 5 relabels to nothing; write a movement.",
        "Line 6 has no id.",
        "Line 7 has the sha256 'abc'; it needs 64 hex digits, or nothing.",
        "Line 8 has 5 values for 4 columns.",
        "Line 11 decides 'burn'",
        "Movements are abstract-expressionism, ",
        ", not-a-painting.",
        "Correct these lines",
    ):
        assert part in said
    assert said.count("Movements are") == 1
    assert "Line 10" not in said
    assert caught.value.path == HERE
    assert len(caught.value.problems) == 10


def test_the_movements_are_listed_only_where_none_is_near():
    with pytest.raises(DecisionsError) as caught:
        parse("id,decision,movement\na,relabel,Northern Renaisance\n")
    assert caught.value.problems == (
        "Line 2: there is no movement 'Northern Renaisance' (did you mean northern-renaissance?).",
        "Correct these lines; nothing was changed.",
    )


def test_unknown_ids_are_told_together_with_the_rest():
    text = "id,decision\na,keep\nb,keep\n'=c,burn\n"
    with pytest.raises(DecisionsError, match=r"Line 4 decides 'burn'.*Line 3: there is no picture 'b' \(and"):
        parse_decisions(text, where=HERE, known={"a"})
    with pytest.raises(DecisionsError) as caught:
        parse_decisions(text, where=HERE, known={"a", "b", "=c"})
    assert "no picture" not in str(caught.value)
    assert len(parse_decisions("id,decision\nb,keep\n", where=HERE, known={"a"})) == 1  # by itself no error


def test_the_words_of_the_page_are_read():
    change, reject = parse("id,decision,movement\na,change,cubism\nb,Reject,\n")
    assert (change.verdict, change.movement, reject.verdict) == (Verdict.RELABEL, "cubism", Verdict.DROP)
    assert "relabel" in format_decisions([change])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,verdict\na,keep\n", "Its header lacks decision; a decisions file has the columns id, sha256, decision,"),
        ("id,decision,id\na,keep,b\n", "Its header repeats id"),
        ('id,decision\na,keep\nb,"keep\nc,drop\n', "Line 3 is not CSV"),
        ('id,decision\n"a"b,keep\n', "Line 2 is not CSV"),
    ],
)
def test_what_is_no_decisions_file_is_refused(text, said):
    with pytest.raises(DecisionsError, match=said):
        parse(text)


def test_the_last_line_counts_and_undo_takes_all_back():
    keep, drop, undo = (Decision("a", verdict) for verdict in (Verdict.KEEP, Verdict.DROP, Verdict.UNDO))
    other = Decision("b", Verdict.KEEP)
    assert standing_decisions([keep, other, drop]) == {"b": other, "a": drop}
    assert list(standing_decisions([keep, other, drop])) == ["b", "a"]
    assert standing_decisions([keep, drop, undo]) == {}
    assert standing_decisions([keep, undo, drop]) == {"a": drop}
    assert standing_decisions([undo]) == {}


def test_times_are_in_utc():
    east = timezone(timedelta(hours=2))
    assert write_time(datetime(2025, 3, 1, 11, 30, tzinfo=east)) == "2025-03-01T09:30:00Z"
    assert write_time().startswith(str(datetime.now(UTC).year))


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
