"""The service's parts by themselves."""

import asyncio
import ipaddress
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from smn.bundle import DEFAULT, Bundle
from smn.errors import FetchError, ImageError, InputError
from smn.images import Limits
from smn.serve.addresses import check_address, fetch_picture, is_public
from smn.serve.engine import Asked, BusyError, Engine
from smn.serve.keys import RateLimiter, find_key, make_key, read_keys
from smn.serve.records import Records
from smn.serve.settings import read_settings

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
                self.send_response(404 if self.path == "/none" else 200)
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


def test_keys_are_kept_as_hashes(tmp_path: Path) -> None:
    key, line = make_key("museum", rate=60)
    assert key not in line
    (tmp_path / "keys").write_text(f"# remark\n\n{line}\n")
    keys = read_keys(tmp_path / "keys")
    found = find_key(keys, key)
    assert found is not None
    assert (found.name, found.rate) == ("museum", 60)
    assert find_key(keys, key + "a") is None
    assert find_key(keys, None) is None
    (tmp_path / "keys").write_text(f"museum {key} 60\n")
    with pytest.raises(InputError, match="line 1: a line is a name, a key's hash and a rate"):
        read_keys(tmp_path / "keys")
    with pytest.raises(InputError, match="without blanks"):
        make_key("a museum")


def test_a_rate_is_a_rate() -> None:
    limiter = RateLimiter()
    assert [limiter.wait("a", 60, now=0.0) == 0 for _ in range(16)] == [True] * 15 + [False]
    assert limiter.wait("b", 60, now=0.0) == 0.0
    wait = limiter.wait("a", 60, now=0.0)
    assert 0 < wait <= 1
    assert limiter.wait("a", 60, now=1.01) == 0.0
    assert limiter.wait("a", 0, now=0.0) == 0.0


def test_settings_come_from_the_environment_and_are_checked_together() -> None:
    settings = read_settings({"SMN_QUEUE": "9", "SMN_ORIGINS": "https://a.example, https://b.example", "SMN_URLS": "no",
                              "SMN_TIMEOUT": "2.5", "PATH": "/bin"}, batch=4, queue=None)  # fmt: skip
    assert (settings.queue, settings.batch, settings.timeout, settings.urls) == (9, 4, 2.5, False)
    assert settings.origins == ("https://a.example", "https://b.example")
    with pytest.raises(InputError, match=r"queue is 0.*timeout is -1.*'10\.0\.0\.0/99' is no network"):
        read_settings({"SMN_QUEUE": "0", "SMN_URL_NETWORKS": "10.0.0.0/99"}, timeout=-1.0)


