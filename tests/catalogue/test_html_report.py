"""The report as data, and in a real browser; that is skipped where there is no Chromium (name one in CHROMIUM)."""

import csv
import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from awkward_files import jpeg
from catalogue.conftest import answer, write_rows
from catalogue.killing import killed
from chromium import CHROMIUM, QUIET, needs_chromium
from smn.catalogue.answers_file import Row, read_answers
from smn.catalogue.html_report import report_data, write_report
from smn.clean.decisions import Decision, Verdict, append_decisions
from smn.cli import main
from smn.errors import FetchError, InputError, OutputExistsError

MANY = 10_000
HOSTILE = '</script><img src=x onerror="document.title=1">{{data}}'


def fetch(address: str) -> bytes:
    if address.endswith("lost.jpg"):
        raise FetchError("The server answered 404.", address=address, status=404)
    return PICTURE


PICTURE = jpeg()


def thumbnails(page: Path) -> list[str]:
    found = re.search(
        r'<script type="text/plain" id="thumbnails">(.*?)</script>', page.read_text(encoding="utf-8"), re.S
    )
    assert found is not None
    return found[1].split("\n")


def test_a_report_is_one_file_that_asks_for_nothing(collection: list[Row], tmp_path: Path) -> None:
    out = write_report(collection, tmp_path / "out" / "report.html", answers="answers.jsonl", fetch=fetch)
    text = out.read_text(encoding="utf-8")
    assert list(out.parent.iterdir()) == [out]
    assert "default-src 'none'" in text
    assert not re.search(r"""(src|href)=["'](?!data:)""", text)
    assert [bool(one) for one in thumbnails(out)] == [True] * 8 + [False] * 4
    assert thumbnails(out)[0].startswith("UklGR")  # WebP


def test_pictures_at_addresses_are_fetched(tmp_path: Path) -> None:
    rows = [answer(f"https://museum.example/{name}.jpg") for name in ("a", "lost")]
    out = write_report(rows, tmp_path / "report.html", answers="answers.jsonl", fetch=fetch)
    assert [bool(one) for one in thumbnails(out)] == [True, False]


def test_the_data_say_what_is_known_of_a_row() -> None:
    work = {"title": "Water", "artist": "Ada", "year": 1900, "museum": None}
    rows = [answer("x/a.jpg", columns={"inventory": "7"}, work=work, rectified={"confidence": 0.9})]
    (row,) = report_data(rows, answers=Path("answers.jsonl"), decisions="", decisions_name="decisions.csv")["rows"]
    facts = dict(row["facts"])
    assert (row["id"], row["title"], row["guesses"][0]) == ("x/a.jpg", "a.jpg", ["impressionism", 0.71])
    assert facts["known work"] == "Water, Ada, 1900"
    assert (facts["inventory"], facts["model"], "straightened" in facts) == ("7", "tiny-1", True)


def test_nothing_is_overwritten_and_nothing_made_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        write_report([answer("a")], tmp_path / "report.html", answers="a.jsonl", fetch=fetch)
    with pytest.raises(InputError, match="holds no answers"):
        write_report([], tmp_path / "new.html", answers="a.jsonl", fetch=fetch)


def test_an_update_keeps_the_report_before(tmp_path: Path) -> None:
    out, kept = tmp_path / "report.html", tmp_path / "report.1.html"
    write_report([answer("a")], out, answers="a.jsonl", fetch=fetch)
    before = out.read_bytes()
    write_report([answer("a")], out, answers="a.jsonl", fetch=fetch, keep_old=True)
    assert (out.read_bytes(), kept.exists()) == (before, False)  # nothing new, so nothing to keep
    write_report([answer("a"), answer("b")], out, answers="a.jsonl", fetch=fetch, keep_old=True)
    assert kept.read_bytes() == before != out.read_bytes()


@pytest.mark.parametrize("call", ["os.fsync", "os.replace"])
def test_a_kill_leaves_no_part_of_a_report(collection: list[Row], tmp_path: Path, call: str) -> None:
    def write() -> Path:
        return write_report(collection, tmp_path / "report.html", answers="answers.jsonl", fetch=fetch)

    assert killed(write, call, at=1)
    assert not (tmp_path / "report.html").exists()
    assert len(thumbnails(write())) == len(collection)


@pytest.mark.parametrize("ending", ["jsonl", "json", "csv", "xlsx"])
def test_a_kill_leaves_no_part_of_corrected_answers(tmp_path: Path, ending: str) -> None:
    answers = write_rows(tmp_path / "answers.jsonl", [answer("a.jpg"), answer("b.jpg")])
    decisions = append_decisions(tmp_path / "d.csv", [Decision("b.jpg", Verdict.DROP)])
    out = tmp_path / f"corrected.{ending}"
    words = ["review", "apply", str(decisions), "--answers", str(answers), "--out", str(out)]
    before = answers.read_bytes(), decisions.read_bytes()
    assert killed(lambda: main(words), "os.replace", at=1)
    assert not out.exists()
    assert CliRunner().invoke(main, words).exit_code == 0
    assert out.exists()
    assert before == (answers.read_bytes(), decisions.read_bytes())


