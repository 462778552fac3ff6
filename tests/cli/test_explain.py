from pathlib import Path

from click.testing import CliRunner

from smn.cli import main


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_why_is_drawn(painting: Path, tmp_path: Path) -> None:
    out = tmp_path / "why.png"
    code, shown, errors = run("explain", str(painting), "--out", str(out), "--movement", "cubism")
    assert code == 0, errors
    assert shown.endswith(f"See {out}.\n")
    assert out.read_bytes().startswith(b"\x89PNG")
    code, _, errors = run("explain", str(painting), "--out", str(out))
    assert code == 2
    assert "already" in errors or "exists" in errors


def test_an_unknown_movement_is_said_before_anything_is_done(painting: Path, tmp_path: Path) -> None:
    code, _, errors = run("explain", str(painting), "--out", str(tmp_path / "why.png"), "--movement", "cubsm")
    assert code == 2
    assert "Did you mean cubism" in errors
    assert not (tmp_path / "why.png").exists()


def test_a_picture_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    code, _, errors = run("explain", str(tmp_path / "none.jpg"), "--out", str(tmp_path / "why.png"))
    assert code == 2
    assert "cannot be read" in errors
