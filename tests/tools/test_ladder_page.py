"""The kept ladder: short reports that still make the whole table."""

import json
from pathlib import Path

import ladder_page
from smn.experiments.ladder.ladder_file import read_ladder
from smn.experiments.ladder.ladder_results import collect_rows, describe_rows


def test_a_restored_ladder_has_every_kept_rung(tmp_path: Path) -> None:
    ladder_page.restore(tmp_path)
    rows = collect_rows(read_ladder(), tmp_path)
    assert describe_rows(rows).strip() == (ladder_page.KEPT / "ladder.md").read_text(encoding="utf-8").strip()


def test_reports_are_shortened_once() -> None:
    (file, *_) = sorted((ladder_page.KEPT / "reports").glob("*.json"))
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert ladder_page.shorten(kept) == kept
    long = {**kept, "model": {"name": "x"}, "sets": [{**one, "confusion": [[1]]} for one in kept["sets"]]}
    assert ladder_page.shorten(long) == kept
