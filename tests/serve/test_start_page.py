"""The start page and the API's description: every link leads somewhere, and nothing is asked of another host."""

import asyncio
import re
from urllib.parse import urljoin

import httpx2
import pytest
from fastapi import FastAPI

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
