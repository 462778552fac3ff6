"""The site's how-to pages are built, and looked at in a browser."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from browser_server import serve
from chromium import CHROMIUM, QUIET, needs_chromium

ROOT = Path(__file__).parents[2]
SCREEN = {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    specification = importlib.util.spec_from_file_location("fold_sections", ROOT / "tools" / "fold_sections.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the built documentation."""
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    with serve(folder) as address:
        yield address


@pytest.fixture(scope="module")
def window(site: str) -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        with closing(browser):
            yield browser.new_page(viewport=SCREEN)


def list_pages(*parts: str) -> list[str]:
    """The addresses of the pages in parts of the site."""
    lines = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    nav = yaml.safe_load(lines[lines.index("nav:") : lines.index("\nvalidation:")])["nav"]
    pages = [page for part in nav for name, pages in part.items() if name in parts for page in pages]
    return [f"{file.removesuffix('.md')}/" for page in pages for file in page.values() if "reference" not in file]


def test_a_section_is_folded_and_keeps_its_id_inside(hook: ModuleType) -> None:
    page = '<h1 id="a">A</h1><p>x</p><h2 id="b">B <code>c</code></h2><p>y</p><h2 id="d">D</h2><p>z</p>'
    assert hook.fold(page).replace("\n", "") == (
        '<h1 id="a">A</h1><p>x</p>'
        '<details class="section"><summary><h2>B <code>c</code></h2></summary><div id="b"><p>y</p></div></details>'
        '<details class="section"><summary><h2>D</h2></summary><div id="d"><p>z</p></div></details>'
    )
    assert hook.fold("<h1>A</h1><p>x</p>") == "<h1>A</h1><p>x</p>"


@needs_chromium
def test_every_page_of_how_to_shows_on_one_screen(window: Any, site: str, hook: ModuleType) -> None:
    heights = {}
    for page in list_pages(*hook.PARTS):
        window.goto(f"{site}/{page}")
        heights[page] = window.evaluate("document.querySelector('article').scrollHeight")
    assert len(heights) > 20
    assert {page: height for page, height in heights.items() if height > SCREEN["height"]} == {}


@needs_chromium
def test_a_link_to_a_section_opens_it(window: Any, site: str) -> None:
    window.goto(f"{site}/train/#colour-baselines")
    window.wait_for_selector("#colour-baselines", state="visible")
    closed = window.locator("details.section:not([open])")
    assert closed.count() == window.locator("details.section").count() - 1 > 3
    closed.first.locator("summary").click()
    assert window.locator("details.section[open]").count() == 2
