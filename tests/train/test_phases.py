"""What each phase of training changes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from smn.examples.gallery import Group
from smn.export.opening import load_network, open_runs
from smn.manifest import read_manifest
from smn.models import build_classifier
from smn.train import Recipe
from smn.train.run import train
from trained_runs import weights

SetMaker = Callable[..., Path]


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


@pytest.mark.parametrize("drawn", [0, 1])
def test_there_is_a_judge_for_each_group_of_what_is_no_painting(
    tiny_recipe: dict[str, Any], pictures: Path, others: Path, tmp_path: Path, drawn: int
) -> None:
    tiny_recipe["model"] |= {"levels": [0, 1], "size": 32}
    tiny_recipe["finetune"]["epochs"] = 0
    tiny_recipe["answers"] = {"generated_negatives": drawn}
    recipe = Recipe.from_dict(tiny_recipe, where="tiny")
    run = train(recipe, pictures, out=tmp_path / "run", negatives=others)
    held = weights(run)["painting.weight"]
    assert len(held) == len(weights(run)["painting.bias"]) == (len(Group) if drawn else 1)
    assert (held.abs().amax(1) > 0).all()
    # What was trained is opened for export with as many judges.
    (opened,) = open_runs([run])
    assert torch.equal(load_network(opened).painting.weight, held)


def test_photographs_of_other_splits_are_not_looked_at(
    tiny_recipe: dict[str, Any], pictures: Path, tmp_path: Path, make_other_set: SetMaker
) -> None:
    tiny_recipe["model"] |= {"levels": [0, 1], "size": 32}
    tiny_recipe["finetune"]["epochs"] = 0
    tiny_recipe["answers"] = {"generated_negatives": 1}
    recipe = Recipe.from_dict(tiny_recipe, where="tiny")
    others = make_other_set(tmp_path / "others", splits={"train": 3, "val": 2, "test": 2})
    for row in read_manifest(others).rows(split=("val", "test")):
        Path(read_manifest(others).picture(row)).unlink()  # type: ignore[arg-type]
    assert train(recipe, pictures, out=tmp_path / "run", negatives=others).is_dir()
