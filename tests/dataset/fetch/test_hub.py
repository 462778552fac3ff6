import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from fetch_server import Answer, FetchServer, file_answer, json_answer, painted_jpeg
from smn.dataset.fetch.fetch_source import Candidate, Flaw, Limits, Page, Politeness, Query
from smn.dataset.fetch.fetcher import fetch_dataset
from smn.dataset.fetch.http import Client
from smn.dataset.fetch.hub import HubSource, RangeFile
from smn.errors import FetchError, InputError, UnknownNameError
from smn.manifest import read_manifest

STYLES = ["Cubism", "Baroque", "Ukiyo_e"]
ARTISTS = ["juan-gris", "rembrandt"]


def shard(first: int, rows: int, *, group: int = 20, filler: int = 0) -> bytes:
    """A file as huggan/wikiart has it: pictures inside, numbers for artists and styles, names in the metadata."""
    numbers = range(first, first + rows)
    columns = {
        "image": [
            {"bytes": painted_jpeg(number) + np.random.default_rng(number).bytes(filler), "path": f"{number}.jpg"}
            if number != 13
            else None
            for number in numbers
        ],
        "artist": [number % 2 for number in numbers],
        "genre": [0 for _ in numbers],
        "style": [number // 20 % 3 for number in numbers],
    }
    features = {
        "image": {"_type": "Image"},
        "artist": {"names": ARTISTS, "_type": "ClassLabel"},
        "style": {"names": STYLES, "_type": "ClassLabel"},
    }
    table = pa.table(columns).replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    stream = io.BytesIO()
    parquet.write_table(table, stream, row_group_size=group, compression="snappy")
    return stream.getvalue()


@pytest.fixture
def offer(server: FetchServer) -> Callable[..., HubSource]:
    """A hub with one repository, as its tree and its files are really answered."""

    def offer(files: dict[str, bytes], *, repository: str = "huggan/wikiart", revision: str = "main") -> HubSource:
        tree: list[dict[str, Any]] = [
            {"type": "directory", "oid": "1f", "size": 0, "path": "data"},
            {"type": "file", "oid": "2e", "size": 1234, "path": "README.md"},
        ]
        for path, data in files.items():
            pointer = {"oid": "ab" * 32, "size": len(data), "pointerSize": 134}
            tree.append({"type": "file", "oid": "3d", "size": len(data), "lfs": pointer, "path": path})
            # The hub redirects to another host with a signed address.
            place = f"/cdn/{path}"
            server.route(place, file_answer(data))
            server.route(f"/datasets/{repository}/resolve/{revision}/{path}", Answer(302, headers={"Location": place}))
        server.route("/api/datasets/*", Answer(404))
        for name in ("main", "refs/convert/parquet"):
            listed = tree if name == unquote(revision) else tree[:2]
            server.route(f"/api/datasets/{repository}/tree/{name.replace('/', '%2F')}", json_answer(listed))
        source = HubSource("wikiart", "WikiArt", "huggan/wikiart", hub=server.address)
        source.politeness = Politeness(5000, connections=2)
        return source

    return offer


Offer = Callable[..., HubSource]


def read(source: HubSource, query: Query | None = None, *, cursor: str | None = None) -> list[Page]:
    with Client(source.politeness, limits=Limits(attempts=2, back_off=0.001)) as http:
        return list(source.pages(http, query or Query(), cursor=cursor))


def entries(pages: list[Page]) -> list[Candidate | Flaw]:
    return [entry for page in pages for entry in page.entries]


def test_pictures_and_the_names_of_their_labels(offer: Offer, server: FetchServer) -> None:
    source = offer(
        {"data/train-00000-of-00002.parquet": shard(0, 50), "data/train-00001-of-00002.parquet": shard(50, 50)}
    )
    pages = read(source)
    found = entries(pages)
    assert len(found) == 100
    assert len({entry.id for entry in found}) == 100
    assert found[13] == Flaw("wikiart:data/train-00000-of-00002:13", "The row has no picture inside.")
    assert found[70] == Candidate(
        "wikiart:data/train-00001-of-00002:20", None, page=f"{server.address}/datasets/huggan/wikiart",
        movement="Baroque" if 70 // 20 % 3 == 1 else "Cubism", label_kind="work", artist="juan-gris",
        licence="non-commercial, fair use", rights="WikiArt: non-commercial, fair use", image=painted_jpeg(70),
    )  # fmt: skip
    assert pages[-1].cursor is None
    assert all(abs((page.total or 0) - 100) <= 2 for page in pages)  # reckoned from the files' sizes


def test_it_can_be_continued_from_any_page(offer: Offer) -> None:
    source = offer({"a.parquet": shard(0, 50, group=40), "b.parquet": shard(50, 50, group=50)})
    pages = read(source)
    assert len(pages) == 5
    for number, page in enumerate(pages[:-1]):
        assert page.cursor is not None
        rest = entries(read(source, cursor=page.cursor))
        assert rest == entries(pages[number + 1 :])


def test_only_wanted_row_groups_and_columns_are_asked_for(offer: Offer, server: FetchServer) -> None:
    data = shard(0, 60, filler=100_000)
    source = offer({"data/train.parquet": data})
    found = entries(read(source, Query(movements=("baroque",))))
    assert [entry.id for entry in found] == [f"wikiart:data/train:{row}" for row in range(20, 40)]
    spans = [
        tuple(map(int, request.headers["range"].removeprefix("bytes=").split("-")))
        for request in server.requests
        if request.path == "/cdn/data/train.parquet"
    ]
    assert sum(last - first + 1 for first, last in spans) < len(data) * 0.7
    assert len(spans) < 12


def test_a_repository_without_parquet_is_read_as_the_hub_has_made_it(offer: Offer) -> None:
    source = offer({"default/train/0000.parquet": shard(0, 5)}, revision="refs%2Fconvert%2Fparquet")
    assert [entry.id for entry in entries(read(source))][:1] == ["wikiart:default/train/0000:0"]


def test_another_repository_with_text_labels(offer: Offer) -> None:
    columns = {
        "title": ["Fantômas"], "artist": ["Juan Gris"], "date": ["c. 1915"], "style": ["Cubism"],
        "image": [{"bytes": painted_jpeg(1), "path": None}],
    }  # fmt: skip
    stream = io.BytesIO()
    parquet.write_table(pa.table(columns), stream)
    source = offer({"data/train.parquet": stream.getvalue()}, repository="Artificio/WikiArt")
    (entry,) = entries(read(source, Query(address="Artificio/WikiArt")))
    assert isinstance(entry, Candidate)
    assert (entry.title, entry.artist, entry.year, entry.movement) == ("Fantômas", "Juan Gris", 1915, "Cubism")


def test_a_broken_file_costs_that_file_only(offer: Offer) -> None:
    stream = io.BytesIO()
    parquet.write_table(pa.table({"text": ["a"]}), stream)
    torn = shard(0, 40)
    torn = torn[:5000] + bytes(3000) + torn[8000:]
    source = offer(
        {
            "a.parquet": b"PAR1 nonsense PAR1" * 9,
            "b.parquet": stream.getvalue(),
            "c.parquet": torn,
            "d.parquet": shard(80, 5),
        }
    )
    pages = read(source)
    flawed = {entry.id: entry.reason for entry in entries(pages) if isinstance(entry, Flaw)}
    assert "damaged" in flawed["wikiart:a.parquet"]
    assert "It has no column image; it has text." in flawed["wikiart:b.parquet"]
    assert [entry.id for entry in entries(pages) if entry.id.startswith("wikiart:d:")] == [
        f"wikiart:d:{n}" for n in range(5)
    ]
    assert pages[-1].cursor is None


def test_faults_of_the_network_are_not_faults_of_the_file(offer: Offer, server: FetchServer) -> None:
    source = offer({"a.parquet": shard(0, 5)})
    server.route("/cdn/a.parquet", Answer(503))
    with pytest.raises(FetchError, match="503"):
        read(source)
    server.route("/cdn/a.parquet", Answer(404))
    with pytest.raises(FetchError, match="nothing at the address"):
        read(source)


def test_a_hub_that_has_nothing_or_has_changed(offer: Offer, server: FetchServer) -> None:
    source = offer({})
    with pytest.raises(FetchError, match="no Parquet files; give another repository"):
        read(source)
    with pytest.raises(FetchError, match="nothing at the address"):
        read(source, Query(address="no/body"))
    server.route("/api/datasets/huggan/wikiart/tree/main", json_answer({"error": "new"}))
    with pytest.raises(FetchError, match="no list of files"):
        read(source)
    source = offer({"a.parquet": shard(0, 5)})
    with pytest.raises(InputError, match=r"has no file b\.parquet any more"):
        read(source, cursor="b.parquet#0#0")


def test_what_it_is_asked() -> None:
    source = HubSource("wikiart", "WikiArt", "huggan/wikiart")
    with pytest.raises(InputError, match=r"of none that it is in the public domain.*leave --licence out"):
        source.check(Query(public_domain=True))
    with pytest.raises(InputError, match="OWNER/NAME"):
        source.check(Query(address="https://huggingface.co/datasets/huggan/wikiart"))
    with pytest.raises(InputError, match="search"):
        source.check(Query(search="Monet"))
    with pytest.raises(UnknownNameError):
        source.check(Query(movements=("kubism",)))
    source.check(Query(address="Artificio/WikiArt", movements=("cubism",)))


def test_a_whole_fetch(offer: Offer, tmp_path: Path) -> None:
    source = offer({"a.parquet": shard(0, 50), "b.parquet": shard(50, 30)})
    report = fetch_dataset(source, Query(), tmp_path / "out", limit=25)
    assert (report.rows, report.complete) == (25, False)
    report = fetch_dataset(source, Query(), tmp_path / "out")
    assert (report.rows, report.complete) == (79, True)
    assert report.movements == {"cubism": 39, "baroque": 20, "ukiyo-e": 20}
    assert report.licences == {"non-commercial, fair use": 79}
    manifest = read_manifest(tmp_path / "out")
    assert manifest.picture(3).read_bytes() == painted_jpeg(3)  # type: ignore[union-attr]


def test_a_file_is_read_by_parts(server: FetchServer) -> None:
    data = bytes(range(256)) * 4000
    address = server.route("/f", file_answer(data))
    with Client(Politeness(5000)) as http:
        file = RangeFile(http, address, len(data))
        assert file.seekable()
        assert file.readable()
        assert file.seek(-8, io.SEEK_END) == len(data) - 8
        assert file.read() == data[-8:]
        assert file.read(5) == b""
        assert (file.seek(100), file.read(50), file.tell()) == (100, data[100:150], 150)
        assert file.seek(10, io.SEEK_CUR) == 160
        assert file.read(300_000) == data[160:300_160]
        assert file.seek(0) == 0
        assert file.read(None) == data
    assert len(server.requests) == 4
