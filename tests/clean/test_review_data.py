import json

import pytest

from review_sets import make_findings, make_set
from smn.clean.review_data import name_manifest, page_data
from smn.errors import InputError
from smn.movements import list_movements


@pytest.fixture
def rows(tmp_path):
    known = {"title": "Red robe", "artist": "Ada", "year": 1950, "split": "train", "width": 96, "height": 64}
    return make_set(tmp_path / "pool", [known, *[{}] * 5])


def test_pictures_stand_under_their_checks_the_worst_first(rows):
    findings = make_findings(rows, {"tiny": {4: 0.3, 0: 0.1}, "label": {0: 0.2, 3: 0.05}, "dark": {}})
    data, places = page_data(findings, rows)
    ids = [picture["id"] for picture in data["pictures"]]
    assert ids == ["p0", "p3", "p4"]
    listed = {check["name"]: [ids[number] for number in check["pictures"]] for check in data["checks"]}
    assert listed == {"tiny": ["p0", "p4"], "label": ["p3", "p0"]}
    assert [ids[number] for number in data["everything"]["pictures"]] == ["p3", "p0", "p4"]
    assert data["checks"][0]["title"] == "Tiny"
    first = data["pictures"][0]
    assert {name: first[name] for name in ("title", "artist", "year", "split", "width", "movement")} == {
        "title": "Red robe", "artist": "Ada", "year": 1950, "split": "train", "width": 96, "movement": "realism",
    }  # fmt: skip
    assert [(one["check"], one["score"], one["threshold"]) for one in first["findings"]] == [
        ("tiny", 0.1, 0.5), ("label", 0.2, 0.5),
    ]  # fmt: skip
    assert places[first["sha256"]].row == 0
    assert (data["name"], data["data_hash"]) == ("pool", rows.data_hash())
    assert json.loads(json.dumps(data)) == data


def test_a_limit_leaves_the_worst_of_each_check(rows):
    findings = make_findings(rows, {"tiny": {4: 0.3, 0: 0.1}, "label": {0: 0.2, 3: 0.05}})
    data, _ = page_data(findings, rows, limit=1)
    assert [picture["id"] for picture in data["pictures"]] == ["p0", "p3"]
    # What else was found of a picture is told nevertheless.
    assert [one["check"] for one in data["pictures"][0]["findings"]] == ["tiny", "label"]
    data, _ = page_data(findings, rows, checks=["label"])
    assert [check["name"] for check in data["checks"]] == ["label"]
    with pytest.raises(InputError, match="holds no scores of leak"):
        page_data(findings, rows, checks=["leak"])


def test_evidence_of_labels_and_others_is_told_apart(rows):
    findings = make_findings(
        rows,
        {"label": {0: 0.1}, "border": {0: 0.2}, "broken": {1: 0.0}},
        {
            "label": {"suggestion": {0: "cubism"}, "probability": {0: 0.9}, "given": {0: 0.02}},
            "border": {"top": {0: 0.25}},
            "broken": {"reason": {1: "It is empty."}},
        },
    )
    data, _ = page_data(findings, rows)
    border, label = data["pictures"][0]["findings"]
    assert (label["suggestion"], label["probability"], label["given"], label["words"]) == ("cubism", 0.9, 0.02, "")
    assert border["words"] == "top 0.25"
    assert data["pictures"][1]["findings"][0]["words"] == "It is empty."


def test_copies_are_found_in_the_set_or_in_the_held_out_set(rows, tmp_path):
    held_out = make_set(tmp_path / "famous", [{"id": "p1", "title": "Elsewhere"}, {"id": "f1"}], first=50)
    findings = make_findings(
        rows,
        {"near_duplicate": {0: 0.1, 4: 0.1}, "leak": {0: 0.1, 1: 0.1, 2: 0.1, 3: 0.1}},
        {
            "near_duplicate": {"of": {0: "p5", 4: "p5"}},
            "leak": {
                "of": {0: "p1", 1: "p1", 2: "f1", 3: "lost"},
                "where": {0: "test", 1: "held-out", 2: "held-out", 3: "held-out"},
            },
        },
        against=held_out,
    )
    data, places = page_data(findings, rows, against=held_out)
    by_id = {picture["id"]: {one["check"]: one for one in picture["findings"]} for picture in data["pictures"]}
    assert by_id["p0"]["near_duplicate"]["other"] == by_id["p4"]["near_duplicate"]["other"] == "p5"
    assert (by_id["p0"]["leak"]["other"], by_id["p0"]["leak"]["where"]) == ("p1", "test")
    assert data["others"][by_id["p1"]["leak"]["other"]]["title"] == "Elsewhere"
    assert data["others"][by_id["p2"]["leak"]["other"]]["id"] == "f1"
    assert (by_id["p3"]["leak"]["other"], by_id["p3"]["leak"]["words"]) == (None, "the same as lost, in held-out")
    assert len(data["others"]) == 4
    assert {place.manifest.file for place in places.values()} == {rows.file, held_out.file}


def test_the_movements_can_be_chosen_by_any_of_their_names(rows):
    data, _ = page_data(make_findings(rows, {"tiny": {}}), rows)
    assert list(data["movements"]) == [*(movement.id for movement in list_movements()), "not-a-painting"]
    assert data["movements"]["impressionism"]["traits"]
    assert data["spellings"]["popart"] == "pop-art"
    assert data["spellings"]["notapainting"] == "not-a-painting"
    assert (data["pictures"], data["checks"]) == ([], [])


def test_originals_are_found_from_the_page(rows, tmp_path):
    findings = make_findings(rows, {"tiny": {0: 0.1}})
    data, _ = page_data(findings, rows, folder=tmp_path / "review")
    assert data["pictures"][0]["original"] == "../pool/images/0.jpg"
    assert page_data(findings, rows)[0]["pictures"][0]["original"] is None
    inside = make_set(tmp_path / "inside", [{}], embed=True)
    data, _ = page_data(make_findings(inside, {"tiny": {0: 0.1}}), inside, folder=tmp_path)
    assert data["pictures"][0]["original"] is None
    assert name_manifest(inside) == "inside"
