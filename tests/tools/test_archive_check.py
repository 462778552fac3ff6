from pathlib import Path

import pytest
from archive_check import BROKEN, check_archive, make_collection, snapshot

from smn.bundle import Bundle

pytestmark = pytest.mark.slow
pytest.importorskip("exiv2")


def test_a_collection_goes_through_every_output_and_back(tmp_path: Path, tiny_bundle: Bundle) -> None:
    told: list[str] = []
    check_archive(tmp_path / "archive", count=240, folders=40, model=str(tiny_bundle.folder), tell=told.append)
    assert [line.split()[0] for line in told] == [
        "make", "predict", "keywords", "keywords", "linked-art", "sort", "sort", "tables", "update", "240",
    ]  # fmt: skip


def test_the_collection_has_every_kind_of_trouble(tmp_path: Path) -> None:
    kinds = make_collection(tmp_path, count=240, folders=40)
    assert sum(kinds.values()) == 240
    assert all(kinds[kind] >= 5 for kind in (*BROKEN, "grey"))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 240 + 3
    assert len({path.parent for path in files}) == 40 + 1
    before = snapshot(tmp_path)
    files[0].write_bytes(b"changed")
    assert snapshot(tmp_path) != before
