"""The counts of the code, and the code map in docs, which must name what there is."""

import re
import tomllib
from pathlib import Path

import pytest
from code_size import ROOT, SOURCE, count_imports, count_modules, find_layers

from smn.examples import paint


def test_the_code_map_names_every_folder_and_module_of_the_package() -> None:
    table = (ROOT / "docs" / "code-map.md").read_text(encoding="utf-8").split("## The way")[0]
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", table, re.M)
    named = {name.rstrip("/"): int(layer) for layer, names in rows for name in re.findall(r"`([^`]+)`", names)}
    there = {path.name for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert set(named) == there - {"__init__.py"}
    layers, _ = find_layers()
    found = {part: number for number, layer in enumerate(layers, start=1) for part in layer if part != "smn"}
    assert {name.removesuffix(".py"): layer for name, layer in named.items()} == found


def test_the_contract_names_the_layers_that_there_are() -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    contract = [sorted(layer.split(" | ")) for layer in linter["contracts"][0]["layers"]]
    layers, circles = find_layers()
    assert circles == []
    assert contract[::-1] == [sorted(part for part in layer if part != "smn") for layer in layers]


def test_modules_and_functions_stay_short() -> None:
    size = count_modules()
    assert size.longest_module <= 400
    assert size.function_lines <= 30
    assert len(size.repeated_names) <= 3


@pytest.mark.slow
def test_the_imports_of_a_command_are_its_own_modules(tmp_path: Path) -> None:
    painting = tmp_path / "a.jpg"
    paint("cubism", size=(64, 64)).save(painting)
    imported = count_imports(["predict", str(painting), "--format", "json"])
    assert {"smn.cli.predict", "smn.predict.model", "smn.bundle.runtime"} <= set(imported)
    assert not [name for name in imported if name.startswith(("smn.train", "smn.dataset", "smn.evaluate", "smn.serve"))]
