import json
from pathlib import Path

from smn.dataset.report import Duplicate, ImportReport, TaxonomyCount, Unmapped, count_taxonomy, write_reports
from smn.dataset.rows import Failed
from smn.movements import read_taxonomy


def report(**more):
    plain = {
        "manifest": Path("out/manifest.parquet"), "rows": 2, "movements": {"cubism": 2}, "unlabelled": 0,
        "unmapped": (), "failed": (), "duplicates": (), "notes": (), "taxonomy": None,
    }  # fmt: skip
    return ImportReport(**plain | more)


def test_a_clean_import_is_short():
    text = report().to_markdown()
    assert "2 of 2 pictures are in `out/manifest.parquet`" in text
    assert "| cubism | 2 |" in text
    assert "Could not be used" not in text


def test_everything_is_told(tmp_path):
    full = report(
        unmapped=(Unmapped("a|b", 3, ("cubism",)),),
        failed=(Failed("ü.png", "two\nlines"),),
        duplicates=(Duplicate("a.png", "b.png", ("cubism", "baroque")),),
        notes=("1 values of year could not be read.",),
        taxonomy=TaxonomyCount("origin-8", {"cubism": 2}, {"pop-art": 1}),
    )
    assert full.seen == 4
    text = full.to_markdown()
    for part in ("a\\|b", "two lines", "cubism / baroque", "Taxonomy origin-8", "Outside origin-8", "values of year"):
        assert part in text
    files = write_reports(full, tmp_path)
    assert [file.name for file in files] == ["import-report.json", "import-report.md"]
    loaded = json.loads(files[0].read_text(encoding="utf-8"))
    assert loaded["seen"] == 4
    assert loaded["failed"] == [{"name": "ü.png", "reason": "two\nlines"}]


def test_counting_by_a_taxonomy():
    count = count_taxonomy({"cubism": 2, "rococo": 1, "not-a-painting": 4}, read_taxonomy("origin-8"))
    assert count.labels["cubism"] == 2
    assert sum(count.labels.values()) == 2
    assert count.outside == {"rococo": 1, "not-a-painting": 4}
