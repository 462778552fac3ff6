"""Takes the pictures of the page that README and docs/web.md show, of the page itself with a painting of smn's own.

    python tools/figures/page_pictures.py
    python tools/figures/page_pictures.py --looks build/looks    # every state on desktop, phone, dark and in French

Needs Chromium (or name another in CHROMIUM) and the extra dev.
"""

import argparse
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
from playwright.sync_api import Browser, FilePayload, Page, sync_playwright

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


def upload(page: Page, *movements: str) -> None:
    """Give the page paintings of smn's."""
    files = []
    for number, movement in enumerate(movements):
        buffer = io.BytesIO()
        paint(movement, seed=number // len(set(movements)), size=(1000, 800)).save(buffer, "JPEG", quality=92)
        files.append(FilePayload(name=f"{movement}.jpg", mimeType="image/jpeg", buffer=buffer.getvalue()))
    page.locator("input[type=file]").set_input_files(files)
    page.wait_for_selector(".smn-answer, .smn-table")


def open_page(browser: Browser, address: str, **options: Any) -> Page:
    """A visit to the page."""
    page = browser.new_context(**{"locale": "en-GB", "device_scale_factor": 1.5, **options}).new_page()
    page.set_default_timeout(120_000)
    page.goto(address)
    page.wait_for_selector(".smn-foot")
    return page


def shoot(browser: Browser, address: str, movement: str, *, why: int = 0, **options: Any) -> Image.Image:
    """The page's answer to a painting of smn's."""
    page = open_page(browser, address, **options)
    upload(page, movement)
    page.locator("img.base[src^='data:image']").wait_for()
    if why:
        # Not by hand, so that no ring shows where the keyboard is.
        page.get_by_role("slider").evaluate(
            "(one, value) => { one.value = value; one.dispatchEvent(new Event('input')); }", str(why)
        )
    page.wait_for_timeout(2500)
    shown = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    page.context.close()
    return shown


PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 860}, "is_mobile": True}
LOOKS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1200, "height": 900}},
    "phone": PHONE,
    "dark": {"viewport": {"width": 1200, "height": 900}, "color_scheme": "dark"},
    "french": {"viewport": {"width": 1200, "height": 900}, "locale": "fr-FR"},
}
STATES: dict[str, tuple[str, tuple[str, ...], int]] = {
    "start": ("", (), 1000),
    "answer": ("", ("neo-impressionism",), 2000),
    "gallery": ("", ("ukiyo-e", "fauvism", "cubism", "baroque", "pop-art") * 2, 2000),
    "explore": ("explore", (), 2800),
    "movement": ("explore?movement=impressionism", (), 3400),
    "how": ("how", (), 1600),
}
"""Of each state its path, the paintings that are given, and the pixels that are shown of it."""


def take_looks(browser: Browser, address: str, folder: Path) -> None:
    """Every state in every look, as PNG files."""
    folder.mkdir(parents=True, exist_ok=True)
    for look, options in LOOKS.items():
        for state, (path, movements, height) in STATES.items():
            page = open_page(browser, f"{address}/{path}", **options)
            if movements:
                upload(page, *movements)
            page.set_viewport_size({"width": options["viewport"]["width"], "height": height})
            page.wait_for_timeout(3500)
            page.screenshot(path=folder / f"{state}-{look}.png")
            page.context.close()


def main() -> None:
    """Take them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--looks", type=Path, help="a folder for every state in every look, instead")
    looks = parser.parse_args().looks
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with run_page() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        if looks is not None:
            take_looks(browser, address, looks)
            return
        wide = shoot(browser, address, "neo-impressionism", viewport={"width": 1200, "height": 860})
        narrow = shoot(browser, address, "fauvism", why=80, color_scheme="dark", **PHONE)
        browser.close()
    gap = 36
    both = Image.new("RGB", (wide.width + narrow.width + 3 * gap, wide.height + 2 * gap), PAPER)
    both.paste(wide, (gap, gap))
    both.paste(narrow, (wide.width + 2 * gap, gap))
    both.thumbnail((1800, 1800), Image.Resampling.LANCZOS)
    both.save(IMAGES / "page.jpg", quality=86)


if __name__ == "__main__":
    main()
