import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from fetch_server import Answer, FetchServer, file_answer, json_answer, painted_jpeg, picture_answer
from smn import __version__
from smn.dataset.fetch.fetch_source import Limits, Politeness
from smn.dataset.fetch.http import Client, RateLimiter, Stopped, backoff_delay, read_retry_after
from smn.errors import FetchError, InputError, MissingExtraError

QUICK = Limits(attempts=3, back_off=0.001, read=2.0, connect=2.0, max_bytes=100_000)


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(Politeness(5000, connections=4), limits=QUICK) as running:
        yield running


def give_up(ask: Callable[[], object]) -> FetchError:
    with pytest.raises(FetchError) as caught:
        ask()
    assert str(caught.value).startswith(caught.value.address)
    assert "\n" not in caught.value.reason
    return caught.value


def test_who_asks_is_said_in_every_request(server: FetchServer) -> None:
    address = server.route("/a", json_answer({}))
    polite = Politeness(5000, agents=("AIC-User-Agent",))
    with Client(polite, contact="me@museum.org") as client:
        client.get_json(address)
    with Client(polite) as client:
        client.get_json(address)
    named, plain = (request.headers for request in server.requests)
    assert named["user-agent"].startswith(f"smn/{__version__} (+me@museum.org; Python httpx2/2.")
    assert plain["user-agent"].startswith(f"smn/{__version__} (Python httpx2/2.")
    assert named["aic-user-agent"] == named["user-agent"]


@pytest.mark.parametrize(
    "contact", ["me", "a b@c.org", "me@museum.org\r\nX-Evil: 1", "ftp://museum.org", "mé@museum.org"]
)
def test_a_contact_is_an_address(contact: str) -> None:
    with pytest.raises(InputError, match="give one, such as"):
        Client(Politeness(1), contact=contact)


def test_a_missing_package_is_told_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx2", None)
    with pytest.raises(MissingExtraError, match=r'httpx2, which is not installed; run: pip install .*\[fetch\]"'):
        Client(Politeness(1))


def test_json_and_its_parameters(server: FetchServer, client: Client) -> None:
    address = server.route("/works", lambda request: json_answer(dict(request.query)))
    assert client.get_json(address, params={"page": 2, "q": "Münter & Klee"}) == {"page": "2", "q": "Münter & Klee"}
    server.route("/page", Answer(200, b"<html>maintenance", {"Content-Type": "text/html"}))
    error = give_up(lambda: client.get_json(server.address + "/page"))
    assert "'<html>maintenance'" in error.reason
    assert error.status == 200


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520])
def test_what_passes_is_tried_again(server: FetchServer, client: Client, status: int) -> None:
    address = server.route("/a", [Answer(status), Answer(status), json_answer([1])])
    assert client.get_json(address) == [1]
    assert server.count("/a") == 3
    lasting = server.route("/b", Answer(status))
    error = give_up(lambda: client.get_json(lasting))
    assert error.status == status
    assert "3 times; run the same command again later" in error.reason
    assert server.count("/b") == 3


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (404, "nothing at the address"),
        (410, "nothing"),
        (400, "correct"),
        (451, "correct"),
        (401, "another source"),
        (299, "correct"),
    ],
)
def test_what_does_not_pass_is_not_tried_again(server: FetchServer, client: Client, status: int, advice: str) -> None:
    address = server.route("/a", Answer(status))
    error = give_up(lambda: client.get_bytes(address))
    assert error.status == status
    assert advice in error.reason
    assert server.count("/a") == 1


def test_a_403_is_throttling_where_the_host_has_answered_before(server: FetchServer, client: Client) -> None:
    address = server.route("/a", [Answer(403), json_answer(1)])
    assert "does not let programs" in give_up(lambda: client.get_json(address)).reason
    assert client.get_json(address) == 1
    later = server.route("/b", [Answer(403), json_answer(2)])
    assert client.get_json(later) == 2
    asked = server.route("/c", Answer(403))
    assert give_up(lambda: client.get_json(asked)).status == 403
    assert server.count("/c") == 3


def test_a_403_with_retry_after_is_throttling(server: FetchServer, client: Client) -> None:
    address = server.route("/a", [Answer(403, headers={"Retry-After": "0"}), json_answer(1)])
    assert client.get_json(address) == 1


