"""A real web server on 127.0.0.1 that answers as the test says, with the faults that real ones have.

with FetchServer() as server:
    server.route("/api/works", json_answer({"data": []}))
    server.route("/a.jpg", [Answer(503), picture_answer(1)])     # in turn; the last one again and again
    server.route("/page", lambda request: json_answer({"page": request.query["page"]}))
    server.route("/iiif/*", picture_answer(2))                    # everything below
    ... server.address + "/a.jpg" ...
    server.requests   # what was asked, in order
"""

import io
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Request:
    """What was asked: path without the query, the query's pairs, headers with lower-case names, and when."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    at: float
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What is answered.

    Args:
        status: HTTP status.
        body: the bytes.
        headers: beside Content-Length, which may be given too, to lie about it.
        ranges: answer 206 with the part that a Range header asks for.
        cut_after: close the connection after so many bytes of the body.
        delay: seconds before anything is sent.
        drip: seconds before every kilobyte of the body.
        no_length: send no Content-Length; the end of the connection is the end of the body.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    ranges: bool = False
    cut_after: int | None = None
    delay: float = 0
    drip: float = 0
    no_length: bool = False


Route = Answer | Sequence[Answer] | Callable[[Request], Answer]


def painted_jpeg(seed: int, size: tuple[int, int] = (64, 64)) -> bytes:
    """A small JPEG of coarse random blocks; another seed is another picture."""
    blocks = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(blocks).resize(size, Image.Resampling.NEAREST).save(stream, "JPEG", quality=80)
    return stream.getvalue()


def json_answer(value: Any, *, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def picture_answer(seed: int, *, size: tuple[int, int] = (64, 64), etag: str | None = None, **faults: Any) -> Answer:
    """A JPEG; with ``etag``, a later request that has it is answered 304."""
    headers = {"Content-Type": "image/jpeg"} | ({"ETag": etag} if etag else {})
    return Answer(200, painted_jpeg(seed, size), headers, **faults)


def file_answer(data: bytes, *, kind: str = "application/octet-stream") -> Answer:
    """Bytes of which parts can be had by Range."""
    return Answer(200, data, {"Content-Type": kind, "Accept-Ranges": "bytes"}, ranges=True)


class FetchServer:
    """The server; a context manager. ``requests``: everything that was asked; ``most_at_once``: how many overlapped."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()
        self._routes: dict[str, Route] = {}
        self._turns: dict[str, int] = {}
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def route(self, path: str, route: Route) -> str:
        """Answer a path; ``/below/*`` is everything below. Returns the full address."""
        self._routes[path] = route
        self._turns[path] = 0
        return self.address + path

    def count(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(request.path == path for request in list(self.requests))

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def begin(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            name = self._find(request.path)
            if name is None:
                return Answer(404, b"not here")
            route, turn = self._routes[name], self._turns[name]
            self._turns[name] += 1
        if isinstance(route, Answer):
            return route
        return route(request) if callable(route) else route[min(turn, len(route) - 1)]

    def end(self) -> None:
        with self._lock:
            self._now -= 1

    def _find(self, path: str) -> str | None:
        if path in self._routes:
            return path
        below = (name for name in self._routes if name.endswith("*") and path.startswith(name[:-1]))
        return max(below, key=len, default=None)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a client that is killed is no fault of the server
            super().handle_error(request, client_address)


def _handler(server: FetchServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else every small answer waits 40 ms

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            asked = Request(self.command, parts.path, query, headers, time.monotonic(), body)
            try:
                self._send(_conditional(asked, server.begin(asked)))
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the other side went away, as it may
            finally:
                server.end()

        do_POST = do_HEAD = do_GET  # noqa: N815

        def _send(self, answer: Answer) -> None:
            time.sleep(answer.delay)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if not answer.no_length and "Content-Length" not in answer.headers:
                self.send_header("Content-Length", str(len(answer.body)))
            if answer.no_length or answer.cut_after is not None:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            body = b"" if self.command == "HEAD" else answer.body[: answer.cut_after]
            step = 1024 if answer.drip else max(1, len(body))
            for start in range(0, len(body), step):
                time.sleep(answer.drip)
                self.wfile.write(body[start : start + step])
            if answer.cut_after is not None:
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, *_: Any) -> None:
            pass  # tests look at `requests`

    return Handler


def _conditional(asked: Request, answer: Answer) -> Answer:
    """What a server makes of If-None-Match, If-Modified-Since and Range."""
    known = {name.lower(): value for name, value in answer.headers.items()}
    if answer.status == 200 and (
        ("etag" in known and asked.headers.get("if-none-match") == known["etag"])
        or ("last-modified" in known and asked.headers.get("if-modified-since") == known["last-modified"])
    ):
        return replace(answer, status=304, body=b"")
    span = asked.headers.get("range", "")
    if answer.status == 200 and answer.ranges and span.startswith("bytes="):
        first, _, last = span.removeprefix("bytes=").partition("-")
        size = len(answer.body)
        start = int(first) if first else max(0, size - int(last))
        stop = min(size, int(last) + 1) if first and last else size
        if start >= size:
            return Answer(416, b"", {"Content-Range": f"bytes */{size}"})
        headers = {**answer.headers, "Content-Range": f"bytes {start}-{stop - 1}/{size}"}
        return replace(answer, status=206, body=answer.body[start:stop], headers=headers)
    return answer
