"""Times the page in a real browser: first useful paint, from upload to answer, twenty people at once.

    python benchmarks/page.py --out docs/results/bench/page.json
    python benchmarks/page.py --before OTHER/bin/smn --out docs/results/bench/page.json

With ``--before``, the page of another version is timed in the same run, in turn with this one.

Page, browser and visitors share this machine's cores, so that a page with its visitors elsewhere does better. Uploads
are generated paintings as JPEG of 1600 x 1280 pixels, two megapixels, each another.
"""

import argparse
import asyncio
import io
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from PIL import ImageEnhance
from playwright.async_api import Browser, async_playwright

from smn.examples import list_examples, paint

USERS, TIMES, PAIRS = 20, 15, 3

# The page's own clock, frame by frame: what waits for a page from outside asks in steps of up to half a second.
WATCH = """
window.smnShown = (selector) => new Promise((done) => {
  const look = () => {
    const found = document.querySelector(selector);
    if (found && found.checkVisibility()) done(performance.now());
    else requestAnimationFrame(look);
  };
  look();
});
window.smnStart = window.smnShown(".smn-start");
addEventListener("change", (event) => {
  if (event.target.type !== "file") return;
  const began = performance.now();
  window.smnAnswer = window.smnShown(".smn-answer").then((shown) => shown - began);
}, true);
"""


def make_pictures(count: int) -> list[bytes]:
    """Encoded paintings, all different."""
    names = list_examples()[2:8]
    painted = [paint(name, seed=0, size=(1600, 1280)) for name in names]
    made = []
    for number in range(count):
        buffer = io.BytesIO()
        changed = ImageEnhance.Brightness(painted[number % len(painted)]).enhance(0.7 + 0.6 * number / count)
        changed.save(buffer, "JPEG", quality=90)
        made.append(buffer.getvalue())
    return made


@contextmanager
def run_page(command: Path) -> Iterator[tuple[str, int]]:
    """The page's address and process."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        process = subprocess.Popen(  # noqa: S603 - ours
            [str(command), "web", "--port", "0"], cwd=folder, stderr=log.open("w")
        )
        try:
            while not (found := re.search(r"page is at (http://[\d.:]+)", log.read_text())):
                if process.poll() is not None:
                    raise SystemExit(log.read_text())
                time.sleep(0.2)
            time.sleep(10)  # it paints its examples
            yield found[1], process.pid
        finally:
            process.terminate()
            process.wait(30)


def read_cpu(process: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def read_peak_memory(process: int) -> float:
    """The most memory that a process has held, MB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1000


async def visit(
    browser: Browser, address: str, pictures: list[bytes], ready: asyncio.Barrier | None = None
) -> dict[str, Any]:
    """Open the page, wait for the others, look at pictures one by one; milliseconds, and what went wrong."""
    context = await browser.new_context(locale="en-GB", viewport={"width": 1200, "height": 900})
    page = await context.new_page()
    page.set_default_timeout(120_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.add_init_script(WATCH)
    await page.goto(address)
    first, answers = await page.evaluate("window.smnStart"), []
    await page.wait_for_selector(".smn-foot")
    if ready is not None:
        await ready.wait()
    for data in pictures:
        await page.wait_for_selector(".smn-foot")
        await page.wait_for_function("document.querySelectorAll('input[type=file]').length === 1")
        file = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": data}
        await page.locator("input[type=file]").set_input_files([file])  # type: ignore[list-item]
        answers.append(await page.evaluate("window.smnAnswer"))
        await page.wait_for_timeout(1500)
        await page.get_by_role("button", name="Look at another").click()
        await page.wait_for_selector(".smn-start")
    await context.close()
    return {"first": first, "answers": answers, "errors": errors}


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """Chromium."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        await browser.close()


async def visit_alone(address: str, pictures: list[bytes]) -> dict[str, Any]:
    """One visitor with many pictures, in a browser of their own."""
    async with open_browser() as browser:
        return await visit(browser, address, pictures)


async def measure(address: str, process: int, pictures: list[bytes]) -> dict[str, Any]:
    """One visitor with many pictures, then many visitors with one."""
    async with open_browser() as browser:
        alone = await visit(browser, address, pictures[:TIMES])
        ready, before, held = asyncio.Barrier(USERS), read_cpu(process), read_peak_memory(process)
        together = await asyncio.gather(*(visit(browser, address, [data], ready) for data in pictures[TIMES:]))
        cpu = (read_cpu(process) - before) / USERS
    crowd = sorted(answer for one in together for answer in one["answers"])
    return {
        "cores": os.cpu_count(), "uploads": TIMES, "users": USERS,
        "first_paint_ms": round(alone["first"]),
        "upload_to_answer_ms": round(statistics.median(alone["answers"])),
        "upload_to_answer_slowest_ms": round(max(alone["answers"])),
        "together_median_ms": round(statistics.median(crowd)), "together_slowest_ms": round(crowd[-1]),
        "memory_mb_alone": round(held), "memory_mb_together": round(read_peak_memory(process)),
        "together_answers": len(crowd), "page_cpu_seconds_each": round(cpu, 2),
        "errors": len(alone["errors"]) + sum(len(one["errors"]) for one in together),
        "ratio_together_to_alone": round(statistics.median(crowd) / statistics.median(alone["answers"]), 2),
    }  # fmt: skip


def compare(now: Path, before: Path, pictures: list[bytes]) -> dict[str, float]:
    """First useful paint and upload to answer of this version over another's: the median of pairs, run in turn."""
    ratios: dict[str, list[float]] = {"first": [], "answers": []}
    for _ in range(PAIRS):
        pair = []
        for command in (before, now):
            with run_page(command) as (address, _):
                asyncio.run(visit_alone(address, pictures[:1]))  # warm
                pair.append(asyncio.run(visit_alone(address, pictures[1:TIMES])))
        ratios["first"].append(pair[1]["first"] / pair[0]["first"])
        ratios["answers"].append(statistics.median(pair[1]["answers"]) / statistics.median(pair[0]["answers"]))
    return {
        "first_paint_over_before": round(statistics.median(ratios["first"]), 2),
        "upload_to_answer_over_before": round(statistics.median(ratios["answers"]), 2),
    }


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--before", type=Path, help="the command smn of another version, timed in turn with this one")
    chosen = parser.parse_args()
    command, pictures = Path(sys.executable).with_name("smn"), make_pictures(TIMES + USERS)
    with run_page(command) as (address, process):
        told = asyncio.run(measure(address, process, pictures))
    if chosen.before:
        told |= compare(command, chosen.before.absolute(), pictures)
    text = json.dumps(told, indent=1)
    print(text)
    if chosen.out:
        chosen.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
