"""Times the static page that answers in the browser: bytes to load, first answer, later answers.

    python benchmarks/browser.py --out docs/results/bench/browser.json

Browser and server share this machine, so that loading costs no network. The pictures are generated paintings as JPEG of
1600 x 1280 pixels, two megapixels.
"""

import argparse
import gzip
import io
import json
import os
import shutil
import statistics
import tempfile
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from smn.browser import build_page
from smn.bundle import read_bundle
from smn.examples import list_examples, paint

LATER = 15


def make_picture(number: int) -> bytes:
    """An encoded painting."""
    names = list_examples()
    stream = io.BytesIO()
    paint(names[number % len(names)], seed=number, size=(1600, 1280)).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def count_bytes(folder: Path) -> dict[str, int]:
    """What a first visit loads, as it is and as a server that compresses would send it."""
    files = [file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("icon-")]
    packed = sum(len(gzip.compress(file.read_bytes(), 6)) for file in files)
    return {"bytes": sum(file.stat().st_size for file in files), "bytes_gzip": packed}


def measure(address: str, later: int) -> dict[str, Any]:
    """Milliseconds from an empty browser to the first answer, then of later answers, all with pictures of their own."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    pictures = [make_picture(number) for number in range(later + 1)]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.set_default_timeout(300_000)

        def ask(data: bytes) -> float:
            began = time.perf_counter()
            page.set_input_files("#file", [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": data}])
            page.wait_for_selector("body[data-answer]:not(.busy)")
            return 1000 * (time.perf_counter() - began)

        began = time.perf_counter()
        page.goto(address)
        page.wait_for_selector("body[data-ready]")
        ready = 1000 * (time.perf_counter() - began)
        first, *rest = (ask(data) for data in pictures)
        browser.close()
    return {
        "cores": os.cpu_count(), "later": later, "ready_ms": round(ready), "first_answer_ms": round(ready + first),
        "later_ms": round(statistics.median(rest)), "later_slowest_ms": round(max(rest)),
    }  # fmt: skip


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--bundle", default="fast", help="a bundle's folder or name")
    parser.add_argument("--later", type=int, default=LATER, help="how many answers after the first")
    chosen = parser.parse_args()
    bundle = read_bundle(chosen.bundle)
    with tempfile.TemporaryDirectory() as place:
        folder = build_page(bundle, Path(place) / "page").parent
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        times = measure(f"http://127.0.0.1:{server.server_port}/", chosen.later)
        told = {"model": bundle.name, **count_bytes(folder), **times}
        server.shutdown()
    text = json.dumps(told, indent=1)
    print(text)
    if chosen.out:
        chosen.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
