"""Fetching: public addresses only, checked once, within limits."""

import asyncio
import ipaddress
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from smn.errors import FetchError, InputError
from smn.images.safe_fetch import check_address, fetch_picture, is_public, make_fetch

INSIDE = (ipaddress.ip_network("127.0.0.0/8"),)


@pytest.mark.parametrize(
    ("address", "public"),
    [("93.184.215.14", True), ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True), ("127.0.0.1", False),
     ("10.0.0.1", False), ("169.254.169.254", False), ("::1", False), ("::ffff:10.0.0.1", False),
     ("::ffff:93.184.215.14", False),
     ("64:ff9b::a00:1", False), ("2002:a00:1::", False), ("fe80::1", False), ("fc00::1", False), ("224.0.0.1", False),
     ("100.64.0.1", False), ("0.0.0.0", False), ("255.255.255.255", False), ("192.0.2.1", False), ("::", False)],  # noqa: S104
)  # fmt: skip
def test_only_what_is_on_the_public_internet_is_public(address: str, public: bool) -> None:
    found = is_public(ipaddress.ip_address(address))
    # A public address that is wrapped in another may be refused; one that is not public never passes.
    assert found == public or (address == "::ffff:93.184.215.14" and not found)


class _Server:
    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.seen.append((self.path, self.headers["Host"]))
                if self.path.startswith("/to/"):
                    self.send_response(302)
                    self.send_header("Location", self.path.removeprefix("/to/"))
                    self.end_headers()
                    return
                if self.path == "/slow":
                    self.send_response(200)
                    self.end_headers()
                    threading.Event().wait(5)
                    return
                asked = self.path.removeprefix("/status/")
                self.send_response(int(asked) if asked.isdigit() else 404 if self.path == "/none" else 200)
                self.end_headers()
                self.wfile.write(b"a" * (5000 if self.path == "/large" else 10))

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[_Server]:
    running = _Server()
    yield running
    running.close()


def fetch(url: str, **options: object) -> bytes:
    return asyncio.run(fetch_picture(url, **{"max_bytes": 1000, "timeout": 2.0, "networks": INSIDE} | options))  # type: ignore[arg-type]


def test_a_network_that_is_allowed_is_asked_on_any_port(server: _Server) -> None:
    assert fetch(f"{server.url}/a.jpg?b=1") == b"a" * 10
    assert server.seen == [("/a.jpg?b=1", server.url.removeprefix("http://"))]
    with pytest.raises(FetchError, match="Only servers on the public internet"):
        fetch(server.url, networks=())
    assert len(server.seen) == 1


def test_redirects_are_checked_as_the_first_address_is(server: _Server) -> None:
    assert fetch(f"{server.url}/to//a.jpg") == b"a" * 10
    for target in (
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "http://[::1]/",
    ):
        with pytest.raises(FetchError, match=r"public internet|plain address"):
            fetch(f"{server.url}/to/{target}")
    with pytest.raises(FetchError, match="redirects more than 3 times"):
        fetch(f"{server.url}/to/" + "/to/" * 6)


def test_too_large_too_slow_and_missing_are_said(server: _Server) -> None:
    with pytest.raises(FetchError, match="holds more than 1,000 bytes"):
        fetch(f"{server.url}/large")
    with pytest.raises(FetchError, match="The server answered 404"):
        fetch(f"{server.url}/none")
    with pytest.raises(FetchError, match=r"took longer than 0\.5 seconds|cannot be reached"):
        fetch(f"{server.url}/slow", timeout=0.5)
    with pytest.raises(FetchError, match="cannot be reached"):
        fetch("http://127.0.0.1:9/")


def test_a_name_is_resolved_once_and_asked_where_it_was_checked(
    server: _Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that changes its mind between check and connection gains nothing."""
    import socket

    port = int(server.url.rsplit(":", 1)[1])
    answers = ["127.0.0.1", "10.0.0.1", "10.0.0.1"]
    real = socket.getaddrinfo
    asked: list[str] = []

    def resolve(host: str, *rest: object, **named: object) -> object:
        if host == "rebinding.example":
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers[len(asked) - 1], port))]
        return real(host, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert fetch(f"http://rebinding.example:{port}/a.jpg") == b"a" * 10
    assert asked == ["rebinding.example"]
    assert server.seen == [("/a.jpg", f"rebinding.example:{port}")]
    # A name that stands for a public address and for one inside is refused for the second.
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 80)) for one in ("93.184.215.14", "10.0.0.1")
    ])  # fmt: skip
    with pytest.raises(FetchError, match="public internet"):
        check_address("http://both.example/")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 80))
    ])  # fmt: skip
    assert check_address("http://one.example/a?b").address == "93.184.215.14"
    with pytest.raises(FetchError, match="Only the ports 80 and 443"):
        check_address("http://one.example:8080/")


def test_a_busy_server_is_asked_again_and_a_network_must_be_allowed(server: _Server) -> None:
    again = make_fetch(["127.0.0.0/8"], waits=(0, 0))
    assert again(f"{server.url}/a.jpg") == b"a" * 10
    with pytest.raises(FetchError, match="503"):
        again(f"{server.url}/status/503")
    with pytest.raises(FetchError, match="404"):
        again(f"{server.url}/status/404")
    assert [path for path, _ in server.seen] == ["/a.jpg", *["/status/503"] * 3, "/status/404"]
    with pytest.raises(FetchError, match="public internet"):
        make_fetch()(f"{server.url}/a.jpg")
    with pytest.raises(FetchError, match="add its network, as in --allow-network"):
        make_fetch()(f"{server.url}/a.jpg")
    with pytest.raises(InputError, match="--allow-network: 'home'"):
        make_fetch(["home"])
