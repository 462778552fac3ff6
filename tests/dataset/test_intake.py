import hashlib

import pytest

from smn.dataset.intake import Intake
from smn.dataset.labels import LabelMap
from smn.dataset.rows import Failed, Row


class ListSource:
    name, extras = "list", {}

    def __init__(self, rows):
        self._rows = rows

    def __len__(self):
        return len(self._rows)

    def rows(self):
        return iter(self._rows)


@pytest.fixture
def intake(tmp_path):
    def intake(*rows, embed=True, aliases=None):
        return Intake(
            [ListSource(rows)], tmp_path, labels=LabelMap(), defaults={"source": None, "licence": "CC0"}, texts={"n"},
            not_paintings=False, embed=embed, aliases=aliases or {},
        )  # fmt: skip

    return intake


def test_a_record_has_what_was_offered_and_what_was_measured(intake, paint):
    values = {"movement": " Cubism ", "year": 1907.0, "n": 7, "width": 9999, "sha256": "forged"}
    (record,) = intake(Row("a", paint(1), values)).records()
    assert record["movement"] == "cubism"
    assert record["year"] == 1907
    assert record["n"] == "7"
    assert record["width"] == 48
    assert record["sha256"] == hashlib.sha256(paint(1)).hexdigest()
    assert (record["source"], record["licence"]) == ("list", "CC0")
    assert record["image"] == {"bytes": paint(1), "path": None}


def test_failures_of_the_source_are_passed_on_in_order(intake, paint):
    work = intake(Failed("a", "gone"), Row("b", paint(1), {}), Row("c", b"no", {}))
    assert len(list(work.records())) == 1
    assert [item.name for item in work.failed] == ["a", "c"]


def test_a_taken_place_is_a_reason(intake, paint, write):
    sha256 = hashlib.sha256(paint(1)).hexdigest()
    write(f"images/{sha256[:2]}/{sha256[:16]}.png", b"mine")
    work = intake(Row("a", paint(1), {}), Row("b", paint(2), {}), embed=False)
    assert len(list(work.records())) == 1
    assert "taken by a different file" in work.failed[0].reason


def test_order_does_not_depend_on_threads(intake, paint):
    rows = [Row(str(n), paint(n, (48 + 40 * (n % 3), 32)), {"title": str(n)}) for n in range(130)]
    assert [record["title"] for record in intake(*rows).records()] == [row.name for row in rows]


def test_artists_get_their_other_name_and_the_old_one_is_kept(intake, paint):
    rows = [Row(name, paint(seed), {"artist": name}) for seed, name in enumerate(["Kandinsky, Vasily", "Paul Klee"])]
    work = intake(*rows, aliases={"kandinsky vasily": "Wassily Kandinsky"})
    first, second = work.records()
    assert (first["artist"], first["artist_before"]) == ("Wassily Kandinsky", "Kandinsky, Vasily")
    assert (second["artist"], second.get("artist_before")) == ("Paul Klee", None)
    assert any("1 rows" in note for note in work.report(work._out, taxonomy=None).notes)
