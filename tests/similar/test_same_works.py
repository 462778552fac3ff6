from pathlib import Path

import numpy as np
import pytest

from smn.errors import InputError
from smn.similar.same_works import BY_ARTIST, ShownWork, group_works, merge_works, read_works
from smn.works import Work


def work(name: str, **facts: object) -> Work:
    known = dict.fromkeys(("title", "artist", "year", "museum", "movement", "wikidata_id", "image_url"))
    return Work(name, **known | facts)  # type: ignore[arg-type]


def shown(*works: Work, same: dict[int, str] | None = None) -> list[ShownWork]:
    return [ShownWork(None, at, str(at), one, (same or {}).get(at)) for at, one in enumerate(works)]


def apart(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Vectors and hashes of pictures that are as unlike as can be."""
    draw = np.random.default_rng(0)
    return np.eye(count, 16, dtype=np.float32), draw.integers(1, 2**63, (count, 4)).astype(np.uint64)


def test_facts_join_pictures_of_one_work() -> None:
    rows = shown(work("a", wikidata_id="Q1"), work("b"), work("c", wikidata_id="Q1"), work("d"), same={3: "b"})
    assert group_works(rows, *apart(4)) == [[0, 2], [1, 3]]


def test_one_title_is_one_work_only_where_the_pictures_are_alike() -> None:
    cards = {"artist": "Paul Cézanne", "title": "The Card Players"}
    rows = shown(work("a", **cards), work("b", **cards), work("c", artist="Cezanne, Paul", title="the card players"))
    vectors, hashes = apart(3)
    assert group_works(rows, vectors, hashes) == [[0], [1], [2]]
    vectors[2] = vectors[0]
    assert group_works(rows, vectors, hashes) == [[0, 2], [1]]
    hashes[1] = hashes[0]
    assert group_works(rows, vectors, hashes) == [[0, 1, 2]]


def test_the_same_picture_is_one_work_whatever_it_is_called() -> None:
    rows = shown(work("a", artist="A", title="Dance"), work("b", artist="B", title="La danse"))
    vectors, hashes = apart(2)
    hashes[1] = hashes[0] ^ np.array([7, 0, 0, 0], np.uint64)
    assert group_works(rows, vectors, hashes) == [[0, 1]]
    hashes[:] = 0  # no structure: nothing can be said
    assert group_works(rows, vectors, hashes) == [[0], [1]]


def test_what_is_known_is_put_together_and_a_works_movement_counts_more_than_its_artists() -> None:
    one = work("a", title="The Kiss", movement="symbolism", source=BY_ARTIST)
    other = work("b", title="Kiss", artist="Gustav Klimt", year=1908, movement="art-nouveau", source="WikiArt")
    merged = merge_works([one, other])
    assert (merged.id, merged.title, merged.artist, merged.year) == ("a", "The Kiss", "Gustav Klimt", 1908)
    assert (merged.movement, merged.source) == ("art-nouveau", "WikiArt")
    assert merge_works([one]).source == BY_ARTIST


@pytest.fixture
def manifest(tmp_path: Path) -> object:
    import pyarrow as pa

    from smn.manifest import COLUMNS, read_manifest, write_manifest

    kinds = [
        {"title": "merchant s wife", "movement": "realism", "source": "wikiart-a", "label_kind": "work-style-folder"},
        {"title": "Q123", "artist": "Q9", "movement": "realism", "source": "public-art", "label_kind": "wikidata-work"},
        {"artist": "Titian", "movement": "mannerism", "source": "best-artworks", "label_kind": "artist"},
        {"movement": "not-a-painting"},
    ]
    rows = [
        dict.fromkeys(COLUMNS) | {"id": str(at), "sha256": str(at), "path": "x.jpg"} | one
        for at, one in enumerate(kinds)
    ]
    table = pa.Table.from_pylist(rows, schema=pa.schema([(name, kind) for name, kind in COLUMNS.items()]))
    (tmp_path / "m").mkdir()
    write_manifest(table, tmp_path / "m" / "manifest.parquet")
    return read_manifest(tmp_path / "m")


def test_rows_become_works_with_the_source_of_their_movement(manifest: object, tmp_path: Path) -> None:
    first, second, third = (one.work for one in read_works([manifest], known=None, titles=None))  # type: ignore[list-item]
    assert (first.title, first.source) == ("Merchant's wife", "WikiArt")
    assert (second.title, second.artist, second.source) == (None, None, "Wikidata")
    assert (third.name, third.source) == ("a work by Titian", BY_ARTIST)
    (tmp_path / "titles.csv").write_text("id,title,year,movement\n2,danae,1545,High Renaissance\n0,other,,Baroque\n")
    first, _, third = (
        one.work
        for one in read_works([manifest], known=None, titles=tmp_path / "titles.csv")  # type: ignore[list-item]
    )
    assert (third.title, third.year, third.movement, third.source) == ("Danae", 1545, "high-renaissance", "WikiArt")
    assert (first.title, first.movement) == ("Merchant's wife", "realism")


def test_a_file_of_titles_without_ids_is_said(manifest: object, tmp_path: Path) -> None:
    (tmp_path / "titles.csv").write_text("name,title\n2,danae\n")
    with pytest.raises(InputError, match="has no column id, only name, title"):
        read_works([manifest], known=None, titles=tmp_path / "titles.csv")  # type: ignore[list-item]
