"""``smn recipes``, ``smn train`` and ``smn export`` as a person meets them."""

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import save_file

from smn.bundle import read_bundle
from smn.cli import main
from smn.cli.train import mark
from smn.models.weight_files import Convention, read_weights
from smn.train import list_recipes, read_recipe, recipe_text

SetMaker = Callable[..., Path]

RECIPE = """\
name = "mine"
description = "Small."
taxonomy = "origin-8"
[model]
levels = [0, 1]
size = 32
[head]
views = 0
epochs = 2
batch_size = 4
"""


def smn(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    file = tmp_path / "mine.toml"
    file.write_text(RECIPE)
    return file


@pytest.mark.parametrize("command", [["recipes"], ["recipes", "list"]])
def test_recipes_are_listed(command: list[str]) -> None:
    result = smn(*command)
    assert result.exit_code == 0
    assert len(list_recipes()) >= 2
    for name in list_recipes():
        assert name in result.stdout
        assert read_recipe(name).description.split()[0] in result.stdout


@pytest.mark.parametrize("name", list_recipes())
def test_a_recipe_is_shown_as_it_stands(name: str) -> None:
    assert smn("recipes", "show", name).stdout == recipe_text(name)


def test_an_unknown_recipe_is_one_sentence(tmp_path: Path) -> None:
    for command in (
        ["recipes", "show", "lite9"],
        ["train", "lite9", "--manifest", tmp_path, "--out", tmp_path / "run"],
    ):
        result = smn(*command)
        assert result.exit_code == 2
        assert result.stdout == ""
        assert result.stderr.startswith("Error: There is no recipe 'lite9'.")
        assert "lite0-statistics" in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_all_of_a_recipes_problems_are_shown(recipe: Path, tmp_path: Path) -> None:
    recipe.write_text(RECIPE.replace("size = 32", "size = 0\ndepth = 3"))
    result = smn("train", recipe, "--manifest", tmp_path, "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert "model.size is 0" in result.stderr
    assert "model.depth is unknown" in result.stderr


def test_a_missing_manifest_is_one_sentence(recipe: Path, tmp_path: Path) -> None:
    result = smn("train", recipe, "--manifest", tmp_path / "none", "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: There is no manifest at ")
    assert "smn dataset import" in result.stderr


@pytest.mark.parametrize(("command", "module"), [("train", "smn.train.network_training"), ("export", "smn.export")])
def test_without_the_extra_the_pip_line_is_shown(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    more = ["--manifest", tmp_path] if command == "train" else ["--name", "mine-1"]
    result = smn(command, recipe, "--out", tmp_path / "out", *more)
    assert result.exit_code == 2
    assert '[train]"' in result.stderr


def find_next(result: Result, said: str = "next") -> list[str]:
    """What follows ``smn`` in the command that a command advises."""
    return shlex.split(result.stderr.partition(f"{said}: smn ")[2].partition(";")[0].splitlines()[0])


def test_train_export_and_what_they_advise(
    recipe: Path, tmp_path: Path, make_painted_set: SetMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pictures = make_painted_set(tmp_path / "my pictures", splits={"train": 2, "val": 1})
    run, out = tmp_path / "runs" / "mine", Path("bundles/mine")

    early = smn("export", run, "--out", out, "--name", "mine-1")
    assert early.exit_code == 2
    assert "is not a run" in early.stderr

    trained = smn("train", recipe, "--manifest", pictures.parent, "--out", run)
    assert trained.exit_code == 0, trained.output
    assert trained.stdout == ""
    assert f"next: smn export {run} --out bundles/mine --name mine-1" in trained.stderr
    assert "head: 4 of 4" in trained.stderr
    last = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
    assert f"On 4 validation pictures: top-1 {last['val_top1']:.1%}, top-3 {last['val_top3']:.1%}." in trained.stderr
    assert "4 of the 8 labels of origin-8 have no training picture" in trained.stderr
    assert "with fewer than 50 validation pictures" in trained.stderr
    assert json.loads((run / "run.json").read_text())["recipe"]["name"] == "mine"

    exported = smn(*find_next(trained))
    assert exported.exit_code == 0, exported.output
    assert exported.stdout == ""
    bundle = read_bundle(out)
    assert bundle.name == "mine-1"
    assert f"{bundle.model_file.stat().st_size / 1e6:.1f} MB, 8 labels" in exported.stderr
    assert "on 4 pictures" in exported.stderr
    assert "writing the graph: 1 of 1" in exported.stderr
    assert "there are only 4 validation pictures" in exported.stderr
    assert (bundle.thresholds.confidence, bundle.metrics["val_pictures"]) == (0.0, 4)

    evaluated = smn(*find_next(exported), "--bootstrap", "2")
    assert evaluated.exit_code == 0, evaluated.output
    assert "has 4 paintings, fewer than 50" in evaluated.stderr
    report = (tmp_path / "reports" / "mine" / "report.md").read_text(encoding="utf-8")
    assert "4 paintings are too few to tell whether a promise is kept" in report
    indexed = smn(*find_next(exported, "for similar works"))
    assert indexed.exit_code == 0, indexed.output
    assert (out / "index").is_dir()
    predicted = smn("predict", pictures.parent, "--model", out, "--no-lookup", "--format", "json")
    assert "mine-1 was calibrated on 4 pictures only" in predicted.stderr
    assert {one["outcome"] for one in json.loads(predicted.stdout)} <= {"movement", "not_a_painting"}

    again = smn("export", run, "--out", out, "--name", "mine-1")
    assert again.exit_code == 2
    assert "already exists" in again.stderr


def test_a_rehearsal_says_that_it_was_one(recipe: Path, tmp_path: Path, make_painted_set: SetMaker) -> None:
    pictures = make_painted_set(tmp_path / "pictures", splits={"train": 2, "val": 1})
    run = tmp_path / "run"
    result = smn("train", recipe, "--manifest", pictures, "--out", run, "--fast-dev-run")
    assert result.exit_code == 0, result.output
    assert "completed every phase; now train without --fast-dev-run" in result.stderr
    assert len((run / "metrics.jsonl").read_text().splitlines()) == 1


def test_settings_are_changed_on_the_command_line(recipe: Path, tmp_path: Path, make_painted_set: SetMaker) -> None:
    pictures = make_painted_set(tmp_path / "pictures", splits={"train": 1, "val": 1})
    run = tmp_path / "run"
    changes = ["--set", "head.epochs=1", "--set", "model.levels=[0]", "--set", "head.smoothing=families"]
    result = smn("train", recipe, "--manifest", pictures, "--out", run, *changes, "--device", "cpu", "--tensorboard")
    assert result.exit_code == 0, result.output
    known = json.loads((run / "run.json").read_text())["recipe"]
    assert (known["head"]["epochs"], known["model"]["levels"], known["head"]["smoothing"]) == (1, [0], "families")
    assert known["head"]["batch_size"] == 4
    assert len([*(run / "tensorboard").glob("events.out.tfevents.*")]) == 1
    assert (run / "curves.png").is_file()


def test_all_that_is_wrong_with_settings_is_said_at_once(recipe: Path, tmp_path: Path) -> None:
    changes = ["--set", "head.epochs", "--set", "head.views=-1", "--set", "head.width=3", "--set", "seed.x=1"]
    result = smn("train", recipe, "--manifest", tmp_path, "--out", tmp_path / "run", *changes, "--backbone", "other")
    assert result.exit_code == 2
    for part in (
        "Recipe mine cannot be used", "--set head.epochs is no setting", "head.views is -1", "head.width is unknown",
        "seed.x is unknown", "model.name is unknown",
    ):  # fmt: skip
        assert part in result.stderr
    assert len(result.stderr.splitlines()) == 1
    only = smn("train", recipe, "--manifest", tmp_path, "--out", tmp_path / "run", "--set", "model.levels=[0,")
    assert "is valid TOML" in only.stderr


def test_training_that_is_refused_leaves_nothing_for_tensorboard(recipe: Path, tmp_path: Path) -> None:
    result = smn("train", recipe, "--manifest", tmp_path / "none", "--out", tmp_path / "run", "--tensorboard")
    assert result.exit_code == 2
    assert not (tmp_path / "run").exists()


def test_without_tensorboard_the_pip_line_is_shown(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    result = smn("train", recipe, "--manifest", tmp_path, "--out", tmp_path / "run", "--tensorboard")
    assert result.exit_code == 2
    assert '[track]"' in result.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("name", "option", "parts"),
    [
        ("cnn-small", ["--backbone", "resnet18"], ["Recipe cnn-small cannot be used", "model.name is unknown"]),
        ("cnn-small", ["--weights", "a.pth"], ["model.weights is unknown"]),
        ("colour-1", ["--backbone", "colour-5"], ["colour-1 is a recipe of kind colour", "remove --backbone and"]),
        ("colour-5", ["--weights", "a.pth"], ["colour-5 is a recipe of kind colour", "remove --backbone and"]),
        ("vgg16-frozen", ["--weights", "a.zip"], ["model.weights is a.zip", ".safetensors"]),
        ("vgg16-frozen", ["--weights", "gone.pth"], ["no file of weights gone.pth"]),
        ("backbone-frozen", ["--backbone", "resnet81", "--weights", "random"], ["set head.epochs to 0"]),
        ("backbone-frozen", ["--backbone", "resnet81"], ["There is no backbone 'resnet81'. Did you mean resnet18"]),
    ],
)
def test_what_can_be_wrong_with_backbone_and_weights(
    tmp_path: Path, make_painted_set: SetMaker, name: str, option: list[str], parts: list[str]
) -> None:
    pictures = make_painted_set(tmp_path / "pictures", splits={"train": 1, "val": 1})
    result = smn("train", name, "--manifest", pictures, "--out", tmp_path / "run", *option)
    assert result.exit_code == 2
    for part in parts:
        assert part in result.stderr
    assert not (tmp_path / "run").exists()


def test_everything_is_not_for_models_of_colour(tmp_path: Path) -> None:
    arguments = ["train", "colour-1", "--manifest", str(tmp_path), "--out", str(tmp_path / "run"), "--everything"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "remove --everything" in " ".join(result.output.split())


TENSORS = {"first.weight": torch.ones(2, 3, 3, 3)}


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    save_file(TENSORS, tmp_path / "plain.safetensors")
    return tmp_path / "plain.safetensors"


def test_the_command_offers_every_convention() -> None:
    (option,) = [parameter for parameter in mark.params if parameter.name == "convention"]
    assert set(option.type.choices) == set(Convention)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("tensor", "recipe"), [("features.0.weight", "vgg16-frozen"), ("blocks.0.attn.qkv.weight", "dinov2-finetune")]
)
def test_marking_names_the_recipe_of_the_network(tmp_path: Path, tensor: str, recipe: str) -> None:
    save_file({tensor: torch.ones(2, 3, 3, 3)}, tmp_path / "plain.safetensors")
    out = tmp_path / "marked.safetensors"
    done = smn(
        "weights", "mark", tmp_path / "plain.safetensors", "--convention", "timm", "--origin", "Me", "--out", out
    )
    assert f"smn train {recipe} --weights {out} --manifest MANIFEST --out runs/{recipe}" in done.stderr


@pytest.mark.parametrize("convention", list(Convention))
def test_a_marked_file_says_what_was_said(plain: Path, tmp_path: Path, convention: Convention) -> None:
    out = tmp_path / "marked.safetensors"
    more = ["--convention", convention, "--origin", "Mine, CC0", "--out", out]
    result = smn("weights", "mark", plain, *more)
    assert result.exit_code == 0
    line = f"smn train backbone-frozen --backbone NAME --weights {out} --manifest MANIFEST --out runs/backbone-frozen"
    assert line in result.stderr
    read = read_weights(out)
    assert (read.convention, read.origin.partition(" (")[0]) == (convention, "Mine, CC0")
    assert torch.equal(read.tensors["first.weight"], TENSORS["first.weight"])
    again = smn("weights", "mark", plain, *more)
    assert again.exit_code == 2
    assert "already exists" in again.stderr


@pytest.mark.parametrize(
    ("file", "out", "part"),
    [
        ("gone.safetensors", "marked.safetensors", "no file of weights"),
        ("plain.safetensors", "marked.pth", "a note fits into .safetensors only"),
    ],
)
def test_what_can_be_wrong(plain: Path, file: str, out: str, part: str) -> None:
    folder = plain.parent
    result = smn("weights", "mark", folder / file, "--convention", "caffe", "--origin", "Mine", "--out", folder / out)
    assert result.exit_code == 2
    assert part in result.stderr
    assert not (folder / out).exists()


def test_weights_without_the_extra_show_the_pip_line(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smn.models.weight_files", None)
    out = plain.parent / "marked.safetensors"
    result = smn("weights", "mark", plain, "--convention", "timm", "--origin", "Mine", "--out", out)
    assert result.exit_code == 2
    assert '[train]"' in result.stderr


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(main, list(arguments))


@pytest.mark.parametrize("arguments", [["recipes"], ["recipes", "list"]])
def test_every_recipe_is_listed_with_what_it_does(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 0
    assert len(list_recipes()) >= 2
    for name in list_recipes():
        assert name in result.stdout
        assert read_recipe(name).description in result.stdout


@pytest.mark.parametrize("name", list_recipes())
def test_a_shown_recipe_can_be_saved_and_read_as_ones_own(name: str, tmp_path: Path) -> None:
    result = run("recipes", "show", name)
    assert result.exit_code == 0
    assert result.stdout.startswith("#")
    assert f"smn train {name} " in result.stdout
    (tmp_path / "mine.toml").write_text(result.stdout, encoding="utf-8")
    assert read_recipe(tmp_path / "mine.toml") == read_recipe(name)


def test_an_unknown_recipe_is_wrong_input() -> None:
    result = run("recipes", "show", "lite0-statistic")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: There is no recipe 'lite0-statistic'. Did you mean lite0-statistics")


def test_a_recipe_is_copied_once(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    assert run("recipes", "copy", "cnn-small", str(file)).exit_code == 0
    assert read_recipe(file) == read_recipe("cnn-small")
    file.write_text(file.read_text().replace("epochs = 20", "epochs = 3"))
    again = run("recipes", "copy", "cnn-small", str(file))
    assert again.exit_code == 2
    assert "already exists" in again.stderr
    assert read_recipe(file).finetune.epochs == 3
    other = run("recipes", "copy", "cnn-small", str(tmp_path / "mine.txt"))
    assert other.exit_code == 2
    assert "must end in .toml" in other.stderr


def test_recipes_are_validated_all_at_once(tmp_path: Path) -> None:
    fine = run("recipes", "validate", *list_recipes())
    assert fine.exit_code == 0
    assert "cnn-small: a recipe of kind cnn on taxonomy smn-25" in fine.stderr
    assert "colour-1: a recipe of kind colour on taxonomy smn-25" in fine.stderr
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\ndescription = "Mine."\nseed = -1\n[model]\nkind = "cnn"\nwidth = 3\n')
    bad = run("recipes", "validate", str(file), "cnn-smal", "cnn-deep")
    assert bad.exit_code == 2
    for part in ("seed is -1", "model.width is unknown", "set head.epochs to 0", "There is no recipe 'cnn-smal'"):
        assert part in bad.stderr
    file.write_text('name = "mine"\ndescription = "Mine."\ntaxonomy = "origin-9"\n')
    assert "origin-8" in run("recipes", "validate", str(file)).stderr
