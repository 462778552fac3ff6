"""Reads dataclasses of settings from plain data, and says everything that is wrong with it at once."""

import dataclasses
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from smn.train.constraints import Constraint
from smn.train.kinds import KINDS

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
