import json
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from archive_readers import OBJECT_SCHEMA, PAGE_SCHEMA

from catalogue.conftest import answer
from catalogue.killing import killed
from smn.catalogue.linked_data import annotation_page, linked_art_record, write_records
from smn.catalogue.undo_journal import WriteJournal, Written, undo
from smn.errors import InputError

BASE = "https://museum.example/annotations/"
CANVAS = {"canvas": "https://museum.example/canvas/7", "title": "Water", "inventory": "A 7/1"}


def test_an_annotation_is_valid_and_says_who_says_it() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    name, page = annotation_page(answer("a.jpg", columns=CANVAS), base=BASE)
    jsonschema.validate(page, PAGE_SCHEMA)
    (annotation,) = page["items"]
    assert page["id"] == f"{BASE}{name}.json"
    assert annotation["target"] == CANVAS["canvas"]
    assert [body.get("value", body.get("source")) for body in annotation["body"]] == [
        "Impressionism",
        "Impressionism: assigned by a machine (smn tiny-1), probability 71%; not checked by a person.",
        "http://www.wikidata.org/entity/Q40415",
    ]
    broken = page | {"items": [annotation | {"target": "7"}]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, PAGE_SCHEMA)


def test_a_persons_decision_is_told() -> None:
    decided = answer("a.jpg", columns=CANVAS, decision={"verdict": "keep", "note": "", "decided_at": ""})
    _, page = annotation_page(decided, base=BASE)
    assert "decided by a person" in page["items"][0]["body"][1]["value"]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [(answer("a"), "no column canvas"), (answer("a", None, "unsure", columns=CANVAS), "no movement")],
)
def test_what_cannot_be_annotated_is_said(row: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        annotation_page(row, base=BASE)


@pytest.mark.parametrize(
    ("movement", "known"),
    [("impressionism", "http://vocab.getty.edu/aat/300021503"), ("cubism", "http://vocab.getty.edu/aat/300021495"),
     ("futurism", "http://www.wikidata.org/entity/Q131221"), ("analytical-cubism", None)],
)  # fmt: skip
def test_linked_art_is_valid_and_read_by_gettys_library(movement: str, known: str | None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library's own imports
        reader = pytest.importorskip("cromulent.reader").Reader()
    row = answer("a.jpg", movement, columns=CANVAS)
    _, record = linked_art_record(row, base="https://museum.example/object", id_column="inventory")
    pytest.importorskip("jsonschema").validate(record, OBJECT_SCHEMA)
    read = reader.read(json.dumps(record))  # refuses properties and classes that the model does not have
    assert (read.type, read.id, read._label) == ("HumanMadeObject", "https://museum.example/object/A%207%2F1", "Water")
    styles = [one.id for one in getattr(read, "classified_as", ())]
    assert styles == ([known] if known else [])
    assert "assigned by a machine" in read.referred_to_by[0].content
    if known:
        assert [one.id for one in read.classified_as[0].classified_as] == ["http://vocab.getty.edu/aat/300015646"]


@pytest.mark.parametrize("make", [annotation_page, linked_art_record])
def test_records_are_written_once_killed_continued_and_undone(
    tmp_path: Path, make: Callable[..., tuple[str, dict[str, Any]]]
) -> None:
    rows = [answer(f"{number}.jpg", columns={"canvas": f"{BASE}{number}"}) for number in range(6)]
    rows.append(answer("x", None, "unsure", columns=CANVAS))
    out = tmp_path / "out"

    def write() -> dict[Written, int]:
        with WriteJournal(tmp_path / "journal", {}) as journal:
            counted, skipped = write_records(rows, out, journal, partial(make, base=BASE))
        assert [one.path for one in skipped] == ["x"]
        return dict(counted)

    assert killed(write, "os.replace", at=4)
    assert write() == {Written.ALREADY: 3, Written.NEW: 3}
    records = [json.loads(file.read_text(encoding="utf-8")) for file in out.iterdir()]
    about = [record["items"][0]["target"] if "items" in record else record["id"][:-4] for record in records]
    assert sorted(about) == [f"{BASE}{number}" for number in range(6)]
    undo(tmp_path / "journal")
    assert not out.exists()


def test_two_rows_of_one_object_are_not_mixed(tmp_path: Path) -> None:
    rows = [answer(name, columns={"inventory": "7"}) for name in ("recto.jpg", "verso.jpg")]
    with WriteJournal(tmp_path / "journal", {}) as journal:
        make = partial(linked_art_record, base=BASE, id_column="inventory")
        counted, skipped = write_records(rows, tmp_path / "out", journal, make)
    assert (counted, [one.path for one in skipped]) == ({Written.NEW: 1}, ["verso.jpg"])
