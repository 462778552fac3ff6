"""Asks the web politely: spaced, bounded, within limits, and again where a fault passes by itself."""

import contextlib
import json
import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from smn import __version__
from smn.dataset.fetch.candidate import Politeness
from smn.dataset.fetch.pace import Pace, Stopped, back_off, read_retry_after
from smn.errors import FetchError, InputError, MissingExtraError

if TYPE_CHECKING:
    import httpx2

__all__ = ["Client", "Download", "Limits", "Stopped"]

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
_REDIRECTS = 5
_FORBIDDEN_ATTEMPTS = 3
_CONTACT = re.compile(r"[!-~]+@[!-~]+\.[!-~]+|https?://[!-~]+\.[!-~]+")


@dataclass(frozen=True)
class Limits:
    """When to give up.

    Args:
        max_bytes: size of a picture or a whole table, in bytes.
        attempts: how often something is asked for before it is given up.
        back_off: seconds before the second attempt; doubled before each further one, to a minute at most.
        patience: the longest wait that a server may ask for, in seconds; if it asks for more, it is given up.
        connect: seconds until a connection stands.
        read: seconds without a byte.
        total: seconds for one answer in all.
    """

    max_bytes: int = 50_000_000
    attempts: int = 6
    back_off: float = 1.0
    patience: float = 300.0
    connect: float = 15.0
    read: float = 75.0  # a SPARQL query may compute for a minute before its first byte
    total: float = 600.0


@dataclass(frozen=True)
class Download:
    """A file from the web.

    Args:
        data: its bytes; None where the server says that it is what was had before.
        etag: what to say next time to have it only if it changed.
        modified: the same as a date, where there is no etag.
    """

    data: bytes | None
    etag: str | None = None
    modified: str | None = None


class _Again(Exception):  # noqa: N818 - not an error yet
    """A fault that may pass: asks to try again, after ``wait`` seconds if the server said so."""

    def __init__(self, reason: str, *, status: int | None = None, wait: float | None = None) -> None:
        self.reason, self.status, self.wait = reason, status, wait
        super().__init__(reason)


