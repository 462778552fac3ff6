"""Recipes: those of the package, and everything that can be wrong with one's own."""

import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from smn.errors import RecipeError, UnknownNameError
from smn.images.preprocess import Fit
from smn.models.colour_models import COLOUR_MODELS
from smn.train import Recipe, list_recipes, read_recipe, recipe_text
from smn.train.model_configs import KINDS, CnnSettings, ColourSettings, StatisticsSettings
from smn.train.recipe import read_assignments
from smn.train.recipe_sections import (
    AnswerSettings,
    AugmentSettings,
    Constraint,
    FinetuneSettings,
    HeadSettings,
    LRSchedule,
    Sampling,
    Smoothing,
)  # fmt: skip

LEAST = {"name": "mine", "description": "Mine."}


def problems_of(data: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(RecipeError) as caught:
        Recipe.from_dict(data, where="mine.toml")
    assert "mine.toml" in str(caught.value)
    assert all(problem in str(caught.value) for problem in caught.value.problems)
    return caught.value.problems


def test_the_sweep_sees_every_recipe() -> None:
    import smn.train

    files = list((Path(smn.train.__file__).parent / "recipes").iterdir())
    assert len(list_recipes()) == len(files) >= 2
    assert {"lite0-statistics", "lite0-finetune"} <= set(list_recipes())
    assert {read_recipe(name).model.kind for name in list_recipes()} == set(KINDS)


@pytest.mark.parametrize("name", list_recipes())
def test_packaged_recipe(name: str) -> None:
    from smn.movements import read_taxonomy

    recipe, text = read_recipe(name), recipe_text(name)
    assert recipe.name == name
    assert recipe.description.endswith(".")
    header = text[: text.index("name =")]
    assert all(line.startswith("#") or not line for line in header.splitlines())
    assert re.search(rf"^#   smn train {re.escape(name)} --manifest \S+ .*--out runs/{re.escape(name)}$", header, re.M)
    assert read_taxonomy(recipe.taxonomy).id == recipe.taxonomy
    assert recipe == Recipe.from_dict(tomllib.loads(text), where=name)


@pytest.mark.parametrize("name", list_recipes())
def test_round_trip_also_through_json(name: str) -> None:
    recipe = read_recipe(name)
    assert Recipe.from_dict(recipe.to_dict(), where=name) == recipe
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())), where=name) == recipe


def test_defaults_fill_what_is_left_out() -> None:
    recipe = Recipe.from_dict(LEAST, where="mine")
    assert recipe == Recipe("mine", "Mine.")
    assert (recipe.taxonomy, recipe.finetune.epochs, recipe.model.fit) == ("smn-25", 0, Fit.SQUASH)


def test_values_are_read_as_their_kinds() -> None:
    data = LEAST | {"model": {"levels": [1, 3], "fit": "crop", "dropout": 0}, "seed": 7}
    recipe = Recipe.from_dict(data, where="mine")
    assert recipe.model.levels == (1, 3)
    assert recipe.model.fit is Fit.CROP
    assert isinstance(recipe.model.dropout, float)
    assert recipe.seed == 7


def test_all_problems_are_reported_together() -> None:
    found = problems_of({
        "name": 3,
        "colour": "red",
        "seed": -1,
        "model": {"size": 0, "fit": "stretch", "levels": ["a"], "depth": 9, "dropout": 1.5},
        "augment": {"jpeg_quality": 96},
        "head": {"epochs": 2.5, "learning_rate": float("nan"), "weight_decay": -1.0},
        "finetune": "none",
    })  # fmt: skip
    expected = (
        ("colour is unknown", "taxonomy"),
        ("name is 3", "str"),
        ("description is missing",),
        ("seed is -1", "0 or more"),
        ("model.depth is unknown", "backbone, weights, levels, size"),
        ("model.size is 0", "above 0"),
        ("model.fit is 'stretch'", "squash, crop"),
        ("model.levels is ['a']", "[0, 1, 2]"),
        ("model.dropout is 1.5", "from 0 to 1"),
        ("augment.jpeg_quality is 96", "from 1 to 95"),
        ("head.epochs is 2.5", "int"),
        ("head.learning_rate is nan", "above 0"),
        ("head.weight_decay is -1.0", "0 or more"),
        ("finetune is 'none'", "FinetuneSettings"),
    )
    for parts in expected:
        assert any(all(part in problem for part in parts) for problem in found), (parts, found)
    assert len(found) == len(expected)