def test_an_engine_batches_caches_and_turns_away(painting: bytes) -> None:
    from smn.examples import paint

    from .conftest import encode

    sizes: list[int] = []
    pictures = [encode(paint("cubism", seed=seed)) for seed in range(6)]

    async def work() -> None:
        engine = Engine(DEFAULT, limits=Limits(), queue=6, batch=4, cache=2, on_batch=sizes.append)
        await engine.start()
        answers = await asyncio.gather(*(engine.answer(one, Asked()) for one in pictures))
        assert sum(sizes) == 6
        assert max(sizes) <= 4
        alone = [await engine.answer(one, Asked()) for one in pictures]
        assert [one.analysis.prediction for one in alone] == [one.analysis.prediction for one in answers]
        hits = engine.hits
        await engine.answer(pictures[-1], Asked())
        assert engine.hits == hits + 1
        many = [encode(paint("cubism", seed=seed)) for seed in range(100, 110)]
        found = await asyncio.gather(*(engine.answer(one, Asked()) for one in many), return_exceptions=True)
        assert sum(isinstance(one, BusyError) for one in found) == 4
        with pytest.raises(ImageError):
            await engine.answer(b"nothing", Asked())
        assert engine.pending == 0
        # A caller who gives up leaves nothing behind.
        task = asyncio.create_task(engine.answer(painting, Asked(top_k=2)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await engine.stop()
        assert engine.pending == 0

    asyncio.run(work())


def test_one_who_asks_too_much_does_not_spoil_the_batch(tiny_bundle: Bundle) -> None:
    """A network that cannot say where it looks: whoever asks hears of it, the others get their answers."""
    from PIL import Image

    from .conftest import encode

    pictures = [encode(Image.new("RGB", (40, 40), (200, shade, 10)), "PNG") for shade in range(6)]

    async def work() -> None:
        engine = Engine(tiny_bundle.folder, limits=Limits(), batch=8)
        await engine.start()
        found = await asyncio.gather(
            *(engine.answer(one, Asked(explain=number == 2)) for number, one in enumerate(pictures)),
            return_exceptions=True,
        )
        assert [isinstance(one, InputError) for one in found] == [number == 2 for number in range(6)]
        await engine.stop()

    asyncio.run(work())


def test_strangers_methods_do_not_become_rows() -> None:
    from smn.serve.metrics import Metrics

    metrics = Metrics()
    for number in range(100):
        metrics.count_request(f"METHOD{number}", "/v1/predict", 405, 0.01)
    assert metrics.text().decode().count("smn_requests_total{") == 1


def exercise(records: Records) -> None:
    """What every database must do."""
    answer = {"model": "m", "outcome": "movement", "movement": "cubism", "predictions": [{"movement": "cubism"}]}
    first = records.add_prediction(answer, sha256="a" * 64, caller="museum", image=b"picture")
    second = records.add_prediction(answer | {"movement": None}, sha256="a" * 64, caller=None, image=b"picture")
    assert records.add_feedback("0" * 32, verdict="agree") is None
    said = records.add_feedback(first, verdict="disagree", movement="fauvism", text="é ♪ '; DROP TABLE feedback; --")
    assert said is not None
    stored = records.get_feedback(said)
    assert stored is not None
    assert stored.text == "é ♪ '; DROP TABLE feedback; --"
    (listed,) = records.list_feedback(reviewed=False)
    assert listed["prediction"]["answer"] == answer
    assert records.review(said, accepted=True)
    assert not records.review("0" * 32, accepted=True)
    assert records.list_feedback(reviewed=False) == []
    assert records.list_feedback(reviewed=True)[0]["accepted"] is True
    assert records.forget_old(1) == 0
    assert records.delete(first)
    assert not records.delete(first)
    assert records.get_feedback(said) is None
    assert records.forget_old(-1) == 1
    assert not records.delete(second)


def test_sqlite_remembers_and_forgets(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/smn.db"
    records = Records(url, images=tmp_path / "kept")
    exercise(records)
    assert list((tmp_path / "kept").iterdir()) == []
    records.close()
    Records(url).close()  # an old database is opened as it is


def test_postgresql_remembers_and_forgets(postgresql: str, tmp_path: Path) -> None:
    records = Records(postgresql, images=tmp_path / "kept")
    exercise(records)
    assert list((tmp_path / "kept").iterdir()) == []
    records.close()
    Records(postgresql).close()


def test_the_service_runs_on_postgresql(postgresql: str, tmp_path: Path, painting: bytes) -> None:
    import smn
    from service_process import run_service

    with run_service(tmp_path, "--database", postgresql) as service, smn.Client(service.address) as client:
        answer = client.predict(painting)[0]
        assert client.send_feedback(answer["id"], agree=True)
        client.delete_prediction(answer["id"])


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server of its own, from Debian's package."""
    import shutil
    import subprocess

    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders and os.environ.get("SMN_TEST_POSTGRESQL"):
        pytest.fail("PostgreSQL was to be there, and is not")
    if not folders:
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    programs, home = folders[-1], tmp_path_factory.mktemp("postgresql")
    # PostgreSQL refuses to run as root.
    become = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if become:
        for folder in (home, *home.parents[:2]):
            folder.chmod(0o755)
        shutil.chown(home, "postgres", "postgres")

    def run(*command: str) -> None:
        subprocess.run([*become, *command], check=True, capture_output=True, cwd="/")

    data, sockets = home / "data", home
    run(str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "smn", "-E", "UTF8")
    options = f"-c listen_addresses='' -c unix_socket_directories={sockets} -c fsync=off"
    run(str(programs / "pg_ctl"), "-D", str(data), "-w", "-o", options, "-l", str(home / "log"), "start")
    try:
        run(str(programs / "createdb"), "-h", str(sockets), "-U", "smn", "smn")
        yield f"postgresql+psycopg://smn@/smn?host={sockets}"
    finally:
        run(str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
