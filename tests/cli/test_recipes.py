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
