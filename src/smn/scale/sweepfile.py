"""A sweep: which settings of a recipe to try, and how, read from one TOML file."""

import dataclasses
import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from smn.errors import RecipeError, SweepError, UnknownNameError
from smn.scale.space import Choices, Range, Space, read_space
from smn.train import Recipe, read_recipe
from smn.train.constraints import NOT_NEGATIVE, WEIGHT_FILES
from smn.train.reading import read_section


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
