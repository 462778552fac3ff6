"""A recipe: everything that decides a training run, read from one commented TOML file."""

import dataclasses
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from smn.errors import RecipeError, UnknownNameError
from smn.models.colour_models import COLOUR_MODELS
from smn.train.model_configs import KINDS, ColourSettings, ModelSettings, StatisticsSettings, is_pretrained
from smn.train.recipe_sections import (
    NOT_NEGATIVE,
    AnswerSettings,
    AugmentSettings,
    Constraint,
    FinetuneSettings,
    HeadSettings,
)

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
        model: see `smn.train.model_configs`.
        augment: see `smn.train.recipe_sections.AugmentSettings`.
        head: see `smn.train.recipe_sections.HeadSettings`.
        finetune: see `smn.train.recipe_sections.FinetuneSettings`.
        answers: see `smn.train.recipe_sections.AnswerSettings`.
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


Section = TypeVar("Section")


def read_section(kind: type[Section], data: Mapping[str, Any]) -> tuple[Section, list[str]]:
    """Settings from plain data, and a sentence for each problem.

    Where there are problems the settings are not meant for use: a wrong value gives way to its default, a missing
    one to None, so that what else is wrong can still be found.
    """
    problems: list[str] = []
    return _build(kind, data, prefix="", problems=problems), problems


def _build(kind: type[Any], data: Mapping[str, Any], *, prefix: str, problems: list[str]) -> Any:
    hints = get_type_hints(kind, include_extras=True)
    fields = {entry.name: entry for entry in dataclasses.fields(kind)}
    unknown = [key for key in data if key not in fields]
    problems += [f"{prefix}{key} is unknown; allowed are {', '.join(fields)}." for key in unknown]
    values: dict[str, Any] = {}
    for name, entry in fields.items():
        if name in data:
            value = _read(hints[name], data[name], name=f"{prefix}{name}", problems=problems)
            if value is not None:
                values[name] = value
        elif entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING:
            problems.append(f"{prefix}{name} is missing.")
        if entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING:
            values.setdefault(name, None)
    return kind(**values)


def _read(hint: Any, value: Any, *, name: str, problems: list[str]) -> Any:
    """A value or a section; None if there is a problem with it."""
    hint, constraints = _split_annotation(hint)
    section = _section_of(hint, value, name=name, problems=problems)
    if section is not None:
        return _build(section, value, prefix=f"{name}.", problems=problems)
    if isinstance(value, Mapping) and _is_model(hint):
        return None  # its kind is unknown, and said to be
    found = _value(hint, value, name=name, problems=problems)
    sentences = _constraint_problems(constraints, hint, found, name=name)
    problems += sentences
    return None if sentences else found


def _split_annotation(hint: Any) -> tuple[Any, list[Constraint]]:
    """The bare type of a field, and what its values are held to."""
    if get_origin(hint) is not Annotated:
        return hint, []
    bare, *extras = get_args(hint)
    return bare, [extra for extra in extras if isinstance(extra, Constraint)]


def _is_model(hint: Any) -> bool:
    return set(get_args(hint)) == set(KINDS.values())


def _section_of(hint: Any, value: Any, *, name: str, problems: list[str]) -> type[Any] | None:
    if not isinstance(value, Mapping):
        return None
    if dataclasses.is_dataclass(hint):
        return hint  # type: ignore[return-value]
    if not _is_model(hint):
        return None
    kind = value.get("kind", "statistics")
    if isinstance(kind, str) and kind in KINDS:
        return KINDS[kind]
    problems.append(f"{name}.kind is {kind!r}; allowed are {', '.join(KINDS)}.")
    return None


def _value(hint: Any, value: Any, *, name: str, problems: list[str]) -> Any:
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        if value in [choice.value for choice in hint]:
            return hint(value)
        problems.append(f"{name} is {value!r}; allowed are {', '.join(hint)}.")
    elif _is_model(hint):
        problems.append(f"{name} is {value!r}; it must be a section [{name}].")
    elif get_origin(hint) is tuple:
        if isinstance(value, list | tuple) and all(type(item) is int for item in value):
            return tuple(value)
        problems.append(f"{name} is {value!r}; it must be a list of whole numbers such as [0, 1, 2].")
    elif get_args(hint):
        words = [word for part in get_args(hint) if get_origin(part) is Literal for word in get_args(part)]
        if value in words or type(value) is int:
            return value
        problems.append(f"{name} is {value!r}; it must be a whole number or {' or '.join(map(repr, words))}.")
    elif hint is float and type(value) in (int, float):
        return float(value)
    elif type(value) is hint:
        return value
    else:
        problems.append(f"{name} is {value!r}; it must be of type {hint.__name__}.")
    return None


def _constraint_problems(constraints: list[Constraint], hint: Any, value: Any, *, name: str) -> list[str]:
    """The sentences about a value of the right type; None stands for one whose type is a problem already."""
    # A word that stands in for a number has no range.
    if value is None or (isinstance(value, str) and hint is not str):
        return []
    shown = list(value) if isinstance(value, tuple) else value
    return [f"{name} is {shown}; it must be {one.allowed}." for one in constraints if not one.fits(value)]


def read_assignments(texts: Iterable[str]) -> tuple[dict[str, Any], list[str]]:
    """Values by the settings' names, and a sentence for each text that is none.

    A value is TOML: ``4``, ``3e-4``, ``true``, ``[32, 64]``, ``"avg"``; a word may go without its quotation marks.
    """
    found: dict[str, Any] = {}
    problems: list[str] = []
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not name or not equals:
            problems.append(f"--set {text} is no setting; write it as section.key=value, such as finetune.epochs=4.")
            continue
        try:
            found[name] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError as error:
            if not value or value[0] in "[{\"'":
                problems.append(f"--set {text} has no value that is valid TOML ({error}).")
            else:
                found[name] = value
    return found, problems
