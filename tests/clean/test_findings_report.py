"""Counts of findings and their Markdown."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from smn.clean.checks import CHECKS, Scores
from smn.clean.checks.image_quality import EVIDENCE
from smn.clean.findings import About, Findings, build_table
from smn.clean.findings_report import UNLABELLED, checks_table, count_findings, draw_worst, to_markdown
from smn.manifest import COLUMNS, Manifest, read_manifest


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


def make(manifest: Manifest, scores: dict[str, list[float]], folder: Path) -> Findings:
    thresholds = dict.fromkeys(scores, 0.5)
    made = {name: Scores(np.array(values, np.float32)) for name, values in scores.items()}
    about = About("1", "/m", "d", "m", "s", None, None, 0, thresholds)
    return Findings(folder / "f.parquet", build_table(manifest, made, thresholds=thresholds), about)


def test_a_row_is_drawn_for_each_check_that_found_something(
    tmp_path: Path, make_painted_set: Callable[..., Path]
) -> None:
    manifest = read_manifest(make_painted_set(tmp_path / "set", splits={"train": 1}))
    (tmp_path / "set" / "2.jpg").unlink()
    heights = []
    for dark in (1.0, 0.1):
        scores = {"dark": [dark, 1, 1, 1], "blurred": [1, 0.2, 0.1, 1], "tiny": [1.0] * 4}
        file = draw_worst(make(manifest, scores, tmp_path), manifest, tmp_path / "worst.png")
        assert file == tmp_path / "worst.png"
        with Image.open(file) as sheet:
            heights.append(sheet.height)
            assert len(sheet.convert("RGB").getcolors(10**6) or ()) > 100
    assert heights[1] > heights[0]


def test_nothing_is_drawn_where_nothing_was_found(tmp_path: Path, make_painted_set: Callable[..., Path]) -> None:
    manifest = read_manifest(make_painted_set(tmp_path / "set", splits={"train": 1}))
    assert draw_worst(make(manifest, {"dark": [1.0] * 4}, tmp_path), manifest, tmp_path / "worst.png") is None
    assert not (tmp_path / "worst.png").exists()


PAGE = Path(__file__).parents[2] / "docs" / "clean.md"


@pytest.fixture
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_the_table_of_checks_is_up_to_date(page: str) -> None:
    shown = page.split("<!-- checks -->\n")[1].split("\n<!-- /checks -->", maxsplit=1)[0]
    assert shown == checks_table(), f"Put this between the marks in {PAGE}:\n{checks_table()}"


def test_every_check_and_its_evidence_is_explained(page: str) -> None:
    how = page.split("How the scores are computed:")[1].split("## Thresholds", maxsplit=1)[0]
    assert {name for name in CHECKS if f"`{name}`" in how} == set(CHECKS) - {"broken"}
    for check, names in EVIDENCE.items():
        for name in names:
            assert f"`{check}_{name}`" in how or f"`_{name}`" in how
