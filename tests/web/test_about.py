"""Curators decide on findings within the page."""

from pathlib import Path

from chromium import needs_chromium
from review_sets import make_findings, make_set
from service_process import run_service
from smn.clean.review_page import build_review
from smn.web.words import Words

EN = Words("en")
NO_PICKER = "delete window.showSaveFilePicker"  # as in a browser that cannot write files: what is saved is downloaded


@needs_chromium
def test_findings_are_decided_on_with_the_keyboard(visit, tmp_path: Path, shoot) -> None:
    rows = make_set(tmp_path / "set", [{"title": f"No. {number}", "artist": "Ada"} for number in range(4)])
    findings = make_findings(rows, {"near_duplicate": {0: 0.2, 1: 0.1}}, {"near_duplicate": {"of": {0: "p3", 1: "p3"}}})
    build_review(findings, rows, tmp_path / "review")
    with run_service(tmp_path, "--review", "review", command="web") as front:
        page = visit("", address=front.address, allow=("net::ERR_",), script=NO_PICKER)
        page.get_by_role("link", name=EN("page.review")).click()
        inside = page.frame_locator("iframe")
        inside.locator("#progress").wait_for()
        assert inside.locator("#progress").inner_text() == "0 of 2 decided"
        shoot(page, "review-findings")
        inside.locator("#title").click()
        page.keyboard.press("d")
        assert inside.locator("#progress").inner_text() == "1 of 2 decided, 1 not saved"
        with page.expect_download() as waiting:
            inside.get_by_role("button", name="Save decisions").click()
        assert "drop" in waiting.value.path().read_text(encoding="utf-8")
        with page.context.expect_page() as opened:
            page.get_by_role("link", name=EN("review.open")).click()
        opened.value.locator("#progress").wait_for()


@needs_chromium
def test_without_findings_the_page_says_how_to_make_some(visit) -> None:
    page = visit("review")
    assert "smn clean review findings --out review" in page.locator("code").inner_text()
    assert page.locator("iframe").count() == 0
