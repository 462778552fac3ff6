"""A recipe: everything that decides a training run, read from one commented TOML file."""

import dataclasses
import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_type_hints

from smn.errors import RecipeError, UnknownNameError
from smn.preprocess import Fit

_FOLDER = Path(__file__).parent / "recipes"


@dataclass(frozen=True)
class ModelSettings:
    """Which network sees which picture.

    Args:
        backbone: a name in `smn.models.list_backbones`.
        levels: which of its levels give statistics, counted from 0, the earliest.
        size: side of the square input, in pixels.
        fit: how a picture becomes square.
        dropout: share of the features dropped before the head in training, 0..1.
    """

    backbone: str = "lite0"
    levels: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7)
    size: int = 224
    fit: Fit = Fit.SQUASH
    dropout: float = 0.4


@dataclass(frozen=True)
class AugmentSettings:
    """How a training picture is changed, so that the network learns the style and not the scanner.

    Probabilities are 0..1; a probability of 0 switches the change off.

    Args:
        crop: probability of a crop.
        crop_area: smallest share of the area that a crop keeps, 0..1.
        aspect: largest stretch of either side against the other, as a natural logarithm.
        flip: probability of mirroring.
        rescale: probability of losing detail by scaling down and up.
        rescale_to: smallest side after scaling down, in pixels.
        jpeg: probability of another JPEG encoding.
        jpeg_quality: lowest quality of that encoding, 1..95.
        blur: probability of a slight blur.
        colour: probability of a change of brightness, contrast, saturation and white balance.
        colour_strength: largest change of each, as a share.
        grey: probability of a black-and-white reproduction.
        margin: probability of a margin of paper or wall around the picture.
    """

    crop: float = 0.8
    crop_area: float = 0.5
    aspect: float = 0.25
    flip: float = 0.5
    rescale: float = 0.5
    rescale_to: int = 96
    jpeg: float = 0.7
    jpeg_quality: int = 30
    blur: float = 0.15
    colour: float = 0.5
    colour_strength: float = 0.15
    grey: float = 0.03
    margin: float = 0.1


@dataclass(frozen=True)
class HeadSettings:
    """The linear head on features that are computed once and cached.

    Args:
        views: augmented views of every training picture, besides the picture itself.
        epochs: passes over all views.
        batch_size: pictures a step.
        learning_rate: at the start; falls to 0 along a cosine.
        weight_decay: AdamW's, decoupled.
        label_smoothing: share of the target spread over all classes, 0..1.
    """

    views: int = 1
    epochs: int = 20
    batch_size: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 3.0
    label_smoothing: float = 0.1


@dataclass(frozen=True)
class FinetuneSettings:
    """All layers, starting from the linear head (Kumar et al. 2022: a fitted head first distorts features less).

    Args:
        epochs: passes over the training pictures, each newly augmented; 0 leaves the backbone as it is.
        batch_size: pictures a step.
        learning_rate: of the backbone, after warming up; falls to 0 along a cosine.
        head_learning_rate: of the head.
        weight_decay: AdamW's, decoupled.
        label_smoothing: share of the target spread over all classes, 0..1.
        warmup: share of all steps in which the learning rates rise from 0.
        ema_decay: of the moving average of the weights, 0..1; the average is what is kept.
        blend: 1 keeps the fine-tuned weights, 0 the pretrained ones, between is their average (Wortsman et al. 2022).
    """

    epochs: int = 0
    batch_size: int = 32
    learning_rate: float = 3e-4
    head_learning_rate: float = 1e-3
    weight_decay: float = 0.05
    label_smoothing: float = 0.1
    warmup: float = 0.1
    ema_decay: float = 0.998
    blend: float = 1.0


@dataclass(frozen=True)
class AnswerSettings:
    """Where an answer becomes another outcome; both are chosen on the validation split.

    Args:
        precision: answers below the confidence at which this share of the answers is right are given as ``unsure``.
        paintings_refused: share of real paintings that may be taken for something else.
    """

    precision: float = 0.6
    paintings_refused: float = 0.01