class Client:
    """One source's way to the web; may be used from many threads at once. A context manager.

    Args:
        politeness: how the source wants to be asked.
        contact: e-mail or web address of whoever fetches, for the User-Agent.
        limits: when to give up.

    Raises:
        InputError: the contact is neither.
        MissingExtraError: the extra ``fetch`` is not installed.
    """

    def __init__(self, politeness: Politeness, *, contact: str | None = None, limits: Limits | None = None) -> None:
        try:
            import httpx2
        except ImportError as error:
            raise MissingExtraError("fetch", "httpx2") from error
        if contact is not None and not _CONTACT.fullmatch(contact):
            raise InputError(
                f"--contact {contact!r} is neither an e-mail address nor a web address; give one, such as "
                "you@museum.org."
            )
        self.limits = limits or Limits()
        self.pace = Pace(politeness.requests_per_second)
        self.requests = 0
        self.received = 0
        self._answered: set[str] = set()  # hosts that have answered well
        self._lock = threading.Lock()
        agent = f"smn/{__version__} ({f'+{contact}; ' if contact else ''}Python httpx2/{httpx2.__version__})"
        self._client = httpx2.Client(
            headers=dict.fromkeys(("User-Agent", *politeness.agents), agent),
            timeout=httpx2.Timeout(self.limits.read, connect=self.limits.connect, pool=None),
            limits=httpx2.Limits(
                max_connections=politeness.connections, max_keepalive_connections=politeness.connections
            ),
        )

    def __enter__(self) -> Self:
        return self

    def remember_hosts(self, addresses: Iterable[str]) -> None:
        """Note that the hosts of these addresses have answered well before, so that a 403 of theirs may pass."""
        self._answered.update(filter(None, (urlsplit(address).hostname for address in addresses)))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pace.stop()
        self._client.close()

    def get_json(self, address: str, *, params: Mapping[str, str | int] | None = None) -> Any:
        """The decoded JSON at an address.

        Raises:
            FetchError: it cannot be had, or is no JSON.
        """
        response, body = self._ask(address, params=params, headers={"Accept": "application/json, */*;q=0.5"})
        try:
            return json.loads(body)
        except ValueError as error:
            raise FetchError(
                f"It answers something that is not JSON ({_begin(body)}); open the address in a browser to see what "
                "it is, and try again later.",
                address=address,
                status=response.status_code,
            ) from error

    def get_bytes(
        self, address: str, *, params: Mapping[str, str | int] | None = None, span: tuple[int, int] | None = None
    ) -> bytes:
        """The bytes at an address; with ``span`` only those from the first to before the second.

        Raises:
            FetchError: it cannot be had, or is larger than the limit.
        """
        headers = {"Accept-Encoding": "identity"}
        if span is None:
            return self._ask(address, params=params, headers=headers)[1]
        first, stop = span
        headers["Range"] = f"bytes={first}-{stop - 1}"
        response, body = self._ask(address, params=params, headers=headers)
        if response.status_code == HTTPStatus.OK:  # the server has no parts and sent all of it
            body = body[first:stop]
        if len(body) != stop - first:
            raise FetchError(
                f"Of the bytes {first} to {stop} only {len(body)} came; the file is shorter or has changed, so fetch "
                "it anew into another folder.",
                address=address,
                status=response.status_code,
            )
        return body

    def download(self, address: str, *, etag: str | None = None, modified: str | None = None) -> Download:
        """A file; with ``etag`` or ``modified`` of an earlier download, only if it changed since.

        Raises:
            FetchError: it cannot be had, or is larger than the limit.
        """
        headers = {"Accept": "image/*, */*;q=0.5", "Accept-Encoding": "identity"}
        if etag is not None:
            headers["If-None-Match"] = etag
        elif modified is not None:
            headers["If-Modified-Since"] = modified
        response, body = self._ask(address, headers=headers)
        known = response.headers.get("ETag"), response.headers.get("Last-Modified")
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            if etag is None and modified is None:
                raise FetchError("It answers 304 unasked; try again later.", address=address, status=304)
            return Download(None, known[0] or etag, known[1] or modified)
        return Download(body, *known)

    def _ask(
        self, address: str, *, params: Mapping[str, str | int] | None = None, headers: Mapping[str, str]
    ) -> tuple["httpx2.Response", bytes]:
        """A good answer and its body, after as many attempts as it takes."""
        attempt = 0
        while True:
            self.pace.wait()
            try:
                return self._once(address, params=params, headers=headers)
            except _Again as fault:
                attempt += 1
                self._rest(fault, address, attempt)

    def _rest(self, fault: _Again, address: str, attempt: int) -> None:
        """Wait before the next attempt, or give up."""
        most = _FORBIDDEN_ATTEMPTS if fault.status == HTTPStatus.FORBIDDEN else self.limits.attempts
        if attempt >= min(most, self.limits.attempts):
            reason = f"{fault.reason}, {attempt} times; run the same command again later, what is stored is kept."
            raise FetchError(reason, address=address, status=fault.status) from fault
        if fault.wait is not None and fault.wait > self.limits.patience:
            reason = f"{fault.reason} and asks to wait {fault.wait / 60:.0f} minutes; run the same command again then."
            raise FetchError(reason, address=address, status=fault.status) from fault
        wait = back_off(attempt - 1, first=self.limits.back_off) if fault.wait is None else fault.wait
        if fault.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.FORBIDDEN) or fault.wait is not None:
            self.pace.pause(wait)  # the server means all of us
        else:
            self.pace.rest(wait)

    def _once(
        self, address: str, *, params: Mapping[str, str | int] | None, headers: Mapping[str, str]
    ) -> tuple["httpx2.Response", bytes]:
        """One attempt, over redirects."""
        with _faults(address):
            request = self._client.build_request("GET", address, params=params, headers=headers)
        until = time.monotonic() + self.limits.total
        for _ in range(_REDIRECTS + 1):
            with _faults(address):
                response = self._client.send(request, stream=True)
            try:
                with self._lock:
                    self.requests += 1
                if response.next_request is None:
                    return self._judge(response, address, until)
                request = _safe(response, address)
            finally:
                response.close()
            self.pace.wait()
        raise FetchError(
            f"It redirects more than {_REDIRECTS} times; correct the address.",
            address=address,
            status=response.status_code,
        )

    def _judge(self, response: "httpx2.Response", address: str, until: float) -> tuple["httpx2.Response", bytes]:
        """The body of a good answer; else the fault, as one that may pass or one that will not."""
        status = response.status_code
        host = response.url.host
        if status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, HTTPStatus.NOT_MODIFIED):
            with _faults(address):
                body = self._read(response, address, until)
            self._answered.add(host)
            return response, body
        wait = read_retry_after(response.headers.get("Retry-After"))
        name = f"{host} answers {status} ({_phrase(status)})"
        throttled = status == HTTPStatus.FORBIDDEN and (wait is not None or host in self._answered)
        if status in _PASSING or throttled:
            raise _Again(name, status=status, wait=wait)
        raise FetchError(f"{name}; {_advice(status)}", address=address, status=status)

    def _read(self, response: "httpx2.Response", address: str, until: float) -> bytes:
        """The body, refused as soon as it is seen to be larger than the limit, or when it takes too long."""
        most = self.limits.max_bytes
        announced = response.headers.get("Content-Length", "")
        body = bytearray()
        if announced.isdigit() and int(announced) > most:
            raise _too_large(int(announced), most, address, response.status_code)
        for chunk in response.iter_bytes():
            self.pace.check()
            body += chunk
            if len(body) > most:
                raise _too_large(len(body), most, address, response.status_code)
            if time.monotonic() > until:
                raise _Again(f"{response.url.host} took more than {self.limits.total:.0f} seconds for one answer")
        with self._lock:
            self.received += len(body)
        return bytes(body)


