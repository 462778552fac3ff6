import importlib.metadata
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from smn.distribution import NAME, write_install_line
from smn.errors import MissingExtraError


class Installed:
    """What `importlib.metadata.distribution` gives, with one file."""

    def __init__(self, direct_url: str | None) -> None:
        self.direct_url = direct_url

    def read_text(self, filename: str) -> str | None:
        assert filename == "direct_url.json"
        return self.direct_url


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Pretend that smn was installed with these notes, into an environment of pip's."""
    (tmp_path / "environment").mkdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))

    def pretend(direct_url: object) -> None:
        text = direct_url if direct_url is None or isinstance(direct_url, str) else json.dumps(direct_url)
        monkeypatch.setattr(importlib.metadata, "distribution", lambda name: {NAME: Installed(text)}[name])

    return pretend


def test_from_an_index_the_distribution_is_named(install) -> None:
    install(None)
    assert write_install_line("web") == 'pip install "smn-art[web]"'


def test_without_metadata_the_distribution_is_named(install, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    install(None)
    monkeypatch.setattr(importlib.metadata, "distribution", absent)
    assert write_install_line("web") == 'pip install "smn-art[web]"'


@pytest.mark.parametrize("notes", ["", "{", "[]", "null", "{}", '{"url": 3}', '{"dir_info": {"editable": true}}'])
def test_notes_that_say_nothing_cost_nothing(install, notes: str) -> None:
    install(notes)
    assert write_install_line("web") == 'pip install "smn-art[web]"'


def test_from_a_checkout_its_folder_is_named(install, tmp_path: Path) -> None:
    install({"url": tmp_path.as_uri(), "dir_info": {}})
    assert write_install_line("web") == f'pip install "{tmp_path}[web]"'


def test_what_is_editable_stays_editable(install, tmp_path: Path) -> None:
    install({"url": tmp_path.as_uri(), "dir_info": {"editable": True}})
    assert write_install_line("web") == f'pip install --editable "{tmp_path}[web]"'


def test_from_a_wheel_the_wheel_is_named(install, tmp_path: Path) -> None:
    wheel = tmp_path / "smn_art-0.1.0-py3-none-any.whl"
    wheel.touch()
    install({"url": wheel.as_uri(), "archive_info": {"hashes": {"sha256": "0" * 64}}})
    assert write_install_line("serve") == f'pip install "{wheel}[serve]"'


@pytest.mark.parametrize("notes", [{"dir_info": {"editable": True}}, {"archive_info": {}}])
def test_a_place_that_is_gone_is_not_named(install, tmp_path: Path, notes: dict[str, object]) -> None:
    install({"url": (tmp_path / "gone").as_uri(), **notes})
    assert write_install_line("web") == 'pip install "smn-art[web]"'


@pytest.mark.parametrize("name", ["two words", "ünï", "a#b", "100%", "it's", "a$HOME", 'a"b', "a`b", "a!b"])
def test_any_path_is_one_word_of_a_shell(install, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    install({"url": folder.as_uri(), "dir_info": {}})
    line = write_install_line("web")
    assert shlex.split(line) == ["pip", "install", f"{folder}[web]"]
    shown = subprocess.run(
        ["sh", "-c", f"printf %s {line.removeprefix('pip install ')}"], capture_output=True, check=True
    )
    assert shown.stdout.decode() == f"{folder}[web]"


@pytest.mark.parametrize(
    ("notes", "target"),
    [
        (
            {"vcs_info": {"vcs": "git", "commit_id": "abc", "requested_revision": "v1"}},
            "git+https://museum.example/smn@v1",
        ),
        ({"vcs_info": {"vcs": "git", "commit_id": "abc"}}, "git+https://museum.example/smn@abc"),
        ({"archive_info": {}}, "https://museum.example/smn"),
    ],
)
def test_from_an_address_the_address_is_named(install, notes: dict[str, object], target: str) -> None:
    install({"url": "https://museum.example/smn", **notes})
    assert write_install_line("web") == f'pip install "smn-art[web] @ {target}"'


@pytest.mark.parametrize(
    ("note", "command"),
    [("uv-receipt.toml", "uv tool install"), ("pipx_metadata.json", "pipx install --force")],
)
def test_in_an_environment_of_uv_or_pipx_their_command_is_named(install, note: str, command: str) -> None:
    install(None)
    Path(sys.prefix, note).touch()
    assert write_install_line("web") == f'{command} "smn-art[web]"'


def test_a_missing_extra_says_this_line(install, tmp_path: Path) -> None:
    install({"url": tmp_path.as_uri(), "dir_info": {}})
    assert str(MissingExtraError("train", "torch")) == (
        f'This needs torch, which is not installed; run: pip install "{tmp_path}[train]"'
    )
