"""The application's own routes and headers, without a browser."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from service_process import Running, run_service
from smn.examples import list_examples
from smn.similar import read_index


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("front")
    (folder / "review").mkdir()
    (folder / "review/index.html").write_text("<title>findings</title>", encoding="utf-8")
    (folder / "secret.txt").write_text("secret", encoding="utf-8")
    with run_service(folder, "--review", "review", "--no-memory", command="web") as running:
        yield running


def test_every_answer_forbids_what_the_page_does_not_need(front: Running) -> None:
    for path in ("/", "/explore", "/example/ukiyo-e.jpg", "/_stcore/health"):
        headers = httpx2.get(front.address + path).headers
        assert "default-src 'self'" in headers["content-security-policy"], path
        assert "connect-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["permissions-policy"].startswith("camera=(self)")
        assert "server" not in headers


def test_examples_are_painted_and_nothing_else(front: Running) -> None:
    for movement in list_examples():
        answer = httpx2.get(f"{front.address}/example/{movement}.jpg", timeout=60)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert answer.content[:2] == b"\xff\xd8"
    assert httpx2.get(f"{front.address}/example/nobody.jpg").status_code == 404
    assert httpx2.get(f"{front.address}/thumbnail/unknown").status_code == 404


def test_dots_of_the_map_are_works_of_the_index(front: Running) -> None:
    index = read_index()
    everything = httpx2.get(f"{front.address}/map/all.json", timeout=60).json()
    assert len(everything) == len(index)
    cubist = httpx2.get(f"{front.address}/map/cubism.json", timeout=60).json()
    assert 0 < len(cubist) < len(everything)
    for x, y, place, told in cubist[::100]:
        work = index.work(place)
        assert 0 <= min(x, y) <= max(x, y) <= 1
        assert work.movement == "cubism"
        assert (work.title or "") in told
    drawn = httpx2.get(f"{front.address}/map/cubism.svg", timeout=60)
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert drawn.headers["content-encoding"] == "gzip"
    dots = {
        pale: sum(path.count("M") for path in re.findall(f'opacity="{pale}"[^>]*', drawn.text)) for pale in (1, 0.15)
    }
    assert dots == {1: len(cubist), 0.15: len(everything) - len(cubist)}
    assert httpx2.get(f"{front.address}/map/nothing.svg").status_code == 404
    assert httpx2.get(f"{front.address}/map/nothing.json").status_code == 404


def test_findings_are_shown_and_their_neighbours_are_not(front: Running) -> None:
    assert "findings" in httpx2.get(f"{front.address}/findings/index.html").text
    # The page of findings brings its own policy.
    assert "content-security-policy" not in httpx2.get(f"{front.address}/findings/index.html").headers
    for path in ("/findings/../secret.txt", "/findings/%2e%2e/secret.txt", "/findings/..%2fsecret.txt"):
        assert "secret" not in httpx2.get(front.address + path).text


def test_a_setting_that_does_not_fit_is_one_sentence(tmp_path: Path) -> None:
    import subprocess

    from service_process import SMN

    done = subprocess.run(
        [str(SMN), "web", "--review", str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "smn clean review" in done.stderr
    assert "Traceback" not in done.stderr
