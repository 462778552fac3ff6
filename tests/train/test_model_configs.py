"""Runs of every kind of network from end to end, on a few small pictures."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from smn.errors import InputError
from smn.export import export_run
from smn.feature_cache import FILE_NAME
from smn.models import build_timm, build_vgg16
from smn.models.stages import list_stages
from smn.models.weight_files import Convention, write_weights
from smn.train import Recipe
from smn.train.factory import build_network
from smn.train.model_configs import KINDS
from smn.train.run import train
from trained_runs import StoppedError, same, stop_in, weights

SIDE = 32
NETWORKS = [kind for kind in KINDS if kind != "colour"]  # that one is in test_colour.py
RecipeMaker = Callable[..., Recipe]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Files of random weights, in place of the real ones."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    vgg = build_vgg16(classes=2, weights="random")[0].backbone.state_dict()
    save_file(vgg, folder / "plain.safetensors")
    write_weights(
        folder / "plain.safetensors", folder / "vgg16.safetensors", convention=Convention.CAFFE, origin="Random"
    )
    other = build_timm("resnet10t", classes=2, weights="random", size=SIDE)[0].backbone.state_dict()
    save_file(other, folder / "backbone.safetensors")
    return {kind: str(folder / f"{kind}.safetensors") for kind in ("vgg16", "backbone")}


@pytest.fixture
def make_recipe(tiny_recipe: dict[str, Any], files: dict[str, str]) -> RecipeMaker:
    """A tiny recipe of a kind: ``make_recipe("cnn", **{"finetune.epochs": 1})``."""
    models: dict[str, dict[str, Any]] = {
        "statistics": {"levels": [0, 1]},
        "cnn": {"widths": [4, 8], "block_dropout": 0.1, "dropout": 0.1},
        "vgg16": {"weights": files["vgg16"], "hidden": [8]},
        "backbone": {"name": "resnet10t", "weights": files["backbone"]},
    }

    def make(kind: str, **changes: object) -> Recipe:
        head = tiny_recipe["head"] | ({"epochs": 0} if kind == "cnn" else {"epochs": 1})
        data = tiny_recipe | {"model": {"kind": kind, "size": SIDE, **models[kind]}, "head": head}
        data["finetune"] = {"epochs": 2, "batch_size": 4, "ema_decay": 0.5, "unfreeze": 1}
        return Recipe.from_dict(data, where=kind).with_settings(changes)

    return make


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_stopped_run_ends_as_one_that_was_not(
    make_recipe: RecipeMaker, pictures: Path, others: Path, tmp_path: Path, kind: str
) -> None:
    recipe = make_recipe(kind)
    whole = train(recipe, pictures, out=tmp_path / "whole", negatives=others)
    torch.manual_seed(99)  # another process begins with other random numbers
    for step in (1, 3) if kind == "cnn" else (3,):
        with pytest.raises(StoppedError):
            train(recipe, pictures, out=tmp_path / "run", negatives=others, progress=stop_in("finetune", step))
    train(recipe, pictures, out=tmp_path / "run", negatives=others)
    assert same(weights(tmp_path / "run"), weights(whole))
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    phases = [(line["phase"], line["epoch"]) for line in lines]
    assert phases == [*([] if kind == "cnn" else [("head", 1)]), ("finetune", 1), ("finetune", 2)]


@pytest.mark.parametrize("kind", [kind for kind in NETWORKS if kind != "cnn"])
def test_frozen_stages_stay_as_they_were(make_recipe: RecipeMaker, pictures: Path, tmp_path: Path, kind: str) -> None:
    recipe = make_recipe(kind, **{"finetune.epochs": 1, "finetune.learning_rate": 0.01})
    trained = weights(train(recipe, pictures, out=tmp_path / "run"))
    network = build_network(recipe.model, classes=8).network
    before = {name: value for name, value in network.state_dict().items() if name.startswith("backbone.")}
    moved = {name.removeprefix("backbone.") for name, value in before.items() if not torch.equal(value, trained[name])}
    parameters = dict(network.backbone.named_parameters())
    assert moved & parameters.keys() == set(list_stages(network.backbone)[-1])
    # Nor has the normalisation of the frozen stages followed the new pictures.
    learning = {name.rpartition(".")[0] for name in moved & parameters.keys()}
    assert {name.rpartition(".")[0] for name in moved} == learning


@pytest.mark.parametrize("kind", [kind for kind in NETWORKS if kind != "statistics"])  # those are in tests/export
def test_every_kind_is_exported(
    make_recipe: RecipeMaker, pictures: Path, others: Path, tmp_path: Path, kind: str
) -> None:
    recipe = make_recipe(kind, **{"finetune.epochs": 1})
    run = train(recipe, pictures, out=tmp_path / "run", negatives=others)
    # Whoever exports need not have the file that the training began with.
    known = json.loads((run / "run.json").read_text())
    if "weights" in known["recipe"]["model"]:
        known["recipe"]["model"]["weights"] = "gone.safetensors"
        (run / "run.json").write_text(json.dumps(known))
    bundle = export_run(run, out=tmp_path / "bundle", name=f"{kind}-1")
    assert bundle.metrics["agreement_files"] == 4
    assert bundle.metrics["agreement_largest_difference"] < 1e-3
    assert bundle.recipe["model"]["kind"] == kind
    assert bundle.metrics["backbone"] == known["backbone"]


def test_another_head_uses_the_same_features(make_recipe: RecipeMaker, pictures: Path, tmp_path: Path) -> None:
    for name, hidden in (("one", [8]), ("two", []), ("three", [6, 4])):
        recipe = make_recipe("vgg16", **{"finetune.epochs": 0, "model.hidden": hidden, "model.batch_norm": True})
        train(recipe, pictures, out=tmp_path / name)
    with closing(sqlite3.connect(tmp_path / "cache" / FILE_NAME)) as database:
        known = [json.loads(facts)["facts"] for (facts,) in database.execute("SELECT facts FROM feature_sets")]
    assert sorted((facts["backbone"], facts["view"]) for facts in known) == [("vgg16", 0), ("vgg16", 1)]


def test_other_weights_do_not_continue_a_run(
    make_recipe: RecipeMaker, pictures: Path, tmp_path: Path, files: dict[str, str]
) -> None:
    own = tmp_path / "own.safetensors"
    own.write_bytes(Path(files["backbone"]).read_bytes())
    recipe = make_recipe("backbone", **{"model.weights": str(own), "finetune.epochs": 0})
    train(recipe, pictures, out=tmp_path / "run")
    torch.manual_seed(5)
    other = build_timm("resnet10t", classes=2, weights="random", size=SIDE)[0].backbone.state_dict()
    save_file(other, own)
    with pytest.raises(InputError, match="holds a run with another backbone; choose another --out"):
        train(recipe, pictures, out=tmp_path / "run")


def test_a_run_from_before_the_kinds_continues(make_recipe: RecipeMaker, pictures: Path, tmp_path: Path) -> None:
    recipe = make_recipe("statistics", **{"finetune.epochs": 0, "finetune.unfreeze": "all"})
    first = weights(train(recipe, pictures, out=tmp_path / "run"))
    known = json.loads((tmp_path / "run" / "run.json").read_text())
    del known["recipe"]["model"]["kind"], known["recipe"]["finetune"]["unfreeze"]
    (tmp_path / "run" / "run.json").write_text(json.dumps(known))
    assert same(weights(train(recipe, pictures, out=tmp_path / "run", progress=stop_in("head", 1))), first)


def test_more_stages_than_the_network_has_are_said_at_once(
    make_recipe: RecipeMaker, pictures: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"finetune\.unfreeze is 3, but this network has 2 stages"):
        train(make_recipe("cnn", **{"finetune.unfreeze": 3}), pictures, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_cnn_learns_what_is_no_painting(
    make_recipe: RecipeMaker, pictures: Path, others: Path, tmp_path: Path
) -> None:
    run = train(make_recipe("cnn"), pictures, out=tmp_path / "run", negatives=others)
    assert weights(run)["painting.weight"].abs().max() > 0


def test_with_everything_switched_on_a_stopped_run_still_ends_alike(
    make_recipe: RecipeMaker, pictures: Path, tmp_path: Path
) -> None:
    changes = {
        "sampling": "class-aware", "smoothing": "families", "mixup": 0.5, "cutmix": 0.5, "accumulate": 2,
        "curve": "one-cycle", "patience": 1, "unfreeze": "all", "rate_decay": 0.5, "epochs": 3,
    }  # fmt: skip
    settings = {f"finetune.{name}": value for name, value in changes.items()}
    recipe = make_recipe("cnn", **settings, **{"augment.randaugment": 2, "augment.blur": 1})
    whole = train(recipe, pictures, out=tmp_path / "whole")
    with pytest.raises(StoppedError):
        train(recipe, pictures, out=tmp_path / "run", progress=stop_in("finetune", 3))
    train(recipe, pictures, out=tmp_path / "run")
    assert same(weights(tmp_path / "run"), weights(whole))
