import csv
from pathlib import Path

import pytest
from PIL import Image

from smn.scale import Metric, Sweep
from smn.scale.space import Choices, Range
from smn.scale.sweeppicture import draw_trials
from smn.scale.sweepresults import find_best, show_value, write_best, write_results
from smn.scale.trials import State, Trial
from smn.train import list_recipes, read_recipe

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
