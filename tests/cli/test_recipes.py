from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smn.cli import main
from smn.train.recipe import list_recipes, read_recipe


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
    assert "ending in .toml" in other.stderr


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
