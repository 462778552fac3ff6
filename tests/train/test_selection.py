"""Which rows a recipe learns from."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smn.errors import ManifestError
from smn.manifest import read_manifest, write_manifest
from smn.movements import read_taxonomy
from smn.train import Recipe, list_recipes, read_recipe
from smn.train.run import read_run, train
from smn.train.selection import select, select_negatives, shorten_pictures, shorten_recipe


def test_selection_groups_by_the_taxonomy_and_leaves_the_rest_out(pictures: Path, tmp_path: Path) -> None:
    import pyarrow as pa

    manifest = read_manifest(pictures)
    rows = manifest.table.to_pylist()
    for row, movement in zip(
        rows, ("minimalism", "ukiyo-e", None, "not-a-painting", "neo-impressionism"), strict=False
    ):
        row |= {"movement": movement, "split": "train"}
    table = pa.Table.from_pylist(rows, manifest.table.schema)
    changed = read_manifest(write_manifest(table, tmp_path / "manifest.parquet"))
    data = select(changed, read_taxonomy("origin-8"), split="train")
    labels = [read_taxonomy("origin-8").label_ids[target] for target in data.targets]
    # Ukiyo-e is none of the eight; the other two are read with a neighbour.
    assert labels[:2] == ["color-field", "impressionism"]
    assert data.rows[:2] == (0, 4)
    assert len(data.rows) == len(changed.rows(split="train")) - 3


def test_negatives_are_the_training_rows_that_are_no_paintings(pictures: Path, others: Path) -> None:
    negatives = read_manifest(others)
    assert select_negatives(negatives) == negatives.rows(split="train")
    with pytest.raises(ManifestError, match="import it with --not-paintings"):
        select_negatives(read_manifest(pictures))


SetMaker = Callable[..., Path]


def test_every_phase_is_gone_through_once(
    tiny_recipe: dict[str, Any], tmp_path: Path, make_painted_set: SetMaker, make_other_set: SetMaker
) -> None:
    pictures = make_painted_set(tmp_path / "pictures", splits={"train": 5, "val": 3, "test": 1})
    others = make_other_set(tmp_path / "others", splits={"train": 12})
    tiny_recipe["model"] |= {"levels": [0, 1], "size": 32}
    tiny_recipe["finetune"]["epochs"] = 3
    told: list[tuple[str, int, int]] = []
    run = train(
        Recipe.from_dict(tiny_recipe, where="tiny"), pictures, out=tmp_path / "run", negatives=others, fast=True,
        progress=lambda *what: told.append(what),
    )  # fmt: skip
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [(line["phase"], line["epoch"]) for line in lines] == [("head", 1), ("finetune", 1)]
    assert {("head", 2, 2), ("finetune", 2, 2)} <= set(told)
    assert read_run(run).data.pictures == {"train": 8, "val": 8}
    assert read_run(run).data.negatives == 8
    assert (run / "model.pt").exists()


def test_the_pictures_come_from_all_over(tmp_path: Path, make_painted_set: SetMaker) -> None:
    manifest = read_manifest(make_painted_set(tmp_path / "pictures", splits={"train": 5, "val": 1}))
    short = shorten_pictures(manifest, read_taxonomy("origin-8"))
    assert (len(short.rows(split="train")), len(short.rows(split="val"))) == (8, 4)
    assert len(set(short.column("movement"))) == 4


@pytest.mark.parametrize("name", [name for name in list_recipes() if read_recipe(name).model.kind != "colour"])
def test_every_network_s_recipe_can_be_rehearsed(name: str) -> None:
    short, whole = shorten_recipe(read_recipe(name)), read_recipe(name)
    assert short.model == whole.model
    assert (short.head.epochs, short.finetune.epochs) == (min(1, whole.head.epochs), min(1, whole.finetune.epochs))


def test_a_split_without_rows_is_said(tiny_recipe: dict[str, Any], tmp_path: Path, make_painted_set: SetMaker) -> None:
    pictures = make_painted_set(tmp_path / "pictures", splits={"train": 1})
    with pytest.raises(ManifestError, match="no picture in split val"):
        train(Recipe.from_dict(tiny_recipe, where="tiny"), pictures, out=tmp_path / "run", fast=True)