def test_retry_after_is_honoured_by_all_and_not_for_ever(server: FetchServer, client: Client) -> None:
    address = server.route("/a", [Answer(429, headers={"Retry-After": "1"}), json_answer(1)])
    assert client.get_json(address) == 1
    first, second = (request.at for request in server.requests)
    assert second - first >= 0.99
    hours = server.route("/b", Answer(503, headers={"Retry-After": "7200"}))
    assert "asks to wait 120 minutes" in give_up(lambda: client.get_json(hours)).reason
    assert server.count("/b") == 1


def test_cut_and_silent_connections_are_tried_again(server: FetchServer) -> None:
    quick = Limits(attempts=2, back_off=0.001, read=0.6)
    with Client(Politeness(5000), limits=quick) as client:
        cut = server.route("/cut", [picture_answer(1, cut_after=100), picture_answer(1)])
        assert client.download(cut).data == painted_jpeg(1)
        silent = server.route("/silent", [picture_answer(2, delay=2.0), picture_answer(2)])
        assert client.download(silent).data == painted_jpeg(2)
        always = server.route("/always", picture_answer(3, cut_after=100))
        error = give_up(lambda: client.download(always))
        assert error.status is None
        assert "The connection failed" in error.reason
        dumb = server.route("/dumb", picture_answer(3, delay=2.0))
        assert "did not answer in time, 2 times" in give_up(lambda: client.download(dumb)).reason


def test_an_answer_may_not_take_for_ever(server: FetchServer) -> None:
    with Client(Politeness(5000), limits=Limits(attempts=1, total=0.2)) as client:
        address = server.route("/drip", Answer(200, bytes(40_000), drip=0.02))
        assert "more than 0 seconds for one answer" in give_up(lambda: client.get_bytes(address)).reason


def test_nobody_there(client: Client) -> None:
    assert give_up(lambda: client.get_bytes("http://127.0.0.1:9/a.jpg")).status is None


@pytest.mark.parametrize("address", ["ftp://museum.org/a", "museum.org/a", "http://", "file:///etc/passwd"])
def test_what_is_no_web_address_is_said_at_once(client: Client, address: str) -> None:
    assert "correct the address" in give_up(lambda: client.get_bytes(address)).reason
    assert client.requests == 0


@pytest.mark.parametrize("no_length", [False, True])
def test_a_body_beyond_the_limit_is_refused(server: FetchServer, client: Client, *, no_length: bool) -> None:
    address = server.route("/big", Answer(200, bytes(200_000), no_length=no_length))
    error = give_up(lambda: client.get_bytes(address))
    assert "at most 0.1 MB are allowed" in error.reason
    assert server.count("/big") == 1
    assert client.received == 0


def test_an_announced_size_beyond_the_limit_is_refused_unread(server: FetchServer, client: Client) -> None:
    address = server.route("/big", Answer(200, b"", {"Content-Length": "60000000"}))
    assert "It has 60.0 MB or more" in give_up(lambda: client.get_bytes(address)).reason


def test_redirects_are_followed_but_not_for_ever(server: FetchServer, client: Client) -> None:
    server.route("/a", Answer(302, headers={"Location": "/b"}))
    server.route("/b", Answer(301, headers={"Location": f"{server.address}/c"}))
    server.route("/c", picture_answer(1))
    assert client.download(server.address + "/a").data == painted_jpeg(1)
    loop = server.route("/loop", Answer(302, headers={"Location": "/loop"}))
    assert "redirects more than 5 times" in give_up(lambda: client.download(loop)).reason
    assert server.count("/loop") == 6
    elsewhere = server.route("/odd", Answer(302, headers={"Location": "ftp://museum.org/a"}))
    assert "correct the address" in give_up(lambda: client.download(elsewhere)).reason


def test_parts_of_a_file(server: FetchServer, client: Client) -> None:
    data = bytes(range(256)) * 100
    address = server.route("/f", file_answer(data))
    assert client.get_bytes(address, span=(300, 700)) == data[300:700]
    assert server.requests[-1].headers["range"] == "bytes=300-699"
    assert client.get_bytes(address) == data
    plain = server.route("/plain", Answer(200, data))
    assert client.get_bytes(plain, span=(300, 700)) == data[300:700]
    assert "fetch it anew" in give_up(lambda: client.get_bytes(address, span=(25_500, 25_700))).reason
    assert give_up(lambda: client.get_bytes(address, span=(30_000, 30_010))).status == 416


