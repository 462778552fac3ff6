"""Training from end to end on a few small pictures."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from smn.errors import InputError, ManifestError, UnknownNameError
from smn.feature_cache import FILE_NAME
from smn.images import open_image
from smn.images.preprocess import PreprocessSpec
from smn.manifest import Manifest, read_manifest, write_manifest
from smn.models import Classifier, build_classifier
from smn.movements import read_taxonomy
from smn.train import Recipe
from smn.train.network_training import read_initial_run
from smn.train.run import read_run, train
from smn.train.selection import select
from trained_runs import StoppedError, same, stop_in, weights

SetMaker = Callable[..., Path]


def epochs(run: Path) -> list[tuple[str, int]]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [(line["phase"], line["epoch"]) for line in lines]


def load(run: Path) -> tuple[Classifier, PreprocessSpec]:
    known = read_run(run)
    model, _ = build_classifier(
        known.recipe.model.backbone,
        levels=known.recipe.model.levels,
        classes=len(known.taxonomy.labels),
        pretrained=False,
    )
    model.load_state_dict(weights(run))
    return model.eval(), known.preprocess


def answer(run: Path, manifest: Manifest) -> tuple[np.ndarray, np.ndarray]:
    """Logits (N, K) and painting log-odds (N,) of all of a manifest's pictures."""
    model, spec = load(run)
    batch = spec.apply_all(open_image(manifest.picture(row)) for row in range(len(manifest)))
    with torch.inference_mode():
        logits, painting, _ = model(torch.from_numpy(batch))
    return logits.numpy(), painting.numpy()


def test_what_a_run_leaves(tiny_run: Path, tiny_recipe: dict[str, Any]) -> None:
    assert {file.name for file in tiny_run.iterdir()} == {
        "run.json", "model.pt", "metrics.jsonl", "checkpoint-head.pt", "checkpoint-finetune.pt",
        "curves.png",
    }  # fmt: skip
    known, manifest = read_run(tiny_run), read_manifest(tiny_run.parent / "pictures")
    assert known.recipe == Recipe.from_dict(tiny_recipe, where="tiny")
    assert known.taxonomy == read_taxonomy("origin-8")
    assert known.preprocess.size == 64
    assert known.data.sha256 == manifest.data_hash()
    assert known.data.pictures == {"train": 24, "val": 12}
    assert known.data.negatives == 8
    assert known.manifest == str(manifest.file.resolve())
    assert epochs(tiny_run) == [("head", 1), ("head", 2), ("finetune", 1)]


def test_it_has_learned_the_movements(tiny_run: Path, tmp_path: Path, make_painted_set: SetMaker) -> None:
    fresh = read_manifest(make_painted_set(tmp_path / "fresh", splits={"test": 5}, first=1000))
    data = select(fresh, read_taxonomy("origin-8"), split="test")
    logits, _ = answer(tiny_run, fresh)
    # Four of eight labels were painted; chance is one in four at best.
    assert (logits.argmax(1) == data.targets).mean() >= 0.6


def test_it_has_learned_what_is_no_painting(
    tiny_run: Path, tmp_path: Path, make_painted_set: SetMaker, make_other_set: SetMaker
) -> None:
    _, yes = answer(tiny_run, read_manifest(make_painted_set(tmp_path / "yes", splits={"test": 3}, first=1000)))
    _, no = answer(tiny_run, read_manifest(make_other_set(tmp_path / "no", splits={"test": 12}, first=1000)))
    assert yes.min() > 0 > no.max()


def test_without_negatives_everything_is_as_likely_a_painting(
    head_recipe: Recipe, pictures: Path, tmp_path: Path
) -> None:
    train(head_recipe, pictures, out=tmp_path / "run")
    _, painting = answer(tmp_path / "run", read_manifest(pictures))
    assert np.array_equal(painting, np.zeros((12, 1), dtype=np.float32))
    assert read_run(tmp_path / "run").negatives is None


