"""Takes the pictures of the page that README and docs/web.md show, of the page itself with a painting of smn's own.

    python tools/figures/page_pictures.py

Needs Chromium (or name another in CHROMIUM) and the extra dev.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, FilePayload, sync_playwright

from smn.examples import paint

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PAPER = "#E7E1D6"


@contextmanager
def run_page() -> Iterator[str]:
    """The page's address."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        process = subprocess.Popen(  # noqa: S603 - ours
            [str(Path(sys.executable).with_name("smn")), "web", "--port", "0"], cwd=folder, stderr=log.open("w")
        )
        try:
            while not (found := re.search(r"page is at (http://[\d.:]+)", log.read_text())):
                if process.poll() is not None:
                    raise SystemExit(log.read_text())
                time.sleep(0.2)
            time.sleep(8)  # it paints its examples
            yield found[1]
        finally:
            process.terminate()
            process.wait(30)


def shoot(browser: Browser, address: str, movement: str, *, why: int = 0, **options: Any) -> Image.Image:
    """The page's answer to a painting of smn's."""
    context = browser.new_context(locale="en-GB", device_scale_factor=1.5, **options)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(".smn-foot")
    buffer = io.BytesIO()
    paint(movement, seed=0, size=(1000, 800)).save(buffer, "JPEG", quality=92)
    file = FilePayload(name=f"{movement}.jpg", mimeType="image/jpeg", buffer=buffer.getvalue())
    page.locator("input[type=file]").set_input_files(file)
    page.wait_for_selector(".smn-answer")
    page.locator("img.base[src^='data:image']").wait_for()
    if why:
        # Not by hand, so that no ring shows where the keyboard is.
        page.get_by_role("slider").evaluate(
            "(one, value) => { one.value = value; one.dispatchEvent(new Event('input')); }", str(why)
        )
    page.wait_for_timeout(2500)
    shown = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    context.close()
    return shown


def main() -> None:
    """Take them."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with run_page() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        wide = shoot(browser, address, "neo-impressionism", viewport={"width": 1200, "height": 860})
        phone: dict[str, Any] = {"viewport": {"width": 390, "height": 860}, "is_mobile": True}
        narrow = shoot(browser, address, "fauvism", why=80, color_scheme="dark", **phone)
        browser.close()
    gap = 36
    both = Image.new("RGB", (wide.width + narrow.width + 3 * gap, wide.height + 2 * gap), PAPER)
    both.paste(wide, (gap, gap))
    both.paste(narrow, (wide.width + 2 * gap, gap))
    both.thumbnail((1800, 1800), Image.Resampling.LANCZOS)
    both.save(IMAGES / "page.jpg", quality=86)


if __name__ == "__main__":
    main()