@pytest.mark.parametrize("levels", [[], [2, 1], [0, 0], [-1, 0]])
def test_levels_must_rise_from_0(levels: list[int]) -> None:
    (problem,) = problems_of(LEAST | {"model": {"levels": levels}})
    assert problem.startswith(f"model.levels is {levels}; it must be a")


@pytest.mark.parametrize(
    ("section", "key", "bad", "good"),
    [
        ("augment", "crop", 1.01, 1),
        ("augment", "jpeg_quality", 0, 95),
        ("augment", "rescale_to", 0, 1),
        ("head", "views", -1, 0),
        ("head", "epochs", -1, 1),
        ("finetune", "unfreeze", -1, 0),
        ("finetune", "rate_decay", 0.0, 1),
        ("finetune", "mixup", 1.5, 1),
        ("finetune", "accumulate", 0, 2),
        ("finetune", "patience", -1, 3),
        ("finetune", "learning_rate", float("inf"), 1e-9),
        ("finetune", "warmup", -0.1, 0.0),
        ("answers", "precision", float("nan"), 1.0),
    ],
)
def test_ranges(section: str, key: str, bad: float, good: float) -> None:
    (problem,) = problems_of(LEAST | {section: {key: bad}})
    assert problem.startswith(f"{section}.{key} is {bad}; it must be ")
    assert getattr(getattr(Recipe.from_dict(LEAST | {section: {key: good}}, where="mine"), section), key) == good


def test_a_recipe_without_a_kind_is_one_of_statistics() -> None:
    """So are all runs and bundles that are older than the kinds."""
    old = {"backbone": "lite2", "levels": [0, 2], "size": 224, "fit": "squash", "dropout": 0.4}
    recipe = Recipe.from_dict(LEAST | {"model": old}, where="run.json")
    assert recipe.model == StatisticsSettings(backbone="lite2", levels=(0, 2))
    assert recipe.to_dict()["model"] == {"kind": "statistics", **old, "weights": "own", "levels": (0, 2)}


def test_the_packaged_bundle_s_recipe_is_still_read() -> None:
    import smn

    members = smn.load().bundle.recipe["members"]
    recipes = [Recipe.from_dict(member, where="bundle.json") for member in members]
    assert [getattr(recipe.model, "backbone", None) for recipe in recipes] == ["lite0", "dinov2-small"]
    assert [recipe.name for recipe in recipes] == ["lite0-later-crossfit", "dinov2-finetune"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_settings_of_its_own(kind: str) -> None:
    model = KINDS[kind]()
    assert model.kind == kind
    data = LEAST | {"model": {"kind": kind}}
    if kind != "colour":
        data |= {"head": {"epochs": 0 if kind == "cnn" else 1}, "finetune": {"epochs": 1}}
    recipe = Recipe.from_dict(data, where="mine")
    assert recipe.model == model
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())), where="mine") == recipe
    (problem,) = problems_of(data | {"model": {"kind": kind, "depht": 1}})
    assert problem.startswith("model.depht is unknown; allowed are kind, ")


def test_every_colour_model_has_a_recipe_of_its_name() -> None:
    found = [name for name in list_recipes() if read_recipe(name).model.kind == "colour"]
    assert sorted(found) == sorted(COLOUR_MODELS)
    assert all(read_recipe(name).model == ColourSettings(name=name) for name in found)


def test_what_means_nothing_to_a_colour_model_is_said() -> None:
    data = LEAST | {"model": {"kind": "colour", "name": "colour-2"}, "head": {"epochs": 3}, "augment": {"on": False}}
    unknown, unused = problems_of(data)
    assert unknown == f"model.name is 'colour-2'; allowed are {', '.join(COLOUR_MODELS)}."
    assert unused == "[augment] and [head] set up a network, which a model of kind colour has not; leave them out."


