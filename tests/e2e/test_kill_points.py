"""Commands that take long are killed at each of their writes, and run again: they continue, or say why they refuse.

`kill_points.py` does it in a process of its own; what it reports is judged here.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import kill_points
import smn
from smn.examples import paint

MOVEMENTS = ("color-field", "cubism", "impressionism", "romanticism")
FOLDERS = {"pictures": range(6), "more": range(6, 7), "some-pictures": range(7, 8)}
RECIPE = """\
name = "tiny"
description = "Convolutions that learn within a second."
taxonomy = "origin-8"
[model]
kind = "cnn"
widths = [4]
size = 32
[head]
epochs = 0
[finetune]
epochs = 2
batch_size = 8
"""
PREPARED = "dataset import some-pictures --out some"
KILLED = (
    "dataset import pictures --out data",
    "dataset import more --out packed --embed",
    "dataset import packed/manifest.parquet --out new",
    "dataset split data --out split --ratios 50/25/25",
    "dataset add split new --out grown",
    "train tiny.toml --manifest split --out run",
    "export run --out bundle --name tiny-1",
    "calibrate bundle --manifest split --out bundle-2",
    "clean check data --out findings --no-model",
    "clean suggest findings --out decisions.csv",
    "clean apply data --decisions decisions.csv --out cleaned",
    "index build some --out works --model bundle",
    "index add works new --model bundle",
    "index remove works {some-pictures/cubism/7.jpg} --model bundle",
    "clean review findings --out review",
    "clean undo picked.csv --check label",
)
CONTINUED = ("train", "clean check", "clean review", "index add")
"""Commands that may refuse nowhere; the others refuse what is there, once their output has its final name."""

REFUSALS = {"index remove": "list its works with: smn index show works --works", "clean undo": "that label led to."}
"""What commands say that change a file or folder, and find their change made."""

LATER = {
    "import-report.json", "import-report.md", "growth-report.json", "growth-report.md", "applied.json", "applied.md",
    "bundle.json",
}  # fmt: skip
"""Files that get their names after a command's first file; where a kill comes between, they are missing."""


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder, steps = tmp_path_factory.mktemp("state"), tmp_path_factory.mktemp("steps") / "steps.json"
    for kind, seeds in FOLDERS.items():
        for name in MOVEMENTS:
            (folder / kind / name).mkdir(parents=True)
            for seed in seeds:
                paint(name, seed=seed, size=(88, 72)).save(folder / kind / name / f"{seed}.jpg")
    (folder / "tiny.toml").write_text(RECIPE, encoding="utf-8")
    picture = hashlib.sha256((folder / "pictures/cubism/0.jpg").read_bytes()).hexdigest()
    decision = f"id,sha256,decision,movement,checks,note,decided_at\n{picture[:16]},{picture},drop,,label,,\n"
    (folder / "picked.csv").write_text(decision, encoding="utf-8")
    words = [(_name_pictures(command, folder).split(), command in KILLED) for command in (PREPARED, *KILLED)]
    steps.write_text(json.dumps([{"words": one, "walk": walk} for one, walk in words]), encoding="utf-8")
    paths = (str(Path(smn.__file__).parents[1]), os.environ.get("PYTHONPATH", ""))
    env = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, kill_points.__file__, folder, steps], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return dict(zip((PREPARED, *KILLED), told, strict=True))


def _name_pictures(command: str, folder: Path) -> str:
    """Put the ids of pictures in place of their paths in braces."""
    return re.sub(r"{(.+)}", lambda name: hashlib.sha256((folder / name[1]).read_bytes()).hexdigest()[:16], command)


@pytest.mark.parametrize("command", KILLED)
def test_a_kill_at_any_write_is_continued_or_refused_in_a_sentence(command: str, walks: dict[str, Any]) -> None:
    walk = walks[command]
    assert walk["code"] == 0, walk["said"]
    assert walk["unseen"] == []  # no file was written where the walk cannot kill
    # States that are equal are tried once: what a killed process had not written yet leaves none.
    assert walk["points"] >= len(walk["tries"]) >= 2
    for told in walk["tries"]:
        assert told["killed"] == -9, told
        assert told["lost"] == told["changed"] == [], told
        assert all(map(kill_points.is_hidden, told["left"])), told  # nothing reads what is hidden
        if told["code"] == 0:
            assert told["missing"] == [], told
        else:
            _check_refusal(told, command)
    assert walk["tries"][0]["code"] == 0
    if command.startswith(CONTINUED):
        assert {told["code"] for told in walk["tries"]} == {0}


def _check_refusal(told: dict[str, Any], command: str) -> None:
    assert told["code"] == 2, told
    assert "Traceback" not in told["said"], told
    (line,) = told["said"].strip().splitlines()
    assert line.startswith("Error: "), told
    exists = "already exists and smn overwrites nothing; choose another name or move it away."
    assert line.endswith(REFUSALS.get(" ".join(command.split()[:2]), exists)), told
    assert {Path(name).name for name in told["missing"]} <= LATER, told
