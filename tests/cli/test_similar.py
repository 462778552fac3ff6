import json
from pathlib import Path

from click.testing import CliRunner

from smn.cli import main


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_similar_works_are_listed(painting: Path, tmp_path: Path) -> None:
    code, shown, errors = run("similar", str(painting), "--top-k", "3", "--map", str(tmp_path / "map.png"))
    assert code == 0, errors
    assert "works" in shown
    assert (tmp_path / "map.png").exists()
    code, shown, _ = run("similar", str(painting), "--top-k", "3", "--format", "json")
    found = json.loads(shown)
    assert len(found) == 3
    assert found[0]["thumbnail"].startswith("https://commons.wikimedia.org/")


def test_an_index_is_built_and_searched(painting: Path, tmp_path: Path, make_painted_set) -> None:  # type: ignore[no-untyped-def]
    manifest = make_painted_set(tmp_path / "set", splits={"train": 1})
    code, shown, errors = run("index", "build", str(manifest), "--out", str(tmp_path / "index"))
    assert code == 0, errors
    assert "contains 4 works in" in shown
    code, shown, errors = run("similar", str(painting), "--index", str(tmp_path / "index"), "--format", "json")
    assert code == 0, errors
    assert len(json.loads(shown)) == 4


def test_a_missing_index_is_said(painting: Path, tmp_path: Path) -> None:
    code, _, errors = run("similar", str(painting), "--index", str(tmp_path / "none"))
    assert code == 2
    assert "There is no index in" in errors
