import pytest
from PIL import Image

from awkward_files import READABLE, UNREADABLE
from review_sets import make_set, picture
from smn.clean.thumbnails import LONG, SHORT, make_thumbnails, thumbnail_name


def wanted(manifest):
    return {sha256: (manifest, row) for row, sha256 in enumerate(manifest.column("sha256"))}


@pytest.mark.parametrize("embed", [False, True])
def test_pictures_are_made_small(tmp_path, embed):
    sizes = [(800, 700), (3000, 400), (40, 30), (400, 4000)]
    manifest = make_set(tmp_path / "set", [{"data": picture(1, size)} for size in sizes], embed=embed)
    seen = []
    assert make_thumbnails(wanted(manifest), tmp_path / "out", progress=lambda *state: seen.append(state)) == {}
    made = []
    for sha256 in manifest.column("sha256"):
        with Image.open(tmp_path / "out" / thumbnail_name(sha256)) as image:
            assert image.format == "JPEG"
            made.append(image.size)
    assert made == [(366, 320), (960, 128), (40, 30), (96, 960)]
    assert all(min(size) <= SHORT and max(size) <= LONG for size in made)
    assert seen == [("Making small pictures", 4, 4)]


def test_what_is_there_is_kept(tmp_path):
    manifest = make_set(tmp_path / "set", [{}, {}])
    place = tmp_path / thumbnail_name(manifest.column("sha256")[0])
    place.parent.mkdir(parents=True)
    place.write_bytes(b"made before")
    make_thumbnails(wanted(manifest), tmp_path)
    assert place.read_bytes() == b"made before"
    assert (tmp_path / thumbnail_name(manifest.column("sha256")[1])).read_bytes()[:2] == b"\xff\xd8"


def test_awkward_files_cost_themselves_only(tmp_path):
    files = READABLE | UNREADABLE
    manifest = make_set(tmp_path / "set", [{"data": file.make() or b"-", "id": name} for name, file in files.items()])
    reasons = make_thumbnails(wanted(manifest), tmp_path / "out")
    names = dict(zip(manifest.column("sha256"), manifest.column("id"), strict=True))
    assert {names[sha256] for sha256 in reasons} == set(UNREADABLE)
    assert len(list((tmp_path / "out").rglob("*.jpg"))) == len(wanted(manifest)) - len(reasons)


def test_a_row_without_a_picture_says_so(tmp_path):
    manifest = make_set(tmp_path / "set", [{"path": ""}])
    assert "cannot be read" in next(iter(make_thumbnails(wanted(manifest), tmp_path / "out").values()))
    none = make_set(tmp_path / "none", [{"path": None}])
    (reason,) = make_thumbnails(wanted(none), tmp_path / "out2").values()
    assert "neither a path nor a picture inside" in reason
