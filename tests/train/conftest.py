"""Small sets and recipes that several tests of training share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from smn.manifest import Manifest, read_manifest, write_manifest
from smn.models import Classifier, build_classifier
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


@pytest.fixture(scope="module")
def model() -> Classifier:
    """A network that nobody has trained, of two levels."""
    torch.manual_seed(0)
    return build_classifier("lite0", levels=(0, 1), classes=3, pretrained=False)[0]


@pytest.fixture
def reordered(pictures: Path, tmp_path: Path) -> Callable[..., Manifest]:
    """Other manifests of the same pictures: ``reordered([2, 0])`` has rows 2 and 0 of ``pictures``."""

    def reordered(rows: list[int], name: str = "reordered") -> Manifest:
        import pyarrow as pa

        table = read_manifest(pictures).table
        places = [str(pictures.parent / path) for path in table["path"].to_pylist()]
        table = table.set_column(table.column_names.index("path"), "path", pa.array(places, pa.string()))
        return read_manifest(write_manifest(table.take(rows), tmp_path / name / "manifest.parquet"))

    return reordered
