import os
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chromium import CHROMIUM, QUIET
from service_process import Running, run_service
from smn.examples import paint
from web_pictures import encode

SHOTS = Path(os.environ.get("SMN_TEST_SCREENSHOTS", "build/screenshots"))
"""Where screenshots are kept, to be looked at."""


@pytest.fixture(scope="session")
def painting() -> bytes:
    return encode(paint("neo-impressionism", seed=3))


@pytest.fixture(scope="session")
def pictures() -> Iterator[str]:
    """A server of pictures on this machine: /NAME.jpg is an example, anything else is not there."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/").removesuffix(".jpg")
            known = name in {"ukiyo-e", "pop-art"}
            body = encode(paint(name)) if known else b"nothing"
            self.send_response(200 if known else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One page for the tests that leave it as it is; it may fetch from this machine, and nothing from elsewhere."""
    folder = tmp_path_factory.mktemp("web")
    with run_service(folder, "--images", "kept", command="web", SMN_URL_NETWORKS="127.0.0.0/8") as running:
        yield running
        assert running.process.poll() is None, "".join(running.log)
        assert "the page's script failed" not in "".join(running.log)


@pytest.fixture(scope="module")  # while it runs, no other test can run an event loop
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """Chromium, whose camera sees a painting."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    # A film of single JPEGs.
    film = tmp_path_factory.mktemp("camera") / "painting.mjpeg"
    film.write_bytes(encode(paint("ukiyo-e", size=(640, 480)), quality=95) * 30)
    camera = (
        "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )  # fmt: skip
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *camera])
        with closing(browser):
            yield browser


@pytest.fixture
def visit(browser, web):
    """Opens the page; in the end nothing may have been complained of, or asked of anybody but the page's server."""
    complaints, contexts = [], []

    def visit(path="", *, address=None, allow=(), script="", **options):
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, "locale": "en-GB", **options})
        contexts.append(context)
        context.add_init_script(script)
        address = address or web.address

        def check(request):
            if not request.url.startswith((address, address.replace("http", "ws"), "data:", "blob:")):
                complaints.append(f"asked for {request.url}")

        def hear(message):
            # Streamlit looks for its server below the page's path first.
            if message.type == "error" and "404" not in message.text and not any(one in message.text for one in allow):
                complaints.append(message.text)

        context.on("request", check)
        page = context.new_page()
        page.set_default_timeout(120_000)  # the machine may do other work
        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{address}/{path}")
        page.wait_for_selector(".smn-foot")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def shoot():
    """Keeps a screenshot of the whole page."""

    def shoot(page, name, *, height=None):
        SHOTS.mkdir(parents=True, exist_ok=True)
        size = page.viewport_size
        if height:
            page.set_viewport_size({"width": size["width"], "height": height})
        page.wait_for_timeout(600)  # pictures fade in
        page.screenshot(path=SHOTS / f"{name}.png")
        page.set_viewport_size(size)

    return shoot
