"""Devices and numbers: what is chosen where, and that training works in each of them."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from torch import nn

from smn.cli import main
from smn.cli.train import train as command
from smn.errors import InputError
from smn.feature_cache import FILE_NAME
from smn.train import Recipe
from smn.train.devices import (
    autocast,
    build_scaler,
    choose_device,
    choose_dtype,
    device_of,
    has_bfloat16,
    list_devices,
)
from smn.train.loop import Schedule, fit
from smn.train.run import train
from trained_runs import StoppedError

CPU = torch.device("cpu")


@pytest.fixture
def capable(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """What torch says of the CPU; change it as you like."""
    said: dict[str, bool] = {"avx2": True, "avx512_bf16": True}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: said)
    return said


@pytest.mark.parametrize(
    ("wanted", "available", "chosen"),
    [
        ("auto", ("cuda", "cpu"), "cuda"),
        ("auto", ("mps", "cpu"), "mps"),
        ("auto", ("cpu",), "cpu"),
        ("cpu", ("cuda", "cpu"), "cpu"),
        ("cuda", ("cuda", "cpu"), "cuda"),
    ],
)
def test_the_fastest_device_or_the_one_that_was_asked_for(wanted: str, available: tuple[str, ...], chosen: str) -> None:
    assert choose_device(wanted, available=available) == chosen


def test_a_device_that_is_not_there_is_said() -> None:
    with pytest.raises(InputError, match=r"no device 'cuda'.*it has mps, cpu\. Choose one of them, or auto"):
        choose_device("cuda", available=("mps", "cpu"))


def test_every_machine_has_a_cpu_and_the_command_offers_every_device() -> None:
    assert list_devices()[-1] == "cpu"
    (option,) = [parameter for parameter in command.params if parameter.name == "device"]
    assert set(list_devices()) <= set(option.type.choices)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("device", "bfloat16", "dtype"),
    [
        ("cpu", True, torch.bfloat16),
        ("cpu", False, torch.float32),
        ("cuda", True, torch.bfloat16),
        ("cuda", False, torch.float16),
        ("mps", True, torch.bfloat16),
        ("mps", False, torch.float32),
    ],
)
def test_the_numbers_suit_the_device(device: str, bfloat16: bool, dtype: torch.dtype) -> None:
    assert choose_dtype(device, bfloat16=bfloat16) is dtype


@pytest.mark.parametrize("name", ["avx512_bf16", "amx_bf16", "bf16", "sve_bf16"])
def test_a_cpu_says_that_it_has_bfloat16(capable: dict[str, bool], name: str) -> None:
    capable.clear()
    assert not has_bfloat16("cpu")
    capable |= {"avx2": True, name: False}
    assert not has_bfloat16("cpu")
    capable[name] = True
    assert has_bfloat16("cpu")


def test_a_torch_that_cannot_tell_computes_in_32_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert not has_bfloat16("cpu")


def test_a_block_computes_in_the_numbers_of_the_device(capable: dict[str, bool]) -> None:
    layer = nn.Linear(4, 4)
    assert device_of(layer) == CPU
    with autocast(CPU):
        assert layer(torch.ones(1, 4)).dtype is torch.bfloat16
    capable.clear()
    with autocast(CPU):
        assert layer(torch.ones(1, 4)).dtype is torch.float32
    assert not build_scaler(CPU).is_enabled()


def test_16_and_32_bits_learn_much_the_same(
    capable: dict[str, bool], tiny_recipe: dict[str, Any], pictures: Path, tmp_path: Path
) -> None:
    tiny_recipe["model"] |= {"levels": [0, 1], "size": 32}
    recipe = Recipe.from_dict(tiny_recipe, where="tiny")
    states = []
    for name in ("16", "32"):
        run = train(recipe, pictures, out=tmp_path / name / "run", device="cpu")
        states.append(torch.load(run / "model.pt", weights_only=True))
        capable.clear()
    ends = [torch.cat([value.ravel() for value in state.values() if value.is_floating_point()]) for state in states]
    assert not torch.equal(*ends)
    assert {value.dtype for value in states[0].values()} <= {torch.float32, torch.int64}
    assert torch.nn.functional.cosine_similarity(*ends, dim=0) > 0.999


def test_features_of_32_bits_are_kept_apart(
    capable: dict[str, bool], tiny_recipe: dict[str, Any], pictures: Path, tmp_path: Path
) -> None:
    tiny_recipe["model"] |= {"levels": [0, 1], "size": 32}
    tiny_recipe["head"]["views"] = tiny_recipe["finetune"]["epochs"] = 0
    for name in ("16", "32"):
        train(Recipe.from_dict(tiny_recipe, where="tiny"), pictures, out=tmp_path / name)
        capable.clear()
    with closing(sqlite3.connect(tmp_path / "cache" / FILE_NAME)) as database:
        notes = [facts for (facts,) in database.execute("SELECT facts FROM feature_sets")]
    assert sorted("torch.float32" in note for note in notes) == [False, True]


@pytest.mark.parametrize("stop", [4, 6])
def test_the_scaler_of_16_bit_gradients_is_continued(tmp_path: Path, stop: int) -> None:
    """What CUDA without bfloat16 needs, here on the CPU, which can do it too."""

    def run(name: str, stop: int = 0) -> tuple[nn.Module, torch.amp.GradScaler]:
        (tmp_path / name).mkdir(exist_ok=True)
        torch.manual_seed(0)
        model = nn.Linear(3, 2)
        scaler = torch.amp.GradScaler("cpu", init_scale=4.0, growth_interval=2)

        def progress(_: str, done: int, __: int) -> None:
            if done == stop:
                raise StoppedError

        def classify(module: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
            with torch.autocast("cpu", torch.float16):
                logits: torch.Tensor = module(inputs)
            return logits

        batch = (torch.tensor([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]]), torch.tensor([0, 1]))
        fit(
            model, torch.optim.AdamW(model.parameters(), lr=0.1), batches=lambda _: [batch] * 2,
            schedule=Schedule(4, 2), phase="toy", run=tmp_path / name, evaluate=lambda _: {}, progress=progress,
            classify=classify, scaler=scaler,
        )  # fmt: skip
        return model, scaler

    whole, scaler = run("whole")
    assert scaler.get_scale() == 4.0 * 2**4  # eight steps without an overflow
    with pytest.raises(StoppedError):
        run("stopped", stop)
    again, continued = run("stopped")
    assert torch.equal(whole.weight, again.weight)  # type: ignore[arg-type]
    assert continued.state_dict() == scaler.state_dict()


def test_the_command_says_which_devices_there_are(tmp_path: Path, pictures: Path) -> None:
    absent = next(device for device in ("cuda", "mps") if device not in list_devices())
    arguments = ["train", "cnn-small", "--manifest", str(pictures), "--out", str(tmp_path / "run"), "--device", absent]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert f"no device '{absent}'" in result.stderr
    assert not (tmp_path / "run").exists()
