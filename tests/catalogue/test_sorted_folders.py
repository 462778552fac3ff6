from pathlib import Path

import pytest

from catalogue.conftest import NAMES, Snapshot
from catalogue.killing import killed
from smn.catalogue.answers_file import Row
from smn.catalogue.sorted_folders import SortBy, sort_pictures
from smn.catalogue.undo_journal import WriteJournal, Written, undo

OUT = Path("out")


def sort(rows: list[Row], **options: object) -> tuple[dict[Written, int], list[str]]:
    with WriteJournal(Path("journal"), {}) as journal:
        counted, skipped = sort_pictures(rows, OUT, journal, **options)  # type: ignore[arg-type]
    return dict(counted), [one.path for one in skipped]


@pytest.mark.parametrize("copy", [False, True])
def test_pictures_are_sorted_killed_continued_and_undone(collection: list[Row], snapshot: Snapshot, copy: bool) -> None:
    before = snapshot()
    assert killed(lambda: sort(collection, copy=copy), "os.replace", at=3)
    counted, skipped = sort(collection, copy=copy)
    assert counted == {Written.ALREADY: 2, Written.NEW: 6}
    assert skipped == ["scans/unsure.jpg", "scans/page.jpg", "scans/broken.jpg", "scans/gone.jpg"]
    placed = {str(path.relative_to(OUT)) for path in OUT.rglob("*") if path.is_file()}
    assert {"Impressionism/recto/0001.jpg", "Cubism/verso/0001.jpg", "Naïve Art/a b/ünïcode, näme.JPG"} <= placed
    assert len(placed) == len(NAMES)
    for path in OUT.rglob("*.jpg"):
        assert path.is_symlink() is not copy
    assert (OUT / "Cubism/verso/0001.jpg").read_bytes() == Path("scans/verso/0001.jpg").read_bytes()
    undo("journal")
    assert snapshot() == before


@pytest.mark.parametrize("copy", [False, True])
def test_a_link_in_the_collection_is_followed(collection: list[Row], snapshot: Snapshot, copy: bool) -> None:
    Path("scans/link.jpg").symlink_to("recto/0001.jpg")
    rows = [collection[0], collection[0] | {"path": "scans/link.jpg"}]
    before = snapshot()
    assert sort(rows, copy=copy) == ({Written.NEW: 2}, [])
    assert (OUT / "Impressionism/link.jpg").read_bytes() == Path("scans/recto/0001.jpg").read_bytes()
    assert (OUT / "Impressionism/link.jpg").is_symlink() is not copy
    assert sort(rows, copy=copy) == ({Written.ALREADY: 2}, [])
    assert undo("journal").kept == ()
    assert snapshot() == before


def test_families_are_folders(collection: list[Row]) -> None:
    sort(collection, by=SortBy.FAMILY)
    assert (OUT / "Cubist & Futurist" / "verso" / "0001.jpg").is_file()
    assert (OUT / "Cubist & Futurist" / "a b" / "=SUM(A1).png").is_file()
