"""Files of weights: what they say of themselves, and what can be wrong with them."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from smn.errors import InputError
from smn.models.weight_files import Convention, convention_moments, read_weights, turn_channels, write_weights

TENSORS = {"first.weight": torch.arange(54.0).reshape(2, 3, 3, 3), "first.bias": torch.zeros(2)}


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    save_file(TENSORS, tmp_path / "plain.safetensors")
    return tmp_path / "plain.safetensors"


@pytest.mark.parametrize("convention", list(Convention))
def test_what_is_written_is_read(plain: Path, tmp_path: Path, convention: Convention) -> None:
    target = write_weights(plain, tmp_path / "said.safetensors", convention=convention, origin="Mine, CC0")
    read = read_weights(target)
    assert read.convention is convention
    assert read.origin.startswith("Mine, CC0 (said.safetensors, SHA-256 ")
    assert read.tensors.keys() == TENSORS.keys()
    assert all(torch.equal(read.tensors[name], value) for name, value in TENSORS.items())


@pytest.mark.parametrize("end", ["safetensors", "pth"])
def test_a_file_that_says_nothing(plain: Path, tmp_path: Path, end: str) -> None:
    torch.save(TENSORS, tmp_path / "plain.pth")
    read = read_weights(tmp_path / f"plain.{end}")
    assert read.convention is None
    assert read.origin.startswith(f"of unknown origin (plain.{end}, SHA-256 ")
    assert torch.equal(read.tensors["first.weight"], TENSORS["first.weight"])


def test_an_unknown_convention_is_said(tmp_path: Path) -> None:
    file = tmp_path / "odd.safetensors"
    save_file(TENSORS, file, metadata={"smn": '{"convention": "theano"}'})
    with pytest.raises(InputError, match=r"odd\.safetensors says its convention is 'theano'; smn knows timm, caffe\."):
        read_weights(file)


@pytest.mark.parametrize("end", ["safetensors", "pth"])
def test_a_damaged_file_is_said(tmp_path: Path, end: str) -> None:
    file = tmp_path / f"bad.{end}"
    file.write_bytes(b"no weights at all")
    with pytest.raises(InputError, match=rf"bad\.{end} cannot be read as weights .*give a \.safetensors"):
        read_weights(file)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no file of weights .*gone\.pth; check model\.weights .* or --weights"):
        read_weights(tmp_path / "gone.pth")


def test_nothing_is_overwritten(plain: Path) -> None:
    before = plain.read_bytes()
    with pytest.raises(InputError, match="already exists and smn overwrites nothing"):
        write_weights(plain, plain, convention=Convention.CAFFE, origin="Mine")
    assert plain.read_bytes() == before


def test_turning_swaps_red_and_blue() -> None:
    weight = TENSORS["first.weight"].clone()
    turn_channels(weight)
    assert torch.equal(weight, TENSORS["first.weight"][:, [2, 1, 0]])


def test_timm_keeps_its_own_moments() -> None:
    assert convention_moments(Convention.TIMM, mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6)) == (
        (0.1, 0.2, 0.3),
        (0.4, 0.5, 0.6),
    )
