"""Opens a report in a real browser, looks at it as an archivist would, decides by keyboard, and saves the decisions."""

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync", "--disable-background-networking")
_OUTCOMES = ("unsure", "movement", "not_a_painting", "error")  # in the order in which the report shows them
_MAX_CARDS = 300  # elements of pictures that a page may hold at a time

Row = Mapping[str, Any]


@dataclass
class Reviewed:
    """What `review_report` did.

    Args:
        browser: its name and version.
        open_ms: from opening the file to the first pictures.
        sort_ms: the slowest way of sorting, with the list drawn.
        cards: the most pictures that were elements of the page at a time.
        decided: what was decided, by path: ``keep``, ``drop``, or the id of the movement that was chosen.
    """

    browser: str
    open_ms: int = 0
    sort_ms: int = 0
    cards: int = 0
    decided: dict[str, str] = field(default_factory=dict)


def find_browser() -> str | None:
    """Where Chromium is, which CHROMIUM may name; None where there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


def review_report(report: Path, rows: Sequence[Row], decisions: Path, *, chromium: str, decide: int) -> Reviewed:
    """Open a report, sort and filter it in every way, decide on the first pictures, and save.

    Args:
        report: the HTML file.
        rows: the answers that it shows.
        decisions: the file to save the decisions as.
        chromium: the browser's program.
        decide: how many pictures to decide on.

    Raises:
        AssertionError: the page does not show what the answers say, complains, or asks for something.
    """
    from playwright.sync_api import sync_playwright

    complaints: list[str] = []
    options = {"executable_path": chromium, "args": list(_QUIET)}
    with sync_playwright() as playwright, closing(playwright.chromium.launch(**options)) as browser:  # type: ignore[arg-type]
        context = browser.new_context(accept_downloads=True, viewport={"width": 1280, "height": 900})
        context.add_init_script("delete window.showSaveFilePicker")  # what is saved is downloaded
        page = context.new_page()
        page.set_default_timeout(180_000)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: _require_local(request.url, complaints))
        found = Reviewed(browser=f"Chromium {browser.version}")
        found.open_ms = _timed(lambda: _open(page, report))
        _look(page, rows, found)
        _decide(page, rows, found, decide)
        with page.expect_download() as waiting:
            page.keyboard.press("Control+s")
        waiting.value.save_as(decisions)
    if complaints:
        raise AssertionError(f"The report complained: {complaints[:3]}")
    return found


def _open(page: Any, report: Path) -> None:
    page.goto(report.as_uri())
    page.locator(".row").first.wait_for()


def _require_local(address: str, complaints: list[str]) -> None:
    if not address.startswith(("file:", "data:", "blob:")):
        complaints.append(f"It asked for {address}.")


def _timed(act: Callable[[], object]) -> int:
    start = time.perf_counter()
    act()
    return round(1000 * (time.perf_counter() - start))


def _look(page: Any, rows: Sequence[Row], found: Reviewed) -> None:
    """Sort, scroll and filter, and compare with the answers."""
    for name, expected in _orders(rows).items():
        taken = _timed(lambda chosen=name: page.locator("#sort").select_option(chosen))  # type: ignore[misc]
        found.sort_ms = max(found.sort_ms, taken)
        shown = [card.get_attribute("title") for card in page.locator(".row span[title]").all()[:5]]
        _require(shown == [row["path"] for row in expected[: len(shown)]], f"sorted by {name}")
    page.locator("#list").evaluate("list => { list.scrollTop = list.scrollHeight; }")
    last = f"document.querySelector('.row:last-child').getAttribute('aria-posinset') === '{len(rows)}'"
    page.wait_for_function(last)
    found.cards = page.locator(".row").count()
    _require(found.cards <= _MAX_CARDS, "only what is in view is an element")
    for outcome in _OUTCOMES:
        page.locator("#outcome").select_option(outcome)
        count = sum(row["outcome"] == outcome for row in rows)
        _require(page.locator("#shown").inner_text() == f"{count} of {len(rows)} shown", f"the filter {outcome}")
    page.locator("#outcome").select_option("")


def _orders(rows: Sequence[Row]) -> dict[str, list[Row]]:
    def path(row: Row) -> bytes:
        return str(row["path"]).encode("utf-16-be", "surrogatepass")  # as a browser compares texts

    def sure(row: Row) -> float:
        return -1 if row["confidence"] is None else float(row["confidence"])

    return {
        "least": sorted(rows, key=lambda row: (sure(row), path(row))),
        "most": sorted(rows, key=lambda row: (-sure(row), path(row))),
        "name": sorted(rows, key=path),
        "doubt": sorted(rows, key=lambda row: (_OUTCOMES.index(row["outcome"]), sure(row), path(row))),
    }


def _decide(page: Any, rows: Sequence[Row], found: Reviewed, count: int) -> None:
    """Decide by keyboard on the first pictures, the unsure ones: keep, reject, the first guess, another movement."""
    page.locator("#list").focus()
    page.keyboard.press("Home")
    for number, row in enumerate(_orders(rows)["doubt"][:count]):
        guess = row["predictions"][0]["movement"] if row["predictions"] else None
        if number % 4 == 0 or guess is None:
            page.keyboard.press("k")
            found.decided[row["path"]] = "keep"
        elif number % 4 == 1:
            page.keyboard.press("r")
            found.decided[row["path"]] = "drop"
        elif number % 4 == 2:
            page.keyboard.press("1")
            found.decided[row["path"]] = guess
        else:
            page.keyboard.press("c")
            page.keyboard.type("fauv")
            page.keyboard.press("Enter")
            found.decided[row["path"]] = "fauvism"
    done = f"{len(found.decided)} of {len(rows)} decided"
    _require(page.locator("#progress").inner_text().startswith(done), done)


def _require(holds: bool, what: str) -> None:  # noqa: FBT001 - as in an assertion
    if not holds:
        raise AssertionError(f"The report is wrong: {what}")
