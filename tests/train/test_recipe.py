"""Recipes: those of the package, and everything that can be wrong with one's own."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smn.errors import RecipeError, UnknownNameError
from smn.preprocess import Fit
from smn.train import Recipe, list_recipes, read_recipe, recipe_text

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
        ("model.depth is unknown", "backbone, levels, size"),
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
        ("head", "epochs", 0, 1),
        ("finetune", "learning_rate", float("inf"), 1e-9),
        ("finetune", "warmup", -0.1, 0.0),
        ("answers", "precision", float("nan"), 1.0),
    ],
)
def test_ranges(section: str, key: str, bad: float, good: float) -> None:
    (problem,) = problems_of(LEAST | {section: {key: bad}})
    assert problem.startswith(f"{section}.{key} is {bad}; it must be ")
    assert getattr(getattr(Recipe.from_dict(LEAST | {section: {key: good}}, where="mine"), section), key) == good


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
