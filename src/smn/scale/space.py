"""The space that a sweep searches: for each setting of a recipe, a list of choices or a range."""

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from smn.errors import RecipeError
from smn.train import Recipe

_RANGE_KEYS = ("from", "to", "scale")
_SCALES = ("linear", "log")


@dataclass(frozen=True)
class Choices:
    """Some values, in the order of the file.

    Args:
        values: at least one.
    """

    values: tuple[Any, ...]

    @property
    def edges(self) -> tuple[Any, ...]:
        """The values that have to be allowed for all to be."""
        return self.values

    def draw(self, generator: random.Random) -> Any:
        """One of them, each as likely as any other."""
        return generator.choice(self.values)


@dataclass(frozen=True)
class Range:
    """All numbers from one to another.

    Args:
        low: the lowest, itself included.
        high: the highest; a whole one is included.
        log: draw evenly over the logarithm; both are above 0 then.
        whole: only whole numbers.
    """

    low: float
    high: float
    log: bool
    whole: bool

    @property
    def edges(self) -> tuple[Any, ...]:
        """The values that have to be allowed for all to be."""
        return (self.low, self.high)

    def draw(self, generator: random.Random) -> Any:
        """A number of the range."""
        end = self.high + 1 if self.whole else self.high
        if self.log:
            value = math.exp(generator.uniform(math.log(self.low), math.log(end)))
        else:
            value = generator.uniform(self.low, end)
        # Rounding may step over an end.
        return min(max(math.floor(value) if self.whole else value, self.low), self.high)


Space = Mapping[str, Choices | Range]
"""By a setting's name, such as ``finetune.learning_rate``."""


def read_space(data: Any, recipe: Recipe) -> tuple[dict[str, Choices | Range], list[str]]:
    """A space from plain data, and a sentence for each problem.

    Args:
        data: the section ``[space]``; ``"finetune.epochs" = ...`` and ``finetune.epochs = ...`` are the same.
        recipe: whose settings they are; every choice and both ends of a range are tried on it.
    """
    if not isinstance(data, Mapping) or not data:
        return {}, ['[space] is empty; name a setting, such as "finetune.learning_rate" = [1e-3, 1e-4].']
    problems: list[str] = []
    known = recipe.to_dict()
    space = {}
    for name, value in _flatten(data):
        setting = _read_setting(name, value, now=_look_up(known, name), problems=problems)
        if setting is not None:
            space[name] = setting
    return space, problems + _misfits(space, recipe)


def _flatten(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping) and value and not any(word in value for word in _RANGE_KEYS):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _look_up(known: Mapping[str, Any], name: str) -> Any:
    """The recipe's own value; None if it has no such setting."""
    place: Any = known
    for part in name.split("."):
        if not isinstance(place, Mapping) or part not in place:
            return None
        place = place[part]
    return place


def _read_setting(name: str, value: Any, *, now: Any, problems: list[str]) -> Choices | Range | None:
    if now is None or isinstance(now, Mapping):
        problems.append(f"space.{name} is no setting of the recipe; `smn recipes show` prints those that it has.")
    elif isinstance(value, Mapping):
        return _read_range(name, value, now=now, problems=problems)
    elif not isinstance(value, list) or not value:
        problems.append(f"space.{name} is {value!r}; it must be a list of choices or {{ from = 1e-4, to = 1e-2 }}.")
    elif any(value.count(choice) > 1 for choice in value):
        problems.append(f"space.{name} is {value!r}; name each choice once.")
    else:
        return Choices(tuple(value))
    return None


def _read_range(name: str, value: Mapping[str, Any], *, now: Any, problems: list[str]) -> Range | None:
    found = [
        f"space.{name}.{key} is unknown; allowed are {', '.join(_RANGE_KEYS)}."
        for key in value
        if key not in _RANGE_KEYS
    ]
    ends: list[Any] = [value.get(key) for key in ("from", "to")]
    for key, end in zip(("from", "to"), ends, strict=True):
        if type(end) not in (int, float) or not math.isfinite(end):
            found.append(f"space.{name}.{key} is {'missing' if end is None else repr(end)}; it must be a number.")
    scale = value.get("scale", "linear")
    if scale not in _SCALES:
        found.append(f"space.{name}.scale is {scale!r}; allowed are {', '.join(_SCALES)}.")
    if not found and ends[0] >= ends[1]:
        found.append(f"space.{name} goes from {ends[0]} to {ends[1]}; the first must be the lower one.")
    if not found and scale == "log" and ends[0] <= 0:
        found.append(f"space.{name} goes from {ends[0]}; on a logarithmic scale it must begin above 0.")
    problems += found
    if found:
        return None
    whole = type(now) is not float and all(type(end) is int for end in ends)
    low, high = ends if whole or type(now) is not float else map(float, ends)
    return Range(low, high, log=scale == "log", whole=whole)


def _misfits(space: Space, recipe: Recipe) -> list[str]:
    """What the recipe says to each value, the other settings being at their first ones."""
    first = {name: setting.edges[0] for name, setting in space.items()}
    found: list[str] = []
    for name, setting in space.items():
        for value in setting.edges:
            try:
                recipe.with_settings(first | {name: value})
            except RecipeError as error:
                found += error.problems
    return list(dict.fromkeys(found))
