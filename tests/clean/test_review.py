import hashlib
import json
import re

import pytest

from review_sets import make_findings, make_set
from smn.clean.decisionlog import append_decisions
from smn.clean.decisions import Decision, Verdict
from smn.clean.pagedata import page_data
from smn.clean.review import build_review, embed_json, manifest_of, render_page
from smn.clean.thumbnails import thumbnail_name
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
    assert len(scripts) == 4
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
