"""Fetches a picture by its URL from the public internet only (no SSRF)."""

import ipaddress
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from smn.errors import FetchError, InputError, MissingExtraError

_MAX_REDIRECTS = 3
_PORTS = {"http": 80, "https": 443}
_MOVED = {301, 302, 303, 307, 308}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


class NotPublicError(FetchError):
    """An address is not on the public internet, and not in a network that was allowed."""


@dataclass(frozen=True)
class Target:
    """A checked destination of a request.

    Args:
        scheme: ``http`` or ``https``.
        host: name, for TLS and the Host header.
        port: of the server.
        address: the IP address that was checked; the name is not resolved again.
        path: with the query.
    """

    scheme: str
    host: str
    port: int
    address: str
    path: str


def is_public(address: Address) -> bool:
    """Whether an address is on the public internet, and so is one embedded in it (IPv4-mapped, 6to4, Teredo, NAT64)."""
    inner: Address | None = None
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and any(address in network for network in _NAT64):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is None and int(address) >> 32 == 0:
            return False
    if inner is not None and not is_public(inner):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def check_address(url: str, *, networks: Sequence[Network] = ()) -> Target:
    """Resolve a URL and check its addresses.

    Args:
        url: untrusted.
        networks: also allowed, on any port, although they are not public.

    Raises:
        FetchError: it is no http(s) URL, its host is unknown, or any of its addresses is not public.
    """
    shown = url[:200]
    if any(ord(sign) <= 32 or ord(sign) == 127 for sign in url) or "\\" in url:
        raise FetchError("An address holds no blanks, control characters or backslashes.", address=shown)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise FetchError(f"This is no address ({error}).", address=shown) from error
    if parts.scheme not in _PORTS or not host or parts.username is not None or parts.password is not None:
        raise FetchError("Give a plain address that starts with http:// or https://.", address=shown)
    port = port or _PORTS[parts.scheme]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchError("No server of that name is known.", address=shown) from error
    addresses = [ipaddress.ip_address(str(one[4][0]).split("%")[0]) for one in found]
    inside = bool(networks) and all(any(address in network for network in networks) for address in addresses)
    # All of them: a name may resolve to a public address and to one that is not.
    if not inside and not all(is_public(address) for address in addresses):
        raise NotPublicError("Only servers on the public internet are asked.", address=shown)
    if not inside and port != _PORTS[parts.scheme]:
        raise FetchError(f"Only the ports 80 and 443 are asked, not {port}.", address=shown)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, str(addresses[0]), path)


async def fetch_picture(url: str, *, max_bytes: int, timeout: float, networks: Sequence[Network] = ()) -> bytes:
    """The bytes at a URL.

    The host is resolved once and the connection goes to the address that was checked (no DNS rebinding); every redirect
    is checked in the same way.

    Args:
        url: untrusted.
        max_bytes: largest size.
        timeout: seconds for the whole fetch.
        networks: see `check_address`.

    Raises:
        FetchError: the address is not allowed, cannot be reached in time, or holds too much.
    """
    import asyncio  # 25 ms that a picture from disk need not wait for

    try:
        return await asyncio.wait_for(_follow(url, max_bytes, timeout, networks), timeout)
    except TimeoutError as error:
        raise FetchError(f"It took longer than {timeout:g} seconds.", address=url[:200]) from error


def download_picture(url: str, *, max_bytes: int, timeout: float = 30.0, networks: Sequence[Network] = ()) -> bytes:
    """As `fetch_picture`, from code that is not asynchronous; it may run inside an event loop, such as a notebook's.

    Args:
        url: untrusted.
        max_bytes: largest size.
        timeout: seconds for the whole fetch.
        networks: see `check_address`.

    Raises:
        FetchError: the address is not allowed, cannot be reached in time, or holds too much.
        MissingExtraError: the extra ``client`` is not installed.
    """
    import asyncio

    try:
        import httpx2  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("client", "httpx2") from error
    with ThreadPoolExecutor(1) as thread:  # an event loop of its own, because the caller's may be running
        fetching = fetch_picture(url, max_bytes=max_bytes, timeout=timeout, networks=networks)
        return thread.submit(asyncio.run, fetching).result()


def make_fetch(
    networks: Sequence[str] = (),
    *,
    max_bytes: int = 500_000_000,
    timeout: float = 60.0,
    waits: Sequence[float] = (1, 4),
) -> Callable[[str], bytes]:
    """A function that gives the bytes at an address as `fetch_picture` does, for commands.

    Args:
        networks: also allowed although they are not public, such as ``10.0.0.0/8``.
        max_bytes: largest size.
        timeout: seconds for one attempt.
        waits: seconds before a further attempt where the server says that it is busy.

    Raises:
        InputError: one of the networks is none.
    """
    try:
        allowed = [ipaddress.ip_network(network) for network in networks]
    except ValueError as error:
        raise InputError(f"--allow-network: {error}; give one such as 10.0.0.0/8.") from error

    def once(url: str) -> bytes:
        try:
            return download_picture(url, max_bytes=max_bytes, timeout=timeout, networks=allowed)
        except NotPublicError as error:
            advice = "to ask a server of your own, add its network, as in --allow-network 10.0.0.0/8."
            raise FetchError(f"{error.reason[:-1]}; {advice}", address=error.address) from error

    def fetch(url: str) -> bytes:
        for wait in waits:
            try:
                return once(url)
            except FetchError as error:
                if error.status is None or not (error.status == 429 or error.status >= 500):
                    raise
            time.sleep(wait)
        return once(url)

    return fetch


async def _follow(url: str, max_bytes: int, timeout: float, networks: Sequence[Network]) -> bytes:
    import asyncio

    for _ in range(_MAX_REDIRECTS + 1):
        target = await asyncio.to_thread(check_address, url, networks=networks)
        status, location, data = await _get(target, max_bytes, timeout, url)
        if status in _MOVED and location:
            url = urljoin(url, location)
            continue
        if status != 200:
            raise FetchError(f"The server answered {status}.", address=url[:200], status=status)
        return data
    raise FetchError(f"It redirects more than {_MAX_REDIRECTS} times.", address=url[:200])


async def _get(target: Target, max_bytes: int, timeout: float, url: str) -> tuple[int, str | None, bytes]:
    import httpx2

    bare = f"[{target.address}]" if ":" in target.address else target.address
    name = f"[{target.host}]" if ":" in target.host else target.host
    accept = "image/*, application/json;q=0.9, */*;q=0.5"
    headers = {"Host": f"{name}:{target.port}", "User-Agent": "smn", "Accept": accept}
    if target.port == _PORTS[target.scheme]:
        headers["Host"] = name
    # Compressed bodies could expand beyond the limit.
    headers["Accept-Encoding"] = "identity"
    try:
        async with (
            httpx2.AsyncClient(timeout=timeout, trust_env=False, follow_redirects=False) as client,
            client.stream(
                "GET", f"{target.scheme}://{bare}:{target.port}{target.path}", headers=headers,
                extensions={"sni_hostname": target.host},
            ) as response,
        ):  # fmt: skip
            if response.status_code != 200:
                return response.status_code, response.headers.get("location"), b""
            data = bytearray()
            async for part in response.aiter_raw():
                data += part
                if len(data) > max_bytes:
                    raise FetchError(f"It holds more than {max_bytes:,} bytes.", address=url[:200])
            return 200, None, bytes(data)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise FetchError(f"It cannot be reached ({type(error).__name__}).", address=url[:200]) from error
