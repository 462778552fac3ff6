import asyncio
import gzip
import io
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

import smn
from chromium import needs_chromium
from fetch_server import Answer, FetchServer
from service_process import run_service
from smn.examples import list_examples, paint
from smn.similar import find_similar
from smn.similar.index import DEFAULT_INDEX, Work
from smn.web.analyzer import SIMILAR
from smn.web.thumbnails import THUMBNAIL_SIDE, Thumbnails
from smn.web.words import Words
from web_pictures import encode

HERE = ("127.0.0.0/8",)


def make_work(address: str | None) -> Work:
    return Work("w", "Title", "Artist", 1900, None, "cubism", None, address)


def get(thumbnails: Thumbnails, key: str) -> bytes | None:
    # In a thread of its own, because the browser of other tests holds this one's event loop.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, thumbnails.get(key)).result()


def test_a_picture_is_fetched_once_and_made_small() -> None:
    with FetchServer() as server:
        server.route("/a.jpg", Answer(200, encode(paint("cubism", size=(900, 700)))))
        thumbnails = Thumbnails(networks=HERE)
        key = thumbnails.allow(make_work(f"{server.address}/a.jpg"))
        assert key is not None
        first, second = get(thumbnails, key), get(thumbnails, key)
        assert len(server.requests) == 1
    assert first is not None
    assert first == second
    shown = Image.open(io.BytesIO(first))
    assert (shown.format, max(shown.size)) == ("JPEG", THUMBNAIL_SIDE)


def test_what_cannot_be_had_is_none_and_not_asked_for_again_at_once() -> None:
    with FetchServer() as server:
        server.route("/gone.jpg", Answer(404, b""))
        server.route("/page.jpg", Answer(200, b"<html>no picture</html>"))
        thumbnails = Thumbnails(networks=HERE)
        for path in ("gone", "page"):
            key = thumbnails.allow(make_work(f"{server.address}/{path}.jpg"))
            assert key is not None
            assert get(thumbnails, key) is None
            assert get(thumbnails, key) is None
        assert len(server.requests) == 2


def test_only_works_that_were_shown_are_fetched_and_only_from_the_public_internet() -> None:
    with FetchServer() as server:
        server.route("/a.jpg", Answer(200, encode(paint("cubism"))))
        thumbnails = Thumbnails()
        assert get(thumbnails, "0" * 24) is None
        key = thumbnails.allow(make_work(f"{server.address}/a.jpg"))
        assert key is not None
        assert get(thumbnails, key) is None  # an index must not make the server ask its neighbours
        assert server.requests == []


def test_a_work_without_a_picture_has_no_thumbnail() -> None:
    assert Thumbnails().allow(make_work(None)) is None


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smn.web.thumbnails._MAX_ADDRESSES", 3)
    monkeypatch.setattr("smn.web.thumbnails._MAX_THUMBNAILS", 2)
    asked: list[str] = []

    def fetch(address: str) -> bytes:
        asked.append(address)
        return encode(paint("cubism", size=(64, 64)))

    thumbnails = Thumbnails(fetch=fetch)
    keys = [thumbnails.allow(make_work(f"https://example.org/{number}.jpg")) for number in range(4)]
    assert get(thumbnails, str(keys[0])) is None  # forgotten
    for key in (*keys[1:], keys[1]):
        assert get(thumbnails, str(key)) is not None
    assert len(asked) == 4  # the first of three was let go of


@needs_chromium
def test_thumbnails_come_through_the_pages_own_server(visit, tmp_path: Path, pictures: str, shoot) -> None:
    """Works whose picture can be had show it, the others a card; the browser asks nobody else."""
    index = tmp_path / "index"
    shutil.copytree(DEFAULT_INDEX, index)
    works = [json.loads(line) for line in gzip.decompress((index / "works.jsonl.gz").read_bytes()).splitlines()]
    for number, work in enumerate(works):
        work["image_url"] = f"{pictures}/{'ukiyo-e' if number % 2 else 'missing'}.jpg"
    lines = "".join(json.dumps(work) + "\n" for work in works)
    (index / "works.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    arguments = ("--index", str(index))
    with run_service(tmp_path, *arguments, command="web", SMN_URL_NETWORKS="127.0.0.0/8") as front:
        page = visit("explore?movement=impressionism", address=front.address, allow=("net::ERR_",))
        page.locator(".smn-photo").first.scroll_into_view_if_needed()
        addresses = page.locator(".smn-photo").evaluate_all("all => all.map(one => one.style.backgroundImage)")
        assert len(addresses) >= 6
        got = [
            page.request.get(front.address + address.split('"')[1]).status
            for address in addresses
        ]  # fmt: skip
        assert set(got) == {200, 404}
        for photo, status in zip(page.locator(".smn-works li").all(), got, strict=True):
            # The title is there in any case; the picture lies over the card.
            assert photo.locator("figcaption em").inner_text()
            assert status in {200, 404}
        page.wait_for_timeout(500)
        shoot(page, "thumbnails", height=3600)


@needs_chromium
def test_without_a_network_cards_stand_in(visit, shoot) -> None:
    page, model = visit(), smn.load(lookup=False)
    paintings = (encode(paint(movement)) for movement in list_examples())
    painting = next(
        one for one in paintings if any(found.work.file_name for found in find_similar(model, one, top_k=SIMILAR))
    )
    page.locator("input[type=file]").set_input_files([{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": painting}])
    page.wait_for_selector(".smn-answer")
    page.get_by_role("tab", name=Words("en")("section.alike")).click()
    card = page.locator(".smn-card").first
    card.wait_for()
    assert card.locator("em").is_visible()
    assert page.locator(".smn-works img").count() == 0  # no sign of something broken
    assert (
        page.get_by_role("link", name="Wikimedia Commons: source and rights").first.get_attribute("rel")
        == "noopener noreferrer"
    )


def test_attribution_is_not_lost() -> None:
    from smn.web.drawing import draw_works

    work = replace(make_work("https://commons.wikimedia.org/wiki/Special:FilePath/A%20b.jpg"), title="<b>&", museum="M")
    drawn = draw_works([(work, "/thumbnail/x")], Words("en"))
    assert "&lt;b&gt;&amp;" in drawn
    assert "https://commons.wikimedia.org/wiki/File:A%20b.jpg" in drawn
    assert "Artist · M" in drawn