def test_what_has_not_changed_is_not_sent_again(server: FetchServer, client: Client) -> None:
    address = server.route("/a", picture_answer(1, etag='"one"'))
    first = client.download(address)
    assert (first.data, first.etag) == (painted_jpeg(1), '"one"')
    assert client.download(address, etag=first.etag).data is None
    assert server.requests[-1].headers["if-none-match"] == '"one"'
    server.route("/a", picture_answer(2, etag='"two"'))
    assert client.download(address, etag=first.etag).etag == '"two"'
    since = "Wed, 21 Oct 2015 07:28:00 GMT"
    dated = server.route("/d", Answer(200, painted_jpeg(3), {"Last-Modified": since}))
    assert client.download(dated).modified == since
    assert client.download(dated, modified=since).data is None
    odd = server.route("/odd", Answer(304))
    assert "unasked" in give_up(lambda: client.download(odd)).reason


def test_connections_are_bounded_and_counted(server: FetchServer) -> None:
    server.route("/*", picture_answer(1, delay=0.01))
    with Client(Politeness(5000, connections=3)) as client:
        threads = [
            threading.Thread(target=client.download, args=(f"{server.address}/{number}",)) for number in range(24)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert client.requests == 24
        assert client.received == 24 * len(painted_jpeg(1))
    assert 1 < server.most_at_once <= 3


def test_the_rate_is_kept_over_redirects_and_retries(server: FetchServer) -> None:
    server.route("/a", Answer(302, headers={"Location": "/b"}))
    server.route("/b", [Answer(500), picture_answer(1)])
    before = time.monotonic()
    with Client(Politeness(20), limits=QUICK) as client:
        client.download(server.address + "/a")
    assert [request.path for request in server.requests] == ["/a", "/b", "/a", "/b"]
    assert time.monotonic() - before >= 0.15  # three spaces of 50 ms, however busy the machine


def test_a_client_that_is_stopped_asks_nothing(server: FetchServer, client: Client) -> None:
    client.rate_limiter.stop()
    with pytest.raises(Stopped):
        client.get_bytes(server.address + "/a")
    assert server.requests == []


def test_turns_are_spaced_over_all_threads() -> None:
    pace, begun = RateLimiter(100), []

    def ask() -> None:
        for _ in range(5):
            pace.wait()
            begun.append(time.monotonic())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == 20
    # 19 spaces of 10 ms: never quicker, however busy the machine.
    assert max(begun) - min(begun) >= 0.18


def test_a_pause_holds_everyone() -> None:
    pace, before = RateLimiter(1000), time.monotonic()
    pace.pause(0.2)
    pace.wait()
    assert time.monotonic() - before >= 0.19


def test_stopping_ends_waits_at_once() -> None:
    pace, ended = RateLimiter(0.001), threading.Event()
    pace.wait()

    def ask() -> None:
        with pytest.raises(Stopped):
            pace.wait()
        ended.set()

    threading.Thread(target=ask, daemon=True).start()
    pace.stop()
    assert ended.wait(20)
    for stopped in (pace.wait, pace.check, lambda: pace.rest(1000)):
        with pytest.raises(Stopped):
            stopped()


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_a_rate_is_above_nought(rate: float) -> None:
    with pytest.raises(InputError, match="give a number above 0"):
        RateLimiter(rate)


def test_back_off_doubles_to_a_limit_and_varies() -> None:
    for attempt, full in ((0, 1), (1, 2), (4, 16), (20, 60), (2000 // 2, 60)):
        waits = {backoff_delay(attempt, first=1.0) for _ in range(50)}
        assert all(full / 2 <= wait <= full for wait in waits)
        assert len(waits) > 1


def test_retry_after_is_seconds_or_a_date() -> None:
    assert read_retry_after("120") == 120
    assert read_retry_after(" 0 ") == 0
    assert read_retry_after(None) is None
    assert read_retry_after("soon") is None
    assert read_retry_after("-5") is None
    then = read_retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True))
    assert then is not None
    assert 60 < then <= 90
    assert read_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert read_retry_after("Wed, 21 Oct 2015 07:28:00 -0000") == 0
