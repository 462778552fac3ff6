"""An HTTP client that limits its rate, its connections and the size of responses, and retries transient failures."""

import contextlib
import json
import random
import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import responses
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from smn._version import __version__
from smn.dataset.fetch.fetch_source import Limits, Politeness
from smn.errors import FetchError, InputError, MissingExtraError

if TYPE_CHECKING:
    import httpx2

_RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
_REDIRECTS = 5
_FORBIDDEN_ATTEMPTS = 3
_CONTACT = re.compile(r"[!-~]+@[!-~]+\.[!-~]+|https?://[!-~]+\.[!-~]+")


class Stopped(Exception):  # noqa: N818 - nothing is wrong: the fetch is being stopped
    """Raised in every thread when the fetch is being stopped."""


class RateLimiter:
    """Spaces the starts of requests evenly over all threads.

    Args:
        requests_per_second: the most requests that start in a second.

    Raises:
        InputError: it is not above 0.
    """

    def __init__(self, requests_per_second: float) -> None:
        if not requests_per_second > 0:
            raise InputError(f"{requests_per_second} requests a second are not possible; give a number above 0.")
        self._spacing = 1 / requests_per_second
        self._next = time.monotonic()
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def wait(self) -> None:
        """Wait until the next request may start.

        Raises:
            Stopped: the fetch is being stopped.
        """
        while True:
            with self._lock:
                now = time.monotonic()
                left = self._next - now
                if left <= 0:
                    self._next = now + self._spacing
                    break
            self.rest(left)
        self.check()

    def rest(self, seconds: float) -> None:
        """Sleep for so long, or until the fetch is being stopped.

        Raises:
            Stopped: the fetch is being stopped.
        """
        self._stopped.wait(seconds)
        self.check()

    def pause(self, seconds: float) -> None:
        """Let no request of any thread start for so long."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)

    def check(self) -> None:
        """Raise if the fetch is being stopped.

        Raises:
            Stopped: the fetch is being stopped.
        """
        if self._stopped.is_set():
            raise Stopped

    def stop(self) -> None:
        """End every wait, now and later."""
        self._stopped.set()


def backoff_delay(attempt: int, *, first: float, limit: float = 60.0) -> float:
    """Seconds to wait after a failed attempt: exponential backoff, of which a random half, so that threads spread out.

    Args:
        attempt: 0 for the first.
        first: the first delay, in seconds; it doubles with each attempt.
        limit: the longest delay, in seconds.
    """
    full = min(limit, first * 2.0**attempt)
    return full * random.uniform(0.5, 1.0)  # noqa: S311 - nothing depends on its being secret


def read_retry_after(value: str | None) -> float | None:
    """Seconds that a Retry-After header asks to wait, given as seconds or as a date; None where it gives neither."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        then = parsedate_to_datetime(value)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())


@dataclass(frozen=True)
class Download:
    """A downloaded file.

    Args:
        data: its bytes; None where the server says that it has not changed.
        etag: for the next conditional request.
        modified: the same as a date, where there is no etag.
    """

    data: bytes | None
    etag: str | None = None
    modified: str | None = None


class _RetryableError(Exception):
    """A transient failure: retry, after ``wait`` seconds if the server said so."""

    def __init__(self, reason: str, *, status: int | None = None, wait: float | None = None) -> None:
        self.reason, self.status, self.wait = reason, status, wait
        super().__init__(reason)


