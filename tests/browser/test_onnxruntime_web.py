"""Where ONNX Runtime Web comes from, and what is said where it does not come."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from smn.browser import onnxruntime_web
from smn.browser.onnxruntime_web import FILES, VERSION, find_runtime
from smn.errors import FetchError, InputError


@pytest.fixture
def content(monkeypatch) -> dict[str, bytes]:
    """Small files in place of the real ones, and what they are expected to be."""
    files = {name: f"the file {name}".encode() for name in FILES}
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    monkeypatch.setattr(onnxruntime_web, "FILES", sums)
    return files


@pytest.fixture
def npm(monkeypatch, tmp_path, content):
    """An npm in the path that does what it is told, and counts how often it was asked; the cache is empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    calls = tmp_path / "calls"

    def install(script: str) -> Path:
        (folder / "npm").write_text(f'#!/bin/sh\necho "$*" >> {calls}\n{script}\n')
        (folder / "npm").chmod(0o755)
        return calls

    return install


def pack(file: Path, content: dict[str, bytes]) -> None:
    with tarfile.open(file, "w:gz") as package:
        for name, data in content.items():
            member = tarfile.TarInfo(f"package/dist/{name}")
            member.size = len(data)
            package.addfile(member, io.BytesIO(data))


def test_a_folder_may_hold_the_files_or_the_package(tmp_path, content) -> None:
    for folder in (tmp_path / "flat", tmp_path / "package" / "dist"):
        folder.mkdir(parents=True)
        for name, data in content.items():
            (folder / name).write_bytes(data)
    assert find_runtime(tmp_path / "flat") == tmp_path / "flat"
    assert find_runtime(tmp_path / "package") == tmp_path / "package" / "dist"


def test_a_folder_without_the_files_or_with_another_version_is_refused(tmp_path, content) -> None:
    with pytest.raises(InputError, match=rf"lacks .*; name the folder dist of onnxruntime-web {VERSION}"):
        find_runtime(tmp_path)
    for name in content:
        (tmp_path / name).write_bytes(b"something else")
    with pytest.raises(InputError, match="name a folder with this version"):
        find_runtime(tmp_path)


def test_npm_is_asked_once(tmp_path, npm, content) -> None:
    pack(tmp_path / "packed.tgz", content)
    calls = npm(f"cp {tmp_path}/packed.tgz .")
    folder = find_runtime()
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == content
    assert find_runtime() == folder
    assert calls.read_text().count(f"pack onnxruntime-web@{VERSION}") == 1


def test_an_npm_that_fails_says_why(npm) -> None:
    npm("echo 'no such host' >&2; exit 1")
    with pytest.raises(FetchError, match=r"\(no such host\); check the connection .* --runtime FOLDER"):
        find_runtime()


def test_another_package_than_the_published_one_is_refused(tmp_path, npm, content) -> None:
    pack(tmp_path / "packed.tgz", dict.fromkeys(content, b"changed on the way"))
    npm(f"cp {tmp_path}/packed.tgz .")
    with pytest.raises(FetchError, match="not the published file"):
        find_runtime()


def test_without_npm_there_is_another_way(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"install Node\.js, or name a folder with the package: --runtime FOLDER"):
        find_runtime()