@contextlib.contextmanager
def _faults(address: str) -> Iterator[None]:
    """Turns httpx2's errors into ours: what may pass is tried again, the rest is the address's fault."""
    import httpx2

    try:
        yield
    except httpx2.TimeoutException as error:
        raise _Again("The server did not answer in time") from error
    except (httpx2.NetworkError, httpx2.RemoteProtocolError, httpx2.ProxyError) as error:
        raise _Again(f"The connection failed ({error})") from error
    except (httpx2.RequestError, httpx2.InvalidURL) as error:
        raise FetchError(f"It cannot be asked for ({error}); correct the address.", address=address) from error


def _safe(response: "httpx2.Response", address: str) -> "httpx2.Request":
    """Where a redirect leads; never from https to http."""
    request = response.next_request
    if request is None or (response.url.scheme == "https" and request.url.scheme != "https"):
        where = request.url if request else "nowhere"
        raise FetchError(
            f"It redirects from https to {where}, which is not encrypted; smn does not follow. Correct the address.",
            address=address,
            status=response.status_code,
        )
    return request


def _too_large(size: int, most: int, address: str, status: int) -> FetchError:
    return FetchError(
        f"It has {size / 1e6:.1f} MB or more; at most {most / 1e6:.1f} MB are allowed, so ask for a smaller --size.",
        address=address,
        status=status,
    )


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no status that the standard knows"


def _advice(status: int) -> str:
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return "there is nothing at the address."
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return "it does not let programs have this, so take the picture from another source."
    return "correct the address or the question."


def _begin(body: bytes) -> str:
    text = " ".join(body[:200].decode("utf-8", errors="replace").split())
    return repr(text[:60]) if text else "nothing at all"
