"""A run that starts from another run's weights."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smn.errors import InputError
from smn.train.initial_run import read_start
from smn.train.recipe import Recipe
from smn.train.run import read_run, train
from trained_runs import same, weights


@pytest.fixture
def more(tiny_recipe: dict[str, Any]) -> Recipe:
    """The tiny recipe, with one more pass over the pictures and other rates."""
    recipe = Recipe.from_dict(tiny_recipe, where="tiny")
    return replace(recipe, name="more", finetune=replace(recipe.finetune, epochs=1, learning_rate=1e-5))


def test_it_goes_on_from_there(tiny_run: Path, more: Recipe, pictures: Path, tmp_path: Path) -> None:
    out = train(more, pictures, out=tmp_path / "more", start=tiny_run)
    known, before = read_run(out), read_run(tiny_run)
    assert known.start is not None
    assert known.start["run"] == tiny_run.name
    assert Recipe.from_dict(known.start["recipe"], where="start") == before.recipe
    assert known.backbone == before.backbone
    here, there = weights(out), weights(tiny_run)
    assert not same(here, there)
    assert (out / "checkpoint-finetune.pt").exists()
    assert not (out / "checkpoint-head.pt").exists()  # the head is kept, not fitted anew
    assert max(float((here[name].float() - value.float()).abs().max()) for name, value in there.items()
               if name == "head.weight") < 0.05  # fmt: skip


def test_the_same_start_is_needed_to_continue(tiny_run: Path, more: Recipe, pictures: Path, tmp_path: Path) -> None:
    train(more, pictures, out=tmp_path / "more", start=tiny_run)
    with pytest.raises(InputError, match="holds a run with another start"):
        train(more, pictures, out=tmp_path / "more")


def test_what_cannot_be_started_from(tiny_run: Path, more: Recipe, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a run"):
        read_start(tmp_path, more)
    unfinished = tmp_path / "unfinished"
    unfinished.mkdir()
    (unfinished / "run.json").write_bytes((tiny_run / "run.json").read_bytes())
    with pytest.raises(InputError, match=r"not a finished run of a network.*finish it, or name another"):
        read_start(unfinished, more)
    other = replace(more, model=replace(more.model, dropout=0.9))
    with pytest.raises(InputError, match="another model than the recipe more; start from a run with the same one"):
        read_start(tiny_run, other)
