import json
import os
from pathlib import Path

import pytest

from catalogue.conftest import answer, write_rows
from smn.catalogue.answers_file import (
    Row,
    apply_to_answers,
    columns_of,
    movement_name,
    outcome_name,
    read_answers,
)
from smn.clean.decisions import Decision, Verdict
from smn.errors import InputError
from smn.manifest import NOT_A_PAINTING
from smn.predict.formats import Format
from smn.predict.formats import write_rows as write_form
from smn.predict.jobs import locate


@pytest.mark.parametrize("form", [Format.JSON, Format.JSONL, Format.CSV, Format.PARQUET])
def test_every_format_of_predict_is_read_back(tmp_path: Path, form: Format) -> None:
    work = {"title": "T", "artist": "A", "year": 1900, "movement": "cubism", "source": "S", "museum": None,
            "wikidata_id": "Q1", "image_url": None, "similarity": 0.9, "confidence": 0.8}  # fmt: skip
    columns = {"model": "M", "sign": "é"}
    rows = [answer("a.jpg", columns=columns, work=work), answer("b.jpg", None, "error", columns=columns),
            answer("c.jpg", None, "not_a_painting", columns=columns)]  # fmt: skip
    file = tmp_path / f"answers.{form}"
    write_form(rows, file, form, top_k=3, columns=["model", "sign"])
    found = read_answers(file)
    for key in ("path", "outcome", "movement", "confidence", "family", "error", "is_painting", "columns", "model"):
        assert [row[key] for row in found] == [row[key] for row in rows], key
    assert [[guess["movement"] for guess in row["predictions"]] for row in found] == [
        [guess["movement"] for guess in row["predictions"]] for row in rows
    ]
    assert (found[0]["work"]["title"], found[0]["work"]["year"], found[1]["work"]) == ("T", 1900, None)
    assert columns_of(found) == ("model", "sign")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.jsonl", '{"path": "a"}\n', "Row 1 of .* is no answer of smn predict"),
        ("a.jsonl", json.dumps(answer("a")) + "\nno\n", "Row 2 of .* is no answer"),
        ("a.jsonl", (json.dumps(answer("a")) + "\n") * 2, "several rows for a"),
        ("a.csv", "path,outcome\na,movement\n", "Row 1 of"),
        ("a.xlsx", "", "give answers in .jsonl"),
    ],
)
def test_what_is_no_answer_is_refused(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=sentence):
        read_answers(tmp_path / name)
    with pytest.raises(InputError, match="make it with: smn predict"):
        read_answers(tmp_path / "missing.jsonl")


def test_decisions_correct_answers_and_leave_the_guesses() -> None:
    rows = [answer(name) for name in "abcde"] + [answer("f", None, "error")]
    decisions = {
        "a": Decision("a", Verdict.KEEP, note="sure"), "b": Decision("b", Verdict.RELABEL, movement="cubism"),
        "c": Decision("c", Verdict.DROP), "d": Decision("d", Verdict.RELABEL, movement=NOT_A_PAINTING),
        "f": Decision("f", Verdict.DROP),
    }  # fmt: skip
    found = apply_to_answers(rows, decisions)
    assert [(row["outcome"], row["movement"], row["family"]) for row in found] == [
        ("movement", "impressionism", "impressionist"), ("movement", "cubism", "cubist"), ("unsure", None, None),
        ("not_a_painting", None, None), ("movement", "impressionism", "impressionist"), ("error", None, None),
    ]  # fmt: skip
    assert found[0]["decision"] == {"verdict": "keep", "note": "sure", "decided_at": ""}
    # The number was about the model's answer: whoever decided otherwise gave none.
    assert [row["confidence"] for row in found] == [0.71, None, None, None, 0.71, None]
    assert [outcome_name(row) for row in found] == [
        "movement", "movement", "rejected", "not a painting", "movement", "unreadable",
    ]  # fmt: skip
    assert [movement_name(row) for row in found[:3]] == ["Impressionism", "Cubism", None]
    assert found[1]["predictions"] == rows[1]["predictions"]
    assert "decision" not in found[4]


def test_corrected_answers_are_answers(tmp_path: Path) -> None:
    rows: list[Row] = apply_to_answers([answer("a")], {"a": Decision("a", Verdict.DROP)})
    assert read_answers(write_rows(tmp_path / "corrected.jsonl", rows)) == rows


def test_a_file_is_found_whatever_its_name(tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode(b"caf\xe9.jpg")
    file.write_bytes(b"")
    assert locate(str(file).encode("utf-8", "backslashreplace").decode()) == file
