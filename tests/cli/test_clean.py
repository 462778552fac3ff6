"""``smn clean``."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from review_sets import make_findings, make_set
from smn.bundle import Bundle
from smn.clean.decisions import read_decisions
from smn.cli import main
from smn.manifest import read_manifest


@pytest.fixture
def run():
    def run(*arguments, code=0):
        result = CliRunner().invoke(main, ["clean", *map(str, arguments)])
        assert result.exit_code == code, result.output
        return result.stdout if code == 0 else " ".join(result.output.split())

    return run


@pytest.fixture
def findings(tmp_path):
    rows = make_set(tmp_path / "set", [{"split": split} for split in ("train", "val", "test", None)])
    held_out = make_set(tmp_path / "held", [{"id": "f0"}], first=90)
    return make_findings(
        rows,
        {"tiny": {0: 0.1, 2: 0.3}, "label": {1: 0.2}, "leak": {3: 0.1}},
        {"label": {"suggestion": {1: "cubism"}}, "leak": {"of": {3: "f0"}, "where": {3: "held-out"}}},
        against=held_out,
    ).file


def test_from_findings_to_a_cleaned_manifest_and_back(run, findings, tmp_path):
    decisions, rows = tmp_path / "decisions.csv", findings.parent
    assert "3 to drop and 1 to relabel are in" in run("suggest", findings, "--out", decisions)
    said = run("apply", rows, "--decisions", decisions, "--out", tmp_path / "clean", "--splits", "train, val")
    assert "3 of 4 pictures are in" in said
    assert "1 dropped, 1 relabelled, 0 kept" in said
    assert "Ignored decisions: 2 in another split." in said
    assert read_manifest(tmp_path / "clean").column("movement") == ["cubism", "realism", "realism"]
    assert "1 decision undone" in run("undo", decisions, "p1")
    assert "2 decisions undone" in run("undo", decisions, "--check", "tiny")
    assert "1 decision undone" in run("undo", decisions, "--last", 1)
    again = json.loads(
        run("apply", rows, "--decisions", decisions, "--out", tmp_path / "b.parquet", "--format", "json")
    )
    assert again["data_hash_after"] == read_manifest(rows).data_hash()


def test_decisions_of_a_retired_check_are_applied_and_taken_back(run, findings, tmp_path):
    decisions = tmp_path / "decisions.csv"
    decisions.write_text("id,decision,checks\np1,drop,artist text_overlay\n")
    said = run("apply", findings.parent, "--decisions", decisions, "--out", tmp_path / "clean")
    assert "3 of 4 pictures are in" in said
    assert "1 decision undone" in run("undo", decisions, "--check", "text-overlay")


def test_suggesting_a_part(run, findings, tmp_path):
    run("suggest", findings, "--out", tmp_path / "a.csv", "--checks", "tiny,label", "--below", "0.15")
    assert [one.id for one in read_decisions(tmp_path / "a.csv")] == ["p0"]
    assert "overwrites nothing" in run("suggest", findings, "--out", tmp_path / "a.csv", code=2)
    other = ("suggest", findings, "--out", tmp_path / "b.csv")
    assert "no check 'tny'. Did you mean tiny?" in run(*other, "--checks", "tny", code=2)
    assert "choose a number from 0 to 1" in run(*other, "--below", "7", code=2)


def test_making_a_page(run, findings, tmp_path):
    run("suggest", findings, "--out", tmp_path / "a.csv")
    said = run("review", findings, "--out", tmp_path / "page", "--decisions", tmp_path / "a.csv", "--limit", 1)
    assert said.strip() == f"Open {(tmp_path / 'page/index.html').as_uri()}"
    page = (tmp_path / "page/index.html").read_text()
    assert '"id":"f0"' in page
    assert page.count('"findings":') == 3
    (tmp_path / "set").rename(tmp_path / "moved")
    found = tmp_path / "moved/findings.parquet"
    run("review", found, "--out", tmp_path / "page", "--manifest", tmp_path / "moved", "--checks", "tiny")
    assert '"id":"f0"' not in (tmp_path / "page/index.html").read_text()


def test_a_choice_too_many_is_said(run, findings, tmp_path):
    run("suggest", findings, "--out", tmp_path / "a.csv")
    assert "in one way" in run("undo", tmp_path / "a.csv", "p0", "--last", 1, code=2)
    assert "no check 'tny'" in run("undo", tmp_path / "a.csv", "--check", "tny", code=2)
    assert "does not exist" in run("undo", tmp_path / "none.csv", "p0", code=2)


@pytest.mark.parametrize("command", ["review", "suggest", "apply", "undo"])
def test_every_command_has_help(run, command):
    assert "Usage:" in run(command, "--help")


SetMaker = Callable[..., Path]


@pytest.fixture
def check(tmp_path: Path, make_painted_set: SetMaker, tiny_bundle: Bundle) -> Callable[..., Result]:
    painted = make_painted_set(tmp_path / "set", splits={"train": 2})

    def check(*options: str) -> Result:
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

    return check


def test_it_shows_what_was_found_and_what_to_do_next(check: Callable[..., Result], tmp_path: Path) -> None:
    result = check("--checks", "tiny, dark")
    assert result.exit_code == 0, result.output
    assert "Tiny" in result.output
    assert "100.0%" in result.output  # 72 pixels are fewer than 100
    assert "Blurred" not in result.output
    assert f"smn clean review {tmp_path / 'found'}" in result.output


def test_json_holds_the_same(check: Callable[..., Result], tmp_path: Path) -> None:
    result = check("--checks", "tiny", "--format", "json", "--threshold", "tiny=0.1")
    data = json.loads(result.stdout)
    assert (data["rows"], data["flagged"]) == (8, 0)
    assert data["findings"] == str(tmp_path / "found" / "findings.parquet")
    assert data["checks"][0] | {"movements": {}} == {
        "check": "tiny", "title": "Tiny", "judged": 8, "found": 0, "threshold": 0.1, "worst": None, "movements": {},
        "unjudged": None, "share": 0,
    }  # fmt: skip


def test_the_command_line_overrules_the_file(check: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("tiny = 0.1\ncubism.tiny = 0.9\n")
    result = check("--checks", "tiny", "--format", "json", "--thresholds", str(file), "--threshold", "cubism.tiny=0.2")
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
def test_what_is_wrong_is_one_sentence(check: Callable[..., Result], options: list[str], advice: str) -> None:
    result = check(*options)
    assert result.exit_code == 2
    assert advice in result.output
    assert "Traceback" not in result.output


def test_without_a_model_only_copies_are_looked_for(check: Callable[..., Result]) -> None:
    result = check("--no-model", "--format", "json")
    assert result.exit_code == 0, result.output
    assert [check["check"] for check in json.loads(result.stdout)["checks"]] == [
        "exact_duplicate", "near_duplicate", "leak",
    ]  # fmt: skip
