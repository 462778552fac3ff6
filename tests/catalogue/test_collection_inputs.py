import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from smn.catalogue.collection_inputs import Collection, collect_inputs
from smn.errors import FetchError, InputError
from smn.predict.jobs import Input, show_path

FILES = ("scans/recto/0001.jpg", "scans/verso/0001.jpg")
SERVER = "https://museum.example/"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(name.encode())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def collect(*names: object, web: dict[str, Any] | None = None, **options: Any) -> Collection:
    def fetch(address: str) -> bytes:
        try:
            found = (web or {})[address.removeprefix(SERVER)]
        except KeyError:
            raise FetchError("The server answered 404.", address=address, status=404) from None
        return found if isinstance(found, bytes) else json.dumps(found).encode()

    return collect_inputs(map(str, names), fetch=fetch, **options)


def read(item: Input) -> bytes:
    if isinstance(item.source, Path):
        return item.source.read_bytes()
    return item.source if isinstance(item.source, bytes) else item.source()


def as_csv(file: Path, rows: list[dict[str, str]], separator: str = ",") -> None:
    lines = [separator.join(rows[0]), *(separator.join(row.values()) for row in rows)]
    file.write_text("\ufeff" + "\r\n".join(lines) + "\r\n", encoding="utf-8")


def as_parquet(file: Path, rows: list[dict[str, str]]) -> None:
    parquet.write_table(pa.Table.from_pylist(rows), file)


@pytest.mark.parametrize(
    ("ending", "write"),
    [("csv", as_csv), ("tsv", lambda file, rows: as_csv(file, rows, "\t")), ("parquet", as_parquet),
     ("csv", lambda file, rows: as_csv(file, rows, ";"))],
)  # fmt: skip
def test_a_list_brings_its_other_columns_along(
    folder: Path, ending: str, write: Callable[[Path, list[dict[str, str]]], None]
) -> None:
    rows = [{"inventory": str(number), "path": name, "note": "é"} for number, name in enumerate(FILES)]
    rows.append({"inventory": "9", "path": f"{SERVER}a.jpg", "note": ""})
    write(folder / f"list.{ending}", rows)
    collection = collect(folder / f"list.{ending}", web={"a.jpg": b"a"})
    assert [read(item) for item in collection.inputs] == [name.encode() for name in FILES] + [b"a"]
    assert [item.extra["columns"] for item in collection.inputs] == [
        {"inventory": row["inventory"], "note": row["note"]} for row in rows
    ]
    assert collection.columns == ("inventory", "note")


def test_paths_of_a_list_are_looked_for_beside_it_first(folder: Path) -> None:
    (folder / "scans" / "list.txt").write_text("recto/0001.jpg\n\nscans/verso/0001.jpg\nlost.jpg\n", encoding="utf-8")
    first, second, lost = collect("scans/list.txt").inputs
    assert (read(first), read(second), lost.path) == (b"scans/recto/0001.jpg", b"scans/verso/0001.jpg", "lost.jpg")


