import hashlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fetch_server import Answer, FetchServer, painted_jpeg, picture_answer
from smn.dataset.fetch.collection import FETCH_REPORTS, FetchReport
from smn.dataset.fetch.fetch_source import Candidate, Flaw, Http, Limits, Page, Politeness, Query
from smn.dataset.fetch.fetcher import Downloads, fetch_dataset, fetch_picture
from smn.dataset.fetch.http import Client
from smn.dataset.fetch.journal import Missed, Stored
from smn.errors import FetchError, InputError, OutputExistsError, UnknownNameError
from smn.manifest import read_manifest

QUICK = Limits(attempts=2, back_off=0.001, max_bytes=100_000)


class Shelf:
    """A source whose list the test makes: pages of entries, in order."""

    name, title = "shelf", "A shelf"

    def __init__(self, *pages: list[Candidate | Flaw], total: int | None = None) -> None:
        self.politeness = Politeness(5000, connections=3)
        self.given, self.total = pages, total
        self.asked: list[int] = []
        self.ill_at: int | None = None
        self.query: Query | None = None

    def check(self, query: Query) -> None:
        self.query = query
        if query.search == "wrong":
            raise InputError("The shelf cannot be searched.")

    def pages(self, http: Http, query: Query, *, cursor: str | None = None) -> Iterator[Page]:  # noqa: ARG002
        for number in range(int(cursor or 0), len(self.given)):
            if number == self.ill_at:
                raise FetchError("It is ill.", address="http://shelf", status=500)
            self.asked.append(number)
            last = number + 1 == len(self.given)
            yield Page(self.given[number], None if last else str(number + 1), self.total)


Fetch = Callable[..., FetchReport]


@pytest.fixture
def fetch(tmp_path: Path) -> Fetch:
    def fetch(shelf: Shelf, query: Query | None = None, **options: Any) -> FetchReport:
        return fetch_dataset(shelf, query or Query(), tmp_path / "out", limits=QUICK, **options)

    return fetch


@pytest.fixture
def offer(server: FetchServer) -> Callable[..., Candidate]:
    """A candidate whose picture the server has: ``offer(3, movement="Cubism")``."""

    def offer(number: int, *, answer: Any = None, **known: Any) -> Candidate:
        address = server.route(f"/{number}.jpg", answer or picture_answer(number, etag=f'"{number}"'))
        return Candidate(f"shelf:{number}", address, **known)

    return offer


def test_what_is_known_of_a_picture_stands_in_the_manifest(fetch: Fetch, offer: Any, tmp_path: Path) -> None:
    full = offer(
        1, page="https://m.org/1", movement="Cubism", label_kind="work", artist="Juan Gris", title="Fantômas",
        year=1915, medium="oil", museum="M", licence="CC0", rights="Free.", attribution="Juan Gris, M",
        wikidata_id="Q1",
    )  # fmt: skip
    report = fetch(Shelf([full, offer(2, movement="odd style"), offer(3)]))
    manifest = read_manifest(tmp_path / "out")
    first, second, third = manifest.table.to_pylist()
    stamp = first.pop("retrieved_at")
    assert stamp.endswith("+00:00")
    assert first == {
        "id": "shelf:1", "path": first["path"], "sha256": first["sha256"], "movement": "cubism",
        "artist": "Juan Gris", "title": "Fantômas", "year": 1915, "source": "shelf", "licence": "CC0-1.0",
        "label_kind": "work", "raw_label": "Cubism", "split": None, "width": 64, "height": 64, "rights": "Free.",
        "attribution": "Juan Gris, M", "page_url": "https://m.org/1", "image_url": full.address, "museum": "M",
        "medium": "oil", "wikidata_id": "Q1", "etag": '"1"',
    }  # fmt: skip
    assert manifest.picture(0).read_bytes() == painted_jpeg(1)  # type: ignore[union-attr]
    assert (second["movement"], second["raw_label"]) == (None, "odd style")
    assert (third["movement"], third["raw_label"], third["licence"]) == (None, None, None)
    assert (report.rows, report.listed, report.complete) == (3, 3, True)
    assert (report.movements, report.unlabelled) == ({"cubism": 1}, 1)
    assert [(item.label, item.rows) for item in report.unmapped] == [("odd style", 1)]
    assert report.licences == {"unknown": 2, "CC0-1.0": 1}
    assert report.requests == 3
    assert manifest.lineage()[-1].made_by["command"] == "dataset fetch"
    assert not list((tmp_path / "out").rglob("*partial*"))


