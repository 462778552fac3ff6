import base64
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import smn.browser
from browser_server import serve
from chromium import CHROMIUM, QUIET

PAGE = Path(smn.browser.__file__).parent / "page"


@pytest.fixture(scope="module")  # while it runs, no other test can run an event loop
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        with closing(browser):
            yield browser


@pytest.fixture(scope="module")
def run(browser) -> Iterator[Callable[..., Any]]:
    """Runs JavaScript with modules of the page: ``run("(m, x) => m.f(x)", "answer.js", x)``; arrays come as numpy."""
    with serve(PAGE) as address:
        page = browser.new_page()
        page.goto(f"{address}/look.css")

        def run(function: str, module: str, *arguments: Any) -> Any:
            script = """async ([source, module, values]) => {
                const unpack = (value) => value?.packed === undefined
                    ? value : Uint8Array.from(atob(value.packed), (letter) => letter.charCodeAt(0));
                const pack = (array) => {
                    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
                    let text = "";
                    for (let at = 0; at < bytes.length; at += 30000)
                        text += String.fromCharCode(...bytes.subarray(at, at + 30000));
                    return { packed: btoa(text), type: array.constructor.name };
                };
                const result = await eval(source)(await import(module), ...values.map(unpack));
                return ArrayBuffer.isView(result) ? pack(result) : result;
            }"""
            values = [
                {"packed": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
                for value in arguments
            ]
            result = page.evaluate(script, [function, f"{address}/{module}", values])
            if isinstance(result, dict) and "packed" in result:
                kind = np.float32 if result["type"] == "Float32Array" else np.uint8
                return np.frombuffer(base64.b64decode(result["packed"]), dtype=kind)
            return result

        yield run
