from datetime import UTC, datetime

import pytest

from review_sets import make_findings, make_set
from smn.clean.checks import CHECKS, Advice
from smn.clean.decisions import read_decisions
from smn.clean.suggestions import suggest_decisions, write_suggestions
from smn.errors import OutputExistsError

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def rows(tmp_path):
    return make_set(tmp_path / "set", [{"split": split} for split in ("train", "train", "val", "test", "test", None)])


def suggested(findings, **options):
    return {one.id: (one.verdict.value, one.movement) for one in suggest_decisions(findings, **options)}


def test_every_check_suggests_what_it_advises(rows):
    seen = 0
    for number, check in enumerate(CHECKS.values()):
        evidence = {check.name: {"suggestion": {1: "cubism"}}} if check.advice is Advice.RELABEL else {}
        findings = make_findings(rows, {check.name: {1: 0.01}}, evidence, name=f"{number}.parquet")
        expected = {Advice.DROP: ("drop", None), Advice.RELABEL: ("relabel", "cubism")}
        assert suggested(findings) == ({"p1": expected[check.advice]} if check.advice in expected else {})
        seen += 1
    assert seen == 16


def test_a_line_says_what_speaks_for_it(rows):
    findings = make_findings(
        rows,
        {"tiny": {0: 0.0}, "near_duplicate": {0: 0.123}, "label": {0: 0.2, 1: 0.2}},
        {
            "near_duplicate": {"of": {0: "p5"}},
            "label": {"suggestion": {0: "cubism", 1: "rococo"}, "probability": {1: 0.9}},
        },
    )
    first, second = suggest_decisions(findings, now=NOON)
    assert (first.verdict.value, first.checks) == ("drop", ("tiny", "near_duplicate"))
    assert first.note == "tiny 0.00; near_duplicate 0.12: the same as p5"
    assert (first.sha256, first.decided_at) == (rows.column("sha256")[0], "2025-03-01T12:00:00Z")
    assert (second.movement, second.checks) == ("rococo", ("label",))
    assert second.note == "label 0.20: suggests rococo, probability 0.9"


def test_a_doubt_without_a_suggestion_suggests_nothing(rows):
    assert suggested(make_findings(rows, {"label": {1: 0.1}, "dark": {2: 0.0}})) == {}


def test_checks_and_scores_are_chosen(rows):
    findings = make_findings(rows, {"tiny": {0: 0.05, 1: 0.3}, "broken": {2: 0.0}})
    assert set(suggested(findings, checks=["tiny"])) == {"p0", "p1"}
    assert set(suggested(findings, below=0.1)) == {"p0", "p2"}


@pytest.mark.parametrize(
    ("pairs", "dropped"),
    [
        ({"near_duplicate": {0: "p1"}}, {"p0"}),  # the other is not found at all
        ({"near_duplicate": {0: "p1", 1: "p0"}}, {"p1"}),  # each is found: the first row stays
        ({"near_duplicate": {0: "p3", 3: "p0"}}, {"p0"}),  # the one of the test split stays
        ({"near_duplicate": {0: "p1", 1: "p2", 2: "p0"}}, {"p0", "p1"}),  # a ring of three: val goes before train
        ({"near_duplicate": {0: "p1", 1: "p2"}}, {"p0", "p1"}),  # a chain whose end stays
        ({"exact_duplicate": {0: "p1"}, "near_duplicate": {1: "p0"}}, {"p1"}),  # found by two checks
        ({"leak": {0: "p0", 1: "q7"}}, {"p0", "p1"}),  # the other is in the held-out set, under the same id or its own
    ],
)
def test_one_of_the_copies_stays(rows, pairs, dropped):
    scores = {check: dict.fromkeys(some, 0.1) for check, some in pairs.items()}
    findings = make_findings(rows, scores, {check: {"of": some} for check, some in pairs.items()})
    assert set(suggested(findings)) == dropped


def test_a_copy_in_the_held_out_set_is_no_copy_in_this_one(rows):
    findings = make_findings(rows, {"leak": {0: 0.1, 1: 0.1}},
        {"leak": {"of": {0: "p1", 1: "p0"}, "where": {0: "held-out", 1: "held-out"}}})  # fmt: skip
    assert set(suggested(findings)) == {"p0", "p1"}


def test_the_copy_that_stays_may_be_relabelled(rows):
    findings = make_findings(
        rows,
        {"near_duplicate": {0: 0.1, 1: 0.1}, "label": {0: 0.1, 1: 0.1}},
        {"near_duplicate": {"of": {0: "p1", 1: "p0"}}, "label": {"suggestion": {0: "cubism", 1: "cubism"}}},
    )
    assert suggested(findings) == {"p0": ("relabel", "cubism"), "p1": ("drop", None)}


def test_a_copy_of_what_is_wrong_itself_stays(rows):
    findings = make_findings(rows, {"tiny": {1: 0.1}, "near_duplicate": {0: 0.1, 1: 0.1}},
        {"near_duplicate": {"of": {0: "p1", 1: "p0"}}})  # fmt: skip
    assert set(suggested(findings)) == {"p1"}


def test_suggestions_are_written_to_a_file_of_their_own(rows, tmp_path):
    decisions = suggest_decisions(make_findings(rows, {"tiny": {0: 0.05}}))
    file = write_suggestions(decisions, tmp_path / "decisions.csv")
    assert read_decisions(file) == decisions
    with pytest.raises(OutputExistsError):
        write_suggestions(decisions, file)
