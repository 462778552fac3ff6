"""Small sets and recipes that several tests of training share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smn.train import Recipe

SetMaker = Callable[..., Path]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory, make_painted_set: SetMaker) -> Path:
    return make_painted_set(tmp_path_factory.mktemp("sets") / "pictures", splits={"train": 2, "val": 1})


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory, make_other_set: SetMaker) -> Path:
    return make_other_set(tmp_path_factory.mktemp("sets") / "others", splits={"train": 4})


@pytest.fixture
def recipe(tiny_recipe: dict[str, Any]) -> Recipe:
    tiny_recipe["model"] |= {"levels": [0, 1], "size": 32}
    tiny_recipe["finetune"]["epochs"] = 2
    return Recipe.from_dict(tiny_recipe, where="tiny")


@pytest.fixture
def head_recipe(tiny_recipe: dict[str, Any]) -> Recipe:
    tiny_recipe["model"] |= {"levels": [0, 1], "size": 32}
    tiny_recipe["finetune"]["epochs"] = 0
    return Recipe.from_dict(tiny_recipe, where="tiny")
