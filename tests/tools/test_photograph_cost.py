"""What a photograph costs."""

from pathlib import Path

import pytest

from coloured_rows import Row, write_rows
from photograph_cost import WAYS, measure_photographs
from smn.bundle import Bundle
from smn.evaluate import EvaluationSet


def test_the_same_paintings_are_asked_about_in_every_way(tiny_bundle: Bundle, tmp_path: Path) -> None:
    rows = [Row("fauvism", artist=f"F{at}") for at in range(4)] + [Row("realism", artist="R", looks="impressionism")]
    told: list[tuple[int, int]] = []
    report = measure_photographs(
        tiny_bundle, EvaluationSet.parse(f"some={write_rows(tmp_path / 'some', rows)}"), count=3, resamples=20,
        on_progress=lambda _, done, total: told.append((done, total)),
    )  # fmt: skip
    assert (report.name, report.model, report.paintings) == ("some", tiny_bundle.name, 3)
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert tuple(report.figures) == tuple(report.changes) == WAYS
    for way in WAYS:
        for key in ("top1", "top3"):
            change = report.changes[way][key].value
            assert change == pytest.approx(report.figures[way][key].value - report.figures["scan"][key].value)
    assert report.changes["scan"]["top1"].value == 0
    assert 0 <= report.well_found <= report.found <= 1
    assert 0 <= report.overlap <= 1
    assert 0 <= report.touched <= 1
