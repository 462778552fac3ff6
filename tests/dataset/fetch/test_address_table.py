from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from fetch_server import Answer, FetchServer, painted_jpeg, picture_answer
from smn.dataset.fetch.address_table import AddressSource
from smn.dataset.fetch.fetch_source import Candidate, Flaw, Page, Politeness, Query
from smn.dataset.fetch.fetcher import fetch_dataset
from smn.dataset.fetch.http import Client
from smn.errors import FetchError, InputError, ManifestError, UnknownNameError
from smn.manifest import read_manifest

Read = Callable[..., list[Page]]
QUICK = Politeness(5000, connections=2)


def read(query: Query, *, cursor: str | None = None) -> list[Page]:
    with Client(QUICK) as http:
        return list(AddressSource(QUICK).pages(http, query, cursor=cursor))


def table(tmp_path: Path, text: str) -> str:
    file = tmp_path / "t.csv"
    file.write_text(text, encoding="utf-8")
    return str(file)


def entries(pages: list[Page]) -> list[Candidate | Flaw]:
    return [entry for page in pages for entry in page.entries]


def test_every_column_of_a_table_is_read(tmp_path: Path) -> None:
    where = table(
        tmp_path,
        "id;image_url;page_url;movement;label_kind;artist;title;year;medium;museum;licence;rights;attribution;"
        "wikidata_id;sha256\n"
        "7;https://m.org/7.jpg;https://m.org/7;Cubism;work;Juan Gris;Fantômas;c. 1915;oil;M;CC0;Free.;Gris, M;Q1;abc\n",
    )
    (page,) = read(Query(address=where))
    assert (page.cursor, page.total) == (None, 1)
    assert page.entries == [
        Candidate(
            "csv:7", "https://m.org/7.jpg", page="https://m.org/7", movement="Cubism", label_kind="work",
            artist="Juan Gris", title="Fantômas", year=1915, medium="oil", museum="M", licence="CC0", rights="Free.",
            attribution="Gris, M", wikidata_id="Q1", checksum="sha256:abc",
        )
    ]  # fmt: skip


def test_columns_by_other_names_and_ids_by_address(tmp_path: Path) -> None:
    where = table(tmp_path, "link,stil,wann\nhttps://m.org/1.jpg,Kubismus,1911\n,Kubismus,1911\n")
    columns = {"image_url": "link", "movement": "stil", "year": "wann"}
    good, bad = entries(read(Query(address=where, columns=columns)))
    assert isinstance(good, Candidate)
    assert (good.movement, good.year) == ("Kubismus", 1911)
    assert good.id.startswith("csv:")
    assert len(good.id) == 20
    assert bad == Flaw("csv:row-2", "Its image_url is empty.")


def test_a_long_table_comes_in_pages_and_can_be_continued(tmp_path: Path) -> None:
    rows = "".join(f"{number},https://m.org/{number}.jpg\n" for number in range(450))
    where = table(tmp_path, "id,image_url\n" + rows)
    pages = read(Query(address=where))
    assert [(len(page.entries), page.cursor, page.total) for page in pages] == [
        (200, "200", 450), (200, "400", 450), (50, None, 450),
    ]  # fmt: skip
    assert entries(read(Query(address=where), cursor="200")) == entries(pages)[200:]


def test_only_the_movements_asked_for(tmp_path: Path) -> None:
    where = table(tmp_path, "id,image_url,style\n1,https://m/1,Cubism\n2,https://m/2,Baroque\n3,https://m/3,\n")
    found = entries(read(Query(address=where, movements=("cubism",))))
    assert [entry.id for entry in found] == ["csv:1"]


def test_a_table_in_the_web_with_addresses_beside_it(server: FetchServer) -> None:
    where = server.route("/data/t.csv", Answer(200, b"\xef\xbb\xbfimage_url\na.jpg\n/b.jpg\nhttps://m.org/c.jpg\n"))
    addresses = [entry.address for entry in entries(read(Query(address=where))) if isinstance(entry, Candidate)]
    assert addresses == [f"{server.address}/data/a.jpg", f"{server.address}/b.jpg", "https://m.org/c.jpg"]
    with pytest.raises(FetchError, match="nothing at the address"):
        read(Query(address=server.address + "/no.csv"))


def test_parquet_with_pictures_inside_is_read_without_them(tmp_path: Path) -> None:
    columns = {"image_url": ["https://m.org/1.jpg"], "year": [1911], "image": [{"bytes": painted_jpeg(1)}]}
    parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    (entry,) = entries(read(Query(address=str(tmp_path / "t.parquet"))))
    assert isinstance(entry, Candidate)
    assert (entry.address, entry.year) == ("https://m.org/1.jpg", 1911)


def test_somebody_elses_fetch_can_be_fetched_again(server: FetchServer, tmp_path: Path) -> None:
    for number in range(4):
        server.route(f"/{number}.jpg", picture_answer(number))
    rows = "".join(
        f"{number},{server.address}/{number}.jpg,{style},CC0\n"
        for number, style in enumerate(["Cubism", "Baroque", "odd", ""])
    )
    first = Query(address=table(tmp_path, "id,image_url,style,licence\n" + rows))
    manifest = fetch_dataset(AddressSource(QUICK), first, tmp_path / "one").manifest
    server.route("/3.jpg", picture_answer(33))
    report = fetch_dataset(AddressSource(QUICK), Query(address=str(manifest)), tmp_path / "two")
    one, two = (read_manifest(tmp_path / name) for name in ("one", "two"))
    for name in ("sha256", "movement", "raw_label", "licence", "image_url"):
        if name != "raw_label":
            assert two.column(name) == one.column(name)[:3]
    assert two.column("raw_label")[2] == "odd"
    assert "not" in report.missed[0].reason
    assert "as the source says" in report.missed[0].reason


BROKEN = {
    "no column": ("link\nhttps://m.org\n", "has no column image_url; it has link. Say which"),
    "not closed": ('image_url\n"https://m.org\n', "cannot be read as CSV"),
    "no header": ("", "has no column image_url"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_table_is_told(tmp_path: Path, name: str) -> None:
    text, sentence = BROKEN[name]
    with pytest.raises(ManifestError, match=sentence):
        read(Query(address=table(tmp_path, text)))


def test_other_faults_are_told(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"image_url\n\xff\xfe\n")
    with pytest.raises(ManifestError, match="save it as CSV in UTF-8"):
        read(Query(address=str(tmp_path / "t.csv")))
    (tmp_path / "t.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(ManifestError, match="cannot be read as Parquet"):
        read(Query(address=str(tmp_path / "t.parquet")))
    with pytest.raises(InputError, match=r"cannot be read .No such file or directory.; give the path"):
        read(Query(address=str(tmp_path / "no.csv")))
    with pytest.raises(UnknownNameError):
        read(Query(address=table(tmp_path, "a\n"), columns={"picture": "a"}))


def test_what_it_is_asked(tmp_path: Path) -> None:
    source = AddressSource()
    with pytest.raises(InputError, match="give its path or web address with --address"):
        source.check(Query())
    with pytest.raises(InputError, match="search"):
        source.check(Query(address="t.csv", search="Monet"))
    with pytest.raises(UnknownNameError):
        source.check(Query(address="t.csv", movements=("kubism",)))
    source.check(Query(address="t.csv", movements=("cubism",), columns={"image_url": "a"}))


def test_a_table_of_nothing_is_an_empty_list(tmp_path: Path) -> None:
    (page,) = read(Query(address=table(tmp_path, "image_url\n")))
    assert (page.entries, page.cursor, page.total) == ([], None, 0)