@pytest.mark.parametrize("name", ["a\u2028b.jpg", "a\nb.jpg", "a\x0cb.jpg", 'a";,b.jpg', "caf\udce9.jpg"])
def test_a_list_may_hold_any_name(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"here")
    shown = show_path(Path(name))
    with (folder / "list.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("sign", "path"), ("A", shown), ("B", FILES[0])])
    first, second = collect("list.csv").inputs
    assert (first.path, read(first), second.path) == (shown, b"here", FILES[0])


def test_the_column_of_paths_can_be_named(folder: Path) -> None:
    as_csv(folder / "list.csv", [{"scan": FILES[0], "sign": "A"}])
    (item,) = collect("list.csv", column="scan").inputs
    assert (item.path, item.extra) == (FILES[0], {"columns": {"sign": "A"}})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("scan,sign\na.jpg,A\n", "its columns are scan, sign: name the one with paths or addresses with --column"),
        ("path,note\n,x\n", "Row 1 of list.csv names no picture"),
        ("path,path\na.jpg,b.jpg\n", "two columns of the same name"),
        ("path,note\na.jpg,b,c\n", "Line 2 of list.csv has more values"),
        ("path\n", "lists no pictures"),
        ("path\nna\xefve.jpg\n", "is not UTF-8"),
    ],
)
def test_what_is_wrong_with_a_list_is_said(folder: Path, text: str, sentence: str) -> None:
    Path("list.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=sentence):
        collect("list.csv")


def test_addresses_are_fetched_when_their_turn_comes() -> None:
    good, lost = collect(f"{SERVER}a.jpg", f"{SERVER}b.png?size=3", web={"a.jpg": b"a"}).inputs
    assert (good.path, read(good)) == (f"{SERVER}a.jpg", b"a")
    with pytest.raises(FetchError, match="404"):
        read(lost)


def test_an_address_without_an_ending_is_looked_at() -> None:
    (item,) = collect(f"{SERVER}picture/7", web={"picture/7": b"\xff\xd8"}).inputs
    assert read(item) == b"\xff\xd8"


def canvas(version: int, name: str) -> dict[str, Any]:
    image = f"{SERVER}{name}/full.jpg"
    if version == 2:
        resource = {"@id": image, "@type": "dctypes:Image"}
        return {"@id": f"{SERVER}{name}", "@type": "sc:Canvas", "label": name, "images": [{"resource": resource}]}
    body = {"id": image, "type": "Image"}
    annotation = {"type": "Annotation", "motivation": "painting", "body": body, "target": f"{SERVER}{name}"}
    page = {"id": f"{SERVER}{name}/page", "type": "AnnotationPage", "items": [annotation]}
    return {"id": f"{SERVER}{name}", "type": "Canvas", "label": {"en": [name]}, "items": [page]}


def manifest(version: int, *names: str) -> dict[str, Any]:
    canvases = [canvas(version, name) for name in names]
    if version == 2:
        return {"@id": f"{SERVER}m2", "@type": "sc:Manifest", "label": "Two", "sequences": [{"canvases": canvases}]}
    return {"id": f"{SERVER}m3", "type": "Manifest", "label": {"en": ["Three"]}, "items": canvases}


@pytest.mark.parametrize("version", [2, 3])
def test_the_canvases_of_a_manifest_keep_their_ids(folder: Path, version: int) -> None:
    described = manifest(version, "c1", "c2")
    (folder / "manifest.json").write_text(json.dumps(described), encoding="utf-8")
    for found in (collect("manifest.json"), collect(f"{SERVER}m", web={"m": described})):
        assert [item.path for item in found.inputs] == [f"{SERVER}c1/full.jpg", f"{SERVER}c2/full.jpg"]
        assert [item.extra["columns"]["canvas"] for item in found.inputs] == [f"{SERVER}c1", f"{SERVER}c2"]
        assert "c2" in found.inputs[1].extra["columns"]["title"]


def test_a_collection_gives_all_its_manifests_and_says_what_is_broken() -> None:
    members = [{"id": f"{SERVER}{name}", "type": "Manifest"} for name in ("m2", "lost", "m3")]
    web = {"all": {"id": f"{SERVER}all", "type": "Collection", "items": members},
           "m2": manifest(2, "a"), "m3": manifest(3, "b"), "a/full.jpg": b"A", "b/full.jpg": b"B"}  # fmt: skip
    found = collect(f"{SERVER}all", web=web)
    assert [read(item) for item in found.inputs] == [b"A", b"B"]
    assert found.flaws == [f"{SERVER}lost: The server answered 404."]


def test_json_that_is_no_manifest_is_refused(folder: Path) -> None:
    (folder / "other.json").write_text("[]", encoding="utf-8")
    with pytest.raises(FetchError, match="no IIIF manifest or collection"):
        collect("other.json")
    (folder / "other.json").write_text("no", encoding="utf-8")
    with pytest.raises(FetchError, match="no JSON"):
        collect("other.json")


def test_a_bucket_is_listed_and_read_by_fsspec() -> None:
    fsspec = pytest.importorskip("fsspec")
    bucket = fsspec.filesystem("memory")
    for name in ("a.jpg", "sub/b.png", "sub/.c.png", "notes.txt"):
        bucket.pipe(f"/bucket/{name}", name.encode())
    for place, names in {
        "memory://bucket": ["a.jpg", "sub/b.png"], "memory://bucket/*.jpg": ["a.jpg"],
        "memory://bucket/sub/b.png": ["sub/b.png"],
    }.items():  # fmt: skip
        found = collect(place).inputs
        assert [read(item).decode() for item in found] == names
        assert [item.path.removeprefix("memory://").lstrip("/") for item in found] == [f"bucket/{n}" for n in names]
    with pytest.raises(InputError, match="There are no pictures at memory://nothing"):
        collect("memory://nothing")
    with pytest.raises(InputError, match="cannot be read"):
        collect("nosuch://bucket")


def test_what_is_named_twice_and_what_is_hidden_is_counted(folder: Path) -> None:
    (folder / "scans" / ".hidden.jpg").write_bytes(b"")
    found = collect("scans", FILES[0])
    assert (len(found.inputs), found.repeated, found.hidden) == (2, 1, [Path("scans/.hidden.jpg")])
    assert list(found.left_out()) == [
        "1 file or folder whose name starts with a dot, such as scans/.hidden.jpg.",
        "1 picture that was named more than once.",
    ]


def test_files_that_are_no_pictures_are_counted(folder: Path) -> None:
    for name in ("Thumbs.db", "list.pdf"):
        (folder / "scans" / name).write_bytes(b"")
    assert list(collect("scans").left_out()) == [
        "2 files that do not end as pictures do, such as scans/Thumbs.db.",
    ]
