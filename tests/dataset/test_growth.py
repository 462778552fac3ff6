import json
from pathlib import Path

from smn.dataset.allotting import Aside, Unused
from smn.dataset.growth import GROWTH_REPORTS, REASONS, Growth, Offer
from smn.dataset.matching import LeftOut, Why
from smn.dataset.report import write_reports

NEW = Path("new/manifest.parquet")
GROWTH = Growth(
    manifest=Path("out/manifest.parquet"),
    data_hash="d" * 64,
    old=Offer(Path("old/manifest.parquet"), "a" * 64, 10, 10),
    new=(Offer(NEW, "b" * 64, 6, 4),),
    splits={"train": (6, 8), "val": (2, 3), "test": (2, 2), "no split": (0, 1)},
    movements={"cubism": (10, 13), "": (0, 1)},
    left_out=(
        LeftOut(NEW, "5", Why.SAME_FILE, kept="1", detail="cubism / pop-art"),
        LeftOut(NEW, "6", Why.UNREADABLE, detail="It is | cut."),
    ),
    aside=(Aside(NEW, "7", Unused.ARTIST_IN_TEST),),
    same_works={"gris juan: guitar": ("1", "8")},
    renamed={"0a": "1"},
    unreadable=(LeftOut(Path("old/manifest.parquet"), "3", Why.UNREADABLE, detail="Gone."),),
    nameless=2,
)


def test_every_reason_has_words():
    assert set(REASONS) == {*Why, *Unused}
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
    files = write_reports(GROWTH, tmp_path, names=GROWTH_REPORTS)
    assert [file.name for file in files] == list(GROWTH_REPORTS)
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
