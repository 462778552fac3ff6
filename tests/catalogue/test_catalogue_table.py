import csv
from pathlib import Path

import openpyxl
import pytest
from archive_readers import read_xlsx

from catalogue.conftest import answer
from catalogue.killing import killed
from smn.catalogue.answers_file import apply_to_answers
from smn.catalogue.catalogue_table import write_table
from smn.clean.decisions import Decision, Verdict
from smn.errors import InputError, OutputExistsError

ROWS = [
    answer("=cmd()|' /C calc'!A0.jpg", columns={"inventory": "0012", "note": "+1 é", "model": "Leica"}),
    answer("b.jpg", None, "unsure", decision={"verdict": "keep", "note": "-", "decided_at": ""}),
    answer("c.jpg", None, "error"),
]


def read_csv(file: Path, encoding: str) -> list[dict[str, str]]:
    with file.open(encoding=encoding, newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("bom", [False, True])
def test_csv_has_names_beside_ids_and_no_formulas(tmp_path: Path, bom: bool) -> None:
    file = write_table(ROWS, tmp_path / "out" / "table.csv", bom=bom)
    assert file.read_bytes().startswith(b"\xef\xbb\xbf") is bom
    first, second, third = read_csv(file, "utf-8-sig" if bom else "utf-8")
    assert (first["movement"], first["movement_name"], first["family_name"]) == (
        "impressionism", "Impressionism", "Impressionist",
    )  # fmt: skip
    assert (first["movement_wikidata"], first["movement_aat"]) == ("Q40415", "300021503")
    assert (first["inventory"], first["note"], first["input_model"], first["model"]) == (
        "0012",
        "'+1 é",
        "Leica",
        "tiny-1",
    )
    assert first["path"] == "'=cmd()|' /C calc'!A0.jpg"
    assert (second["movement_name"], second["best_guess_name"], second["decision"]) == ("", "Impressionism", "keep")
    assert (second["outcome"], second["best_guess_probability"]) == ("unsure", "0.71")
    assert third["error"] == "It is no picture; convert it."


def test_a_rejected_answer_is_told_from_an_unsure_one(tmp_path: Path) -> None:
    rows = apply_to_answers([answer("a"), answer("b", None, "unsure")], {"a": Decision("a", Verdict.DROP)})
    first, second = read_csv(write_table(rows, tmp_path / "table.csv"), "utf-8")
    assert (first["outcome"], first["decision"], first["confidence"]) == ("rejected", "drop", "")
    assert (first["best_guess"], first["best_guess_probability"]) == ("impressionism", "0.71")
    assert (second["outcome"], second["confidence"]) == ("unsure", "0.71")


def test_what_is_known_of_a_recognised_work_is_told(tmp_path: Path) -> None:
    work = {"title": None, "artist": "Ada", "year": 1900, "movement": "realism", "museum": "Lyon", "wikidata_id": "Q1",
            "source": "by artist", "image_url": None, "similarity": 0.93, "confidence": 0.9}  # fmt: skip
    (row,) = read_csv(write_table([answer("a", work=work)], tmp_path / "table.csv"), "utf-8")
    assert {name: cell for name, cell in row.items() if name.startswith("work_")} == {
        "work_title": "", "work_artist": "Ada", "work_year": "1900", "work_movement": "realism", "work_museum": "Lyon",
        "work_wikidata_id": "Q1", "work_source": "by artist", "work_similarity": "0.93",
    }  # fmt: skip


def test_the_guard_can_be_left_out(tmp_path: Path) -> None:
    (first, *_) = read_csv(write_table(ROWS, tmp_path / "table.csv", guard=False), "utf-8")
    assert first["path"] == ROWS[0]["path"]


def test_xlsx_is_opened_by_another_library(tmp_path: Path) -> None:
    file = write_table(ROWS, tmp_path / "table.xlsx")
    book = openpyxl.load_workbook(file)
    (header, first, *rest) = book["answers"].iter_rows()
    cells = {name.value: cell for name, cell in zip(header, first, strict=True)}
    assert (cells["path"].value, cells["path"].data_type) == (ROWS[0]["path"], "s")  # a text, not a formula
    assert cells["inventory"].value == "0012"
    assert (cells["confidence"].value, cells["confidence"].data_type) == (0.71, "n")
    assert len(rest) == 2
    assert book["answers"].freeze_panes == "A2"


@pytest.mark.parametrize("name", ["table.csv", "table.xlsx"])
@pytest.mark.parametrize("call", ["os.fsync", "os.replace"])
def test_a_kill_leaves_no_part_of_a_table(tmp_path: Path, name: str, call: str) -> None:
    file = tmp_path / name
    assert killed(lambda: write_table(ROWS, file), call, at=1)
    assert not file.exists()
    write_table(ROWS, file)
    rows = read_csv(file, "utf-8") if name.endswith("csv") else read_xlsx(file)
    assert [row["path"].lstrip("'") for row in rows] == [row["path"] for row in ROWS]


def test_an_existing_table_and_another_ending_are_refused(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        write_table(ROWS, tmp_path / "table.csv")
    with pytest.raises(InputError, match=r"use \.csv or \.xlsx"):
        write_table(ROWS, tmp_path / "table.ods")
