"""The table of findings."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from review_sets import make_findings, make_set
from smn.clean.checks import Scores
from smn.clean.findings import (
    About,
    Finding,
    Findings,
    apply_thresholds,
    build_table,
    list_findings,
    read_findings,
    split_names,
    write_findings,
)
from smn.clean.findings_report import count_findings
from smn.errors import InputError, OutputExistsError, UnknownNameError
from smn.manifest import COLUMNS, Manifest

ABOUT = About(
    version="0", manifest="/m.parquet", data_hash="d", model="tiny-1", model_sha256="s", against=None, negatives=None,
    seed=0, thresholds={"dark": 0.3, "baroque.dark": 0.05, "near_duplicate": 0.5}, unjudged={"dark": "1 row"},
)  # fmt: skip


@pytest.fixture
def findings(tmp_path: Path) -> Findings:
    table = pa.table(
        {
            name: pa.array([None] * 4, {"string": pa.string(), "int32": pa.int32()}[kind])
            for name, kind in COLUMNS.items()
        }
    )
    table = table.set_column(0, "id", pa.array(["a", "b", "c", "d"]))
    table = table.set_column(3, "movement", pa.array(["baroque", "baroque", "rococo", None]))
    scores = {
        "near_duplicate": Scores(np.array([0.4, 1, 1, 0.1], np.float32), {"of": ["d", None, None, "a"]}),
        "dark": Scores(np.array([0.1, 0.01, 0.2, np.nan], np.float32)),
    }
    made = build_table(Manifest(tmp_path / "m.parquet", table), scores, thresholds=ABOUT.thresholds)
    return Findings(tmp_path / "found" / "findings.parquet", made, ABOUT)


def test_scores_below_their_threshold_are_findings(findings: Findings) -> None:
    assert findings.checks == ("dark", "near_duplicate")  # in the order of the registry
    assert findings.column("is_dark_issue") == [False, True, True, False]  # baroque has its own; null is no finding
    assert findings.column("issues") == [["near_duplicate"], ["dark"], ["dark"], ["near_duplicate"]]
    assert findings.column("near_duplicate_of") == ["d", None, None, "a"]
    assert findings.column("dark_score")[3] is None
    assert findings.table.schema.field("dark_score").type == pa.float32()


def test_the_worst_come_first(findings: Findings) -> None:
    assert findings.worst("near_duplicate") == [3, 0]
    assert findings.worst("dark") == [1, 2]


def test_other_thresholds_are_applied_afterwards(findings: Findings) -> None:
    table = apply_thresholds(findings.table, {"dark": 0.15, "near_duplicate": 0.2})
    assert table["is_dark_issue"].to_pylist() == [True, True, False, False]
    assert table["issues"].to_pylist() == [["dark"], ["dark"], [], ["near_duplicate"]]
    assert table["dark_score"].equals(findings.table["dark_score"])
    assert table.column_names == findings.table.column_names


def test_findings_come_back_as_they_were_written(findings: Findings) -> None:
    write_findings(findings)
    for path in (findings.file, findings.file.parent):
        read = read_findings(path)
        assert read.table.equals(findings.table)
        assert read.about == ABOUT
        assert len(read) == 4


def test_findings_are_replaced_only_when_asked(findings: Findings) -> None:
    write_findings(findings)
    with pytest.raises(OutputExistsError):
        write_findings(findings)
    write_findings(findings, replace=True)
    assert [file.name for file in findings.file.parent.iterdir()] == ["findings.parquet"]


def test_what_holds_no_findings_is_told(findings: Findings, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="smn clean check MANIFEST --out"):
        read_findings(tmp_path)
    plain = tmp_path / "plain.parquet"
    parquet.write_table(findings.table, plain)
    with pytest.raises(InputError, match="does not hold findings of smn"):
        read_findings(plain)
    (tmp_path / "text.parquet").write_text("no table")
    with pytest.raises(InputError, match="check the manifest anew"):
        read_findings(tmp_path / "text.parquet")


def test_a_table_without_its_columns_is_told(findings: Findings) -> None:
    write_findings(Findings(findings.file, findings.table.drop_columns(["is_dark_issue", "issues"]), ABOUT))
    with pytest.raises(InputError, match="lacks the columns issues, is_dark_issue"):
        read_findings(findings.file)


def test_another_layout_is_told(findings: Findings, tmp_path: Path) -> None:
    file = tmp_path / "later.parquet"
    parquet.write_table(findings.table.replace_schema_metadata({"smn": '{"schema": 2}'}), file)
    with pytest.raises(InputError, match="another layout"):
        read_findings(file)


def test_retired_checks_of_an_older_file_are_left_out(findings: Findings) -> None:
    old = findings.table
    for check, evidence in (("colour_chart", "patches"), ("text_overlay", "letters"), ("artist", "suggestion")):
        for name in (f"{check}_score", f"is_{check}_issue", f"{check}_{evidence}"):
            old = old.append_column(name, pa.array([None] * 4, pa.float32()))
    issues = pa.array([["near_duplicate"], ["dark", "artist"], ["text_overlay", "dark"], ["near_duplicate"]])
    old = old.set_column(old.column_names.index("issues"), "issues", issues)
    about = replace(ABOUT, thresholds={**ABOUT.thresholds, "artist": 0.5}, unjudged={"artist": "4 rows"})
    write_findings(Findings(findings.file, old, about))
    read = read_findings(findings.file)
    assert read.table.equals(findings.table)
    assert read.checks == ("dark", "near_duplicate")
    assert [count.check for count in count_findings(read)] == ["dark", "near_duplicate"]
    assert apply_thresholds(read.table, read.about.thresholds).equals(read.table)


@pytest.fixture
def listable(tmp_path):
    manifest = make_set(tmp_path / "set", [{}] * 5)
    return make_findings(
        manifest,
        {"near_duplicate": {0: 0.2, 2: 0.1, 3: 0.49}, "label": {1: 0.3}, "tiny": {}},
        {"near_duplicate": {"of": {0: "p4", 2: "p1"}, "group": {0: 7}}, "label": {"suggestion": {1: "cubism"}}},
    )


def test_findings_are_listed_the_worst_first(listable):
    listed = list_findings(listable)
    assert list(listed) == ["near_duplicate", "label"]
    assert [one.row for one in listed["near_duplicate"]] == [2, 0, 3]
    first = listed["near_duplicate"][1]
    assert (first.check, round(first.score, 2), first.evidence) == ("near_duplicate", 0.2, {"of": "p4", "group": 7})


def test_findings_are_chosen(listable):
    assert list(list_findings(listable, checks=["label"])) == ["label"]
    assert [one.row for one in list_findings(listable, below=0.2)["near_duplicate"]] == [2]
    assert {name: len(found) for name, found in list_findings(listable, limit=1).items()} == {
        "near_duplicate": 1,
        "label": 1,
    }


def test_what_cannot_be_listed_is_said(listable):
    with pytest.raises(UnknownNameError, match=r"no check 'lable'\. Did you mean label"):
        list_findings(listable, checks=["lable"])
    with pytest.raises(InputError, match="holds no scores of leak; it has tiny, near_duplicate, label"):
        list_findings(listable, checks=["label", "leak"])
    with pytest.raises(InputError, match="--below 2 is no score; choose a number from 0 to 1"):
        list_findings(listable, below=2)


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