def test_reports_tell_what_was_left_out_and_why(fetch: Fetch, offer: Any, tmp_path: Path) -> None:
    entries = [
        offer(1), offer(2, answer=picture_answer(1), movement="Cubism"), offer(3, answer=Answer(404)),
        Flaw("shelf:4", "The work has no picture."), Candidate("shelf:5", None),
        offer(6, answer=Answer(200, b"<html>")),
    ]  # fmt: skip
    report = fetch(Shelf(entries))
    assert report.rows == 1
    assert [item.name for item in report.missed] == ["shelf:3", "shelf:6"]
    assert {item.name: item.reason for item in report.flawed} == {
        "shelf:4": "The work has no picture.",
        "shelf:5": "The source gives no address of a picture.",
    }
    assert [(item.kept, item.dropped) for item in report.duplicates] == [("shelf:1", "shelf:2")]
    written = json.loads((tmp_path / "out" / FETCH_REPORTS[0]).read_text())
    assert written["rows"] == 1
    text = (tmp_path / "out" / FETCH_REPORTS[1]).read_text()
    for part in ("shelf:3", "nothing at the address", "web page", "no picture", "Duplicates", "retried by"):
        assert part in text


def test_contradicting_duplicates_are_told(fetch: Fetch, offer: Any) -> None:
    report = fetch(Shelf([offer(1, movement="Cubism"), offer(2, answer=picture_answer(1), movement="Baroque")]))
    assert report.duplicates[0].labels == ("cubism", "baroque")


def test_the_licence_filter_asks_for_nothing_that_is_not_free(fetch: Fetch, offer: Any, server: FetchServer) -> None:
    shelf = Shelf([
        offer(1, licence="CC0"), offer(2, licence="CC BY 4.0"), offer(3),
        offer(4, rights="https://creativecommons.org/publicdomain/mark/1.0/"), offer(5, licence="NoC-US-1.0"),
    ])  # fmt: skip
    report = fetch(shelf, licence="public-domain")
    assert report.licences == {"CC0-1.0": 1, "PDM-1.0": 1}
    assert [item.reason for item in report.refused] == [
        "Its licence is CC-BY-4.0, which is not public domain everywhere.",
        "Its source names no licence.",
        "Its licence is NoC-US-1.0, which is not public domain everywhere.",
    ]
    assert report.complete
    assert shelf.query is not None
    assert shelf.query.public_domain
    assert server.count("/2.jpg") == server.count("/3.jpg") == 0


def test_where_nothing_can_be_used_there_is_no_manifest(fetch: Fetch, offer: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"None of the 1 entries that shelf lists can be used.*names no licence"):
        fetch(Shelf([offer(1)]), licence="public-domain")
    assert not (tmp_path / "out/manifest.parquet").exists()
    assert (tmp_path / "out" / FETCH_REPORTS[1]).exists()


def test_an_empty_list_says_so(fetch: Fetch) -> None:
    with pytest.raises(InputError, match="lists nothing for this question; ask for"):
        fetch(Shelf([]))


def test_a_limit_counts_pictures_and_may_be_raised(fetch: Fetch, offer: Any, server: FetchServer) -> None:
    faulty = offer(1, answer=Answer(404))
    shelf = Shelf([offer(0), faulty, offer(2), offer(3)], [offer(4), offer(5)], [offer(6), offer(7)], total=8)
    report = fetch(shelf, limit=3)
    assert (report.rows, report.complete) == (3, False)
    assert "The list goes on." in report.summary()
    assert shelf.asked == [0]
    report = fetch(shelf, limit=5)
    assert report.rows == 5
    assert shelf.asked == [0, 1]
    report = fetch(shelf)
    assert (report.rows, report.complete) == (7, True)
    assert max(server.count(f"/{number}.jpg") for number in (0, 2, 3, 4, 5, 6, 7)) == 1


def test_a_further_run_only_tries_what_was_missed(fetch: Fetch, offer: Any, server: FetchServer) -> None:
    shelf = Shelf([offer(1), offer(2, answer=[Answer(404), picture_answer(2)])])
    assert fetch(shelf).rows == 1
    report = fetch(shelf)
    assert (report.rows, report.requests, report.missed) == (2, 1, ())
    assert shelf.asked == [0]
    assert fetch(shelf).requests == 0


def test_a_host_that_answered_in_an_earlier_run_may_throttle_the_next_one_at_once(
    fetch: Fetch, offer: Any, server: FetchServer
) -> None:
    entries = [offer(1), offer(2)]
    server.route("/2.jpg", [Answer(500), Answer(500), Answer(403), picture_answer(2)])
    assert len(fetch(Shelf(entries)).missed) == 1
    report = fetch(Shelf(entries))
    assert (report.rows, report.missed) == (2, ())


