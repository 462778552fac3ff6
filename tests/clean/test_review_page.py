import hashlib
import json
import re

import pytest
from PIL import Image

from awkward_files import READABLE, UNREADABLE
from review_sets import make_findings, make_set, picture
from smn.clean.decisions import Decision, Verdict, append_decisions
from smn.clean.review_data import page_data
from smn.clean.review_page import (
    LONG,
    SHORT,
    build_review,
    embed_json,
    make_thumbnails,
    manifest_of,
    render_page,
    thumbnail_name,
)
from smn.errors import DecisionsError, ManifestError, OutputExistsError

HOSTILE = "</script><img src=x onerror=alert(1)>{{data}}\u2028\"'&"


@pytest.fixture
def rows(tmp_path):
    return make_set(tmp_path / "set", [{"title": HOSTILE}, {"data": b"not a picture"}, {}, {}])


@pytest.fixture
def findings(rows):
    return make_findings(
        rows,
        {"tiny": {0: 0.1, 1: 0.2}, "near_duplicate": {0: 0.1}},
        {"near_duplicate": {"of": {0: "p3"}}},
    )


def data_of(index):
    page = index.read_text(encoding="utf-8")
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])


def test_a_page_is_made(rows, findings, tmp_path):
    seen = []
    index = build_review(findings, rows, tmp_path / "review", progress=lambda *state: seen.append(state))
    assert index == tmp_path / "review/index.html"
    data = data_of(index)
    assert data["pictures"][0]["title"] == HOSTILE
    made = {file.relative_to(index.parent).as_posix() for file in index.parent.rglob("*.jpg")}
    assert made == {thumbnail_name(rows.column("sha256")[row]) for row in (0, 3)}
    assert data["pictures"][1]["picture"] is None
    assert "not a picture" in data["pictures"][1]["reason"]
    assert seen[-1] == ("Making small pictures", 3, 3)


def test_a_page_is_made_again_in_its_place_only(rows, findings, tmp_path):
    index = build_review(findings, rows, tmp_path / "review")
    first = index.read_bytes()
    mine = tmp_path / "review/decisions.csv"
    append_decisions(mine, [Decision("p0", Verdict.DROP, note="é")])
    assert build_review(findings, rows, tmp_path / "review").read_bytes() == first
    build_review(findings, rows, tmp_path / "review", decisions=mine)
    assert data_of(index)["decisions"] == {"name": "decisions.csv", "text": mine.read_text(encoding="utf-8")}
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").write_text("my home page")
    with pytest.raises(OutputExistsError):
        build_review(findings, rows, tmp_path / "site")
    assert (tmp_path / "site/index.html").read_text() == "my home page"


def test_wrong_decisions_are_told_before_any_work(rows, findings, tmp_path):
    (tmp_path / "bad.csv").write_text("id,decision\np0,burn\n")
    with pytest.raises(DecisionsError, match="Line 2 decides 'burn'"):
        build_review(findings, rows, tmp_path / "review", decisions=tmp_path / "bad.csv")
    assert not (tmp_path / "review").exists()


def test_the_page_lets_nothing_else_run(rows, findings):
    page = render_page(page_data(findings, rows)[0])
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == 5
    for text in (*scripts, *re.findall(r"<style>(.*?)</style>", page, re.DOTALL)):
        digest = hashlib.sha256(text.encode()).digest()
        assert f"'sha256-{__import__('base64').b64encode(digest).decode()}'" in policy
    assert not re.search(r"(?:src|href)=\"https?:", page)
    assert "\r" not in page
    assert page.count("<img") == 0


@pytest.mark.parametrize(
    "sink", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("]
)
def test_the_scripts_set_text_as_text(rows, findings, sink):
    assert sink not in render_page(page_data(findings, rows)[0])


def test_texts_cannot_end_the_element_that_holds_them():
    text = embed_json({"title": HOSTILE, "other": "<!--<script>\u2029"})
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text)["title"] == HOSTILE


def test_the_right_manifest_is_found(rows, findings, tmp_path):
    assert manifest_of(findings).data_hash() == rows.data_hash()
    moved = tmp_path / "elsewhere"
    rows.file.parent.rename(moved)
    with pytest.raises(ManifestError, match="There is no manifest at"):
        manifest_of(findings)
    assert len(manifest_of(findings, moved)) == 4
    with pytest.raises(ManifestError, match=r"is not the data that .* was made of, .*--manifest, or make the findings"):
        manifest_of(findings, make_set(tmp_path / "other", [{}]).file)


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