# In a browser.


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        with closing(started):
            yield started


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    """Opens a page from its file; in the end nothing may have been complained of or asked of the network."""
    complaints: list[str] = []
    context = browser.new_context(accept_downloads=True, viewport={"width": 1200, "height": 900})
    context.add_init_script("delete window.showSaveFilePicker")  # what is saved is downloaded
    context.on("request", lambda request: _local(request.url, complaints))

    def open_page(file: Path) -> Any:
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(file.as_uri())
        return page

    yield open_page
    context.close()
    assert complaints == []


def _local(address: str, complaints: list[str]) -> None:
    if not address.startswith(("file:", "data:", "blob:")):
        complaints.append(f"asked for {address}")


def names(page: Any) -> list[str]:
    return [str(one) for one in page.locator(".row span[title]").all_inner_texts()]


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Answers about ten thousand pictures, of all kinds."""
    kinds = [("movement", "cubism"), ("movement", "impressionism"), ("unsure", None), ("not_a_painting", None)]
    rows = []
    for number in range(MANY):
        outcome, movement = kinds[number % 4]
        row = answer(f"https://museum.example/{number:05}.jpg", movement, outcome)
        rows.append(row | {"confidence": round(0.3 + 0.7 * number / MANY, 6)})
    rows[7] = answer(f"{HOSTILE}.jpg", None, "error", error=HOSTILE)
    return write_rows(tmp_path / "answers.jsonl", rows)


@needs_chromium
def test_ten_thousand_are_shown_sorted_decided_and_applied(visit: Any, many: Path, tmp_path: Path) -> None:
    page = visit(write_report(read_answers(many), tmp_path / "report.html", answers=many, fetch=fetch))
    assert page.locator("#shown").inner_text() == f"{MANY} of {MANY} shown"
    assert 10 < page.locator(".row").count() < 200  # only what is in view
    assert names(page)[:2] == ["00002.jpg", "00006.jpg"]  # unsure first, the least confident before
    page.locator("#list").evaluate("list => { list.scrollTop = list.scrollHeight; }")
    page.wait_for_function("document.querySelector('.row:last-child').getAttribute('aria-posinset') === '10000'")
    assert 10 < page.locator(".row").count() < 200
    assert page.title() == "Report on answers.jsonl"  # nothing in the data is taken for HTML

    page.locator("#sort").select_option("most")
    assert names(page)[0] == "09999.jpg"
    page.locator("#sort").select_option("doubt")
    page.locator("#list").focus()
    page.keyboard.press("k")  # the first is kept, the second rejected, the third given its first guess
    page.keyboard.press("r")
    page.keyboard.press("1")
    page.keyboard.press("c")
    page.keyboard.type("fauv")
    page.keyboard.press("Enter")
    page.keyboard.press("k")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("u")
    assert page.locator("#progress").inner_text() == f"4 of {MANY} decided, 4 not saved"
    page.locator("#undecided").check()
    assert page.locator("#shown").inner_text() == f"{MANY - 4} of {MANY} shown"
    page.get_by_role("button", name="family Cubist", exact=False).click()
    assert page.locator("#shown").inner_text() == f"{MANY // 4} of {MANY} shown"
    with page.expect_download() as waiting:
        page.keyboard.press("Control+s")
    waiting.value.save_as(tmp_path / "decisions.csv")

    words = ["review", "apply", str(tmp_path / "decisions.csv"), "--answers", str(many)]
    for ending in ("jsonl", "csv"):
        result = CliRunner().invoke(main, [*words, "--out", str(tmp_path / f"corrected.{ending}")])
        assert (result.exit_code, "4 of them decided" in result.stderr) == (0, True), result.output
    corrected = {row["path"][-9:]: row for row in read_answers(tmp_path / "corrected.jsonl")}
    told = [(corrected[name]["movement"], corrected[name]["decision"]["verdict"]) for name in
            ("00002.jpg", "00006.jpg", "00010.jpg", "00014.jpg")]  # fmt: skip
    assert told == [(None, "keep"), (None, "drop"), ("impressionism", "relabel"), ("fauvism", "relabel")]
    assert "decision" not in corrected["00018.jpg"]
    with (tmp_path / "corrected.csv").open(encoding="utf-8", newline="") as stream:
        assert sum(row["decision"] != "" for row in csv.DictReader(stream)) == 4


@needs_chromium
def test_a_report_goes_on_with_decisions_and_can_be_printed(visit: Any, tmp_path: Path) -> None:
    rows = [answer(f"https://museum.example/{number}.jpg") for number in range(30)]
    decisions = append_decisions(tmp_path / "mine.csv", [Decision(rows[0]["path"], Verdict.RELABEL, movement="cubism")])
    out = tmp_path / "report.html"
    page = visit(write_report(rows, out, answers=tmp_path / "a.jsonl", fetch=fetch, decisions=decisions))
    assert page.locator("#progress").inner_text() == "1 of 30 decided"
    assert page.locator("#verdict").inner_text() == "Changed: Cubism"
    assert page.locator("#answer").inner_text() == "Cubism"  # without 71%, which was about the model's answer
    page.locator("#list").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#answer").inner_text() == "Impressionism 71%"
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#paper .row").count() == 30
    assert page.locator("#paper").is_visible()


def test_the_command_writes_the_report_that_predict_writes(tmp_path: Path) -> None:
    answers = write_rows(tmp_path / "answers.jsonl", [answer("a.jpg")])
    words = ["review", "report", str(answers), "--out", str(tmp_path / "report.html")]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert f"Open {(tmp_path / 'report.html').as_uri()}" in result.stderr
    data = re.search(r'id="data">(.*?)</script>', (tmp_path / "report.html").read_text(encoding="utf-8"), re.S)
    assert data is not None
    assert json.loads(data[1])["answers"] == str(answers)
    assert CliRunner().invoke(main, words).exit_code == 2


def test_decisions_about_other_pictures_are_told(tmp_path: Path) -> None:
    answers = write_rows(tmp_path / "answers.jsonl", [answer("a.jpg")])
    decisions = append_decisions(tmp_path / "d.csv", [Decision("b.jpg", Verdict.DROP), Decision("a.jpg", Verdict.KEEP)])
    words = ["review", "apply", str(decisions), "--answers", str(answers), "--out"]
    result = CliRunner().invoke(main, [*words, str(tmp_path / "c.xlsx")])
    assert f"1 decision not applied, without a row in {answers}: b.jpg." in result.stderr
    assert "1 row, 1 of them decided" in result.stderr
    assert CliRunner().invoke(main, [*words, str(tmp_path / "c.ods")]).exit_code == 2


def test_decisions_of_which_none_matches_are_an_error(tmp_path: Path) -> None:
    answers = write_rows(tmp_path / "answers.jsonl", [answer("scans/a.jpg", sha256="1" * 64)])
    out = tmp_path / "corrected.jsonl"
    for decision in (Decision("a.jpg", Verdict.KEEP), Decision("scans/a.jpg", Verdict.KEEP, sha256="2" * 64)):
        decisions = tmp_path / f"{len(decision.sha256)}.csv"
        append_decisions(decisions, [decision])
        words = ["review", "apply", str(decisions), "--answers", str(answers), "--out", str(out)]
        result = CliRunner().invoke(main, words)
        assert (result.exit_code, out.exists()) == (2, False)
        assert f"decides about '{decision.id}', and the answers are about 'scans/a.jpg'" in result.stderr


def test_a_decision_about_another_content_is_left_aside(tmp_path: Path) -> None:
    rows = [answer("a.jpg", sha256="1" * 64), answer("b.jpg", sha256="2" * 64), answer("c.jpg")]
    answers, out = write_rows(tmp_path / "answers.jsonl", rows), tmp_path / "corrected.jsonl"
    digests = {"a.jpg": "1" * 64, "b.jpg": "3" * 64, "c.jpg": "4" * 64}
    lines = [Decision(name, Verdict.DROP, sha256=digest) for name, digest in digests.items()]
    decisions = append_decisions(tmp_path / "d.csv", lines)
    words = ["review", "apply", str(decisions), "--answers", str(answers), "--out", str(out)]
    said = CliRunner().invoke(main, words).stderr
    assert "1 decision not applied, because the picture has changed since: b.jpg; decide again." in said
    assert "3 rows, 2 of them decided." in said
    assert ["decision" in row for row in read_answers(out)] == [True, False, True]


def test_unknown_ids_are_told_with_what_else_is_wrong(tmp_path: Path) -> None:
    answers = write_rows(tmp_path / "answers.jsonl", [answer("a.jpg")])
    (tmp_path / "d.csv").write_text("id,decision\nx.jpg,keep\na.jpg,burn\n", encoding="utf-8")
    words = ["review", "apply", str(tmp_path / "d.csv"), "--answers", str(answers), "--out", str(tmp_path / "c.jsonl")]
    said = CliRunner().invoke(main, words).stderr
    assert "Line 3 decides 'burn'" in said
    assert "Line 2: there is no picture 'x.jpg'." in said
