"""A sweep: which settings of a recipe to try, and how, read from one TOML file."""

import dataclasses
import math
import random
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from smn.errors import RecipeError, SweepError, UnknownNameError
from smn.train import Recipe, read_recipe
from smn.train.recipe import read_section
from smn.train.recipe_sections import NOT_NEGATIVE, WEIGHT_FILES

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


class Search(StrEnum):
    """How the next settings are chosen."""

    GRID = "grid"
    """Every combination of the choices."""
    RANDOM = "random"
    """Independent draws (Bergstra & Bengio 2012)."""
    BAYESIAN = "bayesian"
    """Draws where good trials were dense, by tree-structured Parzen estimators (Bergstra et al. 2011)."""


class Metric(StrEnum):
    """Which figure on the validation split decides."""

    LOG_LOSS = "val_log_loss"
    """The lower, the better."""
    TOP1 = "val_top1"
    """The higher, the better."""

    @property
    def rises(self) -> bool:
        """Whether higher is better."""
        return self is Metric.TOP1


@dataclass(frozen=True)
class Sweep:
    """A search over settings of a recipe.

    Args:
        name: what the sweep is called.
        recipe: a recipe's name, or the path of a TOML file, beside the sweep's file if it is not absolute.
        search: how settings are chosen.
        trials: how many trials; a grid has a number of its own, and this is 0.
        metric: which figure decides.
        stop_early: end trials early that are behind others after as many epochs.
        seed: of what is drawn; trials are trained with the recipe's own seed.
        threads: processor threads for each trial.
        space: which settings are tried.
    """

    name: str
    recipe: str
    search: Search = Search.RANDOM
    trials: int = 0
    metric: Metric = Metric.LOG_LOSS
    stop_early: bool = False
    seed: Annotated[int, NOT_NEGATIVE] = 0
    threads: int = 1
    space: Space = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return dataclasses.asdict(self)


def read_sweep(file: str | Path) -> tuple[Sweep, Recipe]:
    """A sweep from its file, and the recipe that it changes.

    Raises:
        SweepError: it has problems, be it in the file, in the recipe or in how they fit; all are listed.
    """
    path = Path(file)
    if not path.is_file():
        raise SweepError(str(file), [f"There is no file {path}; check the path."])
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SweepError(str(file), [f"It is not valid TOML ({error})."]) from error
    sweep, problems = read_section(Sweep, {key: value for key, value in data.items() if key != "space"})
    problems += _problems_of_numbers(sweep, trials="trials" in data)
    try:
        recipe = _read_recipe(sweep.recipe, folder=path.parent) if sweep.recipe else None
    except (RecipeError, UnknownNameError) as error:
        recipe, problems = None, [*problems, str(error)]
    space: Space = {}
    if recipe is not None:
        space, more = read_space(data.get("space"), recipe)
        problems += more + _problems_of_grid(sweep, space)
    if problems or recipe is None:
        raise SweepError(str(file), problems)
    space, recipe = _place_weights(space, recipe)
    return dataclasses.replace(sweep, space=space), recipe


def _read_recipe(name: str, *, folder: Path) -> Recipe:
    return read_recipe(folder / name if name.endswith(".toml") else name)


def _problems_of_numbers(sweep: Sweep, *, trials: bool) -> list[str]:
    found = []
    if sweep.search is Search.GRID:
        if trials:
            found.append(f"trials is {sweep.trials}, but a grid tries every combination; leave trials out.")
    elif sweep.trials < 1:
        found.append(f"trials is {sweep.trials}; a search of kind {sweep.search} needs 1 or more.")
    if sweep.threads < 1:
        found.append(f"threads is {sweep.threads}; it must be 1 or more.")
    return found


def _problems_of_grid(sweep: Sweep, space: Space) -> list[str]:
    if sweep.search is not Search.GRID:
        return []
    return [
        f"space.{name} is a range, but a grid needs a list of choices; name them, or search at random."
        for name, setting in space.items()
        if isinstance(setting, Range)
    ]


def _place_weights(space: Space, recipe: Recipe) -> tuple[Space, Recipe]:
    """Files of weights named from the root, so that a worker finds them from wherever it runs."""
    own = getattr(recipe.model, "weights", None)
    if own is not None:
        recipe = recipe.with_settings({"model.weights": _place(own)})
    choices = space.get("model.weights")
    if isinstance(choices, Choices):
        space = {**space, "model.weights": Choices(tuple(map(_place, choices.values)))}
    return space, recipe


def _place(weights: str) -> str:
    return str(Path(weights).resolve()) if weights.endswith(WEIGHT_FILES) else weights
