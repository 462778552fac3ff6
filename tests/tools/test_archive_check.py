"""The check of archives at a small size; what it takes on 10,000 pictures is kept in docs/results/archives."""

import shutil
from pathlib import Path

import pytest
from archive_check import check_archive
from archive_collection import READABLE, UNREADABLE, make_collection, place_of
from archive_runs import snapshot

from smn.bundle import Bundle

pytestmark = pytest.mark.slow
for package in ("exiv2", "cromulent", "openpyxl", "jsonschema"):
    pytest.importorskip(package)


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_a_collection_goes_through_every_output_and_back(tmp_path: Path, tiny_bundle: Bundle) -> None:
    told: list[str] = []
    found = check_archive(tmp_path, pictures=120, folders=12, model=str(tiny_bundle.folder), tell=told.append)
    assert told[-1] == "Everything holds."
    counted = {step["step"]: step.get("files") for step in found["steps"]}
    assert (counted["predict"], counted["table, CSV"], counted["table, XLSX"]) == (120, 120, 120)
    assert all(count for name, count in counted.items() if "XMP" in name or "pages" in name or "folders" in name)
    assert sum(found["outcomes"].values()) == 120


def test_the_collection_has_every_kind_of_trouble(tmp_path: Path) -> None:
    made = make_collection(tmp_path / "scans", pictures=240, folders=40)
    assert len(made.kinds) == 240
    assert made.count().keys() >= {*READABLE, *UNREADABLE, "copy", "link"}
    assert len({place_of(tmp_path, path).parent for path in made.kinds}) == 40
    assert all(place_of(tmp_path, path).is_file() for path in made.kinds)
    assert made.described
    assert made.unwritable
    before = snapshot(tmp_path)
    place_of(tmp_path, next(iter(made.kinds))).write_bytes(b"changed")
    assert snapshot(tmp_path) != before
