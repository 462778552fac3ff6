"""What TensorBoard is told of a run."""

import sys
from pathlib import Path
from typing import Any

import pytest

from smn.errors import MissingExtraError
from smn.train import Recipe
from smn.train.run import train
from smn.train.tracking import track_tensorboard


def read_events(folder: Path) -> dict[str, list[tuple[int, float]]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder)).Reload()
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def test_every_figure_of_every_epoch_is_written(tiny_recipe: dict[str, Any], pictures: Path, tmp_path: Path) -> None:
    tiny_recipe["model"] |= {"levels": [0, 1], "size": 32}
    told: list[dict[str, Any]] = []
    with track_tensorboard(tmp_path / "events") as track:

        def told_epoch(record: dict[str, Any]) -> None:
            track(record)
            told.append(record)

        train(Recipe.from_dict(tiny_recipe, where="tiny"), pictures, out=tmp_path / "run", told_epoch=told_epoch)
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
