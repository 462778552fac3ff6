import ast
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from smn import __version__
from smn.bundle import Bundle
from smn.cli import _COMMANDS, _READERS, main

SMN = Path(sys.executable).with_name("smn")
ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_help_lists_every_command_with_its_line() -> None:
    code, shown, errors = run("--help")
    assert (code, errors) == (0, "")
    assert "smn predict painting.jpg" in shown
    assert list(_COMMANDS) == [
        "predict", "review", "catalogue", "undo", "explain", "similar", "models", "movements", "taxonomy", "story",
        "web", "serve", "mcp", "serve-key", "feedback", "examples", "dataset", "clean", "index", "recipes", "train",
        "weights", "sweep", "export", "push", "calibrate", "evaluate", "ladder", "doctor",
    ]  # fmt: skip
    for name, (_, line) in _COMMANDS.items():
        assert f"  {name} " in shown
        assert line.split()[0] in shown


def test_help_groups_every_command_once_by_who_uses_it() -> None:
    grouped = [name for names in _READERS.values() for name in names]
    assert sorted(grouped) == sorted(_COMMANDS)
    shown = run("--help")[1]
    for title, names in _READERS.items():
        section = shown.partition(f"{title}:\n")[2].partition("\n\n")[0]
        assert [line.split()[0] for line in section.splitlines() if line[2] != " "] == list(names)
    assert "Other commands" not in shown


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_command_explains_itself(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Click keeps the option that asks for help as it was first; other tests call commands without what main sets.
    monkeypatch.setattr(main.get_command(click.Context(main), name), "_help_option", None)
    for flag in ("-h", "--help"):
        code, shown, errors = run(name, flag)
        assert (code, errors) == (0, "")
        assert shown.startswith(f"Usage: main {name} ")


@pytest.mark.parametrize(
    ("group", "commands"),
    [
        ("review", ["report", "apply"]),
        ("catalogue", ["keywords", "annotations", "linked-art", "sort", "table"]),
        ("clean", ["check", "review", "suggest", "apply", "undo"]),
        ("dataset", ["fetch", "import", "add", "split", "check", "info"]),
    ],
)
def test_the_commands_of_a_group_are_in_the_order_of_use(group: str, commands: list[str]) -> None:
    lines = run(group, "--help")[1].partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in lines if line[2] != " "] == commands


def test_the_version_is_the_packages() -> None:
    assert run("--version") == (0, f"smn, version {__version__}\n", "")


def test_the_package_runs_as_a_module() -> None:
    told = [
        subprocess.run([*way, "movements", "--help"], capture_output=True, check=True, timeout=60, text=True).stdout
        for way in ([sys.executable, "-m", "smn"], [SMN])
    ]
    assert told[0] == told[1]
    assert told[0].startswith("Usage: smn movements ")


def test_an_unknown_command_is_wrong_input() -> None:
    code, shown, errors = run("classify")
    assert (code, shown) == (2, "")
    assert "No such command 'classify'" in errors


def test_what_smn_raises_is_one_sentence_on_standard_error() -> None:
    code, shown, errors = run("movements", "show", "impresionism")
    assert (code, shown) == (2, "")
    assert errors.startswith("Error: There is no movement 'impresionism'. Did you mean impressionism")
    assert errors.count("\n") == 1


def test_an_interruption_is_told_apart_from_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("smn.cli.movements.list_movements", interrupted)
    code, _, errors = run("movements")
    assert (code, errors.count("\n")) == (130, 1)
    assert errors.startswith("Stopped.")


def test_what_is_nobodys_fault_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("smn.cli.movements.list_movements", broken)
    result = CliRunner().invoke(main, ["movements"])
    assert isinstance(result.exception, ZeroDivisionError)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_of_the_terminal_will_do(encoding: str, tiny_bundle: Bundle, tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONIOENCODING": encoding, "LC_ALL": "C", "COLUMNS": "100"}
    for arguments in (
        ["movements", "show", "Naïve Art"],
        ["movements", "show", "ukiyo-e", "--format", "json"],
        ["taxonomy", "show", "smn-25"],
        ["predict", str(tmp_path / "naïve 絵.jpg"), "--model", str(tiny_bundle.folder)],
    ):
        done = subprocess.run([SMN, *arguments], env=environment, capture_output=True, check=False, timeout=60)
        assert done.returncode == (arguments[0] == "predict")
        assert b"Traceback" not in done.stderr
        assert done.stdout
    assert b"unreadable" in done.stdout


def test_a_reader_that_stops_reading_is_no_crash() -> None:
    with subprocess.Popen([SMN, "movements", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def find_advice() -> Iterator[tuple[str, str]]:
    """Every command that a message of smn names after a colon, or a page in a block of code, and where it stands."""
    for file in sorted((ROOT / "src" / "smn").rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
        parts = {id(part) for whole in joined for part in ast.walk(whole) if part is not whole}
        for node in ast.walk(tree):
            if id(node) in parts or not isinstance(node, ast.JoinedStr | ast.Constant):
                continue
            pieces = node.values if isinstance(node, ast.JoinedStr) else [node]
            text = "".join(str(one.value) if isinstance(one, ast.Constant) else "VALUE" for one in pieces)
            for words in re.findall(r": (smn [a-z][^;,`\n]*)", text):
                yield f"{file.name}:{node.lineno}", words
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE):
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith("smn "):
                    yield page.name, re.split(r" [|>]|; ", line)[0]


def find_missing(words: str) -> list[str]:
    """The parameters that a command line lacks; click raises for one that the command does not have."""
    command: click.Command = main
    context, rest = click.Context(main), shlex.split(words, comments=True)[1:]
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(context, rest[0])
        assert found is not None, words
        command, context, rest = found, click.Context(found, parent=context), rest[1:]
    given = command.make_parser(context).parse_args(rest)[0]
    return [one.name or "" for one in command.params if one.required and not given.get(one.name or "")]


def test_every_command_that_is_advised_names_what_it_requires() -> None:
    advice = list(find_advice())
    assert {place.partition(":")[0] for place, _ in advice} >= {"bundle_json.py", "run.py", "README.md", "clean.md"}
    assert find_missing("smn evaluate bundles/mine --out report") == ["sets"]
    lacking = {f"{place}: {words}": lacks for place, words in advice if (lacks := find_missing(words))}
    assert not lacking
