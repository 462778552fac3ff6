"""Sweeps on real workers: at once, killed, interrupted, stopped early."""

import csv
import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from smn.cli import main
from smn.errors import InputError
from smn.experiments.sweep import Metric, Search, Sweep, read_sweep
from smn.experiments.sweep.sweep_file import Choices, Range
from smn.experiments.sweep.sweep_run import TrialQueue, make_sampler, run_sweep
from smn.experiments.sweep.trials import State, read_trial, write_trial
from smn.train import read_recipe

Writer = Callable[..., Path]


def read_rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def read_lines(file: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def smn(*arguments: object) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_two_networks_train_at_once_and_a_killed_worker_is_replaced(
    cluster: None, pictures: Path, write_sweep: Writer, tmp_path: Path
) -> None:
    sweep, recipe = read_sweep(write_sweep('search = "grid"', '"finetune.learning_rate" = [1e-2, 1e-3]'))
    recipe = recipe.with_settings({"finetune.epochs": 24})
    victim, alive = tmp_path / "out" / "trials" / "001", tmp_path / "out" / "trials" / "002"
    killed = []

    def kill_one() -> None:
        """Kill the first worker once both have finished an epoch and neither is done."""
        until = time.monotonic() + 100
        while time.monotonic() < until and not (victim / "model.pt").exists():
            if all((place / "checkpoint-finetune.pt").exists() for place in (victim, alive)):
                if not (alive / "model.pt").exists():
                    killed.append(int(read_lines(victim / "workers.jsonl")[0]["pid"]))
                    os.kill(killed[0], signal.SIGKILL)
                return
            time.sleep(0.02)

    killer = threading.Thread(target=kill_one)
    killer.start()
    trials = run_sweep(sweep, recipe, pictures, out=tmp_path / "out", workers=2)
    killer.join()
    assert killed
    assert [trial.state for trial in trials] == [State.FINISHED] * 2
    assert [trial.restarts for trial in trials] == [1, 0]
    workers = [read_lines(place / "workers.jsonl") for place in (victim, alive)]
    assert workers[0][0]["pid"] == killed[0] != workers[0][1]["pid"]
    assert workers[0][0]["pid"] != workers[1][0]["pid"]
    for place in (victim, alive):
        assert [line["epoch"] for line in read_lines(place / "metrics.jsonl")] == list(range(1, 25))
        assert (place / "model.pt").exists()
    assert not killer.is_alive()


def test_the_table_and_the_picture_and_the_best_recipe(
    cluster: None, pictures: Path, write_sweep: Writer, tmp_path: Path
) -> None:
    file = write_sweep('search = "grid"', '"finetune.mixup" = [0.0, 0.8]\n"finetune.cutmix" = [0.0, 0.8]')
    out = tmp_path / "out"
    shown = smn("sweep", file, "--manifest", pictures, "--out", out)
    rows = read_rows(out / "results.csv")
    assert [row["trial"] for row in rows] == ["001", "002", "003", "004"]
    assert [row["state"] for row in rows] == ["finished"] * 3 + ["failed"]
    assert "together they must be 1 or less" in rows[3]["reason"]
    assert "Trial 004 failed: Recipe tiny cannot be used: finetune.mixup is 0.8" in shown
    assert (rows[1]["finetune.mixup"], rows[1]["finetune.cutmix"], rows[1]["epochs"]) == ("0", "0.8", "2")
    best = min(rows[:3], key=lambda row: float(row["val_log_loss"]))
    assert f"Trial {best['trial']} is the best" in shown
    recipe = read_recipe(out / "best.toml")
    assert recipe.name == "tried-best"
    assert recipe.finetune.cutmix == float(best["finetune.cutmix"])
    header = (out / "best.toml").read_text().splitlines()[2]
    assert header == f"#   smn train {out / 'best.toml'} --manifest {pictures} --out runs/tried-best"
    with Image.open(out / "sweep.png") as picture:
        assert picture.width > 900
        assert np.asarray(picture).std() > 5


def test_what_is_over_counts_and_the_rest_is_handed_out_again(write_sweep: Writer, tmp_path: Path) -> None:
    sweep, recipe = read_sweep(write_sweep("trials = 6", '"finetune.learning_rate" = { from = 1e-4, to = 1e-2 }'))
    settings = {"finetune.learning_rate": 1e-3}
    for number, state in enumerate((State.FINISHED, State.FAILED, State.OPEN, State.STOPPED), start=1):
        write_trial(tmp_path / f"00{number}", settings=settings, state=state, reason="Sorry." * (number == 2))
    told: list[tuple[str, int, int]] = []
    queue = TrialQueue.open(sweep, recipe, tmp_path, lambda *what: told.append(what))
    assert queue.is_open()
    assert [queue.begin() for _ in range(5)] == ["002", "003", "005", "006", None]
    assert not queue.is_open()
    again = read_trial(tmp_path / "002")
    assert (again.settings, again.state, again.reason) == (settings, State.OPEN, "")
    assert 1e-4 <= read_trial(tmp_path / "006").settings["finetune.learning_rate"] <= 1e-2
    queue.reach("002", 1)
    queue.finish("002")
    queue.fail("003", "No.")
    queue.stop("005")
    assert told == [("epochs", 1, 12), ("trials", 3, 6), ("trials", 4, 6), ("trials", 5, 6)]
    states = [read_trial(tmp_path / f"00{number}").state.value for number in range(1, 7)]
    assert states == ["finished", "finished", "failed", "stopped", "stopped", "open"]


def test_a_bad_trial_is_stopped_early(cluster: None, pictures: Path, write_sweep: Writer, tmp_path: Path) -> None:
    sweep, recipe = read_sweep(
        write_sweep(
            'search = "bayesian"\ntrials = 3\nstop_early = true\nmetric = "val_log_loss"',
            '"finetune.head_learning_rate" = { from = 1e-3, to = 1e3, scale = "log" }\nfinetune.epochs = [9]',
        )
    )
    trials = run_sweep(sweep, recipe, pictures, out=tmp_path / "out", workers=1)
    states = {trial.name: trial.state for trial in trials}
    assert len(states) == 3
    assert set(states.values()) == {State.FINISHED, State.STOPPED}
    for trial in trials:
        if trial.state is State.STOPPED:
            assert 1 <= trial.epochs < 9
            assert not (tmp_path / "out" / "trials" / trial.name / "model.pt").exists()


def test_an_interrupted_sweep_goes_on(cluster: None, pictures: Path, write_sweep: Writer, tmp_path: Path) -> None:
    file = write_sweep("trials = 3", '"finetune.learning_rate" = { from = 1e-4, to = 1e-2, scale = "log" }')
    file.with_name("tiny.toml").write_text(file.with_name("tiny.toml").read_text().replace("epochs = 2", "epochs = 8"))
    out = tmp_path / "out"
    line = ["sweep", str(file), "--manifest", str(pictures), "--out", str(out)]
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    process = subprocess.Popen(
        [sys.executable, "-c", "from smn.cli import main; main()", *line, "--workers", "1"],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + 100
    while not (out / "trials" / "002" / "checkpoint-finetune.pt").exists() and time.monotonic() < until:
        time.sleep(0.05)
    process.kill()
    process.wait()
    done = (out / "trials" / "001" / "model.pt").stat().st_mtime_ns
    left = len((out / "trials" / "002" / "metrics.jsonl").read_text().splitlines())
    assert 1 <= left <= 8
    assert not (out / "results.csv").exists()
    time.sleep(1)  # its workers notice that they are orphans

    shown = smn(*line)
    assert "Wrote" in shown
    rows = read_rows(out / "results.csv")
    assert [(row["state"], row["epochs"], row["restarts"]) for row in rows] == [
        ("finished", "8", "0"), ("finished", "8", "1"), ("finished", "8", "0"),
    ]  # fmt: skip
    assert (out / "trials" / "001" / "model.pt").stat().st_mtime_ns == done
    epochs = [line["epoch"] for line in read_lines(out / "trials" / "002" / "metrics.jsonl")]
    assert epochs == list(range(1, 9))


def test_another_sweep_or_recipe_does_not_fit_the_folder(pictures: Path, write_sweep: Writer, tmp_path: Path) -> None:
    sweep, recipe = read_sweep(write_sweep("trials = 1", '"finetune.epochs" = [1, 2]'))
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(InputError, match="give host:port of the head"):
        run_sweep(sweep, recipe, pictures, out=out, address="ray://head:10001")
    other, changed = read_sweep(write_sweep("trials = 1\nseed = 1", '"finetune.epochs" = [1, 2]'))
    with pytest.raises(InputError, match=r"another recipe and sweep\.seed; choose another --out"):
        run_sweep(other, changed.with_settings({"seed": 5}), pictures, out=out)


def test_without_the_extra_the_pip_line_is_shown(
    pictures: Path, write_sweep: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smn.experiments.sweep.cluster.find_spec", lambda _: None)
    file = write_sweep("trials = 1", '"finetune.epochs" = [1, 2]')
    result = CliRunner().invoke(main, ["sweep", str(file), "--manifest", str(pictures), "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert '[scale]"' in result.stderr


SPACE = {
    "rate": Range(1e-4, 1e-2, log=True, whole=False),
    "depth": Range(1, 3, log=False, whole=True),
    "widths": Choices(([4], [8, 8])),
}
SWEEP = Sweep("tried", "tiny", trials=6, space=SPACE)


def propose_all(sweep: Sweep, *, known: int = 0) -> list[Any]:
    sampler = make_sampler(sweep, known=known)
    found = []
    while (settings := sampler.ask(known + len(found))) is not None:
        found.append(settings)
    return found


def test_a_grid_is_every_combination() -> None:
    space = {"a": Choices((1, 2)), "b": Choices(("x", "y", "z"))}
    found = propose_all(dataclasses.replace(SWEEP, search=Search.GRID, trials=0, space=space))
    assert [tuple(settings.values()) for settings in found] == [
        (1, "x"), (1, "y"), (1, "z"), (2, "x"), (2, "y"), (2, "z"),
    ]  # fmt: skip


def test_random_draws_depend_on_seed_and_number_only() -> None:
    found = propose_all(SWEEP)
    assert len(found) == 6
    assert len({settings["rate"] for settings in found}) == 6
    assert propose_all(SWEEP, known=3) == found[3:]
    assert propose_all(dataclasses.replace(SWEEP, seed=1)) != found


@pytest.mark.parametrize("metric", list(Metric))
def test_bayesian_draws_gather_where_it_was_good(metric: Metric) -> None:
    sweep = dataclasses.replace(SWEEP, search=Search.BAYESIAN, trials=40, metric=metric)
    sampler = make_sampler(sweep, known=0)
    rates = []
    for number in range(40):
        settings = sampler.ask(number)
        assert settings is not None
        assert 1e-4 <= settings["rate"] <= 1e-2
        assert settings["depth"] in (1, 2, 3)
        assert settings["widths"] in ([4], [8, 8])
        rates.append(settings["rate"])
        sampler.tell(number, settings, settings["rate"] if metric.rises else -settings["rate"])
    assert sampler.ask(40) is None
    late = rates[20:]
    assert sum(rate > 3e-3 for rate in late) > 0.5 * len(late)  # a quarter of random draws


def test_bayesian_draws_learn_from_an_earlier_call_and_from_failures() -> None:
    sweep = dataclasses.replace(SWEEP, search=Search.BAYESIAN, trials=12)
    first, again = (make_sampler(sweep, known=known) for known in (0, 2))
    begun = [first.ask(number) for number in (0, 1)]
    first.tell(0, begun[0] or {}, None)
    for number, settings in enumerate(begun):
        again.tell(number, settings or {}, 0.5)
    again.tell(2, {"rate": 1e-3, "depth": 2, "widths": [4]}, None)
    assert again.ask(2) not in begun
