"""What happens to every request before and after its route: a number, a limit, headers, a line in the log."""

import asyncio
import json
import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from smn.serve.problems import answer_problem

LOG = logging.getLogger("smn.serve")

OnDone = Callable[[str, str, int, float], None]
"""Told method, path template, status and seconds of a request."""

_GIVEN_ID = re.compile(rb"^[A-Za-z0-9._-]{1,64}$")

HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-site",
    b"cache-control": b"no-store",
}
"""Answers are data: no browser shall show, frame, guess or keep them."""

_MOST_HEADERS = 32_768
"""Bytes of all names and values."""

_PAGES = ("/docs", "/redoc")


class HeadersTooLargeError(Exception):
    """Ends a request whose headers are larger than any that is meant well."""


class BodyTooLargeError(Exception):
    """Ends the reading of a body that grew beyond the limit."""


class Gate:
    """The first and the last to see a request.

    Args:
        app: what answers.
        max_body: of a request, in bytes; more is refused before it is read, or as soon as it shows.
        timeout: seconds for all of it, the reading of the body too.
        on_done: told of every request.
    """

    def __init__(self, app: ASGIApp, *, max_body: int, timeout: float, on_done: OnDone) -> None:
        self._app, self._most, self._timeout, self._on_done = app, max_body, timeout, on_done

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, self._most)
        problem: tuple[int, str] | None = None
        try:
            exchange.check_headers()
            async with asyncio.timeout(self._timeout):
                await self._app(scope, exchange.receive, exchange.send)
        except TimeoutError:
            late = (503, "The answer took too long; ask again later.")
            problem = late if exchange.read else (408, "The request came too slowly; send it again.")
        except BodyTooLargeError:
            allowed = f"the {self._most:,} bytes that are allowed"
            problem = 413, f"The request holds more than {allowed}; send smaller pictures, or fewer at once."
        except HeadersTooLargeError:
            problem = 431, f"The request's headers hold more than {_MOST_HEADERS:,} bytes; send fewer or shorter ones."
        except Exception:
            LOG.exception("failed", extra={"fields": {"request_id": exchange.number}})
            problem = 500, "Something went wrong here; ask again later."
        if problem is not None and not exchange.started:
            # What was not read would be taken for the next request.
            refused = answer_problem(exchange.number, *problem, {"Connection": "close"})
            await refused(scope, receive, exchange.send)
        self._note(scope, exchange)

    def _note(self, scope: Scope, exchange: "_Exchange") -> None:
        # The template and not the path: what people ask for is theirs.
        path = getattr(scope.get("route"), "path", "unknown")
        seconds = time.monotonic() - exchange.began
        self._on_done(scope["method"], path, exchange.status, seconds)
        fields = {
            "request_id": exchange.number, "method": scope["method"], "path": path, "status": exchange.status,
            "milliseconds": round(1000 * seconds, 1), "bytes": exchange.size, "caller": scope.get("smn.caller"),
        }  # fmt: skip
        LOG.info("request", extra={"fields": fields})


class _Exchange:
    """One request and its response, counted on the way in and completed on the way out."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        self._receive, self._send, self._most = receive, send, most
        self._headers = dict(scope["headers"])
        self._is_page = scope["path"].startswith(_PAGES)
        given = self._headers.get(b"x-request-id", b"")
        self.number = scope["smn.request_id"] = given.decode() if _GIVEN_ID.match(given) else uuid.uuid4().hex
        self.began, self.status, self.size = time.monotonic(), 500, 0
        self.started = self.read = False

    def check_headers(self) -> None:
        """Refuse headers that are too large, and what says beforehand that it is."""
        if sum(len(name) + len(value) for name, value in self._headers.items()) > _MOST_HEADERS:
            raise HeadersTooLargeError
        declared = self._headers.get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > self._most:
            raise BodyTooLargeError

    async def receive(self) -> Message:
        """The next part of the body."""
        message = await self._receive()
        self.size += len(message.get("body", b""))
        self.read = self.read or not message.get("more_body", False)
        if self.size > self._most:
            raise BodyTooLargeError
        return message

    async def send(self, message: Message) -> None:
        """The next part of the response."""
        if message["type"] == "http.response.start":
            self.status, self.started = message["status"], True
            known = {name.lower() for name, _ in message["headers"]}
            extra = [
                (name, value)
                for name, value in HEADERS.items()
                if name not in known and not (self._is_page and name == b"content-security-policy")
            ]
            number = (b"x-request-id", self.number.encode())
            message = {**message, "headers": [*message["headers"], *extra, number]}
        await self._send(message)


class JsonLines(logging.Formatter):
    """A log record as a line of JSON: time, level, what happened, its fields; no picture, no address, no body."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        told: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"), "level": record.levelname.lower(),
            "event": record.getMessage(), **getattr(record, "fields", {}),
        }  # fmt: skip
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)
