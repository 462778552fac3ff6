import csv
import io

import openpyxl
import pytest

import smn
from smn.examples import paint
from smn.predict.prediction import failed
from smn.web.gallery_files import FILES, name_apart, write_gallery
from smn.web.words import Words
from web_pictures import encode

EN = Words("en")


@pytest.fixture(scope="module")
def gallery() -> tuple[list[dict[str, object]], dict[str, bytes]]:
    model = smn.load(threads=1)
    rows, pictures = [], {}
    for name in ("ukiyo-e", "fauvism"):
        pictures[f"{name}.jpg"] = encode(paint(name))
        rows.append(model.predict(pictures[f"{name}.jpg"], top_k=5).to_dict() | {"path": f"{name}.jpg"})
    rows.append(failed("=bad.jpg", "It is not a picture.", model=model.name).to_dict())
    return rows, pictures


def test_csv_is_that_of_the_command_line_and_runs_no_formula(gallery) -> None:
    rows, pictures = gallery
    text = write_gallery("csv", rows, pictures, EN).decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text)))
    assert [row["guess_1"] for row in table[:2]] == [row["predictions"][0]["movement"] for row in rows[:2]]
    assert [row["path"] for row in table] == ["ukiyo-e.jpg", "fauvism.jpg", "'=bad.jpg"]


def test_xlsx_holds_the_same_answers(gallery) -> None:
    rows, pictures = gallery
    sheet = openpyxl.load_workbook(io.BytesIO(write_gallery("xlsx", rows, pictures, EN))).active
    head, *body = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert [row[head.index("path")] for row in body] == [row["path"] for row in rows]
    assert [row[head.index("movement")] for row in body] == [row["movement"] for row in rows]
    assert sheet.cell(4, head.index("path") + 1).data_type == "s"


def test_the_report_holds_every_picture_and_answer(gallery) -> None:
    rows, pictures = gallery
    page = write_gallery("html", rows, pictures, EN).decode()
    assert "ukiyo-e.jpg" in page
    assert "smn-answers.csv" in page
    block = page.partition('id="thumbnails"')[2].partition("</script>")[0].partition(">")[2]
    small = block.strip("\n").split("\n")
    assert [bool(one) for one in small[:2]] == [True, True]


def test_names_are_told_apart() -> None:
    assert name_apart(["a.jpg", "b.jpg", "a.jpg", "a (2).jpg", "a.jpg"]) == [
        "a.jpg", "b.jpg", "a (2).jpg", "a (2) (2).jpg", "a (3).jpg",
    ]  # fmt: skip
    assert set(FILES) == {"csv", "xlsx", "html"}
