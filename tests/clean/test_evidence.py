import pytest

from review_sets import make_findings, make_set
from smn.clean.evidence import Finding, list_findings, split_names
from smn.errors import InputError, UnknownNameError


@pytest.fixture
def findings(tmp_path):
    manifest = make_set(tmp_path / "set", [{}] * 5)
    return make_findings(
        manifest,
        {"near_duplicate": {0: 0.2, 2: 0.1, 3: 0.49}, "label": {1: 0.3}, "tiny": {}},
        {"near_duplicate": {"of": {0: "p4", 2: "p1"}, "group": {0: 7}}, "label": {"suggestion": {1: "cubism"}}},
    )


def test_findings_are_listed_the_worst_first(findings):
    listed = list_findings(findings)
    assert list(listed) == ["near_duplicate", "label"]
    assert [one.row for one in listed["near_duplicate"]] == [2, 0, 3]
    first = listed["near_duplicate"][1]
    assert (first.check, round(first.score, 2), first.evidence) == ("near_duplicate", 0.2, {"of": "p4", "group": 7})


def test_findings_are_chosen(findings):
    assert list(list_findings(findings, checks=["label"])) == ["label"]
    assert [one.row for one in list_findings(findings, below=0.2)["near_duplicate"]] == [2]
    assert {name: len(found) for name, found in list_findings(findings, limit=1).items()} == {
        "near_duplicate": 1,
        "label": 1,
    }


def test_what_cannot_be_listed_is_said(findings):
    with pytest.raises(UnknownNameError, match=r"no check 'lable'\. Did you mean label"):
        list_findings(findings, checks=["lable"])
    with pytest.raises(InputError, match="holds no scores of leak; it has tiny, near_duplicate, label"):
        list_findings(findings, checks=["label", "leak"])
    with pytest.raises(InputError, match="--below 2 is no score; choose a number from 0 to 1"):
        list_findings(findings, below=2)


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        ({}, ""),
        ({"of": "abc", "where": "test"}, "the same as abc, in test"),
        ({"suggestion": "cubism", "probability": 0.876}, "suggests cubism, probability 0.88"),
        ({"reason": "It is empty."}, "It is empty."),
        ({"tint": 9.0, "how": "same pixels"}, "tint 9, same pixels"),
        ({"edge_share": 0.25, "group": 3}, "edge share 0.25"),
    ],
)
def test_evidence_is_put_into_words(evidence, words):
    assert Finding(0, "leak", 0.1, evidence).describe() == words


def test_names_of_checks_are_split():
    assert split_names(None) is None
    assert split_names("near-duplicate, leak,") == ["near_duplicate", "leak"]
    with pytest.raises(UnknownNameError, match="no check 'leek'"):
        split_names("leek")
