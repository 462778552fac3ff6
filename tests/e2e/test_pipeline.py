"""The whole way through the real command line: pictures, manifest, split, training, a kill, bundle, report, answers."""

import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

MOVEMENTS = ("color-field", "cubism", "impressionism", "romanticism")
ARTISTS, WORKS = 5, 4
NOTHINGS = 20
EPOCHS = 4
RECIPE = f"""\
name = "small"
description = "For the test of the whole way."
taxonomy = "origin-8"
[model]
backbone = "lite0"
levels = [0, 3, 7]
size = 64
[head]
views = 1
epochs = 10
batch_size = 16
learning_rate = 1e-2
weight_decay = 0.1
[finetune]
epochs = {EPOCHS}
batch_size = 4
ema_decay = 0.5
"""


@dataclass(frozen=True)
class Shell:
    """Runs smn as a person would, in a folder."""

    folder: Path

    def command(self, *arguments: object) -> Sequence[str]:
        return (str(Path(sys.executable).with_name("smn")), *(str(argument) for argument in arguments))

    def smn(self, *arguments: object, code: int = 0) -> str:
        """The standard output of a command that must end with this code."""
        done = subprocess.run(
            self.command(*arguments), cwd=self.folder, capture_output=True, text=True, encoding="utf-8", check=False
        )
        assert done.returncode == code, f"{arguments}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A folder with paintings, a table about them, pictures of something else and a recipe."""
    from smn.examples import paint

    folder = tmp_path_factory.mktemp("pipeline")
    rows = []
    for movement in MOVEMENTS:
        (folder / "paintings" / movement).mkdir(parents=True)
        for number in range(ARTISTS * WORKS):
            place = f"paintings/{movement}/{number}.jpg"
            paint(movement, seed=number, size=(112, 96)).save(folder / place, quality=92)
            rows.append((place, movement, f"Painter {number // WORKS} of {movement}"))
    with (folder / "paintings.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("path", "movement", "artist"), *rows])
    (folder / "nothings").mkdir()
    random = np.random.default_rng(0)
    for number in range(NOTHINGS):
        noise = Image.fromarray(random.integers(0, 256, (96, 96), dtype=np.uint8))
        noise.filter(ImageFilter.GaussianBlur(number % 3 / 4)).save(folder / "nothings" / f"{number}.png")
    (folder / "small.toml").write_text(RECIPE, encoding="utf-8")
    return Shell(folder)


@pytest.fixture(scope="module")
def pictures(shell: Shell) -> Path:
    """The split manifest of paintings."""
    shell.smn(
        "dataset", "import", "paintings.csv", "--out", "data/all", "--taxonomy", "origin-8", "--licence", "CC0-1.0"
    )
    shell.smn("dataset", "split", "data/all", "--out", "data/paintings", "--ratios", "60/20/20")
    return shell.folder / "data" / "paintings"


@pytest.fixture(scope="module")
def others(shell: Shell) -> Path:
    """The split manifest of pictures that are no paintings."""
    shell.smn("dataset", "import", "nothings", "--out", "data/nothings-all", "--not-paintings")
    shell.smn("dataset", "split", "data/nothings-all", "--out", "data/nothings", "--ratios", "60/20/20")
    return shell.folder / "data" / "nothings"


def metrics(run: Path) -> list[tuple[str, int]]:
    file = run / "metrics.jsonl"
    lines = file.read_text().splitlines() if file.exists() else []
    return [(line["phase"], line["epoch"]) for line in map(json.loads, lines)]


@pytest.fixture(scope="module")
def run(shell: Shell, pictures: Path, others: Path) -> Path:
    """A run that was killed without warning while it trained, and then finished by the same command."""
    run = shell.folder / "runs" / "small"
    train = shell.command("train", "small.toml", "--manifest", pictures, "--negatives", others, "--out", run)
    log = shell.folder / "killed.log"
    with log.open("w") as stream:
        # A session of its own, so that the kill takes the processes that decode pictures along.
        process = subprocess.Popen(train, cwd=shell.folder, stderr=stream, start_new_session=True)
        try:
            deadline = time.monotonic() + 300
            while not (run / "checkpoint-finetune.pt").exists():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.01)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
    assert code == -signal.SIGKILL
    assert not (run / "model.pt").exists()
    kept = (run / "checkpoint-finetune.pt").stat().st_mtime_ns
    shell.smn("train", "small.toml", "--manifest", pictures, "--negatives", others, "--out", run)
    assert (run / "checkpoint-finetune.pt").stat().st_mtime_ns > kept
    return run


