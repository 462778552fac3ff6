"""``smn clean check``."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smn.bundle import Bundle
from smn.cli import main

SetMaker = Callable[..., Path]


@pytest.fixture
def run(tmp_path: Path, make_painted_set: SetMaker, tiny_bundle: Bundle) -> Callable[..., Result]:
    painted = make_painted_set(tmp_path / "set", splits={"train": 2})

    def run(*options: str) -> Result:
        arguments = [
            "clean",
            "check",
            str(painted),
            "--out",
            str(tmp_path / "found"),
            "--model",
            str(tiny_bundle.folder),
        ]
        return CliRunner().invoke(main, [*arguments, *options])

    return run


def test_it_shows_what_was_found_and_what_to_do_next(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run("--checks", "tiny, dark")
    assert result.exit_code == 0, result.output
    assert "Tiny" in result.output
    assert "100.0%" in result.output  # 72 pixels are fewer than 100
    assert "Blurred" not in result.output
    assert f"smn clean review {tmp_path / 'found'}" in result.output


def test_json_holds_the_same(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run("--checks", "tiny", "--format", "json", "--threshold", "tiny=0.1")
    data = json.loads(result.stdout)
    assert (data["rows"], data["flagged"]) == (8, 0)
    assert data["findings"] == str(tmp_path / "found" / "findings.parquet")
    assert data["checks"][0] | {"movements": {}} == {
        "check": "tiny", "title": "Tiny", "judged": 8, "found": 0, "threshold": 0.1, "worst": None, "movements": {},
        "unjudged": None, "share": 0,
    }  # fmt: skip


def test_the_command_line_overrules_the_file(run: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("tiny = 0.1\ncubism.tiny = 0.9\n")
    result = run("--checks", "tiny", "--format", "json", "--thresholds", str(file), "--threshold", "cubism.tiny=0.2")
    assert json.loads(result.stdout)["flagged"] == 0


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        (["--checks", "blured"], "Did you mean blurred"),
        (["--threshold", "tiny"], "write check=0.2"),
        (["--thresholds", "none.toml"], "name a TOML file"),
        (["--model", "nowhere"], "is not a bundle"),
    ],
)
def test_what_is_wrong_is_one_sentence(run: Callable[..., Result], options: list[str], advice: str) -> None:
    result = run(*options)
    assert result.exit_code == 2
    assert advice in result.output
    assert "Traceback" not in result.output


def test_without_a_model_only_copies_are_looked_for(run: Callable[..., Result]) -> None:
    result = run("--no-model", "--format", "json")
    assert result.exit_code == 0, result.output
    assert [check["check"] for check in json.loads(result.stdout)["checks"]] == [
        "exact_duplicate", "near_duplicate", "leak",
    ]  # fmt: skip
