import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from smn.experiments.sweep import Metric, Sweep, read_sweep
from smn.experiments.sweep.sweep_file import Choices, Range
from smn.experiments.sweep.trials import (
    State,
    Trial,
    TrialTraining,
    draw_trials,
    find_best,
    list_trials,
    read_trial,
    show_value,
    write_best,
    write_results,
    write_trial,
)
from smn.movements import read_taxonomy
from smn.train import Recipe, list_recipes, read_recipe
from smn.train.recipe_sections import FinetuneSettings
from smn.train.run import RunData, RunDescription


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


RATE, SIZE = "finetune.learning_rate", "finetune.batch_size"
SPACE = {RATE: Range(1e-4, 1e-2, log=True, whole=False), SIZE: Choices((32, 64))}
SWEEP = Sweep("tried", "cnn-small", trials=4, space=SPACE)


def make_trial(name: str, loss: float, *, state: State = State.FINISHED, reason: str = "") -> Trial:
    settings = {RATE: 1e-3 * int(name), SIZE: 64}
    return Trial(name, settings, state, reason, 2, 1.5, {"val_log_loss": loss, "val_top1": 1 / (1 + loss)}, 1)


TRIALS = [
    make_trial("001", 2.5),
    make_trial("002", 2.0),
    make_trial("003", 1.0, state=State.STOPPED),
    make_trial("004", float("nan")),
    make_trial("005", 0.1, state=State.FAILED, reason="No, sorry."),
]


@pytest.mark.parametrize("metric", list(Metric))
def test_the_best_has_finished(metric: Metric) -> None:
    sweep = Sweep("tried", "cnn-small", trials=4, metric=metric, space=SPACE)
    best = find_best(TRIALS[:3] + TRIALS[4:], sweep)
    assert best is not None
    assert best.name == "002"
    assert find_best(TRIALS[2:], SWEEP) is None or metric is Metric.TOP1


def test_the_table_has_a_row_a_trial(tmp_path: Path) -> None:
    write_results(TRIALS, SWEEP, tmp_path / "results.csv")
    with (tmp_path / "results.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["trial"] for row in rows] == ["001", "002", "003", "004", "005"]
    assert list(rows[0])[:5] == ["trial", "state", RATE, SIZE, "epochs"]
    assert (rows[1][RATE], rows[1][SIZE], rows[1]["val_log_loss"], rows[1]["val_top3"]) == ("0.002", "64", "2.0", "")
    assert (rows[4]["state"], rows[4]["reason"]) == ("failed", "No, sorry.")


@pytest.mark.parametrize("name", [name for name in list_recipes() if read_recipe(name).model.kind != "colour"])
def test_the_best_recipe_reads_as_it_was_written(name: str, tmp_path: Path) -> None:
    recipe = read_recipe(name).with_settings({"description": 'Says "hé\\no".'})
    file = write_best(TRIALS, SWEEP, recipe, tmp_path, manifest="my set", negatives=Path("no paintings"))
    assert file is not None
    wanted = recipe.with_settings({**TRIALS[1].settings, "name": "tried-best"})
    assert read_recipe(file) == wanted
    assert "--manifest 'my set' --negatives 'no paintings' --out runs/tried-best" in file.read_text()


def test_no_recipe_is_written_where_nothing_finished(tmp_path: Path) -> None:
    recipe = read_recipe("cnn-small")
    assert write_best(TRIALS[2:], SWEEP, recipe, tmp_path, manifest="m", negatives=None) is None
    assert list(tmp_path.iterdir()) == []


def test_values_are_shown_short() -> None:
    shown = [show_value(value) for value in (0.00123456789, 3, True, "own", [4, 8])]
    assert shown == ["0.00123457", "3", "true", "own", "[4, 8]"]


@pytest.mark.parametrize("settings", [(RATE, SIZE), (RATE,), (SIZE,)])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_picture_is_drawn(settings: tuple[str, ...], count: int, tmp_path: Path) -> None:
    sweep = Sweep("tried", "cnn-small", trials=4, space={name: SPACE[name] for name in settings})
    draw_trials(TRIALS[:count], sweep, tmp_path / "sweep.png")
    with Image.open(tmp_path / "sweep.png") as picture:
        assert picture.width >= 1000
        assert len(picture.convert("RGB").getcolors(2**20) or []) > 50
