"""Counts of findings and their Markdown."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from smn.clean.checks import CHECKS
from smn.clean.findings import About, Findings, build_table
from smn.clean.report import UNLABELLED, checks_table, count_findings, to_markdown
from smn.clean.scores import Scores
from smn.manifest import COLUMNS, Manifest


@pytest.fixture
def findings(tmp_path: Path) -> Findings:
    kinds = {"string": pa.string(), "int32": pa.int32()}
    table = pa.table({name: pa.array([None] * 3, kinds[kind]) for name, kind in COLUMNS.items()})
    table = table.set_column(0, "id", pa.array(["a", "b", "c|d"]))
    table = table.set_column(3, "movement", pa.array(["baroque", None, None]))
    scores = {
        "dark": Scores(np.array([0.2, 0.1, 0.9], np.float32)),
        "leak": Scores(np.full(3, np.nan, np.float32)),
    }
    thresholds = {"dark": 0.32, "leak": 0.5}
    about = About("1.0", "/m", "d" * 64, "tiny-1", "s" * 64, None, "/n", 7, thresholds, {"leak": "No | split."})
    made = build_table(Manifest(tmp_path / "m", table), scores, thresholds=thresholds)
    return Findings(tmp_path / "f.parquet", made, about)


def test_findings_are_counted_by_check_and_movement(findings: Findings) -> None:
    dark, leak = count_findings(findings)
    assert (dark.found, dark.judged, dark.worst) == (2, 3, "b")
    assert dark.share == pytest.approx(2 / 3)
    assert dark.movements == {"baroque": 1, UNLABELLED: 1}
    assert (leak.found, leak.judged, leak.share, leak.worst) == (0, 0, 0.0, None)
    assert leak.to_dict()["unjudged"] == "No | split."


def test_the_markdown_says_everything(findings: Findings) -> None:
    text = to_markdown(findings)
    assert "2 of 3 pictures have a finding" in text
    assert "| Dark (`dark`) | 2 | 66.7% | 3 | 0.32 | `b` |" in text
    assert "| Leak (`leak`) | No \\| split. |" in text
    assert f"| {UNLABELLED} | 2 | 1 |" in text
    assert "not paintings: `/n`" in text
    assert "held out" not in text
    assert "dark = 0.32" in text


def test_the_table_of_checks_has_them_all() -> None:
    table = checks_table()
    assert len(table.splitlines()) == len(CHECKS) + 2
    assert "0.32 *" in table
