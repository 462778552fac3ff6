"""A recipe: everything that decides a training run, read from one commented TOML file."""

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from smn.errors import RecipeError, UnknownNameError
from smn.models.colour import COLOUR_MODELS
from smn.train.constraints import NOT_NEGATIVE
from smn.train.kinds import ColourSettings, ModelSettings, StatisticsSettings, is_pretrained
from smn.train.reading import read_section
from smn.train.settings import AnswerSettings, AugmentSettings, FinetuneSettings, HeadSettings

__all__ = [
    "AnswerSettings", "AugmentSettings", "FinetuneSettings", "HeadSettings", "ModelSettings", "Recipe", "list_recipes",
    "read_recipe", "recipe_text",
]  # fmt: skip

_FOLDER = Path(__file__).parent / "recipes"


@dataclass(frozen=True)
class Recipe:
    """A training run, before it knows its data.

    Args:
        name: what the recipe is called.
        description: what it is for.
        taxonomy: which labels are learned.
        seed: of everything that is drawn.
        model: see `smn.train.kinds`.
        augment: see `smn.train.settings.AugmentSettings`.
        head: see `smn.train.settings.HeadSettings`.
        finetune: see `smn.train.settings.FinetuneSettings`.
        answers: see `smn.train.settings.AnswerSettings`.
    """

    name: str
    description: str
    taxonomy: str = "smn-25"
    seed: Annotated[int, NOT_NEGATIVE] = 0
    model: ModelSettings = field(default_factory=StatisticsSettings)
    augment: AugmentSettings = field(default_factory=AugmentSettings)
    head: HeadSettings = field(default_factory=HeadSettings)
    finetune: FinetuneSettings = field(default_factory=FinetuneSettings)
    answers: AnswerSettings = field(default_factory=AnswerSettings)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as written into runs and bundles."""
        return dataclasses.asdict(self)

    def with_settings(self, changes: Mapping[str, Any]) -> "Recipe":
        """The recipe with other settings, such as ``{"model.weights": "mine.safetensors"}``.

        Raises:
            RecipeError: it has no such settings, or they are of the wrong kind or out of range; all are listed.
        """
        data: dict[str, Any] = self.to_dict()
        astray = []
        for name, value in changes.items():
            *sections, last = name.split(".")
            place: Any = data
            for section in sections:
                place = place.setdefault(section, {}) if isinstance(place, dict) else None
            if isinstance(place, dict):
                place[last] = value
            else:
                astray.append(f"{name} is unknown: {'.'.join(sections)} is a setting, not a section.")
        if astray:
            _, problems = read_section(Recipe, data)
            raise RecipeError(self.name, [*astray, *problems])
        return Recipe.from_dict(data, where=self.name)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, where: str) -> "Recipe":
        """Read a recipe from plain data.

        Raises:
            RecipeError: keys are unknown or missing, or values are of the wrong kind or out of range; all are listed.
        """
        recipe, problems = read_section(cls, data)
        problems += _contradictions(recipe)
        if problems:
            raise RecipeError(where, problems)
        return recipe


def list_recipes() -> tuple[str, ...]:
    """Names of the recipes inside the package."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("*.toml")))


def recipe_text(name: str) -> str:
    """The TOML text of a recipe inside the package.

    Raises:
        UnknownNameError: there is none of that name.
    """
    if name not in list_recipes():
        raise UnknownNameError("recipe", name, [*list_recipes(), "a path ending in .toml"])
    return (_FOLDER / f"{name}.toml").read_text(encoding="utf-8")


def read_recipe(name: str | Path) -> Recipe:
    """A recipe by its name, or from a TOML file of your own.

    Raises:
        UnknownNameError: there is no such recipe.
        RecipeError: it has problems; all are listed.
    """
    if str(name).endswith(".toml"):
        file = Path(name)
        if not file.is_file():
            raise RecipeError(str(name), [f"There is no file {file}; check the path."])
        content = file.read_bytes()
    else:
        content = recipe_text(str(name)).encode()
    try:
        data = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(str(name), [f"It is not valid TOML ({error})."]) from error
    return Recipe.from_dict(data, where=str(name))


def _contradictions(recipe: Recipe) -> list[str]:
    """A sentence for each pair of settings that do not go together."""
    if isinstance(recipe.model, ColourSettings):
        return _contradict_colour(recipe, recipe.model.name)
    found = []
    if recipe.head.epochs and not is_pretrained(recipe.model):
        found.append(
            f"head.epochs is {recipe.head.epochs}, but a head is fitted on features that were learned before, and a "
            f"model of kind {recipe.model.kind} here starts from nothing; set head.epochs to 0."
        )
    if not recipe.head.epochs and max(recipe.head.crossfit, recipe.finetune.crossfit) > 0:
        found.append(
            f"head.crossfit is {recipe.head.crossfit} and finetune.crossfit {recipe.finetune.crossfit}, but it is "
            "heads that answer for artists held out, and head.epochs is 0; set head.epochs above 0, or both to 0."
        )
    if not recipe.head.epochs and not recipe.finetune.epochs:
        found.append("head.epochs and finetune.epochs are both 0, so nothing would be learned; set one above 0.")
    if recipe.finetune.mixup + recipe.finetune.cutmix > 1:
        found.append(
            f"finetune.mixup is {recipe.finetune.mixup} and finetune.cutmix {recipe.finetune.cutmix}, but a batch has "
            "one of them at most; together they must be 1 or less."
        )
    teacher, share = recipe.finetune.teacher, recipe.finetune.distillation
    if bool(teacher) != (share > 0):
        found.append(
            f"finetune.teacher is {teacher!r} and finetune.distillation {share}, but a teacher needs a share of the "
            "target above 0 and a share needs a teacher; set both or neither."
        )
    return found


def _contradict_colour(recipe: Recipe, name: str) -> list[str]:
    """What a colour model does not know, or cannot make anything of."""
    found = []
    if name not in COLOUR_MODELS:
        found.append(f"model.name is {name!r}; allowed are {', '.join(COLOUR_MODELS)}.")
    unused = {
        "augment": AugmentSettings(), "head": HeadSettings(), "finetune": FinetuneSettings(),
        "answers": AnswerSettings(),
    }  # fmt: skip
    given = [f"[{section}]" for section, default in unused.items() if getattr(recipe, section) != default]
    if given:
        found.append(f"{' and '.join(given)} set up a network, which a model of kind colour has not; leave them out.")
    return found
