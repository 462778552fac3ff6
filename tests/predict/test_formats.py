import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from smn.errors import InputError
from smn.predict.formats import Format, csv_header, csv_row, format_for, json_line, text_lines, write_rows
from smn.predict.prediction import FamilyGuess, Guess, Outcome, Prediction, RecognizedWork, Rectified, failed

AWKWARD_NAME = 'a "quoted", – naïve\u2028\n絵.jpg'
TOP_K = 2


def rows() -> list[dict[str, Any]]:
    sure = Prediction(
        AWKWARD_NAME, Outcome.MOVEMENT, "naive-art", 0.7,
        (Guess("naive-art", "Naïve Art", 0.7), Guess("realism", "Realism", 0.2)),
        (FamilyGuess("naive", "Naïve", 0.7), FamilyGuess("romantic-realist", "Realist", 0.3)),
        is_painting=True, painting_score=0.98, model="tiny-1", family="naive", set=("naive-art", "realism"),
        rectified=Rectified(((0.1, 0.2), (0.9, 0.2), (0.9, 0.8), (0.1, 0.8)), 0.75),
        work=RecognizedWork("L'Été", "A. Painter", 1905, "naive-art", "WikiArt", None, "Q1", None, 0.91, 0.99),
    )  # fmt: skip
    other = Prediction(
        None, Outcome.NOT_A_PAINTING, None, 0.4, (Guess("cubism", "Cubism", 0.4),), (FamilyGuess("cubist", "C", 0.4),),
        is_painting=False, painting_score=0.01, model="tiny-1",
    )  # fmt: skip
    return [sure.to_dict(), failed("b.jpg", "It is empty; copy it again.", model="tiny-1").to_dict(), other.to_dict()]


def as_text(form: Format, given: list[dict[str, Any]]) -> str:
    return "".join(text_lines(given, form, top_k=TOP_K))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_json_jsonl_and_parquet_carry_the_same_rows(count: int, tmp_path: Path) -> None:
    given = rows()[:count]
    write_rows(iter(given), tmp_path / "a.parquet", Format.PARQUET, top_k=TOP_K)
    assert json.loads(as_text(Format.JSON, given)) == given
    assert [json.loads(line) for line in as_text(Format.JSONL, given).split("\n")[:-1]] == given
    assert parquet.read_table(tmp_path / "a.parquet").to_pylist() == given


@pytest.mark.parametrize("count", [0, 1, 3])
def test_csv_carries_the_same_rows_flat(count: int) -> None:
    given = rows()[:count]
    read = list(csv.DictReader(io.StringIO(as_text(Format.CSV, given), newline="")))
    assert read == [
        {key: "" if value is None else str(value) for key, value in (dict.fromkeys(csv_header(TOP_K)) | flat).items()}
        for flat in (csv_row(row, TOP_K) for row in given)
    ]


def test_the_columns_of_csv_are_pinned() -> None:
    assert csv_header(2) == [
        "path", "outcome", "movement", "confidence", "guess_1", "probability_1", "guess_2", "probability_2", "family",
        "family_probability", "is_painting", "painting_score", "model", "error", "sure_family", "set",
        "rectified", "looks_like", "work_title", "work_artist", "work_year", "work_movement", "work_similarity",
    ]  # fmt: skip
    first, second, third = (csv_row(row, 2) for row in rows())
    assert (first["guess_1"], first["probability_2"], first["family"]) == ("naive-art", 0.2, "naive")
    assert (first["sure_family"], first["set"]) == ("naive", "naive-art realism")
    assert (first["rectified"], second["rectified"]) == (0.75, None)
    assert [first[f"work_{name}"] for name in ("title", "year", "similarity")] == ["L'Été", 1905, 0.91]
    assert [second["work_title"], third["work_year"]] == [None, None]
    assert (second["error"], "guess_1" in second, "family" in second) == ("It is empty; copy it again.", False, False)
    assert (third["guess_1"], "guess_2" in third) == ("cubism", False)


def test_csv_lists_no_more_guesses_than_were_asked_for() -> None:
    assert "guess_2" not in csv_row(rows()[0], 1)


def test_an_empty_csv_still_has_its_header() -> None:
    assert as_text(Format.CSV, []) == ",".join(csv_header(TOP_K)) + "\n"


def test_one_row_is_one_line_that_keeps_its_letters() -> None:
    line = json_line(rows()[0])
    assert "\n" not in line
    assert "Naïve" in line


@pytest.mark.parametrize("form", [Format.JSON, Format.JSONL, Format.CSV])
def test_files_hold_what_the_screen_shows(form: Format, tmp_path: Path) -> None:
    file = tmp_path / "out"
    write_rows(rows(), file, form, top_k=TOP_K)
    assert file.read_bytes().decode("utf-8") == as_text(form, rows())


@pytest.mark.parametrize("form", [Format.JSON, Format.JSONL, Format.CSV])
def test_rows_are_written_one_by_one(form: Format) -> None:
    taken = []

    def watched() -> Any:
        for number, row in enumerate(rows()):
            taken.append(number)
            yield row

    lines = text_lines(watched(), form, top_k=TOP_K)
    next(lines)
    assert taken == [0]


def test_parquet_of_many_rows_is_whole(tmp_path: Path) -> None:
    many = [rows()[0] | {"path": str(number)} for number in range(2500)]
    write_rows(iter(many), tmp_path / "a.parquet", Format.PARQUET, top_k=TOP_K)
    assert parquet.read_table(tmp_path / "a.parquet").to_pylist() == many


def test_an_ending_chooses_the_format() -> None:
    chosen = {name: format_for(Path(name)) for name in ("a.json", "a.JSONL", "b.a.csv", "a.parquet")}
    assert list(chosen.values()) == [Format.JSON, Format.JSONL, Format.CSV, Format.PARQUET]
    for name in ("a.xlsx", "a", "a.table", ".csv"):
        with pytest.raises(InputError, match=r"use \.json, \.jsonl, \.csv or \.parquet, or name a --format"):
            format_for(Path(name))