@pytest.fixture(scope="module")
def bundle(shell: Shell, run: Path) -> Path:
    shell.smn("export", run, "--out", "bundle", "--name", "small-1")
    return shell.folder / "bundle"


@pytest.fixture(scope="module")
def report(shell: Shell, bundle: Path, pictures: Path, others: Path) -> dict[str, Any]:
    shell.smn(
        "evaluate", bundle, "--manifest", f"{pictures}:test", "--manifest", f"seen={pictures}:train",
        "--not-paintings", f"{others}:test", "--train", f"{pictures}:train", "--out", "report", "--bootstrap", 50,
    )  # fmt: skip
    found: dict[str, Any] = json.loads((shell.folder / "report" / "report.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def broken(shell: Shell) -> Path:
    """A file among the paintings that is none."""
    file = shell.folder / "paintings" / "cubism" / "broken.jpg"
    whole = (file.parent / "0.jpg").read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    return file


@pytest.fixture(scope="module")
def answers(shell: Shell, bundle: Path, broken: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        shell.smn("predict", "paintings", "--model", bundle, "--format", "json", "--top-k", 8)
    )
    return found


def test_the_split_is_by_artist_and_holds_every_movement(shell: Shell, pictures: Path) -> None:
    found = json.loads(shell.smn("dataset", "info", pictures, "--format", "json"))
    assert found["rows"] == len(MOVEMENTS) * ARTISTS * WORKS
    assert set(found["movements"]) == set(MOVEMENTS)
    for counts in found["movements"].values():
        # Five artists of four works each: three, one and one.
        assert counts == {"train": 12, "val": 4, "test": 4}
    assert set(found["artists"].values()) == {ARTISTS}
    assert "No leakage" not in shell.smn("dataset", "info", pictures)
    assert json.loads(shell.smn("dataset", "check", pictures, "--format", "json"))["leaks"] == []


def test_pictures_of_something_else_are_marked_as_such(shell: Shell, others: Path) -> None:
    found = json.loads(shell.smn("dataset", "info", others, "--format", "json"))
    assert set(found["movements"]) == {"not-a-painting"}
    assert found["rows"] == NOTHINGS
    assert set(found["splits"]) == {"train", "val", "test"}


def test_the_killed_run_was_finished_without_repeating_what_was_done(run: Path, shell: Shell) -> None:
    assert metrics(run) == [("head", epoch + 1) for epoch in range(10)] + [
        ("finetune", epoch + 1) for epoch in range(EPOCHS)
    ]
    assert (run / "model.pt").stat().st_size > 1_000_000
    known = json.loads((run / "run.json").read_text())
    assert known["recipe"]["name"] == "small"
    assert known["data"]["pictures"] == {"train": 48, "val": 16}
    assert known["data"]["negatives"] == 12
    # Features of the pictures themselves, of whichever split, and of the augmented view of the training pictures.
    with closing(sqlite3.connect(shell.folder / "runs" / "cache" / "features.sqlite")) as database:
        assert database.execute("SELECT count(*) FROM feature_sets").fetchone() == (2,)


def test_a_killed_run_ends_as_one_that_was_not(shell: Shell, run: Path, pictures: Path, others: Path) -> None:
    import torch

    whole = shell.folder / "elsewhere" / "whole"
    shell.smn("train", "small.toml", "--manifest", pictures, "--negatives", others, "--out", whole)
    one, other = (torch.load(folder / "model.pt", weights_only=True) for folder in (run, whole))
    assert one.keys() == other.keys()
    assert all(torch.equal(value, other[name]) for name, value in one.items())


def test_the_bundle_is_complete_and_small(bundle: Path) -> None:
    assert {file.name for file in bundle.iterdir()} == {"bundle.json", "model.onnx"}
    found = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))
    assert found["name"] == "small-1"
    assert len(found["taxonomy"]["label"]) == 8
    assert found["metrics"]["agreement_largest_difference"] < 1e-4
    assert (bundle / "model.onnx").stat().st_size < 15_000_000