class Client:
    """A thread-safe HTTP client for one source. A context manager.

    Args:
        politeness: the source's rate, connections and headers.
        contact: the user's e-mail or web address, for the User-Agent.
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
        self.rate_limiter = RateLimiter(politeness.requests_per_second)
        self.requests = 0
        self.received = 0
        self._trusted: set[str] = set()  # hosts that have answered: a 403 of theirs is throttling
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
        """Treat a 403 of these addresses' hosts as throttling, because they have answered in an earlier run."""
        self._trusted.update(filter(None, (urlsplit(address).hostname for address in addresses)))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.rate_limiter.stop()
        self._client.close()

    def get_json(self, address: str, *, params: Mapping[str, str | int] | None = None) -> Any:
        """The decoded JSON at an address.

        Raises:
            FetchError: the request fails, or the response is no JSON.
        """
        response, body = self._request(address, params=params, headers={"Accept": "application/json, */*;q=0.5"})
        try:
            return json.loads(body)
        except ValueError as error:
            raise FetchError(
                f"It answers something that is not JSON ({_preview(body)}); open the address in a browser to see what "
                "it is, and try again later.",
                address=address,
                status=response.status_code,
            ) from error

    def get_bytes(
        self, address: str, *, params: Mapping[str, str | int] | None = None, span: tuple[int, int] | None = None
    ) -> bytes:
        """The bytes at an address; with ``span`` only those from the first to before the second.

        Raises:
            FetchError: the request fails, or the response is larger than the limit.
        """
        headers = {"Accept-Encoding": "identity"}
        if span is None:
            return self._request(address, params=params, headers=headers)[1]
        first, stop = span
        headers["Range"] = f"bytes={first}-{stop - 1}"
        response, body = self._request(address, params=params, headers=headers)
        if response.status_code == HTTPStatus.OK:  # the server ignored the range
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
            FetchError: the request fails, or the response is larger than the limit.
        """
        headers = {"Accept": "image/*, */*;q=0.5", "Accept-Encoding": "identity"}
        if etag is not None:
            headers["If-None-Match"] = etag
        elif modified is not None:
            headers["If-Modified-Since"] = modified
        response, body = self._request(address, headers=headers)
        known = response.headers.get("ETag"), response.headers.get("Last-Modified")
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            if etag is None and modified is None:
                raise FetchError("It answers 304 unasked; try again later.", address=address, status=304)
            return Download(None, known[0] or etag, known[1] or modified)
        return Download(body, *known)

    def _request(
        self, address: str, *, params: Mapping[str, str | int] | None = None, headers: Mapping[str, str]
    ) -> tuple["httpx2.Response", bytes]:
        """A successful response and its body, after as many attempts as it takes."""
        attempt = 0
        while True:
            self.rate_limiter.wait()
            try:
                return self._attempt(address, params=params, headers=headers)
            except _RetryableError as fault:
                attempt += 1
                self._wait_to_retry(fault, address, attempt)

    def _wait_to_retry(self, fault: _RetryableError, address: str, attempt: int) -> None:
        """Wait before the next attempt, or give up."""
        limit = _FORBIDDEN_ATTEMPTS if fault.status == HTTPStatus.FORBIDDEN else self.limits.attempts
        if attempt >= min(limit, self.limits.attempts):
            reason = f"{fault.reason}, {attempt} times; run the same command again later, what is stored is kept."
            raise FetchError(reason, address=address, status=fault.status) from fault
        if fault.wait is not None and fault.wait > self.limits.patience:
            reason = f"{fault.reason} and asks to wait {fault.wait / 60:.0f} minutes; run the same command again then."
            raise FetchError(reason, address=address, status=fault.status) from fault
        wait = backoff_delay(attempt - 1, first=self.limits.back_off) if fault.wait is None else fault.wait
        if fault.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.FORBIDDEN) or fault.wait is not None:
            self.rate_limiter.pause(wait)  # for all threads
        else:
            self.rate_limiter.rest(wait)

    def _attempt(
        self, address: str, *, params: Mapping[str, str | int] | None, headers: Mapping[str, str]
    ) -> tuple["httpx2.Response", bytes]:
        """One attempt, following redirects."""
        with _translated_errors(address):
            request = self._client.build_request("GET", address, params=params, headers=headers)
        until = time.monotonic() + self.limits.total
        for _ in range(_REDIRECTS + 1):
            with _translated_errors(address):
                response = self._client.send(request, stream=True)
            try:
                with self._lock:
                    self.requests += 1
                if response.next_request is None:
                    return self._check_status(response, address, until)
                request = _follow_redirect(response, address)
            finally:
                response.close()
            self.rate_limiter.wait()
        raise FetchError(
            f"It redirects more than {_REDIRECTS} times; correct the address.",
            address=address,
            status=response.status_code,
        )

    def _check_status(self, response: "httpx2.Response", address: str, until: float) -> tuple["httpx2.Response", bytes]:
        """The response and its body, if it succeeded; else an error, retryable or not."""
        status = response.status_code
        host = response.url.host
        if status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, HTTPStatus.NOT_MODIFIED):
            with _translated_errors(address):
                body = self._read(response, address, until)
            self._trusted.add(host)
            return response, body
        wait = read_retry_after(response.headers.get("Retry-After"))
        phrase = responses.get(status, "no status that the standard knows")
        name = f"{host} answers {status} ({phrase})"
        throttled = status == HTTPStatus.FORBIDDEN and (wait is not None or host in self._trusted)
        if status in _RETRYABLE or throttled:
            raise _RetryableError(name, status=status, wait=wait)
        raise FetchError(f"{name}; {_advice(status)}", address=address, status=status)

    def _read(self, response: "httpx2.Response", address: str, until: float) -> bytes:
        """The body; an error as soon as it is too large or takes too long."""
        limit = self.limits.max_bytes
        announced = response.headers.get("Content-Length", "")
        body = bytearray()
        if announced.isdigit() and int(announced) > limit:
            raise _too_large(int(announced), limit, address, response.status_code)
        for chunk in response.iter_bytes():
            self.rate_limiter.check()
            body += chunk
            if len(body) > limit:
                raise _too_large(len(body), limit, address, response.status_code)
            if time.monotonic() > until:
                name = response.url.host
                raise _RetryableError(f"{name} took more than {self.limits.total:.0f} seconds for one answer")
        with self._lock:
            self.received += len(body)
        return bytes(body)


@contextlib.contextmanager
def _translated_errors(address: str) -> Iterator[None]:
    """Turn httpx2's errors into retryable ones and those that are the address's fault."""
    import httpx2

    try:
        yield
    except httpx2.TimeoutException as error:
        raise _RetryableError("The server did not answer in time") from error
    except (httpx2.NetworkError, httpx2.RemoteProtocolError, httpx2.ProxyError) as error:
        raise _RetryableError(f"The connection failed ({error})") from error
    except (httpx2.RequestError, httpx2.InvalidURL) as error:
        raise FetchError(f"It cannot be asked for ({error}); correct the address.", address=address) from error


def _follow_redirect(response: "httpx2.Response", address: str) -> "httpx2.Request":
    """The request that a redirect leads to; never from https to http."""
    request = response.next_request
    if request is None or (response.url.scheme == "https" and request.url.scheme != "https"):
        where = request.url if request else "nowhere"
        raise FetchError(
            f"It redirects from https to {where}, which is not encrypted; smn does not follow. Correct the address.",
            address=address,
            status=response.status_code,
        )
    return request


def _too_large(size: int, limit: int, address: str, status: int) -> FetchError:
    return FetchError(
        f"It has {size / 1e6:.1f} MB or more; at most {limit / 1e6:.1f} MB are allowed, so ask for a smaller --size.",
        address=address,
        status=status,
    )


def _advice(status: int) -> str:
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return "there is nothing at the address."
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return "it does not let programs have this, so take the picture from another source."
    return "correct the address or the question."


def _preview(body: bytes) -> str:
    text = " ".join(body[:200].decode("utf-8", errors="replace").split())
    return repr(text[:60]) if text else "nothing at all"