def test_three_mistakes_of_three_sorts_are_reported_at_once() -> None:
    found = problems_of(
        LEAST | {"model": {"kind": "cnn", "widhts": [8]}, "head": {"epochs": 3}, "finetune": {"unfreeze": "some"}}
    )
    assert len(found) == 3
    assert found[0].startswith("model.widhts is unknown; allowed are kind, widths, ")
    assert found[1] == "finetune.unfreeze is 'some'; it must be a whole number or 'all'."
    assert found[2].startswith("head.epochs is 3, but a head is fitted on features that were learned before")
    assert found[2].endswith("set head.epochs to 0.")


def test_a_recipe_that_would_learn_nothing_is_said() -> None:
    (problem,) = problems_of(LEAST | {"head": {"epochs": 0}})
    assert problem == "head.epochs and finetune.epochs are both 0, so nothing would be learned; set one above 0."


@pytest.mark.parametrize(
    ("model", "parts"),
    [
        ({"kind": "cnm"}, ("model.kind is 'cnm'", "statistics, cnn")),
        ({"kind": ["cnn"]}, ("model.kind is ['cnn']", "statistics, cnn")),
        (7, ("model is 7", "section [model]")),
        ({"kind": "cnn", "widths": []}, ("model.widths is []", "one width above 0 for each block")),
        ({"kind": "cnn", "widths": [8, 0]}, ("model.widths is [8, 0]",)),
        ({"kind": "cnn", "kernel": 4}, ("model.kernel is 4", "odd")),
        ({"kind": "cnn", "batch_norm": 1}, ("model.batch_norm is 1", "bool")),
        ({"kind": "cnn", "block_dropout": 2}, ("model.block_dropout is 2", "from 0 to 1")),
    ],
)
def test_what_can_be_wrong_with_a_model(model: object, parts: tuple[str, ...]) -> None:
    (problem,) = problems_of(LEAST | {"model": model, "head": {"epochs": 0}, "finetune": {"epochs": 1}})
    assert all(part in problem for part in parts), problem


def test_settings_of_a_cnn_are_read_as_their_kinds() -> None:
    data = LEAST | {"model": {"kind": "cnn", "widths": [8, 4], "max_pooling": False}, "head": {"epochs": 0}}
    recipe = Recipe.from_dict(data | {"finetune": {"epochs": 1, "unfreeze": 1}}, where="mine")
    assert recipe.model == CnnSettings(widths=(8, 4), max_pooling=False)
    assert recipe.finetune.unfreeze == 1


def test_true_is_not_a_number() -> None:
    (problem,) = problems_of(LEAST | {"seed": True})
    assert problem == "seed is True; it must be of type int."


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(content: bytes) -> Path:
        file = tmp_path / "mine.toml"
        file.write_bytes(content)
        return file

    return write


def test_a_file_of_ones_own(write: Callable[[bytes], Path]) -> None:
    file = write('name = "mine"\ndescription = "Größe"\n[head]\nepochs = 3\n'.encode())
    recipe = read_recipe(file)
    assert (recipe.description, recipe.head.epochs) == ("Größe", 3)
    assert read_recipe(str(file)) == recipe


@pytest.mark.parametrize("content", [b"name = ", b"[model\n", b'name = "\xff\xfe"\n', b'name = "a"\nname = "b"\n'])
def test_what_is_not_toml_is_said_with_the_file(write: Callable[[bytes], Path], content: bytes) -> None:
    file = write(content)
    with pytest.raises(RecipeError, match="It is not valid TOML") as caught:
        read_recipe(file)
    assert caught.value.name == str(file)


def test_a_missing_file_is_said() -> None:
    with pytest.raises(RecipeError, match=r"There is no file nowhere\.toml; check the path\."):
        read_recipe("nowhere.toml")


@pytest.mark.parametrize("read", [read_recipe, recipe_text])
def test_an_unknown_name_lists_the_known_ones(read: Callable[[str], object]) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean lite0-statistics") as caught:
        read("lite0-statistic")
    assert set(list_recipes()) < set(caught.value.allowed)


def test_words_are_read_as_their_kinds() -> None:
    words = {"smoothing": "families", "sampling": "class-aware", "curve": "one-cycle"}
    recipe = Recipe.from_dict(LEAST | {"finetune": words}, where="mine")
    assert recipe.finetune.smoothing is Smoothing.FAMILIES
    assert recipe.finetune.sampling is Sampling.CLASS_AWARE
    assert recipe.finetune.curve is LRSchedule.ONE_CYCLE
    (problem,) = problems_of(LEAST | {"finetune": {"sampling": "balanced"}})
    assert problem == "finetune.sampling is 'balanced'; allowed are uniform, class-aware, artist-aware, source-aware."


