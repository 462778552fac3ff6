"""Where the service and the page keep what they remember."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from smn.cli import main
from smn.cli.serve import _default_database, _describe_storage


def test_data_lies_in_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("SMN_DATABASE", raising=False)
    assert _default_database() == f"sqlite:///{tmp_path / 'data' / 'smn' / 'smn.db'}"
    result = CliRunner().invoke(main, ["feedback", "list"])
    assert result.exit_code == 2
    assert f"There is no database sqlite:///{tmp_path / 'data' / 'smn' / 'smn.db'}" in result.stderr


def test_data_of_the_first_version_is_still_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "smn-data").mkdir()
    (tmp_path / "smn-data" / "smn.db").write_bytes(b"")
    assert _default_database() == "sqlite:///smn-data/smn.db"
    assert _describe_storage(_default_database()) == f"Answers and feedback are stored in {tmp_path}/smn-data/smn.db."


def test_a_password_is_not_shown() -> None:
    said = _describe_storage("postgresql+psycopg://smn:s3cret@db.museum.example/smn")
    assert said == "Answers and feedback are stored in the database db.museum.example/smn."
    assert _describe_storage("") == "Answers and feedback are not stored."