@pytest.mark.parametrize("where", [("head", 4), ("head", 5), ("finetune", 2), ("finetune", 3)])
def test_a_stopped_run_ends_as_one_that_was_not(
    recipe: Recipe, pictures: Path, others: Path, tmp_path: Path, where: tuple[str, int]
) -> None:
    """Steps 4 and 2 end the first epoch before its checkpoint, 5 and 3 begin the second one."""
    phase, step = where
    whole = train(recipe, pictures, out=tmp_path / "whole", negatives=others)
    with pytest.raises(StoppedError):
        train(recipe, pictures, out=tmp_path / "run", negatives=others, progress=stop_in(phase, step))
    assert not (tmp_path / "run" / "model.pt").exists()
    (tmp_path / "run" / f".partial-1-00-checkpoint-{phase}.pt").write_bytes(b"half a checkpoint")
    told: list[tuple[str, int]] = []
    train(
        recipe, pictures, out=tmp_path / "run", negatives=others,
        progress=lambda what, done, _: told.append((what, done)),
    )  # fmt: skip
    first_epoch_is_kept = step in (3, 5)
    assert ((phase, 1) in told) is not first_epoch_is_kept
    assert same(weights(tmp_path / "run"), weights(whole))
    assert epochs(tmp_path / "run") == epochs(whole) == [
        ("head", 1), ("head", 2), ("finetune", 1), ("finetune", 2),
    ]  # fmt: skip


def test_a_finished_run_can_be_asked_for_again(head_recipe: Recipe, pictures: Path, tmp_path: Path) -> None:
    first = weights(train(head_recipe, pictures, out=tmp_path / "run"))
    again = weights(train(head_recipe, pictures, out=tmp_path / "run", progress=stop_in("head", 1)))
    assert same(first, again)


def test_a_finished_run_computes_nothing_again(head_recipe: Recipe, pictures: Path, tmp_path: Path) -> None:
    """Not even where another version of smn has left no features that this one could use."""
    run = train(head_recipe, pictures, out=tmp_path / "run")
    shutil.rmtree(tmp_path / "cache")
    before = (run / "model.pt").stat().st_mtime_ns
    told: list[str] = []
    train(head_recipe, pictures, out=run, progress=lambda what, _, __: told.append(what))
    assert (told, (run / "model.pt").stat().st_mtime_ns) == ([], before)


def test_the_head_stops_early_and_stays_stopped(tiny_recipe: dict[str, Any], pictures: Path, tmp_path: Path) -> None:
    """At such a learning rate the log loss on val soon rises; the weights are those of its lowest point."""
    tiny_recipe["model"] |= {"levels": [0, 1], "size": 32}
    tiny_recipe["finetune"]["epochs"] = 0
    tiny_recipe["head"] |= {"epochs": 12, "patience": 1, "learning_rate": 3.0}
    recipe = Recipe.from_dict(tiny_recipe, where="tiny")
    whole = train(recipe, pictures, out=tmp_path / "whole")
    lines = [json.loads(line) for line in (whole / "metrics.jsonl").read_text().splitlines()]
    losses = [line["val_log_loss"] for line in lines]
    assert 2 <= len(losses) < 12
    assert losses[-2] == min(losses) < losses[-1]
    best = torch.load(whole / "checkpoint-head.pt", weights_only=True)["best"]
    assert torch.equal(weights(whole)["head.weight"], best["weights"]["1.weight"])
    with pytest.raises(StoppedError):
        train(recipe, pictures, out=tmp_path / "run", progress=stop_in("head", 5))
    assert same(weights(train(recipe, pictures, out=tmp_path / "run")), weights(whole))


def test_another_recipe_does_not_continue_it(
    head_recipe: Recipe, tiny_recipe: dict[str, Any], pictures: Path, tmp_path: Path
) -> None:
    train(head_recipe, pictures, out=tmp_path / "run")
    tiny_recipe["head"]["epochs"] = 3
    with pytest.raises(InputError, match="holds a run with another recipe; choose another --out"):
        train(Recipe.from_dict(tiny_recipe, where="tiny"), pictures, out=tmp_path / "run")
    assert read_run(tmp_path / "run").recipe.head.epochs == 2


