"""Firefox as distributions have it, driven by WebDriver BiDi, which needs no other program."""

import base64
import json
import os
import re
import shutil
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

FIREFOX = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
needs_firefox = pytest.mark.skipif(
    FIREFOX is None and "SMN_TEST_FIREFOX" not in os.environ, reason="no Firefox: no firefox-esr, firefox on the path"
)
_PATIENCE = 120.0  # seconds; the machine may do other work
_FIRST = {"intl.accept_languages": "en-GB", "app.update.enabled": False, "toolkit.telemetry.enabled": False}


class Firefox:
    """One window.

    Args:
        folder: an empty one, for its profile and the files that it is given.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._last, self.complaints = folder, 0, list[str]()
        profile = folder / "profile"
        profile.mkdir()
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _FIRST.items()]
        (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
        words = ["--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
        self._log = folder / "log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen([str(FIREFOX), *words], stderr=log, stdout=log)
        self._open = ExitStack()
        self._open.callback(self._end)
        connection = connect(f"{self._find_address()}/session", max_size=None, open_timeout=_PATIENCE)
        self._socket = self._open.enter_context(connection)
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded"])
        self._window = self.ask("browsingContext.getTree")["contexts"][0]["context"]

    def close(self) -> None:
        """End it."""
        self._open.close()

    def _end(self) -> None:
        self._process.terminate()
        self._process.wait(60)

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a command of WebDriver BiDi."""
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": parameters}))
        while True:
            said = json.loads(self._socket.recv(timeout=_PATIENCE))
            if said.get("method") == "log.entryAdded" and said["params"]["level"] == "error":
                self.complaints.append(said["params"]["text"])
            if said.get("id") == self._last:
                assert said["type"] == "success", said
                result: dict[str, Any] = said["result"]
                return result

    def visit(self, address: str) -> None:
        """Open a page."""
        self.ask("browsingContext.navigate", context=self._window, url=address, wait="complete")

    def evaluate(self, script: str) -> Any:
        """What an expression of JavaScript gives, as JSON."""
        found = self.ask(
            "script.evaluate", expression=f"JSON.stringify({script})", target={"context": self._window},
            awaitPromise=True,
        )  # fmt: skip
        assert found["type"] == "success", found
        return json.loads(found["result"].get("value", "null"))

    def wait(self, script: str) -> Any:
        """What an expression gives as soon as that is true."""
        until = time.monotonic() + _PATIENCE
        while not (found := self.evaluate(script)):
            assert time.monotonic() < until, script
            time.sleep(0.1)
        return found

    def upload(self, **files: bytes) -> None:
        """Give files to the page, by their names without ending, as JPEG."""
        self.wait("document.querySelectorAll('input[type=file]').length === 1")
        places = []
        for name, data in files.items():
            places.append(self._folder / f"{name}.jpg")
            places[-1].write_bytes(data)
        locator = {"type": "css", "value": "input[type=file]"}
        (node,) = self.ask("browsingContext.locateNodes", context=self._window, locator=locator)["nodes"]
        element = {"sharedId": node["sharedId"]}
        self.ask("input.setFiles", context=self._window, element=element, files=[str(place) for place in places])

    def resize(self, width: int, height: int) -> None:
        """Another size of the window's inside."""
        viewport = {"width": width, "height": height}
        self.ask("browsingContext.setViewport", context=self._window, viewport=viewport)

    def shoot(self, file: Path) -> None:
        """Keep a screenshot."""
        file.parent.mkdir(parents=True, exist_ok=True)
        shot = self.ask("browsingContext.captureScreenshot", context=self._window)
        file.write_bytes(base64.b64decode(shot["data"]))

    def _find_address(self) -> str:
        until = time.monotonic() + _PATIENCE
        while not (found := re.search(r"listening on (ws://\S+)", self._log.read_text(encoding="utf-8"))):
            assert self._process.poll() is None, self._log.read_text(encoding="utf-8")
            assert time.monotonic() < until
            time.sleep(0.1)
        return found[1]
