"""Training that is killed without warning in mid-epoch, and started again by the same command."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from smn.cli import main

SetMaker = Callable[..., Path]
EPOCHS = 3

RECIPE = f"""\
name = "tiny"
description = "Convolutions that learn within seconds, with all that is drawn at random."
taxonomy = "origin-8"
[model]
kind = "cnn"
widths = [8, 16]
dropout = 0.2
size = 64
[augment]
randaugment = 1
[head]
epochs = 0
[finetune]
epochs = {EPOCHS}
batch_size = 4
mixup = 0.3
ema_decay = 0.5
"""


@pytest.fixture
def command(tmp_path: Path, make_painted_set: SetMaker) -> list[str]:
    pictures = make_painted_set(tmp_path / "pictures", splits={"train": 6, "val": 2}, side=160)
    (tmp_path / "tiny.toml").write_text(RECIPE)
    code = "from smn.cli import main; main()"
    return [sys.executable, "-c", code, "train", str(tmp_path / "tiny.toml"), "--manifest", str(pictures), "--out"]


def read_metrics(run: Path) -> list[dict[str, object]]:
    file = run / "metrics.jsonl"
    lines = file.read_text().splitlines(keepends=True) if file.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def kill_in_the_second_epoch(command: list[str], run: Path, log: Path) -> None:
    """Start training and kill it half an epoch after the first one's checkpoint."""
    with log.open("w") as stream:
        # A session of its own, so that the kill takes the processes that decode pictures along.
        process = subprocess.Popen([*command, str(run)], stderr=stream, start_new_session=True)
        try:
            deadline = time.monotonic() + 120
            while not (run / "checkpoint-finetune.pt").exists():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.01)
            time.sleep(float(str(read_metrics(run)[0]["seconds"])) / 2)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
    assert code == -signal.SIGKILL, log.read_text()


def test_a_run_killed_in_mid_epoch_ends_as_one_that_was_not(command: list[str], tmp_path: Path) -> None:
    killed, whole = tmp_path / "runs" / "killed", tmp_path / "runs" / "whole"
    kill_in_the_second_epoch(command, killed, tmp_path / "killed.log")
    assert 1 <= len(read_metrics(killed)) < EPOCHS
    assert not (killed / "model.pt").exists()
    subprocess.run([*command, str(killed)], check=True, capture_output=True, timeout=120)
    arguments = command[command.index("train") :]
    assert CliRunner().invoke(main, [*arguments, str(whole)]).exit_code == 0
    one, other = (torch.load(run / "model.pt", weights_only=True) for run in (killed, whole))
    assert one.keys() == other.keys()
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    told = [[{**line, "seconds": 0} for line in read_metrics(run)] for run in (killed, whole)]
    assert told[0] == told[1]
    assert [line["epoch"] for line in told[0]] == [*range(1, EPOCHS + 1)]
