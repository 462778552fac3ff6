"""The service under attack: the right refusal each time, the process alive, its memory back where it was."""

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from service_process import Running, run_service

from .hostile import list_attacks

MAX_BODY = 8_000_000


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with run_service(
        tmp_path_factory.mktemp("attacked"), "--timeout", "4", SMN_MAX_BODY=str(MAX_BODY), SMN_MAX_PIXELS="40000000"
    ) as running:
        yield running


def test_hundreds_of_hostile_requests_get_the_right_refusal(attacked: Running, painting: bytes) -> None:
    attacks = list_attacks(painting, max_body=MAX_BODY)
    assert len(attacks) >= 300
    assert len({attack.name for attack in attacks}) > 0.95 * len(attacks)
    wrong: list[str] = []
    before = 0.0
    for turn in range(2):
        with httpx2.Client(base_url=attacked.address, timeout=60) as http:
            for attack in attacks:
                try:
                    response = http.request(**attack.request)
                except (httpx2.RemoteProtocolError, httpx2.WriteError, httpx2.ReadError):
                    # A body that is too large is refused while it is still being sent.
                    if "too large" not in attack.name and "header" not in attack.name:
                        wrong.append(f"{attack.name}: the connection broke")
                    continue
                except (httpx2.InvalidURL, httpx2.LocalProtocolError, UnicodeError):
                    continue  # cannot even be sent
                if response.status_code not in attack.right:
                    wrong.append(f"{attack.name}: {response.status_code} {response.text[:100]}")
                elif response.status_code >= 400 and response.status_code not in {400, 431}:
                    problem = response.json()
                    if set(problem) != {"type", "title", "status", "detail", "request_id"}:
                        wrong.append(f"{attack.name}: no problem details {response.text[:100]}")
            assert http.post("/v1/predict", content=painting).status_code == 200
        time.sleep(1)
        if turn == 0:
            before = attacked.rss
    assert not wrong, "\n".join(wrong)
    assert attacked.process.poll() is None
    # What the first round made it reserve, the second must not add to.
    assert attacked.rss < before + 60
    assert not any('"error"' in line for line in attacked.log), "".join(attacked.log)[-3000:]


def test_slow_and_broken_senders_do_not_hold_the_others_up(attacked: Running, painting: bytes) -> None:
    host, port = urlsplit(attacked.address).netloc.split(":")

    def connect() -> socket.socket:
        return socket.create_connection((host, int(port)), timeout=30)

    head = f"POST /v1/predict HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(painting)}\r\n\r\n".encode()
    slow = connect()
    slow.sendall(head + painting[:100])
    silent = [connect() for _ in range(50)]
    halves = [connect() for _ in range(20)]
    for one in halves:
        one.sendall(head[:30])
    gone = connect()
    gone.sendall(head + painting[: len(painting) // 2])
    gone.close()
    with httpx2.Client(base_url=attacked.address, timeout=30) as http:
        assert http.post("/v1/predict", content=painting).status_code == 200
    answer = b""
    with contextlib.suppress(OSError):
        while part := slow.recv(4096):
            answer += part
    assert b" 408 " in answer.split(b"\r\n")[0]
    raw = {
        b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\0\1\0", b"rubbish\r\n\r\n", b"GET /\r\n\r\n",
        b"POST /v1/predict HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/predict HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST /v1/predict HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /v1/predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFF\r\n",
        b"POST /v1/predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n",
    }  # fmt: skip
    for data in raw:
        with connect() as one:
            one.settimeout(6)
            one.sendall(data)
            with contextlib.suppress(OSError):
                first = one.recv(4096).split(b"\r\n")[0]
                assert not first or first.split(b" ")[1][:1] in {b"4"}, (data, first)
    for one in [slow, *silent, *halves]:
        one.close()
    with httpx2.Client(base_url=attacked.address, timeout=30) as http:
        assert http.post("/v1/predict", content=painting).status_code == 200
    assert attacked.process.poll() is None


def test_a_body_without_a_length_is_counted_as_it_comes(attacked: Running) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield bytes(1_000_000)

    with httpx2.Client(base_url=attacked.address, timeout=60) as http:
        # Refused while it is being sent, which may break the connection.
        with contextlib.suppress(httpx2.WriteError, httpx2.ReadError, httpx2.RemoteProtocolError):
            assert http.post("/v1/predict", content=endless()).status_code == 413
        assert http.get("/v2/health/live").status_code == 200


def test_the_description_holds_against_thousands_of_drawn_requests(attacked: Running, tmp_path: Path) -> None:
    """Schemathesis draws requests from the description, and looks for answers that it does not describe."""
    import subprocess
    import sys

    tool = Path(sys.executable).with_name("schemathesis")
    done = subprocess.run(
        [str(tool), "run", f"{attacked.address}/openapi.json", "--checks", "not_a_server_error,status_code_conformance",
         "--max-examples", "40", "--seed", "1", "--request-timeout", "30", "--phases", "examples,coverage,fuzzing",
         "--suppress-health-check", "all"],
        cwd=tmp_path, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert attacked.process.poll() is None
