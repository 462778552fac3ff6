"""Counts what decides how quickly smn can be read: modules, lines, repeated names, layers, and the files of one answer.

python tools/code_size.py
"""

import ast
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click
import grimp
import numpy as np

from smn.examples import paint

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "smn"


def list_modules() -> list[Path]:
    """Every module of smn."""
    return sorted(SOURCE.rglob("*.py"))


@dataclass(frozen=True)
class CodeSize:
    """What is counted of the modules.

    Args:
        modules: how many there are.
        lines: of all of them.
        repeated_names: file names that occur more than once, ``__init__`` aside.
        longest_module: lines of the longest one.
        function_lines: lines of a function, the 90th percentile.
    """

    modules: int
    lines: int
    repeated_names: tuple[str, ...]
    longest_module: int
    function_lines: float


def count_modules() -> CodeSize:
    """Count the modules of smn."""
    modules = list_modules()
    lines = [len(file.read_text(encoding="utf-8").splitlines()) for file in modules]
    names = Counter(file.name for file in modules if file.name != "__init__.py")
    functions = [node.end_lineno - node.lineno + 1 for file in modules for node in _functions(file) if node.end_lineno]
    repeated = tuple(sorted(name for name, count in names.items() if count > 1))
    return CodeSize(len(modules), sum(lines), repeated, max(lines), float(np.percentile(functions, 90)))


def _functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def find_layers() -> tuple[list[list[str]], list[tuple[str, ...]]]:
    """Folders and modules of the package by layer, the lowest first, and pairs of them that import each other.

    A part's layer is one above the highest part that it imports; imports for type checking alone do not count. With
    circles there are no layers.
    """
    graph = grimp.build_graph("smn", exclude_type_checking_imports=True)
    imports: dict[str, set[str]] = {_part_of(module): set() for module in graph.modules}
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            imports[_part_of(module)] |= {_part_of(imported)} - {_part_of(module)}
    pairs = [(part, other) for part in imports for other in imports[part] if part in _reach(imports, other)]
    circles = {tuple(sorted(pair)) for pair in pairs}
    if circles:
        return [], sorted(circles)

    @cache
    def layer_of(part: str) -> int:
        return 1 + max(map(layer_of, imports[part]), default=-1)

    layers: list[list[str]] = [[] for _ in range(1 + max(map(layer_of, imports)))]
    for part in sorted(imports):
        layers[layer_of(part)].append(part)
    return layers, []


def _part_of(module: str) -> str:
    return module.split(".")[1] if "." in module else module


def _reach(imports: Mapping[str, set[str]], start: str) -> set[str]:
    found, waiting = set[str](), [start]
    while waiting:
        for other in imports[waiting.pop()] - found:
            found.add(other)
            waiting.append(other)
    return found


def count_imports(command: list[str]) -> list[str]:
    """Smn's own modules that a command has imported when it ends, ``__init__`` of folders aside."""
    code = (
        "import json, sys\nfrom smn.cli import main\n"
        f"main({command!r}, standalone_mode=False)\n"
        "files = {name: getattr(module, '__file__', '') for name, module in sys.modules.items()}\n"
        "print('\\n' + json.dumps(sorted(name for name, file in files.items() if name.startswith('smn.') and file "
        "and not file.endswith('__init__.py'))))"
    )
    done = subprocess.run(  # noqa: S603 - a command of this project
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONUTF8": "1"}
    )
    return list(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Print every count."""
    size, (layers, circles) = count_modules(), find_layers()
    click.echo(f"modules: {size.modules}, lines: {size.lines}, longest module: {size.longest_module}")
    click.echo(f"repeated file names: {', '.join(size.repeated_names) or 'none'}")
    click.echo(f"lines of a function, 90th percentile: {size.function_lines:.0f}")
    click.echo(f"circles of imports: {circles or 'none'}; layers: {len(layers)}")
    for number, layer in enumerate(layers, start=1):
        click.echo(f"  {number:2} {', '.join(layer)}")
    picture = ROOT / "build" / "code-size.jpg"
    picture.parent.mkdir(exist_ok=True)
    paint("impressionism").save(picture)
    imported = count_imports(["predict", str(picture), "--format", "json"])
    click.echo(f"modules imported by smn predict: {len(imported)}: {', '.join(imported)}")


if __name__ == "__main__":
    main()
