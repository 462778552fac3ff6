"""The review page in a real browser, opened from a file; skipped where there is no Chromium (name one in CHROMIUM)."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chromium import CHROMIUM, QUIET, needs_chromium
from review_sets import make_findings, make_set
from smn.clean.applied_decisions import apply_decisions
from smn.clean.decisions import (
    FIELDS,
    Decision,
    Verdict,
    append_decisions,
    format_decisions,
    parse_decisions,
    read_decisions,
    undo_decisions,
)
from smn.clean.review_page import build_review, render_page
from smn.errors import DecisionsError
from smn.manifest import read_manifest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = needs_chromium
HOSTILE = '</script><img src=x onerror="document.title=1">{{data}}'
# As in a browser that cannot write files: what is saved is downloaded, what is opened is chosen.
NO_PICKERS = "delete window.showSaveFilePicker; delete window.showOpenFilePicker;"


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        with closing(browser):
            yield browser


@pytest.fixture
def visit(browser, tmp_path):
    """Opens the page: ``visit()``; in the end nothing may have been complained of or asked of the network."""
    complaints, contexts = [], []

    def visit(index=None, *, script=NO_PICKERS, fresh=True, **options):
        if fresh or not contexts:
            context = browser.new_context(
                accept_downloads=True, **{"viewport": {"width": 1200, "height": 800}, **options}
            )
            context.add_init_script(script)
            context.on("request", lambda request: _local(request.url, complaints))
            contexts.append(context)
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto((index or tmp_path / "review/index.html").as_uri())
        return page

    visit.complaints = complaints
    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


def _local(address, complaints):
    if not address.startswith(("file:", "data:", "blob:")):
        complaints.append(f"asked for {address}")


@pytest.fixture
def rows(tmp_path):
    known = [{"title": f"No. {number}", "artist": "Ada", "split": "train"} for number in range(7)]
    known[1] |= {"title": HOSTILE, "artist": HOSTILE}
    known[6] |= {"data": b"not a picture", "title": "Lost"}
    return make_set(tmp_path / "set", known)


@pytest.fixture
def index(rows, tmp_path):
    findings = make_findings(
        rows,
        {"broken": {6: 0.0}, "near_duplicate": {0: 0.2, 1: 0.1}, "label": {0: 0.3, 2: 0.1, 3: 0.2, 4: 0.25}},
        {
            "broken": {"reason": {6: "It is no picture."}},
            "near_duplicate": {"of": {0: "p5", 1: "p5"}},
            "label": {
                "suggestion": dict.fromkeys((0, 2, 3, 4), "impressionism"),
                "probability": dict.fromkeys((0, 2, 3, 4), 0.87),
                "given": dict.fromkeys((0, 2, 3, 4), 0.04),
            },
        },
    )
    return build_review(findings, rows, tmp_path / "review")


def choose(page, check):
    page.get_by_role("navigation").get_by_role("button", name=check).click()


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def shown(page):
    return page.locator("#title").inner_text(), page.locator("#verdict").inner_text()


def save(page, file):
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save decisions").click()
    assert waiting.value.suggested_filename == "decisions.csv"
    waiting.value.save_as(file)
    return file


def test_a_session_from_the_first_key_to_the_cleaned_manifest(visit, index, rows, tmp_path):
    page = visit()
    assert page.locator("#progress").inner_text() == "0 of 6 decided"
    choose(page, "Doubtful label")
    assert shown(page) == ("No. 2", "Not decided yet")
    assert "suggested, 87 in 100" in page.locator("#findings").inner_text()
    press(page, "k")  # keeps 2, goes to 3
    assert shown(page) == ("No. 3", "Not decided yet")
    press(page, "r", "Enter")  # the suggestion
    assert shown(page)[0] == "No. 4"
    press(page, "r")
    page.keyboard.type("naiv")
    press(page, "Enter", "ArrowLeft", "ArrowLeft")
    assert shown(page) == ("No. 3", "Relabelled: Impressionism")
    press(page, "j")
    assert shown(page) == ("No. 4", "Relabelled: Naïve Art")
    press(page, "u")
    assert shown(page) == ("No. 4", "Not decided yet")
    choose(page, "Nearly the same")
    press(page, "d", "d")
    assert page.locator("#progress").inner_text() == "4 of 6 decided, 4 not saved"
    page.reload()  # the browser kept what no file holds
    assert page.locator("#progress").inner_text() == "4 of 6 decided, 4 not saved"
    file = save(page, tmp_path / "decisions.csv")
    assert page.locator("#progress").inner_text() == "4 of 6 decided"
    assert page.get_by_role("button", name="Save decisions").is_disabled()
    lines = read_decisions(file)
    assert [(one.id, one.verdict.value, one.movement) for one in lines] == [
        ("p2", "keep", None), ("p3", "relabel", "impressionism"), ("p1", "drop", None), ("p0", "drop", None),
    ]  # fmt: skip
    assert lines[3].checks == ("near_duplicate", "label")
    assert [one.sha256 for one in lines] == [rows.column("sha256")[row] for row in (2, 3, 1, 0)]
    applied = apply_decisions(rows, [file], tmp_path / "clean")
    assert (applied.dropped, applied.relabelled, applied.kept) == (2, 1, 1)
    assert read_manifest(applied.after).column("id") == ["p2", "p3", "p4", "p5", "p6"]


def test_undo_goes_back_to_the_last_decision(visit, index):
    page = visit()
    choose(page, "Doubtful label")
    press(page, "k", "d")
    assert shown(page)[0] == "No. 4"
    press(page, "u")  # nothing to take back here, so the one before
    assert shown(page) == ("No. 3", "Not decided yet")
    page.locator("#verdict").wait_for()
    choose(page, "Everything")
    press(page, "u")
    assert shown(page) == ("No. 2", "Not decided yet")
    press(page, "u")
    assert page.locator("#said").inner_text() == "There is nothing to undo."
    assert page.locator("#progress").inner_text() == "0 of 6 decided"


def test_a_file_is_continued_and_never_rewritten(visit, index, rows, tmp_path):
    file = append_decisions(
        tmp_path / "mine.csv", [Decision("p2", Verdict.DROP, note="=1+1"), Decision("x", Verdict.DROP)]
    )
    before = file.read_bytes()
    page = visit()
    choose(page, "Doubtful label")
    press(page, "k")  # p2, before the file is opened: ours comes last and wins
    page.locator("#file").set_input_files(file)
    assert page.locator("#progress").inner_text() == "1 of 6 decided, 1 not saved"
    press(page, "ArrowLeft", "n")
    page.keyboard.type('=HYPERLINK("a"), é')
    press(page, "Enter")
    assert shown(page) == ("No. 2", "Kept")
    press(page, "ArrowRight", "d")
    with page.expect_download() as waiting:
        press(page, "Control+s")
    waiting.value.save_as(tmp_path / "saved.csv")
    assert waiting.value.suggested_filename == "mine.csv"
    saved = (tmp_path / "saved.csv").read_bytes()
    assert saved.startswith(before)
    lines = read_decisions(tmp_path / "saved.csv")
    assert [(one.id, one.verdict.value, one.note) for one in lines] == [
        ("p2", "drop", "=1+1"), ("x", "drop", ""), ("p2", "keep", '=HYPERLINK("a"), é'), ("p3", "drop", ""),
    ]  # fmt: skip
    undo_decisions(tmp_path / "saved.csv", ids=["p3"])
    page.locator("#file").set_input_files(tmp_path / "saved.csv")
    assert page.locator("#progress").inner_text() == "1 of 6 decided"


def test_a_page_that_was_made_with_decisions_continues_them(visit, index, rows, tmp_path):
    file = append_decisions(tmp_path / "decisions.csv", [Decision("p2", Verdict.DROP), Decision("p3", Verdict.KEEP)])
    findings = make_findings(rows, {"label": dict.fromkeys((2, 3, 4), 0.1)}, name="more.parquet")
    build_review(findings, rows, tmp_path / "review", decisions=file)
    page = visit()
    assert page.locator("#progress").inner_text() == "2 of 3 decided"
    assert shown(page) == ("No. 4", "Not decided yet")
    press(page, "k", "ArrowLeft", "u")
    assert page.locator("#progress").inner_text() == "2 of 3 decided, 2 not saved"
    append_decisions(file, [Decision("p4", Verdict.DROP)])
    build_review(findings, rows, tmp_path / "review", decisions=file)
    page.reload()
    assert page.locator("#progress").inner_text() == "2 of 3 decided, 2 not saved"
    saved = read_decisions(save(page, tmp_path / "saved.csv"))
    assert [(one.id, one.verdict.value) for one in saved] == [
        ("p2", "drop"), ("p3", "keep"), ("p4", "drop"), ("p4", "keep"), ("p3", "undo"),
    ]  # fmt: skip


def test_a_wrong_file_is_refused_with_every_bad_line(visit, index, tmp_path):
    (tmp_path / "bad.csv").write_text("id,decision,movement\np0,burn,\np1,relabel,<b>impresionism</b>\n")
    page = visit()
    press(page, "d")
    page.locator("#file").set_input_files(tmp_path / "bad.csv")
    said = page.get_by_role("alert").inner_text()
    assert "Line 2 decides 'burn'" in said
    assert "Line 3: there is no movement '<b>impresionism</b>'" in said
    assert "Nothing was changed." in said
    assert page.locator("#progress").inner_text() == "1 of 6 decided, 1 not saved"
    page.get_by_role("button", name="Close").click()
    assert page.get_by_role("alert").is_hidden()


def test_hostile_titles_are_only_text(visit, index):
    page = visit()
    choose(page, "Nearly the same")
    assert shown(page)[0] == HOSTILE
    assert page.title() == "Review of set"
    assert page.locator("img[src=x]").count() == 0
    press(page, "r")
    assert HOSTILE in page.locator("#relabel-what").inner_text()
    press(page, "Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    assert visit.complaints == []
    # What is not the page's own script does not run, even if it came in.
    script = (
        "const own = document.createElement('script'); own.textContent = 'window.bad = 1'; document.body.append(own);"
    )
    assert page.evaluate(f"() => {{ {script} return window.bad; }}") is None
    assert ["Content Security Policy" in complaint for complaint in visit.complaints] == [True]
    visit.complaints.clear()


def test_pairs_stand_side_by_side_and_lost_pictures_have_a_card(visit, index):
    page = visit()
    assert shown(page)[0] == "Lost"
    assert page.locator("#pictures img").count() == 0
    assert "not a picture" in page.locator("#pictures").inner_text()
    assert "It is no picture." in page.locator("#findings").inner_text()
    choose(page, "Nearly the same")
    boxes = [page.locator("#pictures img").nth(place).bounding_box() for place in (0, 1)]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    assert "No. 5, Ada" in page.locator("#findings").inner_text()
    assert page.locator("#pictures a").first.get_attribute("href") == "../set/images/1.jpg"


def test_only_the_undecided_are_shown(visit, index):
    page = visit()
    choose(page, "Doubtful label")
    press(page, "k", "k")
    page.get_by_label("Only undecided").check()
    assert page.locator("#strip li:visible").count() == 2
    press(page, "ArrowRight", "ArrowRight")
    assert shown(page)[0] == "No. 0"
    press(page, "o")
    assert page.get_by_role("button", name="Overview").get_attribute("aria-pressed") == "true"
    page.locator("#strip button").nth(2).click()
    assert shown(page)[0] == "No. 4"


def test_keys_mean_nothing_while_typing_or_asking(visit, index):
    page = visit()
    press(page, "?")
    assert "smn clean apply" in page.get_by_role("dialog").inner_text()
    press(page, "d", "Escape", "n")
    page.keyboard.type("drunk")
    press(page, "Escape")
    choose(page, "Doubtful label")
    press(page, "r")
    page.keyboard.type("zzz")
    assert page.get_by_role("option").inner_text() == "No movement has such a name."
    press(page, "Enter", "Escape", "Control+k")
    assert page.locator("#progress").inner_text() == "0 of 6 decided"


def test_leaving_with_unsaved_decisions_warns(visit, index, tmp_path):
    page = visit()
    asked = []
    page.on("dialog", lambda dialog: asked.append(dialog.type))
    page.reload()
    assert asked == []
    press(page, "d")
    page.reload()
    assert asked == ["beforeunload"]
    save(page, tmp_path / "decisions.csv")
    page.reload()
    assert asked == ["beforeunload"]


def test_two_tabs_do_not_lose_each_others_decisions(visit, index):
    one = visit()
    two = visit(fresh=False)
    press(one, "d")
    two.locator("#progress", has_text="1 of 6 decided").wait_for()
    choose(two, "Doubtful label")
    press(two, "k")
    one.locator("#progress", has_text="2 of 6 decided").wait_for()


# A file that a page may write to: what the browser's own dialogs would give.
HANDLE = """
window.disk = "";
const handle = {
  name: "kept.csv",
  getFile: async () => new File([window.disk], "kept.csv"),
  createWritable: async () => {
    let written = "";
    return { write: async (text) => { written += text; }, close: async () => { window.disk = written; } };
  },
};
window.showSaveFilePicker = async () => handle;
window.showOpenFilePicker = async () => [handle];
"""


def test_where_the_browser_can_it_writes_to_the_same_file_again(visit, index):
    page = visit(script=HANDLE)
    button = page.get_by_role("button", name="Save decisions")
    press(page, "d")
    button.click()
    page.locator("#said", has_text="Saved to kept.csv.").wait_for(state="attached")
    first = page.evaluate("disk")
    assert [one.id for one in parse_decisions(first, where=Path("kept.csv"))] == ["p6"]
    # Meanwhile something else has added a line.
    page.evaluate("line => { disk += line; }", format_decisions([Decision("p6", Verdict.UNDO)], like=first))
    choose(page, "Doubtful label")
    press(page, "k")
    button.click()
    page.locator("#progress", has_text="1 of 6 decided").wait_for()
    lines = parse_decisions(page.evaluate("disk"), where=Path("kept.csv"))
    assert [(one.id, one.verdict.value) for one in lines] == [("p6", "drop"), ("p6", "undo"), ("p2", "keep")]
    page.evaluate("disk = 'Dear all, hello'")
    press(page, "k")
    button.click()
    assert "kept.csv is no decisions file" in page.get_by_role("alert").inner_text()
    assert page.evaluate("disk") == "Dear all, hello"


TEXTS = (
    "",
    "id,decision\n",
    "\ufeffDecision;ID;mine;movement\r\nDrop;a;x;\r\n;;;\r\nRELABEL;b;;Pop Art\r\nkeep;c\r\n",
    'id\tdecision\tnote\na\tkeep\t"one ""two"" \nthree"\nb\tundo\t\'=1\nc\tdrop\t\'\'-x\n',
    "\n\nid,decision,checks,sha256\na,keep,leak  label," + "AB" * 32 + '\nb,drop,"leak,label",\n',
    "id,verdict\na,keep\n",
    "id,decision,id\na,keep,b\n",
    'id,decision\na,keep\n"b"x,keep\n',
    'id,decision\na,keep\nb,"keep\nc,drop\n',
    "id,decision,movement,sha256\na,delete,,\n\nb,relabel,nothing,\nc,relabel,,\n,keep,,\nd,keep,,abc\ne,keep,,,x\n",
    "id,decision,movement\na,change,Cubism\nb,Reject,\n",
    "id,decision,movement\na,relabel,Naïve Art\nb,relabel,not a painting\nc,keep,nonsense\n",
)


def test_the_page_reads_and_writes_files_as_python_does(visit, index):
    page = visit()
    script = "text => DecisionCsv.parse(text, JSON.parse(document.getElementById('data').textContent).spellings)"
    seen = []
    for text in TEXTS:
        theirs = page.evaluate(script, text)
        try:
            ours = parse_decisions(text, where=Path("x.csv"))
        except DecisionsError as error:
            seen.append("refused")
            expected = {problem.split(" (")[0].rstrip(".") for problem in error.problems}
            expected = {one for one in expected if not one.startswith(("Movements are", "Correct these"))}
            assert {problem.rstrip(".") for problem in theirs["problems"]} == expected
            continue
        seen.append("read")
        assert theirs["problems"] == []
        for like in ("", "decision;id;note\n"):
            written = page.evaluate("([rows, like]) => DecisionCsv.format(rows, like)", [theirs["rows"], like])
            assert written == format_decisions(ours, like=like)
    assert (seen.count("read"), seen.count("refused")) == (7, 5)
    assert page.evaluate("DecisionCsv.FIELDS") == list(FIELDS)


def test_a_phone_shows_it_in_one_column(visit, index):
    page = visit(viewport={"width": 390, "height": 800}, is_mobile=True, has_touch=True, device_scale_factor=2)
    choose(page, "Doubtful label")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    picture, bar = (page.locator(name).bounding_box() for name in ("#pictures", "#decision"))
    assert picture["width"] > 350
    assert bar["y"] + bar["height"] <= 801  # what one decides with is always at hand
    page.locator('[data-do="relabel"]').tap()
    page.get_by_role("option", name="Impressionism suggested").tap()
    assert page.locator("#progress").inner_text() == "1 of 6 decided, 1 not saved"
    page.locator('[data-do="drop"]').tap()
    assert page.locator("#progress").inner_text() == "2 of 6 decided, 2 not saved"


def test_thousands_of_findings_open_at_once(visit, index, tmp_path):
    page_text = index.read_text(encoding="utf-8")
    data = json.loads(page_text.split('id="data">')[1].split("</script>")[0])
    one = data["pictures"][1]
    data["pictures"] = [{**one, "id": f"n{number}"} for number in range(2500)]
    for group in (*data["checks"], data["everything"]):
        group["pictures"] = list(range(2500))
    index.write_text(render_page(data), encoding="utf-8")
    page = visit()
    assert page.locator("#strip li").count() < 1000
    press(page, *["ArrowLeft"], *["ArrowRight"] * 3)
    assert page.locator("#place").inner_text() == "4 of 2500"
    page.evaluate("document.querySelector('#strip').scrollLeft = 1e6")
    page.wait_for_function("document.querySelectorAll('#strip li').length > 500")


def test_nothing_found_is_said(visit, rows, tmp_path):
    build_review(make_findings(rows, {"tiny": {}}), rows, tmp_path / "review")
    page = visit()
    assert page.get_by_text("there is nothing to decide").is_visible()
    press(page, "d", "r", "?", "ArrowRight")
