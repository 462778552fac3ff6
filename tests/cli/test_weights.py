"""``smn weights mark``."""

import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import save_file

from smn.cli import main
from smn.cli.weights import mark
from smn.models.weights import Convention, read_weights

TENSORS = {"first.weight": torch.ones(2, 3, 3, 3)}


def smn(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    save_file(TENSORS, tmp_path / "plain.safetensors")
    return tmp_path / "plain.safetensors"


def test_the_command_offers_every_convention() -> None:
    (option,) = [parameter for parameter in mark.params if parameter.name == "convention"]
    assert set(option.type.choices) == set(Convention)  # type: ignore[attr-defined]


@pytest.mark.parametrize("convention", list(Convention))
def test_a_marked_file_says_what_was_said(plain: Path, tmp_path: Path, convention: Convention) -> None:
    out = tmp_path / "marked.safetensors"
    more = ["--convention", convention, "--origin", "Mine, CC0", "--out", out]
    result = smn("weights", "mark", plain, *more)
    assert result.exit_code == 0
    assert f"smn train vgg16-frozen --weights {out}" in result.stderr
    read = read_weights(out)
    assert (read.convention, read.origin.partition(" (")[0]) == (convention, "Mine, CC0")
    assert torch.equal(read.tensors["first.weight"], TENSORS["first.weight"])
    again = smn("weights", "mark", plain, *more)
    assert again.exit_code == 2
    assert "already exists" in again.stderr


@pytest.mark.parametrize(
    ("file", "out", "part"),
    [
        ("gone.safetensors", "marked.safetensors", "no file of weights"),
        ("plain.safetensors", "marked.pth", "a note fits into .safetensors only"),
    ],
)
def test_what_can_be_wrong(plain: Path, file: str, out: str, part: str) -> None:
    folder = plain.parent
    result = smn("weights", "mark", folder / file, "--convention", "caffe", "--origin", "Mine", "--out", folder / out)
    assert result.exit_code == 2
    assert part in result.stderr
    assert not (folder / out).exists()


def test_without_the_extra_the_pip_line_is_shown(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smn.models.weights", None)
    out = plain.parent / "marked.safetensors"
    result = smn("weights", "mark", plain, "--convention", "timm", "--origin", "Mine", "--out", out)
    assert result.exit_code == 2
    assert '[train]"' in result.stderr
