import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from smn.movements import read_taxonomy
from smn.scale import Metric, read_sweep
from smn.scale.trials import State, TrialTraining, list_trials, read_trial, write_trial
from smn.train import Recipe
from smn.train.runfolder import RunData, RunDescription
from smn.train.settings import FinetuneSettings


def write_metrics(folder: Path, *losses: float, phase: str = "finetune", patience: int = 0) -> None:
    recipe = Recipe("mine", "Mine.", finetune=FinetuneSettings(patience=patience))
    data = RunData("0" * 64, {"train": 4, "val": 4})
    run = RunDescription("0", recipe, read_taxonomy("origin-8"), None, None, data, manifest="manifest.parquet")
    (folder / "run.json").write_text(json.dumps(run.to_dict()))
    with (folder / "metrics.jsonl").open("a") as stream:
        for epoch, loss in enumerate(losses, start=1):
            record = {
                "phase": phase,
                "epoch": epoch,
                "seconds": 0.5,
                "loss": 1.0,
                "val_log_loss": loss,
                "val_top1": 0.5,
            }
            stream.write(json.dumps(record) + "\n")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_trial(tmp_path / "001", settings={"model.widths": [4]}, state=State.OPEN)
    return tmp_path / "001"


def test_a_trial_that_has_not_begun_has_no_figures(place: Path) -> None:
    trial = read_trial(place)
    assert (trial.name, trial.settings, trial.state) == ("001", {"model.widths": [4]}, State.OPEN)
    assert (trial.epochs, trial.seconds, trial.figures, trial.restarts) == (0, 0, {}, 0)
    assert trial.value(Metric.LOG_LOSS) is None
    assert list_trials(place.parent) == [trial]
    assert list_trials(place / "none") == []


def test_the_last_epoch_counts_and_a_line_that_a_kill_cut_does_not(place: Path) -> None:
    write_metrics(place, 3.0, 2.0, phase="head")
    write_metrics(place, 1.0, 1.5)
    with (place / "metrics.jsonl").open("a") as stream:
        stream.write('{"phase": "fine')
    (place / "workers.jsonl").write_text('{"pid": 1}\n{"pid": 2}\n')
    trial = read_trial(place)
    assert (trial.epochs, trial.seconds, trial.restarts) == (4, 2.0, 1)
    assert trial.value(Metric.LOG_LOSS) == 1.5
    assert trial.value(Metric.TOP1) == 0.5
    assert set(trial.figures) == {"val_log_loss", "val_top1"}


def test_with_patience_the_best_epoch_counts(place: Path) -> None:
    write_metrics(place, float("nan"), 1.0, 1.5, patience=2)
    assert read_trial(place).value(Metric.LOG_LOSS) == 1.0


def test_what_is_no_number_is_no_value(place: Path) -> None:
    write_metrics(place, 1.0, float("nan"))
    assert read_trial(place).value(Metric.LOG_LOSS) is None


def test_training_reports_every_epoch_but_the_last_and_goes_on_after_what_it_raised(
    pictures: Path, write_sweep: Callable[..., Path], tmp_path: Path
) -> None:
    _, recipe = read_sweep(write_sweep("trials = 1", "finetune.epochs = [2, 4]"))
    place = tmp_path / "trials" / "001"
    write_trial(place, settings={"finetune.epochs": 4}, state=State.OPEN)
    work = TrialTraining(recipe, place.parent, pictures, None, torch.get_num_threads(), Metric.LOG_LOSS)

    def stop_at_two(epoch: int, value: float) -> None:
        if epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work("001", stop_at_two)
    assert read_trial(place).epochs == 2
    reported: list[tuple[int, float]] = []
    work("001", lambda epoch, value: reported.append((epoch, value)))
    losses = [json.loads(line)["val_log_loss"] for line in (place / "metrics.jsonl").read_text().splitlines()]
    assert len(losses) == 4
    assert reported == [(3, -losses[2])]
    assert (place / "model.pt").exists()
    assert read_trial(place).restarts == 1
