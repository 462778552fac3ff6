"""The picture of how a run has learned."""

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from smn.errors import MissingExtraError
from smn.train import Recipe
from smn.train.learning_curves import draw_curves, track_tensorboard
from smn.train.run import train


def write_metrics(run: Path, phases: dict[str, int]) -> None:
    lines: list[dict[str, Any]] = [
        {"phase": phase, "epoch": epoch, "seconds": 1.0, "loss": 3 / epoch, "val_log_loss": 2 / epoch, "val_top1": 0.1}
        for phase, epochs in phases.items()
        for epoch in range(1, epochs + 1)
    ]
    run.mkdir(exist_ok=True)
    (run / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.mark.parametrize("phases", [{"head": 20}, {"finetune": 1}, {"head": 3, "finetune": 8}])
def test_phases_stand_side_by_side(tmp_path: Path, phases: dict[str, int]) -> None:
    write_metrics(tmp_path / "run", phases)
    file = draw_curves(tmp_path / "run")
    assert file == tmp_path / "run" / "curves.png"
    with Image.open(file) as image:
        assert image.width == pytest.approx(160 * (4.3 * len(phases) + 0.3), abs=1)
        pixels = np.asarray(image.convert("RGB"), dtype=int)
    for colour in ((0xA6, 0x3D, 0x23), (0x17, 0x32, 0x4D)):  # train and val
        drawn = (np.abs(pixels - colour).sum(2) < 30).any(0)
        for column in range(len(phases)):
            assert drawn[column * 688 : (column + 1) * 688].any()
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["curves.png", "metrics.jsonl"]


def test_later_epochs_replace_the_picture(tmp_path: Path) -> None:
    sizes = []
    for epochs in (1, 9):
        write_metrics(tmp_path / "run", {"head": epochs})
        draw_curves(tmp_path / "run")
        sizes.append((tmp_path / "run" / "curves.png").read_bytes())
    assert sizes[0] != sizes[1]


def test_a_run_that_went_astray_is_drawn_too(tmp_path: Path) -> None:
    line = {"phase": "head", "epoch": 1, "loss": math.nan, "val_log_loss": math.nan, "val_top1": 0.1}
    (tmp_path / "metrics.jsonl").write_text(json.dumps(line) + "\n")
    assert draw_curves(tmp_path) == tmp_path / "curves.png"


def test_before_the_first_epoch_there_is_nothing_to_draw(tmp_path: Path) -> None:
    assert draw_curves(tmp_path) is None
    (tmp_path / "metrics.jsonl").touch()
    assert draw_curves(tmp_path) is None
    assert not (tmp_path / "curves.png").exists()


def read_events(folder: Path) -> dict[str, list[tuple[int, float]]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder)).Reload()
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def test_every_figure_of_every_epoch_is_written(tiny_recipe: dict[str, Any], pictures: Path, tmp_path: Path) -> None:
    tiny_recipe["model"] |= {"levels": [0, 1], "size": 32}
    told: list[dict[str, Any]] = []
    with track_tensorboard(tmp_path / "events") as track:

        def on_epoch_end(record: dict[str, Any]) -> None:
            track(record)
            told.append(record)

        train(Recipe.from_dict(tiny_recipe, where="tiny"), pictures, out=tmp_path / "run", on_epoch_end=on_epoch_end)
        events = read_events(tmp_path / "events")  # they are there before the block ends
    assert [(record["phase"], record["epoch"]) for record in told] == [("head", 1), ("head", 2), ("finetune", 1)]
    names = ("seconds", "loss", "val_log_loss", "val_top1", "val_top3")
    assert set(events) == {f"{phase}/{name}" for phase in ("head", "finetune") for name in names}
    assert events["head/loss"] == [(record["epoch"], pytest.approx(record["loss"])) for record in told[:2]]


def test_without_the_extra_the_pip_line_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with (
        pytest.raises(MissingExtraError, match=r'needs tensorboard.*pip install .*\[track\]"'),
        track_tensorboard(tmp_path / "events"),
    ):
        pass
    assert not (tmp_path / "events").exists()
