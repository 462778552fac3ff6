import json
from pathlib import Path

from click.testing import CliRunner

from smn.bundle import Bundle
from smn.cli import main


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_similar_works_are_listed(painting: Path, tmp_path: Path) -> None:
    code, shown, errors = run("similar", str(painting), "--top-k", "3", "--map", str(tmp_path / "map.png"))
    assert code == 0, errors
    assert "works" in shown
    assert "closest to works by" in shown
    assert "not an attribution" in " ".join(shown.split())
    assert (tmp_path / "map.png").exists()
    code, shown, _ = run("similar", str(painting), "--top-k", "3", "--format", "json")
    found = json.loads(shown)
    assert len(found) == 3
    assert all(one["attribution"] for one in found)


def test_an_index_is_built_and_searched(painting: Path, tmp_path: Path, make_painted_set) -> None:  # type: ignore[no-untyped-def]
    manifest = make_painted_set(tmp_path / "set", splits={"train": 1})
    code, shown, errors = run("index", "build", str(manifest), "--out", str(tmp_path / "index"))
    assert code == 0, errors
    assert "contains 4 works in" in shown
    code, shown, errors = run("similar", str(painting), "--index", str(tmp_path / "index"), "--format", "json")
    assert code == 0, errors
    assert len(json.loads(shown)) == 4


def test_an_index_is_shown_and_changed(tmp_path: Path, make_painted_set, tiny_bundle: Bundle) -> None:  # type: ignore[no-untyped-def]
    one, other = (str(make_painted_set(tmp_path / name, splits={"train": 1}, first=first))
                  for name, first in (("one", 0), ("other", 7)))  # fmt: skip
    index, model = str(tmp_path / "index"), ("--model", str(tiny_bundle.folder))
    code, _, errors = run("index", "build", one, "--out", index, "--cache", str(tmp_path / "cache"), *model)
    assert code == 0, errors
    assert (tmp_path / "cache" / "features.sqlite").exists()
    code, shown, errors = run("index", "add", index, other, *model)
    assert (code, shown.strip()) == (0, f"4 works added to {index}."), errors
    code, shown, _ = run("index", "show", index)
    assert "8 works by 8 artists" in shown
    assert "recognises no work" in shown
    works = [json.loads(line) for line in run("index", "show", index, "--works")[1].splitlines()]
    code, shown, errors = run("index", "remove", index, works[0]["id"], works[5]["id"], *model)
    assert (code, shown.strip()) == (0, f"{index} contains 6 works."), errors


def test_a_missing_index_is_said(painting: Path, tmp_path: Path) -> None:
    code, _, errors = run("similar", str(painting), "--index", str(tmp_path / "none"))
    assert code == 2
    assert "There is no index in" in errors