def test_a_list_that_breaks_off_is_continued(fetch: Fetch, offer: Any, server: FetchServer) -> None:
    shelf = Shelf([offer(1), offer(2)], [offer(3)], [offer(4)])
    shelf.ill_at = 2
    with pytest.raises(FetchError, match="It is ill"):
        fetch(shelf)
    shelf.ill_at = None
    assert fetch(shelf).rows == 4
    assert shelf.asked == [0, 1, 2]
    assert all(server.count(f"/{number}.jpg") <= 2 for number in range(1, 5))


def test_a_server_that_answers_nothing_any_more_is_left_alone(fetch: Fetch, offer: Any, server: FetchServer) -> None:
    good, bad = [offer(number) for number in range(3)], [offer(number, answer=Answer(503)) for number in range(3, 40)]
    shelf = Shelf([*good, *bad])
    with pytest.raises(FetchError, match=r"10 pictures in a row could not be downloaded.*503.*3 pictures are stored"):
        fetch(shelf)
    assert len(server.requests) < 3 + 2 * (10 + 8)
    for number in range(3, 40):
        server.route(f"/{number}.jpg", picture_answer(number))
    assert fetch(shelf).rows == 40


def test_single_faults_do_not_stop_it(fetch: Fetch, offer: Any) -> None:
    gone = [offer(number, answer=Answer(404)) for number in range(30)]
    assert fetch(Shelf([*gone, offer(30)])).rows == 1


def test_a_refresh_has_what_is_new_and_what_has_changed(fetch: Fetch, offer: Any, server: FetchServer) -> None:
    shelf = Shelf([offer(1), offer(2), offer(3)])
    fetch(shelf)
    server.requests.clear()
    changed = Candidate("shelf:2", server.route("/2.jpg", picture_answer(20, etag='"20"')), title="Changed")
    shelf.given = ([offer(1), changed], [offer(4)])
    report = fetch(shelf, refresh=True, limit=4)
    rows = {row["id"]: row for row in read_manifest(report.manifest).table.to_pylist()}
    assert list(rows) == ["shelf:1", "shelf:2", "shelf:3", "shelf:4"]  # what the list has no more is kept
    assert (rows["shelf:2"]["title"], rows["shelf:2"]["etag"]) == ("Changed", '"20"')
    assert server.count("/3.jpg") == 0
    asked = {request.path: request.headers.get("if-none-match") for request in server.requests}
    assert asked == {"/1.jpg": '"1"', "/2.jpg": '"2"', "/4.jpg": None}


def test_pictures_inside_the_list_are_stored_without_asking(fetch: Fetch, server: FetchServer) -> None:
    pages = [
        [Candidate(f"shelf:{number}", None, image=painted_jpeg(number)) for number in range(start, start + 4)]
        for start in (0, 4, 8)
    ]
    pages[0].append(Candidate("shelf:bad", None, image=b"nonsense"))
    shelf = Shelf(*pages)  # type: ignore[arg-type]
    report = fetch(shelf, limit=6)
    assert (report.rows, shelf.asked) == (6, [0, 1])
    report = fetch(shelf)
    assert (report.rows, report.complete) == (12, True)
    assert shelf.asked == [0, 1, 1, 2]  # the page that was left in the middle is read again
    assert [item.name for item in report.missed] == ["shelf:bad"]
    next(report.manifest.parent.glob("images/*/*")).unlink()
    assert fetch(shelf).rows == 12
    assert server.requests == []


def test_files_that_are_gone_are_had_again(fetch: Fetch, offer: Any, server: FetchServer, tmp_path: Path) -> None:
    shelf = Shelf([offer(1), offer(2)])
    fetch(shelf)
    lost = next((tmp_path / "out").glob("images/*/*"))
    lost.unlink()
    for name in (".partial-1-00-half.jpg", "half.jpg.partial"):
        lost.with_name(name).write_bytes(b"half")
    assert fetch(shelf).rows == 2
    assert lost.exists()
    assert not list((tmp_path / "out").rglob("*partial*"))
    assert len(server.requests) == 3


