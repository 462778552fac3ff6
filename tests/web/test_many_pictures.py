"""Two hundred pictures at once: all are answered, and the server's memory does not hold them."""

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import smn
from chromium import needs_chromium
from service_process import Running, run_service
from smn.examples import list_examples, paint
from smn.web.answer_gallery import ON_PAGE
from smn.web.words import Words
from web_pictures import encode

pytestmark = [needs_chromium, pytest.mark.slow]
EN, COUNT = Words("en"), 200


def write_pictures(folder: Path) -> list[Path]:
    """Paintings under a film of noise, so that each file is large and no two are the same."""
    painted = [np.asarray(paint(name, size=(960, 768)), dtype=np.int16) for name in list_examples()]
    files = []
    for number in range(COUNT):
        noise = np.random.default_rng(number).integers(-40, 41, painted[0].shape)
        pixels = np.clip(painted[number % len(painted)] + noise, 0, 255).astype(np.uint8)
        file = folder / f"{number:03}.jpg"
        file.write_bytes(encode(Image.fromarray(pixels), quality=95))
        files.append(file)
    return files


def give(page: Any, front: Running, files: list[Path]) -> float:
    """Upload pictures and wait for all answers; the server's memory then, in megabytes."""
    page.wait_for_function("document.querySelectorAll('input[type=file]').length === 1")
    page.locator("input[type=file]").set_input_files(files)
    count = "count => document.querySelectorAll('.smn-table tbody tr').length === count"
    page.wait_for_function(count, arg=len(files), timeout=600_000)
    return front.rss


def test_two_hundred_pictures_are_answered_in_bounded_memory(visit, tmp_path: Path, shoot) -> None:
    (tmp_path / "pictures").mkdir()
    files = write_pictures(tmp_path / "pictures")
    megabytes = sum(file.stat().st_size for file in files) / 1e6
    assert megabytes > 100
    with run_service(tmp_path, command="web") as front:
        page = visit(address=front.address, allow=("net::ERR_",))
        first = give(page, front, files)
        page.get_by_role("button", name=EN("again.one")).click()
        page.wait_for_selector(".smn-start")
        # Streamlit holds a choice of files while it arrives; if anything held it longer, it would be there twice now.
        assert give(page, front, files) - first < megabytes / 2
        assert page.locator(".smn-thumb").count() == ON_PAGE
        page.get_by_role("button", name=EN("many.after")).click()
        page.get_by_text(EN("many.part", first=ON_PAGE + 1, last=2 * ON_PAGE, count=COUNT)).wait_for()
        shoot(page, "two-hundred", height=1600)
        with page.expect_download() as download:
            page.get_by_role("button", name=EN("many.save_csv")).click()
        text = download.value.path().read_text(encoding="utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text)))
    assert len(table) == COUNT
    model = smn.load(threads=1)
    for row in table[::40]:
        answer = model.predict((tmp_path / "pictures" / row["path"]).read_bytes(), top_k=5)
        assert row["guess_1"] == answer.predictions[0].movement
        assert float(row["probability_1"]) == pytest.approx(answer.predictions[0].probability, abs=1e-6)
