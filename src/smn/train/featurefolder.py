"""Folders of features, each named after everything but the pictures that decides what lies in it."""

import ast
import hashlib
import json
import os
from collections.abc import Mapping
from functools import cache as remember
from pathlib import Path
from types import ModuleType
from typing import Any


def open_folder(cache: Path, facts: Mapping[str, Any], *, name: str) -> Path:
    """The folder for features that such facts decide, made if need be, with ``features.json`` that says them.

    Args:
        cache: where all such folders are.
        facts: everything but the picture that decides its features, as plain data.
        name: how the folder's name begins; a hash of the facts follows.
    """
    text = json.dumps(facts, sort_keys=True, indent=2)
    folder = cache / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "features.json"
    if not file.exists():
        partial_file = folder / f"features.{os.getpid()}.partial"
        partial_file.write_text(text + "\n", encoding="utf-8")
        os.replace(partial_file, file)
    return folder


@remember
def hash_code(*modules: ModuleType) -> str:
    """SHA-256 of what modules do: of their code without comments, docstrings and layout.

    A better sentence about the code does not cost an evening of computing; any other change does.
    """
    digest = hashlib.sha256()
    for module in modules:
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                node.body = [part for part in node.body if not _is_docstring(part)]
        digest.update(ast.dump(tree).encode())
    return digest.hexdigest()


def _is_docstring(part: ast.stmt) -> bool:
    return isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)
