"""ASGI middleware around every request: id, size and time limits, security headers, access log."""

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
"""Called with method, path template, status and seconds of a request."""

_GIVEN_ID = re.compile(rb"^[A-Za-z0-9._-]{1,64}$")

HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-site",
    b"cache-control": b"no-store",
}
"""Answers are data: browsers must not render, frame, sniff or cache them."""

_MAX_HEADERS = 32_768
"""Bytes of all names and values."""

_PAGES = ("/docs", "/redoc")


class HeadersTooLargeError(Exception):
    """The headers of a request exceed the limit."""


class BodyTooLargeError(Exception):
    """The body of a request exceeds the limit."""


class RequestMiddleware:
    """The outermost layer: limits, headers, errors and log of every request.

    Args:
        app: the ASGI application.
        max_body: of a request, in bytes; more is refused before it is read, or as soon as it shows.
        timeout: seconds for all of it, the reading of the body too.
        on_done: called after every request.
    """

    def __init__(self, app: ASGIApp, *, max_body: int, timeout: float, on_done: OnDone) -> None:
        self._app, self._max_body, self._timeout, self._on_done = app, max_body, timeout, on_done

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, self._max_body)
        problem: tuple[int, str] | None = None
        try:
            exchange.check_headers()
            async with asyncio.timeout(self._timeout):
                await self._app(scope, exchange.receive, exchange.send)
        except TimeoutError:
            late = (503, "The answer took too long; ask again later.")
            problem = late if exchange.read else (408, "The request came too slowly; send it again.")
        except BodyTooLargeError:
            allowed = f"the {self._max_body:,} bytes that are allowed"
            problem = 413, f"The request holds more than {allowed}; send smaller pictures, or fewer at once."
        except HeadersTooLargeError:
            problem = 431, f"The request's headers hold more than {_MAX_HEADERS:,} bytes; send fewer or shorter ones."
        except Exception:
            LOG.exception("failed", extra={"fields": {"request_id": exchange.number}})
            problem = 500, "Something went wrong here; ask again later."
        if problem is not None and not exchange.started:
            # Unread bytes would be taken for the next request: close the connection.
            refused = answer_problem(exchange.number, *problem, {"Connection": "close"})
            await refused(scope, receive, exchange.send)
        self._note(scope, exchange)

    def _note(self, scope: Scope, exchange: "_Exchange") -> None:
        # The path template, not the path: paths may hold personal data.
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

    def __init__(self, scope: Scope, receive: Receive, send: Send, max_body: int) -> None:
        self._receive, self._send, self._max_body = receive, send, max_body
        self._headers = dict(scope["headers"])
        self._is_page = scope["path"].startswith(_PAGES)
        given = self._headers.get(b"x-request-id", b"")
        self.number = scope["smn.request_id"] = given.decode() if _GIVEN_ID.match(given) else uuid.uuid4().hex
        self.began, self.status, self.size = time.monotonic(), 500, 0
        self.started = self.read = False

    def check_headers(self) -> None:
        """Raise on headers, or a declared body, beyond the limit."""
        if sum(len(name) + len(value) for name, value in self._headers.items()) > _MAX_HEADERS:
            raise HeadersTooLargeError
        declared = self._headers.get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > self._max_body:
            raise BodyTooLargeError

    async def receive(self) -> Message:
        """The next part of the body."""
        message = await self._receive()
        self.size += len(message.get("body", b""))
        self.read = self.read or not message.get("more_body", False)
        if self.size > self._max_body:
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
        entry: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"), "level": record.levelname.lower(),
            "event": record.getMessage(), **getattr(record, "fields", {}),
        }  # fmt: skip
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)