def test_another_fetch_keeps_its_folder(fetch: Fetch, offer: Any) -> None:
    fetch(Shelf([offer(1)]), Query(search="Monet"))
    with pytest.raises(
        InputError, match=r'holds another fetch \(.*search="Monet".*\) than asked for here .*search="Manet"'
    ) as caught:
        fetch(Shelf([offer(1)]), Query(search="Manet"))
    assert "choose another --out" in str(caught.value)
    with pytest.raises(InputError, match='licence="public-domain"'):
        fetch(Shelf([offer(1)]), Query(search="Monet"), licence="public-domain")
    fetch(Shelf([offer(1)]), Query(search="Monet"), limit=7)


def test_a_question_that_came_to_nothing_does_not_take_the_folder(fetch: Fetch, offer: Any) -> None:
    shelf = Shelf([offer(1)])
    shelf.ill_at = 0
    with pytest.raises(FetchError):
        fetch(shelf, Query(search="typo"))
    assert fetch(Shelf([offer(1)]), Query(search="right")).rows == 1


def test_nothing_of_the_users_is_overwritten(fetch: Fetch, offer: Any, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/manifest.parquet").write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        fetch(Shelf([offer(1)]))
    (tmp_path / "out/manifest.parquet").unlink()
    report = fetch(Shelf([offer(1), offer(2)]), limit=1)
    fetch(Shelf([offer(1), offer(2)]))
    report.manifest.write_bytes(report.manifest.read_bytes() + b"changed by hand")
    with pytest.raises(OutputExistsError):
        fetch(Shelf([offer(1), offer(2)]))


def test_a_foreign_journal_or_description_is_told(fetch: Fetch, offer: Any, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/fetch-journal.jsonl").write_bytes(b"{}\n")
    with pytest.raises(OutputExistsError):
        fetch(Shelf([offer(1)]))
    (tmp_path / "out/fetch.json").write_text("{")
    with pytest.raises(InputError, match="fetch into another folder"):
        fetch(Shelf([offer(1)]))


def test_wrong_input_is_told_before_anything_is_made(fetch: Fetch, offer: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be searched"):
        fetch(Shelf([offer(1)]), Query(search="wrong"))
    with pytest.raises(UnknownNameError):
        fetch(Shelf([offer(1)]), mapping={"x": "no-movement"})
    assert not (tmp_path / "out").exists()


def test_labels_are_mapped_as_the_user_says(fetch: Fetch, offer: Any) -> None:
    report = fetch(Shelf([offer(1, movement="golden age")]), mapping={"Golden Age": "baroque"})
    assert report.movements == {"baroque": 1}
    assert fetch(Shelf([offer(1, movement="golden age")])).movements == {}


def test_progress_and_how_the_source_is_asked(fetch: Fetch, offer: Any, server: FetchServer) -> None:
    told: list[tuple[str, int, int]] = []
    shelf = Shelf([offer(number, answer=picture_answer(number, delay=0.01)) for number in range(20)], total=20)
    fetch(
        shelf,
        progress=lambda *step: told.append(step),
        contact="me@museum.org",
        politeness=Politeness(900, connections=2),
    )
    assert told == [("Fetching pictures", done, 20) for done in range(1, 21)]
    assert server.most_at_once <= 2
    assert all("+me@museum.org" in request.headers["user-agent"] for request in server.requests)


_FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
from smn.cli import main
main(["dataset", "fetch", "csv", "--address", sys.argv[1], "--out", sys.argv[2]])
"""


def test_a_full_disk_is_one_sentence_and_costs_nothing(server: FetchServer, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text(f"image_url\n{server.route('/a.jpg', picture_answer(1, size=(300, 300)))}\n")
    out = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(table), str(out)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "cannot be written (File too large); make room" in done.stderr
    assert not (out / "manifest.parquet").exists()
    smn = Path(sys.executable).with_name("smn")
    subprocess.run([smn, "dataset", "fetch", "csv", "--address", table, "--out", out], check=True, capture_output=True)
    assert len(read_manifest(out)) == 1


def test_an_interruption_ends_it_at_once(server: FetchServer, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    server.route("/*", picture_answer(1, delay=60))
    table.write_text("image_url\n" + "".join(f"{server.address}/{number}.jpg\n" for number in range(5)))
    smn = Path(sys.executable).with_name("smn")
    process = subprocess.Popen(
        [smn, "dataset", "fetch", "csv", "--address", table, "--out", tmp_path / "out"],
        stderr=subprocess.PIPE, text=True,
        # Where the tests run in the background, interruptions are ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    )  # fmt: skip
    while not server.requests and process.poll() is None:
        pass
    process.send_signal(signal.SIGINT)
    try:
        errors = process.communicate(timeout=30)[1]  # the server would keep it for a minute
    finally:
        process.kill()
    assert process.returncode == 130
    assert errors.startswith("Stopped.")


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
