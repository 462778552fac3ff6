"""Reads dataclasses of settings from plain data, and says everything that is wrong with it at once."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from smn.train.kinds import KINDS, WEIGHT_FILES

Section = TypeVar("Section")


def read_section(kind: type[Section], data: Mapping[str, Any]) -> tuple[Section, list[str]]:
    """Settings from plain data, and a sentence for each problem.

    Where there are problems the settings are not meant for use: a wrong value gives way to its default, a missing
    one to None, so that what else is wrong can still be found.
    """
    problems: list[str] = []
    return _build(kind, data, prefix="", problems=problems), problems


def _build(kind: type[Any], data: Mapping[str, Any], *, prefix: str, problems: list[str]) -> Any:
    hints = get_type_hints(kind)
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
    section = _section_of(hint, value, name=name, problems=problems)
    if section is not None:
        return _build(section, value, prefix=f"{name}.", problems=problems)
    if isinstance(value, Mapping) and _is_model(hint):
        return None  # its kind is unknown, and said to be
    found = _value(hint, value, name=name, problems=problems)
    sentences = _range_problems(name, found)
    problems += sentences
    return None if sentences else found


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


_SHARES = (
    "model.dropout", "model.block_dropout", "head.label_smoothing", "head.crossfit", "finetune.label_smoothing",
    "finetune.crossfit", "finetune.mixup", "finetune.cutmix", "finetune.warmup", "finetune.ema_decay",
    "finetune.blend", "finetune.distillation", "answers.precision", "answers.paintings_refused", "augment.crop",
    "augment.crop_area", "augment.flip", "augment.rescale", "augment.jpeg", "augment.blur", "augment.colour",
    "augment.colour_strength", "augment.grey", "augment.margin", "augment.webp", "augment.sharpen", "augment.noise",
)  # fmt: skip
_POSITIVE = (
    "model.size", "model.depth", "head.batch_size", "head.learning_rate", "finetune.batch_size",
    "finetune.accumulate", "finetune.learning_rate", "finetune.head_learning_rate", "augment.rescale_to",
)  # fmt: skip
_NOT_NEGATIVE = (
    "seed", "head.epochs", "head.views", "head.weight_decay", "head.patience", "finetune.epochs", "finetune.unfreeze",
    "finetune.patience", "finetune.weight_decay", "augment.aspect", "augment.randaugment", "augment.rounds",
)  # fmt: skip
_Range = tuple[Callable[[Any], bool], str]
_RANGES: dict[str, _Range] = {
    **dict.fromkeys(_SHARES, (lambda value: 0 <= value <= 1, "from 0 to 1")),
    **dict.fromkeys(_POSITIVE, (lambda value: 0 < value < math.inf, "above 0")),
    **dict.fromkeys(_NOT_NEGATIVE, (lambda value: 0 <= value < math.inf, "0 or more")),
    "finetune.patch_drop": (lambda value: 0 <= value < 1, "from 0 and below 1"),
    "augment.magnitude": (lambda value: 0 <= value <= 30, "from 0 to 30"),
    "augment.jpeg_quality": (lambda value: 1 <= value <= 95, "from 1 to 95"),
    "finetune.rate_decay": (lambda value: 0 < value <= 1, "above 0 and at most 1"),
    "model.levels": (
        lambda value: len(value) > 0 and min(value) >= 0 and sorted(set(value)) == list(value),
        "a rising list of levels, counted from 0",
    ),
    "model.widths": (lambda value: len(value) > 0 and min(value) > 0, "a list of one width above 0 for each block"),
    "model.hidden": (lambda value: all(width > 0 for width in value), "a list of widths above 0, or []"),
    "model.kernel": (lambda value: value > 0 and value % 2 == 1, "odd and above 0"),
    "model.weights": (
        lambda value: value in ("own", "timm", "random") or value.endswith(WEIGHT_FILES),
        f"own, timm, random or a file ending in {', '.join(WEIGHT_FILES)}",
    ),
}


def _range_problems(name: str, value: Any) -> list[str]:
    """The sentence, if any, about a value of the right kind; None stands for one whose kind is a problem already."""
    # A word that stands in for a number has no range.
    if value is None or name not in _RANGES or (isinstance(value, str) and name != "model.weights"):
        return []
    fits, allowed = _RANGES[name]
    shown = list(value) if isinstance(value, tuple) else value
    return [] if fits(value) else [f"{name} is {shown}; it must be {allowed}."]
