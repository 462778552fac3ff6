import json
from pathlib import Path

from smn.dataset.frozen_split import Unassigned, UnassignedReason
from smn.dataset.matching import LeftOut, LeftOutReason
from smn.dataset.reports import (
    MERGE_REPORTS,
    REASONS,
    Duplicate,
    ImportReport,
    MergeInput,
    MergeReport,
    TaxonomyCount,
    Unmapped,
    count_taxonomy,
    write_reports,
)
from smn.dataset.sources import Failed
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


NEW = Path("new/manifest.parquet")
GROWTH = MergeReport(
    manifest=Path("out/manifest.parquet"),
    data_hash="d" * 64,
    old=MergeInput(Path("old/manifest.parquet"), "a" * 64, 10, 10),
    new=(MergeInput(NEW, "b" * 64, 6, 4),),
    splits={"train": (6, 8), "val": (2, 3), "test": (2, 2), "no split": (0, 1)},
    movements={"cubism": (10, 13), "": (0, 1)},
    left_out=(
        LeftOut(NEW, "5", LeftOutReason.SAME_FILE, kept="1", detail="cubism / pop-art"),
        LeftOut(NEW, "6", LeftOutReason.UNREADABLE, detail="It is | cut."),
    ),
    aside=(Unassigned(NEW, "7", UnassignedReason.ARTIST_IN_TEST),),
    same_works={"gris juan: guitar": ("1", "8")},
    renamed={"0a": "1"},
    unreadable=(LeftOut(Path("old/manifest.parquet"), "3", LeftOutReason.UNREADABLE, detail="Gone."),),
    nameless=2,
)


def test_every_reason_has_words():
    assert set(REASONS) == {*LeftOutReason, *UnassignedReason}
    assert len(REASONS) == 9
    assert len({str(reason) for reason in REASONS}) == 9


def test_the_summary_says_the_numbers():
    assert GROWTH.summary() == (
        "4 of 6 offered rows were added to 10: 2 to train, 1 to val, 1 without a split; 2 were left out. The 2 rows of "
        "test are what they were. 2 paintings without a known artist went to train."
    )
    assert GROWTH.rows == 14
    assert GROWTH.reasons() == {"same-file": 1, "unreadable": 1, "artist-in-test": 1}


def test_both_reports_say_everything(tmp_path):
    files = write_reports(GROWTH, tmp_path, names=MERGE_REPORTS)
    assert [file.name for file in files] == list(MERGE_REPORTS)
    loaded = json.loads(files[0].read_text())
    assert loaded == GROWTH.to_dict()
    assert loaded["left_out"][0] == {
        "manifest": str(NEW), "id": "5", "why": "same-file", "kept": "1", "detail": "cubism / pop-art",
    }  # fmt: skip
    page = files[1].read_text()
    for said in (
        "| new/manifest.parquet | `bbbbbbbbbbbbbbbb` | 6 | 4 |",
        "| test | 2 | 2 |",
        "| without a movement | 0 | 1 |",
        "| unreadable | 1 | the picture cannot be used |",
        "| new/manifest.parquet | 6 | unreadable |  | It is \\| cut. |",
        "| new/manifest.parquet | 7 | artist-in-test |",
        "| gris juan: guitar | 1, 8 |",
        "| 0a | 1 |",
        "| old/manifest.parquet | 3 | Gone. |",
    ):
        assert said in page, said
