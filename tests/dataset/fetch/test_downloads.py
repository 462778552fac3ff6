import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fetch_server import Answer, FetchServer, painted_jpeg, picture_answer
from smn.dataset.fetch.candidate import Candidate, Politeness
from smn.dataset.fetch.downloads import Downloads, fetch_picture
from smn.dataset.fetch.http import Client, Limits
from smn.dataset.fetch.journal import Missed, Stored


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(Politeness(5000), limits=Limits(attempts=2, back_off=0.001)) as running:
        yield running


def test_a_picture_is_stored_by_what_it_is(server: FetchServer, client: Client, tmp_path: Path) -> None:
    answer = Answer(200, painted_jpeg(1, (48, 32)), {"Content-Type": "application/octet-stream", "ETag": '"x"'})
    got = fetch_picture(Candidate("m:1", server.route("/picture", answer)), tmp_path, client=client)
    assert isinstance(got, Stored)
    digest = hashlib.sha256(painted_jpeg(1, (48, 32))).hexdigest()
    assert (got.id, got.sha256, got.width, got.height, got.etag) == ("m:1", digest, 48, 32, '"x"')
    assert got.path == f"images/{digest[:2]}/{digest[:16]}.jpg"
    assert (tmp_path / got.path).read_bytes() == painted_jpeg(1, (48, 32))
    assert got.size == (tmp_path / got.path).stat().st_size
    assert got.retrieved_at.endswith("+00:00")


def test_a_picture_that_has_not_changed_is_not_had_again(server: FetchServer, client: Client, tmp_path: Path) -> None:
    candidate = Candidate("m:1", server.route("/a", picture_answer(1, etag='"1"')))
    first = fetch_picture(candidate, tmp_path, client=client)
    assert isinstance(first, Stored)
    again = fetch_picture(candidate, tmp_path, client=client, before=first)
    assert isinstance(again, Stored)
    assert (again.sha256, again.path, again.etag) == (first.sha256, first.path, first.etag)
    assert server.requests[-1].headers["if-none-match"] == '"1"'
    server.route("/a", picture_answer(2, etag='"2"'))
    changed = fetch_picture(candidate, tmp_path, client=client, before=first)
    assert isinstance(changed, Stored)
    assert changed.sha256 != first.sha256
    assert (tmp_path / first.path).exists()


BAD = {
    "truncated": (Answer(200, painted_jpeg(1)[:500]), "truncated"),
    "web page": (Answer(200, b"<html>robot?</html>"), "web page"),
    "empty": (Answer(200, b""), "empty"),
    "too small": (Answer(200, painted_jpeg(1, (8, 8))), "16"),
    "gone": (Answer(404), "nothing at the address"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_picture_is_missed_with_its_reason(
    server: FetchServer, client: Client, tmp_path: Path, name: str
) -> None:
    answer, reason = BAD[name]
    got = fetch_picture(Candidate("m:1", server.route("/a", answer)), tmp_path, client=client)
    assert isinstance(got, Missed)
    assert reason in got.reason
    assert not got.passing
    assert not (tmp_path / "images").exists()


def test_servers_faults_are_told_apart(server: FetchServer, client: Client, tmp_path: Path) -> None:
    for answer in (Answer(503), Answer(429), picture_answer(1, cut_after=10), Answer(403)):
        got = fetch_picture(Candidate("m:1", server.route("/a", answer)), tmp_path, client=client)
        assert isinstance(got, Missed)
        assert got.passing


@pytest.mark.parametrize("address", [None, "museum.org/a.jpg", "file:///etc/passwd", ""])
def test_other_addresses_are_not_asked_for(client: Client, tmp_path: Path, address: str | None) -> None:
    got = fetch_picture(Candidate("m:1", address), tmp_path, client=client)
    assert isinstance(got, Missed)
    assert "must begin with https://" in got.reason
    assert not got.passing
    assert client.requests == 0


def test_checksums_are_checked(server: FetchServer, client: Client, tmp_path: Path) -> None:
    address = server.route("/a", picture_answer(1))
    for kind in ("sha256", "sha1", "md5"):
        digest = hashlib.new(kind, painted_jpeg(1)).hexdigest()
        good = Candidate("m:1", address, checksum=f"{kind}:{digest.upper()}")
        assert isinstance(fetch_picture(good, tmp_path, client=client), Stored)
        wrong = fetch_picture(Candidate("m:1", address, checksum=f"{kind}:{digest[::-1]}"), tmp_path, client=client)
        assert isinstance(wrong, Missed)
        assert f"Its {kind} is {digest}, not {digest[::-1]}" in wrong.reason
    odd = fetch_picture(Candidate("m:1", address, checksum="crc:1"), tmp_path, client=client)
    assert isinstance(odd, Missed)
    assert "use sha256, sha1, md5" in odd.reason


def test_pictures_inside_a_table_need_no_request(client: Client, tmp_path: Path) -> None:
    got = fetch_picture(Candidate("m:1", None, image=painted_jpeg(1)), tmp_path, client=client)
    assert isinstance(got, Stored)
    assert client.requests == 0


def test_several_at_once_and_all_results() -> None:
    together = threading.Barrier(3)

    def work(candidate: Candidate) -> Missed:
        together.wait(20)
        return Missed(candidate.id, "tried")

    with Downloads(work, threads=3) as downloads:
        for number in range(9):
            downloads.submit(Candidate(str(number), None))
        assert downloads.under_way == 9
        assert {downloads.result().id for _ in range(9)} == set("012345678")
        assert (downloads.under_way, downloads.is_ready()) == (0, False)


def test_what_is_not_the_pictures_fault_is_raised() -> None:
    def work(_: Candidate) -> Missed:
        raise OSError(28, "No space left on device")

    with Downloads(work, threads=1) as downloads:
        downloads.submit(Candidate("a", None))
        with pytest.raises(OSError, match="No space left"):
            downloads.result()


def test_the_same_picture_from_many_addresses_is_stored_once(
    server: FetchServer, client: Client, tmp_path: Path
) -> None:
    server.route("/*", picture_answer(1))
    with Downloads(lambda one: fetch_picture(one, tmp_path, client=client), threads=8) as downloads:
        for number in range(40):
            downloads.submit(Candidate(str(number), f"{server.address}/{number}.jpg"))
        paths = {outcome.path for outcome in (downloads.result() for _ in range(40)) if isinstance(outcome, Stored)}
    assert [file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*.*")] == list(paths)