@dataclass(frozen=True)
class Recipe:
    """A training run, before it knows its data.

    Args:
        name: what the recipe is called.
        description: what it is for.
        taxonomy: which labels are learned.
        seed: of everything that is drawn.
        model: see `ModelSettings`.
        augment: see `AugmentSettings`.
        head: see `HeadSettings`.
        finetune: see `FinetuneSettings`.
        answers: see `AnswerSettings`.
    """

    name: str
    description: str
    taxonomy: str = "smn-25"
    seed: int = 0
    model: ModelSettings = field(default_factory=ModelSettings)
    augment: AugmentSettings = field(default_factory=AugmentSettings)
    head: HeadSettings = field(default_factory=HeadSettings)
    finetune: FinetuneSettings = field(default_factory=FinetuneSettings)
    answers: AnswerSettings = field(default_factory=AnswerSettings)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as written into runs and bundles."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, where: str) -> "Recipe":
        """Read a recipe from plain data.

        Raises:
            RecipeError: keys are unknown or missing, or values are of the wrong kind or out of range; all are listed.
        """
        problems: list[str] = []
        recipe = _build(cls, data, prefix="", problems=problems)
        if problems:
            raise RecipeError(where, problems)
        return recipe  # type: ignore[no-any-return]


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


def _build(kind: type[Any], data: Mapping[str, Any], *, prefix: str, problems: list[str]) -> Any:
    hints = get_type_hints(kind)
    fields = {entry.name: entry for entry in dataclasses.fields(kind)}
    unknown = [key for key in data if key not in fields]
    problems += [f"{prefix}{key} is unknown; allowed are {', '.join(fields)}." for key in unknown]
    values: dict[str, Any] = {}
    for name, entry in fields.items():
        if name not in data:
            if entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING:
                problems.append(f"{prefix}{name} is missing.")
            continue
        hint, value = hints[name], data[name]
        if dataclasses.is_dataclass(hint) and isinstance(value, Mapping):
            values[name] = _build(hint, value, prefix=f"{prefix}{name}.", problems=problems)  # type: ignore[arg-type]
        else:
            values[name] = _value(hint, value, name=f"{prefix}{name}", problems=problems)
            problems += _range_problems(f"{prefix}{name}", values[name])
    if problems:
        return None
    return kind(**values)


def _value(hint: Any, value: Any, *, name: str, problems: list[str]) -> Any:
    if hint is Fit:
        if value in [choice.value for choice in Fit]:
            return Fit(value)
        problems.append(f"{name} is {value!r}; allowed are {', '.join(Fit)}.")
    elif get_args(hint):
        if isinstance(value, list | tuple) and value and all(type(item) is int for item in value):
            return tuple(value)
        problems.append(f"{name} is {value!r}; it must be a list of whole numbers such as [0, 1, 2].")
    elif hint is float and type(value) in (int, float):
        return float(value)
    elif type(value) is hint:
        return value
    else:
        problems.append(f"{name} is {value!r}; it must be of type {hint.__name__}.")
    return None


_SHARES = (
    "model.dropout", "head.label_smoothing", "finetune.label_smoothing", "finetune.warmup", "finetune.ema_decay",
    "finetune.blend", "answers.precision", "answers.paintings_refused", "augment.crop", "augment.crop_area",
    "augment.flip", "augment.rescale", "augment.jpeg", "augment.blur", "augment.colour", "augment.colour_strength",
    "augment.grey", "augment.margin",
)  # fmt: skip
_POSITIVE = (
    "model.size", "head.epochs", "head.batch_size", "head.learning_rate", "finetune.batch_size",
    "finetune.learning_rate", "finetune.head_learning_rate", "augment.rescale_to",
)  # fmt: skip
_NOT_NEGATIVE = (
    "seed", "head.views", "head.weight_decay", "finetune.epochs", "finetune.weight_decay", "augment.aspect",
)  # fmt: skip
_RANGES: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(_SHARES, (lambda value: 0 <= value <= 1, "from 0 to 1")),
    **dict.fromkeys(_POSITIVE, (lambda value: 0 < value < math.inf, "above 0")),
    **dict.fromkeys(_NOT_NEGATIVE, (lambda value: 0 <= value < math.inf, "0 or more")),
    "augment.jpeg_quality": (lambda value: 1 <= value <= 95, "from 1 to 95"),
    "model.levels": (
        lambda value: min(value) >= 0 and sorted(set(value)) == list(value),
        "a rising list of levels, counted from 0",
    ),
}


def _range_problems(name: str, value: Any) -> list[str]:
    """The sentence, if any, about a value of the right kind; None stands for one whose kind is a problem already."""
    if value is None or name not in _RANGES:
        return []
    fits, allowed = _RANGES[name]
    shown = list(value) if isinstance(value, tuple) else value
    return [] if fits(value) else [f"{name} is {shown}; it must be {allowed}."]
