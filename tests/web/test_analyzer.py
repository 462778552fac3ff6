"""The page as the front of a service: the same page, the same answers, kind words when the service is gone."""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PIL import ImageChops, ImageStat

from chromium import needs_chromium
from service_process import Running, run_service
from smn.bundle import DEFAULT, read_bundle
from smn.examples import paint
from smn.service.records import Records
from smn.web.analyzer import Analyzer, LocalAnalyzer, RemoteAnalyzer
from smn.web.page_settings import PageSettings
from smn.web.words import Words
from web_pictures import encode

EN = Words("en")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with run_service(tmp_path_factory.mktemp("service")) as running:
        yield running


def test_both_ways_see_the_same(service: Running) -> None:
    near, far = LocalAnalyzer(PageSettings()), RemoteAnalyzer(PageSettings(api=service.address))
    with closing(far):
        compare(near, far)


def compare(near: Analyzer, far: Analyzer) -> None:
    for movement in ("ukiyo-e", "neo-impressionism"):
        data = encode(paint(movement, seed=2))
        here, there = (analyzer.analyze("a.jpg", data, find=True) for analyzer in (near, far))
        assert there.prediction_id is not None
        assert there.prediction.to_dict() | {"path": None} == here.prediction.to_dict() | {"path": None}
        assert [one.work.id for one in there.works] == [one.work.id for one in here.works]
        # The service tells a found painting's corners to four digits.
        assert there.image.size == pytest.approx(here.image.size, abs=1)
        difference = ImageChops.difference(there.image.resize(here.image.size), here.image)
        assert max(ImageStat.Stat(difference).mean) < 6
        assert (there.whole is None) == (here.whole is None)
        assert list(there.evidence) == list(here.evidence)
        for name, grid in here.evidence.items():
            assert there.evidence[name] == pytest.approx(grid, abs=1e-4)
        assert there.taxonomy.id == here.taxonomy.id


def test_feedback_reaches_the_service(service: Running) -> None:
    with closing(RemoteAnalyzer(PageSettings(api=service.address))) as analyzer:
        analysis = analyzer.analyze("a.jpg", encode(paint("fauvism", seed=7)), find=True)
        analyzer.add_feedback(analysis, agree=False, movement="cubism", text="edges", picture=None)
    records = Records(f"sqlite:///{service.folder}/data/smn/smn.db")
    said = records.list_feedback()
    records.close()
    assert [(one["verdict"], one["movement"], one["text"]) for one in said] == [("disagree", "cubism", "edges")]
    assert said[0]["prediction"]["id"] == analysis.prediction_id


@needs_chromium
def test_the_page_lives_without_its_service_and_goes_on_with_it(visit, tmp_path: Path, shoot) -> None:
    data = encode(paint("fauvism", seed=5))
    file = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": data}
    (tmp_path / "service").mkdir()
    (tmp_path / "page").mkdir()
    with (
        run_service(tmp_path / "service") as behind,
        run_service(tmp_path / "page", command="web", SMN_API=behind.address) as front,
    ):
        page = visit(address=front.address, allow=("net::ERR_",))
        page.locator("input[type=file]").set_input_files([file])
        page.wait_for_selector(".smn-answer")
        assert page.locator(".smn-answer").inner_text().startswith("Fauvism")
        page.wait_for_function(f"document.querySelector('.smn-foot').innerText.includes('{read_bundle().name}')")
        behind.stop()
        page.get_by_role("button", name=EN("again.one")).click()
        page.wait_for_selector(".smn-start")
        page.wait_for_function("document.querySelectorAll('input[type=file]').length === 1")
        other = file | {"buffer": encode(paint("fauvism", seed=6))}
        page.locator("input[type=file]").set_input_files([other])
        page.get_by_role("alert").wait_for()
        assert EN("bad.down") in page.get_by_role("alert").inner_text()
        shoot(page, "service-down")
        port = behind.address.rpartition(":")[2]
        with run_service(tmp_path / "service", "--port", port):
            page.get_by_role("button", name=EN("bad.again")).click()
            page.wait_for_selector(".smn-answer")
            assert page.locator(".smn-answer").inner_text().startswith("Fauvism")


@needs_chromium
def test_another_bundle_is_loaded_without_a_restart(visit, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(DEFAULT, bundle)
    with run_service(tmp_path, "--model", str(bundle), command="web") as front:
        page = visit(address=front.address, allow=("net::ERR_",))
        assert read_bundle().name in page.locator(".smn-foot").inner_text()
        told = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))
        (bundle / "bundle.json").write_text(json.dumps(told | {"name": "tomorrow-1"}), encoding="utf-8")
        page.get_by_role("button", name="Ukiyo-e").click()
        page.wait_for_selector(".smn-answer")
        page.wait_for_function("document.querySelector('.smn-foot').innerText.includes('tomorrow-1')")
