"""The ladder's table and picture, made of reports and costs on disk."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from smn.experiments.ladder.ladder_file import Ladder, Rung, read_ladder
from smn.experiments.ladder.ladder_results import (
    KNOWN,
    UNSEEN,
    collect_rows,
    count_shortly,
    describe_rows,
    draw_ladder,
    write_table,
)

COSTS = {"parameters": 102_000, "flops": 14_700_000, "minutes": 12.4, "milliseconds": 3.2, "megabytes": 0.2}


def make_figures(top1: float) -> dict[str, Any]:
    keys = ("top1", "top3", "macro_f1", "calibration_error")
    return {key: {"value": top1, "low": top1 - 0.05, "high": top1 + 0.05} for key in keys}


def write_rung(out: Path, rung: Rung, top1: float, **costs: Any) -> None:
    report = {
        "sets": [
            {"name": name, "figures": make_figures(value)}
            for name, value in ((KNOWN, top1 + 0.1), (UNSEEN, top1), ("famous", top1 - 0.1))
        ]
    }
    folder = out / "reports" / rung.name
    folder.mkdir(parents=True)
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
    (out / "costs").mkdir(exist_ok=True)
    (out / "costs" / f"{rung.name}.json").write_text(json.dumps(COSTS | costs), encoding="utf-8")


@pytest.fixture
def ladder() -> Ladder:
    return read_ladder()


@pytest.fixture
def climbed(ladder: Ladder, tmp_path: Path) -> Path:
    for place, rung in enumerate(ladder.rungs[:-1]):
        if rung.recipe.model.kind == "colour":
            write_rung(tmp_path, rung, 0.2 + 0.02 * place, flops=None, minutes=0.4)
        else:
            write_rung(tmp_path, rung, 0.2 + 0.02 * place, milliseconds=3.0 * (place + 1))
    return tmp_path


def test_a_row_for_every_finished_rung_in_the_ladders_order(ladder: Ladder, climbed: Path) -> None:
    rows = collect_rows(ladder, climbed)
    assert [row["rung"] for row in rows] == [rung.name for rung in ladder.rungs[:-1]]
    row = rows[3]
    assert (row["kind"], row["recipe"]) == ("cnn", "cnn-small")
    assert row["changes"] == "augment.on = False; finetune.epochs = 10"
    assert row[f"{UNSEEN}_top1"] == pytest.approx(0.26)
    assert row[f"{UNSEEN}_top1_low"] == pytest.approx(0.21)
    assert row["famous_top3"] == pytest.approx(0.16)
    assert {name: row[name] for name in COSTS} == COSTS | {"milliseconds": 12.0}


def test_the_table_is_written_and_read_back(ladder: Ladder, climbed: Path) -> None:
    rows = collect_rows(ladder, climbed)
    with write_table(rows, climbed / "ladder.csv").open(encoding="utf-8", newline="") as stream:
        read = list(csv.DictReader(stream))
    assert [row["rung"] for row in read] == [row["rung"] for row in rows]
    assert float(read[4][f"{KNOWN}_top1"]) == rows[4][f"{KNOWN}_top1"]
    assert read[0]["flops"] == ""
    assert not list(climbed.glob("*partial*"))


def test_people_read_percentages_gaps_and_costs(ladder: Ladder, climbed: Path) -> None:
    lines = describe_rows(collect_rows(ladder, climbed)).splitlines()
    assert len(lines) == 2 + 12
    assert len({line.count("|") for line in lines}) == 1
    assert "famous: top-1" in lines[0]
    colour, cnn = lines[2], lines[5]
    assert "| `colour-1` | 30.0 % (25–35) | 20.0 % (15–25) | +10.0 |" in colour
    assert "| – | under 1 min |" in colour
    assert cnn.endswith("| 102 k | 14.7 M | 12 min | 12 ms | 0.2 MB |")


def test_the_picture_is_drawn_for_any_number_of_rungs(ladder: Ladder, climbed: Path) -> None:
    rows = collect_rows(ladder, climbed)
    for count in (0, 1, len(rows)):
        file = climbed / f"{count}.png"
        draw_ladder(rows[:count], file)
        with Image.open(file) as picture:
            assert picture.width > 1000


@pytest.mark.parametrize(
    ("number", "text"), [(7, "7"), (1_000, "1 k"), (138_400_000, "138 M"), (15_470_000_000, "15.5 G")]
)
def test_counts_are_short(number: int, text: str) -> None:
    assert count_shortly(number) == text
