"""``smn dataset add`` through the real command."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from smn.cli import main
from smn.manifest import read_manifest

SetMaker = Callable[..., Path]


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["dataset", *map(str, arguments)])
    return result.exit_code, " ".join(result.stdout.split()), result.stderr


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory, make_painted_set: SetMaker) -> dict[str, Path]:
    """Four movements each; ``new`` has half of its pictures, and the artists of those, from ``old``."""
    folder = tmp_path_factory.mktemp("sets")
    made = {
        "old": make_painted_set(folder / "old", splits={"train": 1, "val": 1, "test": 1}),
        "new": make_painted_set(folder / "new", splits={"test": 2}, first=2),
        "held": make_painted_set(folder / "held", splits={"test": 1}, first=3),
    }
    return {name: manifest.parent for name, manifest in made.items()}


def test_a_set_grows(sets: dict[str, Path], tmp_path: Path) -> None:
    code, shown, errors = run("add", sets["old"], sets["new"], "--out", tmp_path / "out", "--ratios", "1/0")
    assert (code, errors.count("Error")) == (0, 0)
    for said in (
        "train 4 8",
        "test 4 4",
        "the same file is in the set already 4",
        "4 of 8 offered rows were added to 12: 4 to train, 0 to val, 0 without a split; 4 were left out.",
        "The 4 rows of test are what they were.",
        f"Data hash {read_manifest(tmp_path / 'out').data_hash()}",
    ):
        assert said in shown, said
    code, shown, _ = run("info", tmp_path / "out")
    assert code == 0
    assert "History" in shown
    assert "dataset add" in shown
    known = json.loads(CliRunner().invoke(main, ["dataset", "info", str(tmp_path / "out"), "--format", "json"]).stdout)
    assert known["data_hash"] == known["lineage"][0]["data"]
    assert run("check", tmp_path / "out")[0] == 0


def test_json_and_a_held_out_set(sets: dict[str, Path], tmp_path: Path) -> None:
    asked = ["add", sets["old"], sets["new"], "--against", sets["held"], "--out", tmp_path / "out", "--format", "json"]
    code, shown, _ = run(*asked)
    growth = json.loads(shown)
    assert code == 0
    assert growth["reasons"] == {"same-file": 4, "held-out": 4}
    assert growth["splits"]["test"] == [4, 4]
    assert growth == json.loads((tmp_path / "out" / "growth-report.json").read_text())
    code, _, errors = run(*asked)
    assert (code, "overwrites nothing" in errors) == (2, True)


@pytest.mark.parametrize("ratios", ["most", "70/10/20", "0/1"])
def test_wrong_ratios_are_said(sets: dict[str, Path], tmp_path: Path, ratios: str) -> None:
    code, _, errors = run("add", sets["old"], sets["new"], "--out", tmp_path / "out", "--ratios", ratios)
    assert (code, "70/10" in errors) == (2, True)
    assert not (tmp_path / "out").exists()


def test_nothing_to_add_is_said(sets: dict[str, Path], tmp_path: Path) -> None:
    code, _, errors = run("add", sets["old"], "--out", tmp_path / "out")
    assert (code, "name one or more manifests" in errors) == (2, True)
    code, shown, _ = run("add", sets["old"], "--out", tmp_path / "out", "--accept-feedback")
    assert (code, "0 of 0 offered rows" in shown) == (0, True)


def test_help_shows_an_example() -> None:
    assert "--against data/famous" in CliRunner().invoke(main, ["dataset", "add", "--help"]).stdout
