"""Suggesting a coarser taxonomy: small tables worked through by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from smn.cli import main
from smn.errors import InputError, UnknownNameError
from smn.evaluate.taxonomy_search import (
    Refinement,
    count_families,
    count_preset,
    count_step,
    draw_tradeoff,
    refine,
    suggest_taxonomy,
)
from smn.movements import Taxonomy, parse_taxonomy, read_taxonomy, taxonomy_text

IDS = ("early-renaissance", "high-renaissance", "mannerism", "cubism")


@pytest.fixture
def four() -> Taxonomy:
    labels = [{"id": name} for name in IDS]
    return parse_taxonomy({"id": "four", "name": "Four", "description": "Four.", "label": labels}, where="four")


TABLE = np.array([[6, 3, 1, 0], [5, 4, 1, 0], [1, 1, 7, 1], [0, 0, 2, 8]], dtype=float)


def test_merging_joins_what_is_confused_within_a_family(four: Taxonomy) -> None:
    steps = refine(TABLE, four, by=Refinement.MERGE)
    assert [len(step.groups) for step in steps] == [4, 3, 2]
    assert steps[0].top1 == pytest.approx(25 / 40)
    assert steps[0].largest == pytest.approx(0.25)
    assert steps[1].done == ("early-renaissance", "high-renaissance")
    assert steps[1].top1 == pytest.approx(33 / 40)
    assert steps[1].balanced == pytest.approx((18 / 20 + 7 / 10 + 8 / 10) / 3)
    assert steps[2].groups == (IDS[:3], IDS[3:]), "Cubism is of another family and stays"


def test_dropping_leaves_out_what_is_vaguest(four: Taxonomy) -> None:
    steps = refine(TABLE, four, by=Refinement.DROP)
    assert steps[1].done == ("high-renaissance",)  # F1: 12/22, 8/18, 14/21, 16/19
    assert steps[1].top1 == pytest.approx(21 / 26)
    assert len(steps[-1].groups) == 2


def test_no_step_loses_accuracy_by_merging() -> None:
    taxonomy = read_taxonomy("smn-25")
    table = np.random.default_rng(0).integers(0, 30, (25, 25)).astype(float)
    tops = [step.top1 for step in refine(table, taxonomy, by=Refinement.MERGE)]
    assert tops == sorted(tops)


def test_bits_by_hand() -> None:
    two = parse_taxonomy(
        {"id": "two", "name": "T", "description": "D", "label": [{"id": "cubism"}, {"id": "baroque"}]}, where="two"
    )
    even = np.diag([5.0, 5.0])
    assert count_step([(0,), (1,)], even, two).bits == pytest.approx(1.0)
    assert count_step([(0,), (1,)], np.full((2, 2), 5.0), two).bits == pytest.approx(0.0)
    # All in one label is always right and tells nothing; of what is dropped nothing is told either.
    joined = count_step([(0, 1)], even, two)
    assert (joined.top1, joined.bits) == (1.0, 0.0)
    assert count_step([(0,)], even, two).bits == 0.0


def test_no_step_gains_information_by_merging() -> None:
    table = np.random.default_rng(0).integers(0, 30, (25, 25)).astype(float)
    bits = [step.bits for step in refine(table, read_taxonomy("smn-25"), by=Refinement.MERGE)]
    assert bits == sorted(bits, reverse=True)


def _report(folder: Path, taxonomy: Taxonomy) -> Path:
    folder.mkdir()
    labels = [{"id": label.id} for label in taxonomy.labels]
    report = {"taxonomy": {"id": taxonomy.id, "labels": labels}, "sets": [{"name": "val", "confusion": TABLE.tolist()}]}
    (folder / "report.json").write_text(json.dumps(report))
    return folder


def test_the_suggestion_reads_back(tmp_path: Path, four: Taxonomy) -> None:
    report = _report(tmp_path / "report", four)
    suggested, steps = suggest_taxonomy(report, four, part="val", by=Refinement.MERGE, labels=3, name="three")
    assert len(steps) == 3
    assert suggested.label_ids == ("early-renaissance-or-high-renaissance", "mannerism", "cubism")
    file = tmp_path / "three.toml"
    file.write_text(taxonomy_text(suggested), encoding="utf-8")
    assert read_taxonomy(file) == suggested
    label = suggested.label_of("high-renaissance")
    assert label is not None
    assert label.name == "Early Renaissance or High Renaissance"


def test_the_command_shows_the_steps_and_writes_the_file(tmp_path: Path, four: Taxonomy) -> None:
    report = _report(tmp_path / "report", four)
    own = tmp_path / "four.toml"
    own.write_text(taxonomy_text(four), encoding="utf-8")
    arguments = ["taxonomy", "suggest", str(report), "--set", "val", "--taxonomy", str(own), "--labels", "2"]
    done = CliRunner().invoke(main, [*arguments, "--by", "drop", "--out", str(tmp_path / "two.toml")])
    assert done.exit_code == 0, done.output
    assert "62.5" in done.output
    assert len(read_taxonomy(tmp_path / "two.toml").labels) == 2
    curve = tmp_path / "curve.png"
    drawn = CliRunner().invoke(main, [*arguments, "--curve", str(curve)])
    assert (drawn.exit_code, curve.read_bytes()[:4]) == (0, b"\x89PNG")
    assert CliRunner().invoke(main, [*arguments, "--curve", str(curve)]).exit_code == 2, "nothing is overwritten"
    again = CliRunner().invoke(main, [*arguments, "--out", str(tmp_path / "two.toml")])
    assert (again.exit_code, "overwrites nothing" in again.output) == (2, True)


def test_what_is_wrong_says_what_to_do(tmp_path: Path, four: Taxonomy) -> None:
    report = _report(tmp_path / "report", four)
    arguments = {"by": Refinement.MERGE, "labels": 2, "name": "x"}
    with pytest.raises(InputError, match="smn evaluate"):
        suggest_taxonomy(tmp_path, four, part="val", **arguments)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="Choose one of: val"):
        suggest_taxonomy(report, four, part="test", **arguments)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="in taxonomy four, not in smn-25"):
        suggest_taxonomy(report, read_taxonomy("smn-25"), part="val", **arguments)  # type: ignore[arg-type]


SMN = read_taxonomy("smn-25")


@pytest.fixture
def table() -> np.ndarray:
    random = np.random.default_rng(0)
    return random.integers(0, 10, (25, 25)) + np.diag(random.integers(20, 60, 25)).astype(float)


def test_families_are_sums(table: np.ndarray) -> None:
    step = count_families(table, SMN)
    assert len(step.groups) == 12
    families = [label.family for label in SMN.labels]
    same = np.equal.outer(families, families)
    assert step.top1 == pytest.approx(table[same].sum() / table.sum())
    assert 0 < step.bits < np.log2(12)


def test_a_preset_joins_and_drops(table: np.ndarray) -> None:
    step = count_preset(table, SMN, read_taxonomy("origin-8"))
    assert len(step.groups) == 8
    assert ("early-renaissance", "high-renaissance", "northern-renaissance", "mannerism") in step.groups
    assert "ukiyo-e" not in {label for group in step.groups for label in group}
    assert count_preset(table, SMN, SMN).groups == tuple((label.id,) for label in SMN.labels)


def test_the_picture_is_drawn(table: np.ndarray, tmp_path: Path) -> None:
    presets = {"families": count_families(table, SMN), "origin-8": count_preset(table, SMN, read_taxonomy("origin-8"))}
    file = tmp_path / "curve.png"
    draw_tradeoff(table, SMN, file, chosen=16, presets=presets, part="val")
    with Image.open(file) as picture:
        assert picture.size == (1312, 1056)
        assert len(picture.convert("RGB").getcolors(1 << 20) or []) > 20
