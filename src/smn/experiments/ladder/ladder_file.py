"""Reads a ladder: a TOML file that lists recipes, each with what is changed in it."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smn.errors import InputError, LadderError
from smn.train.recipe import Recipe, read_recipe

_OWN = Path(__file__).parent / "ladder.toml"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_KEYS, _RUNG_KEYS = ("name", "description", "known", "rungs"), ("name", "recipe", "set")


@dataclass(frozen=True)
class Rung:
    """One step of a ladder.

    Args:
        name: part of file names: small letters, digits, dots, dashes and underscores.
        recipe: what is trained, its changes made.
        changes: the settings that were changed.
    """

    name: str
    recipe: Recipe
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class Ladder:
    """Recipes to be compared under one protocol.

    Args:
        name: what it is called.
        description: one sentence.
        known: share of the training pictures that is held out by chance, above 0 and at most 0.5.
        rungs: the steps, the simplest first.
    """

    name: str
    description: str
    known: float
    rungs: tuple[Rung, ...]


def read_ladder(file: str | Path | None = None, *, weights: Mapping[str, str] | None = None) -> Ladder:
    """Read a ladder, of the package or your own.

    Args:
        file: a TOML file; None for the ladder inside the package.
        weights: files of pretrained weights, by the name of the rung.

    Raises:
        LadderError: it has problems, or the recipes have; all are listed.

    Example:
        >>> [rung.name for rung in read_ladder().rungs][:2]
        ['colour-1', 'colour-5']
    """
    place = _OWN if file is None else Path(file)
    if not place.is_file():
        raise LadderError(str(place), [f"There is no file {place}; check the path."])
    try:
        data = tomllib.loads(place.read_bytes().decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LadderError(str(place), [f"It is not valid TOML ({error})."]) from error
    given, problems = dict(weights or {}), _unknown(data, _KEYS, "")
    rungs: list[Rung] = []
    for number, entry in enumerate(data.get("rungs", []), start=1):
        rung = _read_rung(entry, number, given, place.parent, problems)
        if rung is not None and rung.name in [one.name for one in rungs]:
            problems.append(f"rung {number} is called {rung.name} like one before it; give it another name.")
        elif rung is not None:
            rungs.append(rung)
    if not data.get("rungs"):
        problems.append("It has no [[rungs]]; list one recipe at least.")
    problems += [f"There is no rung {name} to give weights to." for name in given]
    known = data.get("known", 0.125)
    if type(known) is not float or not 0 < known <= 0.5:
        problems.append(f"known is {known!r}; it must be a share above 0 and at most 0.5.")
    if problems:
        raise LadderError(str(place), problems)
    return Ladder(str(data.get("name", place.stem)), str(data.get("description", "")), known, tuple(rungs))


def _unknown(data: Mapping[str, Any], allowed: tuple[str, ...], prefix: str) -> list[str]:
    return [f"{prefix}{key} is unknown; allowed are {', '.join(allowed)}." for key in data if key not in allowed]


def _read_rung(entry: Any, number: int, weights: dict[str, str], folder: Path, problems: list[str]) -> Rung | None:
    if not isinstance(entry, dict):
        problems.append(f"rung {number} is {entry!r}; it must be a table [[rungs]].")
        return None
    problems += _unknown(entry, _RUNG_KEYS, f"rung {number}: ")
    name, changes = entry.get("name"), entry.get("set", {})
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        problems.append(f"rung {number}: name is {name!r}; it must be of small letters, digits, dots and dashes.")
        return None
    if not isinstance(changes, dict):
        problems.append(f'rung {name}: set is {changes!r}; it must be a table such as {{ "finetune.epochs" = 10 }}.')
        return None
    if name in weights:
        changes = {**changes, "model.weights": weights.pop(name)}
    try:
        recipe = read_recipe(_find_recipe(str(entry.get("recipe", "")), folder)).with_settings(changes)
    except InputError as error:
        problems.append(f"rung {name}: {error}")
        return None
    return Rung(name, recipe, changes)


def _find_recipe(name: str, folder: Path) -> str:
    """A recipe's name, or its file as seen from the ladder's folder."""
    return str(folder / name) if name.endswith(".toml") else name
