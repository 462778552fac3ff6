"""The check of an installation: what is well, what is broken, and what can be added."""

from importlib import metadata

import pytest
from click.testing import CliRunner

from smn import __version__
from smn.bundle import list_models
from smn.cli import main
from smn.cli.doctor import _list_extras
from smn.errors import BundleError, FetchError, MissingExtraError


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["doctor", *arguments], env={"COLUMNS": "200"})
    return result.exit_code, result.output


def test_a_working_installation_is_well() -> None:
    code, shown = run("--no-network")
    assert code == 0, shown
    assert "PROBLEM" not in shown
    for said in (__version__, "onnxruntime", "processors may be used", "looks for a painting", "ms for a picture"):
        assert said in shown
    for name in list_models():
        assert f"model {name}" in shown
    assert "network" not in shown


def test_a_broken_model_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> None:
        raise BundleError(f"{name} is damaged; install smn again.")

    monkeypatch.setattr("smn.cli.doctor.read_bundle", broken)
    code, shown = run("--no-network")
    assert code == 1
    assert "BundleError: default is damaged; install smn again." in shown


def test_without_a_network_everything_else_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(address: str, **_: object) -> bytes:
        raise FetchError("No server of that name is known.", address=address)

    monkeypatch.setattr("smn.images.safe_fetch.download_picture", cut_off)
    code, shown = run()
    assert code == 0
    assert "PROBLEM" in shown
    assert "No server of that name is known. Answers need no network." in shown


def test_what_is_optional_is_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(address: str, **_: object) -> bytes:
        raise MissingExtraError("client", "httpx2")

    monkeypatch.setattr("smn.images.safe_fetch.download_picture", lacking)
    code, shown = run()
    assert code == 0
    assert "httpx2 is not installed (optional: the extra client)" in shown
    assert "PROBLEM" not in shown


def test_extras_are_listed_with_the_line_that_adds_them(monkeypatch: pytest.MonkeyPatch) -> None:
    extras = dict(_list_extras())
    assert {"data", "train", "serve", "web", "all"} <= set(extras)
    assert not {"dev", "release"} & set(extras)
    known = metadata.version

    def version(package: str) -> str:
        if package == "pyarrow":
            raise metadata.PackageNotFoundError(package)
        return known(package)

    monkeypatch.setattr("smn.cli.doctor.metadata.version", version)
    missing = dict(_list_extras())
    for extra in ("data", "clean", "all"):  # clean has it of data
        assert f'[{extra}]"' in missing[extra]
    assert missing["heic"] == extras["heic"]
    # A line for the shell is one line, however narrow the output.
    shown = CliRunner().invoke(main, ["doctor", "--no-network"], env={"COLUMNS": "40"}).output.splitlines()
    assert missing["clean"] in shown
