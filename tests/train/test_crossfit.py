"""Answers of heads that have seen nothing by a picture's artist, and learning from them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from smn.errors import ManifestError, RecipeError
from smn.manifest import Manifest, read_manifest
from smn.movements import read_taxonomy
from smn.train import Recipe
from smn.train.crossfit import FOLDS, answer_held_out, divide_artists
from smn.train.run import train
from smn.train.selection import TrainingData, select
from trained_runs import StoppedError, same, weights

SetMaker = Callable[..., Path]


@pytest.fixture
def recipe(tiny_recipe: dict[str, Any]) -> Recipe:
    tiny_recipe["model"] |= {"levels": [0, 1], "size": 32}
    tiny_recipe["head"]["crossfit"] = 0.5
    tiny_recipe["finetune"] |= {"epochs": 1, "crossfit": 0.5}
    return Recipe.from_dict(tiny_recipe, where="tiny")


@pytest.fixture
def by_artists(pictures: Path) -> Callable[[list[str | None]], TrainingData]:
    """The training pictures, by other artists."""

    def by_artists(artists: list[str | None]) -> TrainingData:
        import pyarrow as pa

        manifest = read_manifest(pictures)
        data = select(manifest, read_taxonomy("origin-8"), split="train")
        names: list[str | None] = [None] * len(manifest)
        for row, artist in zip(data.rows, artists, strict=True):
            names[row] = artist
        table = manifest.table
        place = table.column_names.index("artist")
        table = table.set_column(place, "artist", pa.array(names, pa.string()))
        return TrainingData(Manifest(manifest.file, table), data.rows, data.targets)

    return by_artists


def test_every_row_and_every_artist_is_in_one_part(by_artists: Callable[..., TrainingData]) -> None:
    data = by_artists(["A", "a", "B", "B", None, None, "C", "D"])
    parts = divide_artists(data, seed=0)
    assert len(parts) == FOLDS
    assert np.array_equal(np.sum(parts, axis=0), np.ones(8))
    assert all(part.any() for part in parts)
    for part in parts:
        assert part[0] == part[1]
        assert part[2] == part[3]
    many = [divide_artists(data, seed=seed) for seed in range(9)]
    assert all(np.array_equal(one, other) for one, other in zip(parts, many[0], strict=True))
    assert any(not np.array_equal(parts[0], other[0]) for other in many)
    # Rows whose artist is unknown are by several, as far as anybody knows.
    assert any(not np.array_equal(part[4], part[5]) for other in many for part in other)


def test_fewer_artists_than_parts_are_a_part_each(by_artists: Callable[..., TrainingData]) -> None:
    assert len(divide_artists(by_artists(["A"] * 4 + ["B"] * 4), seed=0)) == 2
    with pytest.raises(ManifestError, match=r"all 8 training pictures are by one artist.* or set head\.crossfit"):
        divide_artists(by_artists(["A"] * 8), seed=0)


def test_nobody_answers_for_an_artist_they_have_seen(by_artists: Callable[..., TrainingData], tmp_path: Path) -> None:
    """A "head" that gives the rows it was fitted on probability 1 of label 0, and others of label 1."""
    data = by_artists(["A", "A", "B", "C", "D", "E", "F", "G"])
    views = torch.eye(8)[None].repeat(3, 1, 1)
    places, first = [], nn.Linear(8, 2, bias=False)

    def fit_head(head: nn.Module, rows: torch.Tensor, folder: Path) -> nn.Module:
        assert head is not first
        places.append(folder)
        assert isinstance(head, nn.Linear)
        seen = torch.zeros(8)
        seen[rows] = 1.0
        head.weight.data = 50.0 * torch.stack([seen, 1.0 - seen])
        return head

    before = first.weight.detach().clone()
    answers = answer_held_out(first, views, data, fit_head=fit_head, run=tmp_path, seed=0)
    torch.testing.assert_close(answers, torch.tensor([[0.0, 1.0]]).repeat(8, 1))
    assert torch.equal(first.weight, before)
    assert len(set(places)) == FOLDS


def test_answers_stand_in_the_order_of_the_rows_and_are_means_over_views(
    by_artists: Callable[..., TrainingData], tmp_path: Path
) -> None:
    data = by_artists(["A", "B", "C", "D", "E", "F", "G", "H"])
    views = torch.randn(2, 8, 4, generator=torch.Generator().manual_seed(0))
    answers = answer_held_out(nn.Identity(), views, data, fit_head=lambda head, *_: head, run=tmp_path, seed=0)
    torch.testing.assert_close(answers, views.softmax(2).mean(0))


def test_the_head_and_the_network_learn_from_them(recipe: Recipe, pictures: Path, tmp_path: Path) -> None:
    whole = weights(train(recipe, pictures, out=tmp_path / "both"))
    assert sorted(path.name for path in (tmp_path / "both" / "crossfit").iterdir()) == ["0", "1", "2", "3", "4"]
    phases = [json.loads(line)["phase"] for line in (tmp_path / "both" / "metrics.jsonl").read_text().splitlines()]
    assert phases == ["head", "head", "finetune"]
    for section in ("head", "finetune"):
        other = recipe.with_settings({f"{section}.crossfit": 0.0})
        assert not same(weights(train(other, pictures, out=tmp_path / section)), whole)
    none = recipe.with_settings({"head.crossfit": 0.0, "finetune.crossfit": 0.0})
    assert not (train(none, pictures, out=tmp_path / "none") / "crossfit").exists()


@pytest.mark.parametrize(("phase", "count"), [("crossfit", 9), ("head", 5), ("finetune", 1)])
def test_a_stopped_run_ends_as_one_that_was_not(
    recipe: Recipe, pictures: Path, tmp_path: Path, phase: str, count: int
) -> None:
    """Stopped in the third of five heads, in the second epoch of the head, in the first of the network."""
    told: list[str] = []

    def stop(what: str, *_: int) -> None:
        told.append(what)
        if told.count(phase) == count:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(recipe, pictures, out=tmp_path / "run", progress=stop)
    again: list[str] = []
    train(recipe, pictures, out=tmp_path / "run", progress=lambda what, *_: again.append(what))
    whole: list[str] = []
    train(recipe, pictures, out=tmp_path / "whole", progress=lambda what, *_: whole.append(what))
    assert same(weights(tmp_path / "run"), weights(tmp_path / "whole"))
    assert again.count("crossfit") < whole.count("crossfit")


def test_without_a_head_nobody_can_answer(recipe: Recipe) -> None:
    with pytest.raises(RecipeError, match=r"head\.crossfit is 0\.5 .* set head\.epochs above 0, or both to 0"):
        recipe.with_settings({"head.epochs": 0})
