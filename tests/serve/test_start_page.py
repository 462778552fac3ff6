"""The start page and the API's description: every link leads somewhere, and nothing is asked of another host."""

import re
from urllib.parse import urljoin

import httpx2
import pytest

from service_process import Running
from smn.serve.app import create_app
from smn.service.service_settings import ServiceSettings


@pytest.fixture(scope="module")
def http(service: Running):  # type: ignore[no-untyped-def]
    with httpx2.Client(base_url=service.address, timeout=60) as client:
        yield client


def test_the_start_page_leads_everywhere(http: httpx2.Client, service: Running) -> None:
    page = http.get("/")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert f"curl --data-binary @painting.jpg {service.address}/v1/predict" in page.text
    links = re.findall(r'href="([^"]+)"', page.text)
    assert links == ["docs", "v2/health/ready", "v1/movements", "metrics"]
    for link in links:
        assert http.get(urljoin("/", link)).status_code == 200


def test_a_host_name_cannot_write_into_the_page(http: httpx2.Client) -> None:
    assert "<b>" not in http.get("/", headers={"Host": "a<b>c"}).text


def test_the_description_is_served_from_here(http: httpx2.Client) -> None:
    page = http.get("/docs")
    assert page.status_code == 200
    assert "://" not in page.text
    needed = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(needed) == 3
    for place in [*needed, "openapi.json"]:
        found = http.get(urljoin("/docs", place))
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
def test_an_unknown_parameter_is_refused(http: httpx2.Client, method: str, path: str, said: str) -> None:
    answer = http.request(method, path)
    assert answer.status_code == 422
    assert re.search(said, answer.json()["detail"])


def test_one_unreadable_picture_is_one(http: httpx2.Client) -> None:
    for count, said in ((1, "The picture cannot be read: "), (2, "None of the 2 pictures can be read: ")):
        answer = http.post("/v1/predict", files=[("file", (f"{at}.jpg", b"no picture")) for at in range(count)])
        assert answer.status_code == 422
        assert answer.json()["detail"].startswith(said)


def test_a_service_without_a_description_does_not_link_it() -> None:
    import asyncio

    async def get(path: str) -> httpx2.Response:
        transport = httpx2.ASGITransport(create_app(ServiceSettings(docs=False)))
        async with httpx2.AsyncClient(transport=transport, base_url="http://smn.test") as client:
            return await client.get(path)

    assert 'href="docs"' not in asyncio.run(get("/")).text
    assert asyncio.run(get("/docs")).status_code == 404
