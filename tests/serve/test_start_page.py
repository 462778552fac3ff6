"""The start page and the API's description: every link leads somewhere, and nothing is asked of another host."""

import asyncio
import re
from contextlib import closing
from pathlib import Path
from urllib.parse import urljoin

import httpx2
import pytest
from fastapi import FastAPI

import smn
from chromium import CHROMIUM, QUIET, needs_chromium
from service_process import run_service
from smn.examples import paint
from smn.predict.phrasing import phrase
from smn.serve.app import create_app
from smn.service.service_settings import ServiceSettings


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """The service, whose model is not loaded: no page needs it."""
    return create_app(ServiceSettings())


def ask(app: FastAPI, path: str, *, method: str = "GET", host: str = "smn.test") -> httpx2.Response:
    async def send() -> httpx2.Response:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://smn.test:8000") as client:
            return await client.request(method, path, headers={"Host": host})

    return asyncio.run(send())


def test_the_start_page_leads_everywhere(app: FastAPI) -> None:
    page = ask(app, "/", host="smn.test:8000")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "curl --data-binary @painting.jpg http://smn.test:8000/v1/predict" in page.text
    links = re.findall(r'href="([^"]+)"', page.text)
    assert links == ["docs", "v2/health/ready", "v1/movements", "metrics"]
    assert {"/v2/health/ready", "/v1/movements"} <= set(app.openapi()["paths"])
    assert ask(app, "/docs").status_code == ask(app, "/metrics").status_code == 200


@needs_chromium
def test_a_picture_is_answered_on_the_start_page(tmp_path: Path) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    paint("ukiyo-e", seed=1).save(tmp_path / "painting.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with (
        run_service(tmp_path, "--no-memory") as service,
        sync_api.sync_playwright() as playwright,
        closing(playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))) as browser,
    ):
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.goto(service.address)
        for name, said in (
            ("painting.png", phrase(smn.load().predict(tmp_path / "painting.png"), "en").sentence),
            ("broken.png", "The picture cannot be read: "),
        ):
            page.set_input_files("input", tmp_path / name)
            page.click("button")
            page.wait_for_selector("#more:not([hidden])")
            assert said in page.inner_text("#said")
        page.click("summary")
        assert '"detail"' in page.inner_text("#answer")


def test_routes_are_listed_by_what_they_do(app: FastAPI) -> None:
    listed = [one["summary"] for path in app.openapi()["paths"].values() for one in path.values()]
    assert "Find works that look like one picture" in listed
    assert all(" " in summary for summary in listed)


def test_a_host_name_cannot_write_into_the_page(app: FastAPI) -> None:
    assert "<b>" not in ask(app, "/", host="a<b>c").text


def test_the_description_is_served_from_here(app: FastAPI) -> None:
    page = ask(app, "/docs")
    assert "://" not in page.text
    needed = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(needed) == 3
    for place in [*needed, "openapi.json"]:
        found = ask(app, urljoin("/docs", place))
        assert found.status_code == 200
        assert len(found.content) > 1000


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("POST", "/v1/predict?topk=3", r"no query parameter 'topk' here\. Did you mean top_k\? Leave it out; it has"),
        ("GET", "/v1/movements?language=fr", r"no query parameter 'language' here\. Leave it out; it has none\."),
        ("GET", "/v2/health/live?a=1", "it has none"),
    ],
)
def test_an_unknown_parameter_is_refused(app: FastAPI, method: str, path: str, said: str) -> None:
    answer = ask(app, path, method=method)
    assert answer.status_code == 422
    assert re.search(said, answer.json()["detail"])


def test_a_service_without_a_description_does_not_link_it() -> None:
    app = create_app(ServiceSettings(docs=False))
    assert 'href="docs"' not in ask(app, "/").text
    assert ask(app, "/docs").status_code == 404
    assert ask(app, "/v2/health/live?a=1").status_code == 422
