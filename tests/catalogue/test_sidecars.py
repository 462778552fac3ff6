import json
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image, IptcImagePlugin

from catalogue.conftest import NAMES, Snapshot, answer
from catalogue.killing import killed
from smn.catalogue.answers_file import Row
from smn.catalogue.sidecars import SidecarStyle, keywords_of, write_keywords
from smn.catalogue.undo_journal import WriteJournal, Written, undo

pytest.importorskip("exiv2")
JOURNAL = Path("journal")
NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "dc": "http://purl.org/dc/elements/1.1/",
    "lr": "http://ns.adobe.com/lightroom/1.0/", "digiKam": "http://www.digikam.org/ns/1.0/",
}  # fmt: skip


def write(rows: list[Row], **options: object) -> tuple[dict[Written, int], list[str]]:
    with WriteJournal(JOURNAL, {}) as journal:
        counted, skipped = write_keywords(rows, journal, **options)  # type: ignore[arg-type]
    return dict(counted), [one.path for one in skipped]


def read_xml(file: Path) -> dict[str, list[str]]:
    """Keywords by the standard library."""
    root = ElementTree.parse(file).getroot()  # noqa: S314 - the test wrote it
    found = {}
    for field in ("dc:subject", "lr:hierarchicalSubject", "digiKam:TagsList"):
        found[field] = [one.text or "" for one in root.findall(f".//{field}//rdf:li", NAMESPACES)]
    return found


def read_exiftool(*files: Path) -> list[dict[str, object]]:
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed")
    done = subprocess.run(
        ["exiftool", "-json", "-struct", "-XMP:all", "-IPTC:all", *files], capture_output=True, check=True, text=True
    )
    return list(json.loads(done.stdout))


def test_sidecars_are_read_by_two_readers_and_undone(collection: list[Row], snapshot: Snapshot) -> None:
    before = snapshot()
    counted, skipped = write(collection)
    assert counted == {Written.NEW: 8}
    assert skipped == ["scans/unsure.jpg", "scans/page.jpg", "scans/broken.jpg", "scans/gone.jpg"]
    assert len(snapshot()) == len(before) + 8
    files = [Path(f"scans/{name}.xmp") for name in NAMES]
    assert read_xml(files[2])["dc:subject"] == ["smn:Naïve Art"]
    told = read_exiftool(*files)
    assert [one["Subject"] for one in told] == [read_xml(file)["dc:subject"] for file in files]
    assert [one["HierarchicalSubject"] for one in told] == [read_xml(file)["lr:hierarchicalSubject"] for file in files]
    assert [one["TagsList"] for one in told] == [read_xml(file)["digiKam:TagsList"] for file in files]
    assert write(collection)[0] == {Written.ALREADY: 8}
    undo(JOURNAL)
    assert snapshot() == before


def test_what_a_person_wrote_is_kept_and_earlier_keywords_of_ours_are_replaced(collection: list[Row]) -> None:
    write(collection[:1])
    sidecar = Path(f"scans/{NAMES[0]}.xmp")
    text = sidecar.read_text(encoding="utf-8").replace("<rdf:li>smn:Impr", "<rdf:li>river</rdf:li><rdf:li>smn:Impr", 1)
    text = text.replace("<dc:subject>", "<dc:creator><rdf:Seq><rdf:li>Ada</rdf:li></rdf:Seq></dc:creator><dc:subject>")
    sidecar.write_text(text, encoding="utf-8")
    JOURNAL.unlink()
    write([answer(f"scans/{NAMES[0]}", "cubism")])
    assert read_xml(sidecar)["dc:subject"] == ["river", "smn:Cubism"]
    assert read_xml(sidecar)["lr:hierarchicalSubject"] == ["smn|Cubist & Futurist|Cubism"]
    assert "Ada" in sidecar.read_text(encoding="utf-8")
    undo(JOURNAL)
    assert sidecar.read_text(encoding="utf-8") == text


def test_sidecars_without_the_pictures_ending_are_not_shared(collection: list[Row]) -> None:
    counted, skipped = write(collection, style=SidecarStyle.STEM)
    assert counted == {Written.NEW: 6}
    assert skipped[:2] == ["scans/plain.jpg", "scans/plain.png"]
    assert Path("scans/recto/0001.xmp").exists()
    assert not Path("scans/plain.xmp").exists()


def test_keywords_in_pictures_leave_their_pixels_and_are_undone(collection: list[Row], snapshot: Snapshot) -> None:
    before = snapshot()
    pixels = {name: np.asarray(Image.open(f"scans/{name}")) for name in NAMES}
    counted, _ = write(collection, embed=True)
    assert counted == {Written.NEW: 8}
    assert snapshot().keys() == before.keys()
    for name in NAMES:
        assert (np.asarray(Image.open(f"scans/{name}")) == pixels[name]).all()
    with Image.open(f"scans/{NAMES[2]}") as image:
        (keyword,) = [IptcImagePlugin.getiptcinfo(image)[2, 25]]
    assert keyword == "smn:Naïve Art".encode()
    for one in read_exiftool(*(Path(f"scans/{name}") for name in NAMES)):
        assert one["Subject"] == one.get("Keywords", one["Subject"]) or [one["Keywords"]] == one["Subject"]
    undo(JOURNAL)
    assert snapshot() == before


def test_keywords_name_the_movement_or_the_family_that_is_sure() -> None:
    unsure = answer("a", None, "unsure", family="cubist")
    assert keywords_of(answer("a")).levels == (("smn", "Impressionist", "Impressionism"),)  # type: ignore[union-attr]
    assert keywords_of(unsure).flat == ("smn:Cubist & Futurist",)  # type: ignore[union-attr]
    assert keywords_of(answer("a"), prefix="").flat == ("Impressionism",)  # type: ignore[union-attr]
    assert keywords_of(answer("a", None, "unsure")) is None


@pytest.mark.parametrize("embed", [False, True])
def test_a_kill_in_the_middle_is_continued_and_undone(collection: list[Row], snapshot: Snapshot, embed: bool) -> None:
    before = snapshot()
    for at in (1, 5):
        assert killed(lambda: write(collection, embed=embed), "os.replace", at=at)
        undo(JOURNAL)
        assert snapshot() == before
        assert killed(lambda: write(collection, embed=embed), "os.replace", at=at)
        counted, _ = write(collection, embed=embed)
        assert sum(counted.values()) == 8
        assert counted[Written.NEW] >= 4
        undo(JOURNAL)
        assert snapshot() == before