def test_other_data_does_not_continue_it(
    head_recipe: Recipe, pictures: Path, others: Path, tmp_path: Path, make_painted_set: SetMaker
) -> None:
    train(head_recipe, pictures, out=tmp_path / "run")
    before = weights(tmp_path / "run")
    other = make_painted_set(tmp_path / "other", splits={"train": 2, "val": 1}, first=50)
    with pytest.raises(InputError, match="holds a run with another data"):
        train(head_recipe, other, out=tmp_path / "run")
    with pytest.raises(InputError, match="holds a run with another data"):
        train(head_recipe, pictures, out=tmp_path / "run", negatives=others)
    assert same(weights(tmp_path / "run"), before)


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_split_without_rows_is_said_at_once(
    head_recipe: Recipe, tmp_path: Path, make_painted_set: SetMaker, split: str
) -> None:
    pictures = make_painted_set(tmp_path / "set", splits={"train" if split == "val" else "val": 1})
    with pytest.raises(ManifestError, match=rf"no picture in split {split} \(.* 4.*\); it needs 1 at least, and 50 "):
        train(head_recipe, pictures, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_negatives_without_rows_are_said_before_the_training(
    head_recipe: Recipe, pictures: Path, tmp_path: Path, make_other_set: SetMaker
) -> None:
    others = make_other_set(tmp_path / "others", splits={"val": 2})
    with pytest.raises(ManifestError, match=r"no rows of split train with movement not-a-painting.*--not-paintings"):
        train(head_recipe, pictures, out=tmp_path / "run", negatives=others)
    assert not (tmp_path / "run").exists()


def test_an_unknown_taxonomy_is_said_at_once(tiny_recipe: dict[str, Any], pictures: Path, tmp_path: Path) -> None:
    recipe = Recipe.from_dict(tiny_recipe | {"taxonomy": "origin-9"}, where="tiny")
    with pytest.raises(UnknownNameError, match="origin-8"):
        train(recipe, pictures, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_two_runs_share_the_features_beside_them(head_recipe: Recipe, pictures: Path, tmp_path: Path) -> None:
    train(head_recipe, pictures, out=tmp_path / "one")
    with closing(sqlite3.connect(tmp_path / "cache" / FILE_NAME)) as database:
        assert database.execute("SELECT count(*) FROM feature_sets").fetchone() == (2,)  # one for each view
        stored = database.execute("SELECT count(*), max(rowid) FROM features").fetchone()
        train(head_recipe, pictures, out=tmp_path / "two")
        # A replaced row has a new number.
        assert database.execute("SELECT count(*), max(rowid) FROM features").fetchone() == stored
    assert same(weights(tmp_path / "one"), weights(tmp_path / "two"))


def test_pictures_inside_the_manifest_train_alike(head_recipe: Recipe, pictures: Path, tmp_path: Path) -> None:
    import pyarrow as pa

    manifest = read_manifest(pictures)
    inside = [{"bytes": Path(manifest.picture(row)).read_bytes(), "path": None} for row in range(len(manifest))]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = manifest.table.append_column("image", pa.array(inside, kind))
    place = table.column_names.index("path")
    table = table.set_column(place, "path", pa.nulls(len(manifest), pa.string()))
    write_manifest(table, tmp_path / "inside" / "manifest.parquet")
    one = train(head_recipe, pictures, out=tmp_path / "a" / "run")
    other = train(head_recipe, tmp_path / "inside", out=tmp_path / "b" / "run")
    assert same(weights(one), weights(other))


def test_a_picture_that_is_gone_is_named(head_recipe: Recipe, pictures: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(pictures.parent, tmp_path / "copy"))
    gone = Path(read_manifest(copy).picture(0))
    gone.unlink()
    with pytest.raises(InputError, match=gone.name):
        train(head_recipe, copy, out=tmp_path / "run")
    Image.new("RGB", (1, 1)).save(gone)
    with pytest.raises(InputError, match="shorter side"):
        train(head_recipe, copy, out=tmp_path / "run")


def test_everything_is_learned_from_when_a_model_is_to_be_shipped(
    recipe: Recipe, make_painted_set: SetMaker, tmp_path: Path
) -> None:
    pictures = make_painted_set(tmp_path / "pictures", splits={"train": 2, "val": 1, "test": 1})
    plain = train(recipe, pictures, out=tmp_path / "plain")
    shipped = train(recipe, pictures, out=tmp_path / "shipped", everything=True)
    count = len(select(read_manifest(pictures), read_taxonomy("origin-8"), split="train").rows)
    assert read_run(plain).data.pictures["train"] == count
    assert "everything" not in read_run(plain).data.to_dict()
    assert read_run(shipped).data.pictures["train"] == 2 * count
    assert read_run(shipped).data.everything is True
    assert not same(weights(plain), weights(shipped))
    with pytest.raises(InputError, match="another data"):
        train(recipe, pictures, out=tmp_path / "plain", everything=True)


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
        read_initial_run(tmp_path, more)
    unfinished = tmp_path / "unfinished"
    unfinished.mkdir()
    (unfinished / "run.json").write_bytes((tiny_run / "run.json").read_bytes())
    with pytest.raises(InputError, match=r"not a finished run of a network.*finish it, or name another"):
        read_initial_run(unfinished, more)
    other = replace(more, model=replace(more.model, dropout=0.9))
    with pytest.raises(InputError, match="another model than the recipe more; start from a run with the same one"):
        read_initial_run(tiny_run, other)
