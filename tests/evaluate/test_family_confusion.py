"""Groups of what is confused, on tables whose groups are known."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.metrics import adjusted_rand_score

from smn.cli import main
from smn.errors import InputError
from smn.evaluate.family_confusion import adjusted_rand, group_confused
from smn.movements import read_taxonomy

SMN = read_taxonomy("smn-25")
FAMILIES = [label.family for label in SMN.labels]


def confused(groups: list[str]) -> np.ndarray:
    """A table in which only labels of one group are taken for each other."""
    return np.where(np.equal.outer(groups, groups), 10.0, 0.0) + np.eye(25) * 30


def test_confusion_within_families_gives_the_families() -> None:
    (found,) = group_confused(confused(FAMILIES), SMN, counts=[12], draws=100)
    assert found.agreement == pytest.approx(1.0)
    assert {frozenset(group) for group in found.step.groups} == {
        frozenset(label.id for label in SMN.labels if label.family == family) for family in FAMILIES
    }
    assert found.step.top1 == 1.0
    assert found.by_lot < 0.3


def test_confusion_across_families_does_not() -> None:
    across = [str(at % 8) for at in range(25)]
    (found,) = group_confused(confused(across), SMN, counts=[8], draws=100)
    assert len(found.step.groups) == 8
    assert found.agreement < 0.2


def test_equal_tables_and_seeds_give_equal_groups() -> None:
    table = np.random.default_rng(0).integers(0, 9, (25, 25)).astype(float)
    table[3] = 0.0  # a label without pictures
    first, second = (group_confused(table, SMN, counts=[8, 12], draws=20) for _ in range(2))
    assert first == second
    assert [len(one.step.groups) for one in first] == [8, 12]


def test_agreement_is_the_usual_one() -> None:
    random = np.random.default_rng(0)
    one, others = random.integers(0, 5, 25), random.integers(0, 7, (30, 25))
    expected = [adjusted_rand_score(one, other) for other in others]
    np.testing.assert_allclose(adjusted_rand(one, others), expected)
    np.testing.assert_allclose(adjusted_rand(one, one[None]), [1.0])


@pytest.mark.parametrize("count", [0, 1, 26])
def test_a_number_of_groups_that_cannot_be_is_refused(count: int) -> None:
    with pytest.raises(InputError, match="ask for 2 to 25"):
        group_confused(np.eye(25), SMN, counts=[count])


def test_the_command_shows_groups_beside_families(tmp_path: Path) -> None:
    labels = [{"id": label.id} for label in SMN.labels]
    part = {"name": "val", "confusion": confused(FAMILIES).tolist()}
    file = tmp_path / "report.json"
    file.write_text(json.dumps({"taxonomy": {"id": SMN.id, "labels": labels}, "sets": [part]}), encoding="utf-8")
    words = ["taxonomy", "families", str(file), "--set", "val", "--groups", "12"]
    shown = CliRunner(env={"COLUMNS": "120"}).invoke(main, words)
    assert shown.exit_code == 0, shown.output
    assert "1.00" in shown.output
    assert "early-renaissance, high-renaissance, northern-renaissance, mannerism" in shown.output
    data = json.loads(CliRunner().invoke(main, [*words, "--format", "json"]).output)
    assert len(data["families"]["groups"]) == 12
    assert [len(one["step"]["groups"]) for one in data["groupings"]] == [8, 9, 10, 11, 12]
