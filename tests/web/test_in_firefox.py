"""The page in another browser than Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import smn
from firefox import Firefox, needs_firefox
from service_process import Running
from smn.examples import paint
from smn.predict.phrasing import phrase
from smn.web.words import Words
from web_pictures import encode

pytestmark = needs_firefox
EN = Words("en")
# Streamlit looks for its server below the page's path first; the others come of a page left while it loads.
EXPECTED = ("404", "status=2152398850", "when disconnected from server")
OVER = "[...document.querySelectorAll('*')].map(one => one.shadowRoot?.querySelector('img.over')).find(one => one)"


@pytest.fixture
def firefox(tmp_path: Path) -> Iterator[Firefox]:
    window = Firefox(tmp_path)
    yield window
    window.close()
    assert [one for one in window.complaints if not any(known in one for known in EXPECTED)] == []


def test_a_painting_is_answered_its_evidence_shown_and_the_way_back_kept(
    web: Running, firefox: Firefox, painting: bytes, tmp_path: Path
) -> None:
    firefox.resize(1200, 1500)
    firefox.visit(web.address)
    firefox.upload(seen=painting)
    said = firefox.wait("document.querySelector('.smn-answer')?.textContent")
    assert said == phrase(smn.load(threads=1).predict(painting, top_k=5), "en").sentence
    firefox.wait(f"({OVER})?.src.startsWith('data:image')")
    root = f"({OVER}).getRootNode()"
    assert firefox.evaluate(f"({root}.querySelector('button.why').click(), ({OVER}).style.opacity)") == "0.8"
    firefox.wait("location.search.includes('answer=')")
    firefox.shoot(Path("build/screenshots/firefox.png"))
    firefox.visit(firefox.evaluate("location.href"))
    assert firefox.wait("document.querySelector('.smn-answer')?.textContent") == said


def test_several_pictures_and_one_that_is_refused(web: Running, firefox: Firefox, painting: bytes) -> None:
    firefox.visit(web.address)
    firefox.upload(good=painting, other=encode(paint("ukiyo-e")), huge=b"\xff\xd8" + bytes(21_000_000))
    firefox.wait("document.querySelectorAll('.smn-table tbody tr').length === 2")
    refused = "[...document.querySelectorAll('*')].map(one => one.shadowRoot?.querySelector('p[role=alert]'))"
    told = firefox.wait(f"{refused}.find(one => one)?.textContent")
    assert told.startswith(EN("bad.heading", name="huge.jpg"))


def test_movements_are_explored(web: Running, firefox: Firefox) -> None:
    firefox.visit(f"{web.address}/explore")
    link = "document.querySelector('.smn-timeline a[data-movement=cubism]')"
    firefox.wait(f"{link} !== null")
    firefox.evaluate(f"{link}.click()")  # by the page itself or, before its script has come, by the browser
    firefox.wait("location.search")
    firefox.wait("document.querySelector('h1')?.innerText === 'Cubism'")
    firefox.wait("document.body.innerText.includes('Pablo Picasso')")