def test_the_report_measures_far_better_than_chance(report: dict[str, Any], shell: Shell) -> None:
    test, seen = report["sets"]
    assert (test["name"], test["rows"], test["not_paintings"]) == ("paintings-test", 16, 4)
    assert (seen["name"], seen["rows"], seen["artists"]) == ("seen", 48, 12)
    assert seen["figures"]["top1"]["value"] > 0.85
    assert test["figures"]["top1"]["value"] > 0.6
    assert test["figures"]["painting_auroc"]["value"] > 0.9
    assert test["figures"]["top1"]["low"] <= test["figures"]["top1"]["value"] <= test["figures"]["top1"]["high"]
    majority = next(one for one in test["baselines"] if "majority" in one["id"])
    assert majority["figures"]["top1"]["value"] == pytest.approx(0.25)
    files = {file.name for file in (shell.folder / "report").iterdir()}
    assert {"report.json", "report.md"} < files
    assert any(name.endswith(".png") for name in files)


def test_a_report_is_not_overwritten(shell: Shell, report: dict[str, Any], bundle: Path, pictures: Path) -> None:
    before = (shell.folder / "report" / "report.json").read_bytes()
    shell.smn("evaluate", bundle, "--manifest", f"{pictures}:test", "--out", "report", code=2)
    assert (shell.folder / "report" / "report.json").read_bytes() == before
    assert report["schema"] == 1


def test_every_picture_gets_an_answer_the_broken_one_too(answers: list[dict[str, Any]], broken: Path) -> None:
    assert len(answers) == len(MOVEMENTS) * ARTISTS * WORKS + 1
    (bad,) = (answer for answer in answers if answer["outcome"] == "error")
    assert bad["path"].endswith(f"cubism/{broken.name}")
    assert "truncated" in bad["error"]
    assert bad["predictions"] == []
    for answer in answers:
        if answer is not bad:
            assert answer["model"] == "small-1"
            assert sum(guess["probability"] for guess in answer["predictions"]) == pytest.approx(1, abs=1e-3)


def test_the_answers_are_far_better_than_chance(answers: list[dict[str, Any]]) -> None:
    good = [answer for answer in answers if answer["outcome"] != "error"]
    right = [answer["predictions"][0]["movement"] == Path(answer["path"]).parent.name for answer in good]
    assert np.mean(right) > 0.8  # of eight labels, four of which occur
    assert np.mean([answer["is_painting"] for answer in good]) > 0.9
    assert sum(answer["outcome"] == "movement" for answer in good) > len(good) / 2


def test_csv_says_the_same(shell: Shell, bundle: Path, answers: list[dict[str, Any]]) -> None:
    text = shell.smn("predict", "paintings", "--model", bundle, "--format", "csv")
    rows = {row["path"]: row for row in csv.DictReader(io.StringIO(text))}
    assert len(rows) == len(answers)
    for answer in answers:
        row = rows[answer["path"]]
        assert row["outcome"] == answer["outcome"]
        assert row["movement"] == (answer["movement"] or "")
        assert row["error"] == (answer["error"] or "")
        if answer["outcome"] != "error":
            assert row["guess_1"] == answer["predictions"][0]["movement"]
            assert float(row["probability_1"]) == pytest.approx(answer["predictions"][0]["probability"], abs=1e-4)
    shell.smn("predict", "paintings", "--model", bundle, "--out", "answers.csv")
    assert (shell.folder / "answers.csv").read_text(encoding="utf-8") == text


def test_most_pictures_of_something_else_are_refused(shell: Shell, bundle: Path) -> None:
    text = shell.smn("predict", "nothings", "--model", bundle, "--format", "jsonl")
    outcomes = [json.loads(line)["outcome"] for line in text.splitlines()]
    assert len(outcomes) == NOTHINGS
    assert outcomes.count("not_a_painting") > 0.7 * NOTHINGS
