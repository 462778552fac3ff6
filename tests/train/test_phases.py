"""What each phase of training changes."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from smn.models import build_classifier
from smn.train import Recipe
from smn.train.run import train
from trained_runs import weights


def test_a_head_alone_leaves_the_backbone_as_it_was(head_recipe: Recipe, pictures: Path, tmp_path: Path) -> None:
    trained = weights(train(head_recipe, pictures, out=tmp_path / "run"))
    pretrained = build_classifier("lite0", levels=(0, 1), classes=8)[0].state_dict()
    backbone = [name for name in trained if name.startswith("backbone.")]
    assert len(backbone) > 10
    assert all(torch.equal(trained[name], pretrained[name]) for name in backbone)
    assert trained["head.weight"].abs().max() > 0
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["phase"] for line in lines] == ["head", "head"]


@pytest.mark.parametrize(("blend", "share"), [(0.0, 0.0), (0.5, 0.5)])
def test_blending_lies_between_before_and_after(
    tiny_recipe: dict[str, Any], pictures: Path, tmp_path: Path, blend: float, share: float
) -> None:
    tiny_recipe["model"] |= {"levels": [0, 1], "size": 32}
    states = {}
    for name, changes in {"before": {"epochs": 0}, "after": {"blend": 1.0}, "between": {"blend": blend}}.items():
        tiny_recipe["finetune"] |= {"epochs": 1, "learning_rate": 1e-2} | changes
        states[name] = weights(train(Recipe.from_dict(tiny_recipe, where="tiny"), pictures, out=tmp_path / name))
    moved = 0
    for name, value in states["between"].items():
        if value.is_floating_point():
            before, after = states["before"][name], states["after"][name]
            torch.testing.assert_close(value, before + share * (after - before))
            moved += int(not torch.equal(before, after))
    assert moved > 10