def test_a_batch_is_mixed_in_one_way_at_most() -> None:
    (problem,) = problems_of(LEAST | {"finetune": {"mixup": 0.7, "cutmix": 0.7}})
    assert problem.endswith("together they must be 1 or less.")


@pytest.mark.parametrize("settings", [{"teacher": "bundles/mine"}, {"distillation": 0.5}])
def test_a_teacher_and_its_share_belong_together(settings: dict[str, Any]) -> None:
    (problem,) = problems_of(LEAST | {"finetune": settings})
    assert problem.endswith("set both or neither.")


def test_settings_are_changed_by_name() -> None:
    recipe = read_recipe("cnn-small").with_settings({"finetune.epochs": 3, "augment.crop": 0, "seed": 4})
    assert (recipe.finetune.epochs, recipe.augment.crop, recipe.seed) == (3, 0.0, 4)
    assert read_recipe("cnn-small").finetune.epochs == 20
    with pytest.raises(RecipeError, match=r"model\.name is unknown.*finetune\.epochs is -1"):
        read_recipe("cnn-small").with_settings({"model.name": "x", "finetune.epochs": -1})


def test_a_setting_is_no_section() -> None:
    changes = {"seed.x": 1, "model.widths.first.y": 1, "model.depth": 0, "nothing.x": 1, "head": 3}
    with pytest.raises(RecipeError) as caught:
        read_recipe("cnn-small").with_settings(changes)
    assert "seed.x is unknown: seed is a setting, not a section." in caught.value.problems
    assert "model.widths.first.y is unknown: model.widths.first is a setting, not a section." in caught.value.problems
    assert len(caught.value.problems) == 5


NUMBERS = [
    (kind, name)
    for kind in (Recipe, AugmentSettings, HeadSettings, FinetuneSettings, AnswerSettings, *KINDS.values())
    for name, hint in get_type_hints(kind).items()
    if {int, float} & {hint, *get_args(hint)}
]


def test_the_sweep_sees_every_number() -> None:
    assert len(NUMBERS) == 63


@pytest.mark.parametrize(("kind", "name"), NUMBERS)
def test_every_number_says_what_is_allowed(kind: type[Any], name: str) -> None:
    """On its own field, so that a new setting cannot do without; the default is allowed."""
    hint = get_type_hints(kind, include_extras=True)[name]
    (constraint,) = [extra for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, Constraint)]
    default = next(entry.default for entry in fields(kind) if entry.name == name)
    assert isinstance(default, str) or constraint.fits(default)
    bad = [-1] if isinstance(default, tuple) else -1
    assert not constraint.fits(bad)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("finetune.epochs=4", "finetune.epochs", 4),
        ("head.learning_rate = 3e-4", "head.learning_rate", 3e-4),
        ("augment.on=false", "augment.on", False),
        ("model.widths=[8, 16]", "model.widths", [8, 16]),
        ('model.pooling="avg"', "model.pooling", "avg"),
        ("finetune.sampling=class-aware", "finetune.sampling", "class-aware"),
        ("model.name=vit_small_patch14_dinov2.lvd142m", "model.name", "vit_small_patch14_dinov2.lvd142m"),
        ("model.weights=/a/b=c.pth", "model.weights", "/a/b=c.pth"),
        ("description='Mine.'", "description", "Mine."),
    ],
)
def test_values_are_toml_and_words_need_no_marks(text: str, name: str, value: Any) -> None:
    assert read_assignments([text]) == ({name: value}, [])


def test_the_last_of_two_counts() -> None:
    assert read_assignments(["seed=1", "seed=2"]) == ({"seed": 2}, [])
    assert read_assignments([]) == ({}, [])


def test_all_that_is_no_setting_is_said() -> None:
    found, problems = read_assignments(["epochs", "=3", "model.widths=[8,", 'name="a', "seed=", "seed=7"])
    assert found == {"seed": 7}
    assert len(problems) == 5
    assert "--set epochs is no setting; write it as section.key=value, such as finetune.epochs=4." in problems
    assert sum("has no value that is valid TOML" in problem for problem in problems) == 3
