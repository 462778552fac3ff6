"""From a label as a source wrote it to a movement's id."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache

from smn.errors import InputError
from smn.manifest import NOT_A_PAINTING
from smn.movements import find_movement, get_movement, list_movements, normalise

_SEVERAL = re.compile(r"[,;/|&+()]|\band\b")


class LabelMap:
    """Maps raw labels to movements: a user's own pairs first, then every name and alias that smn knows.

    Nothing is guessed: a label that names several movements, or none, is not mapped.

    Args:
        own: raw label to movement, as in ``{"golden age": "baroque"}``; case, accents and punctuation do not matter.

    Raises:
        UnknownNameError: a pair leads to something that is no movement.

    Example:
        >>> LabelMap({"golden age": "baroque"}).find("Golden_Age")
        'baroque'
    """

    def __init__(self, own: Mapping[str, str] | None = None) -> None:
        self._own = {_key(raw): _target(movement) for raw, movement in (own or {}).items()}

    def find(self, raw: str) -> str | None:
        """The id of the movement that a raw label names, ``not-a-painting``, or None where it names none."""
        key = _key(raw)
        if key in self._own:
            return self._own[key]
        if key == _key(NOT_A_PAINTING):
            return NOT_A_PAINTING
        movement = find_movement(raw)
        return movement.id if movement else None


def suggest_movements(raw: str) -> tuple[str, ...]:
    """Up to three ids of movements that an unmapped label may mean, the nearest first."""
    parts = [find_movement(part) for part in _SEVERAL.split(raw) if part.strip()]
    named = [movement.id for movement in parts if movement is not None]
    spellings = _spellings()
    near = get_close_matches(_key(raw), spellings, n=6, cutoff=0.6)
    return tuple(dict.fromkeys([*named, *(spellings[name] for name in near)]))[:3]


def parse_pairs(pairs: tuple[str, ...], *, option: str) -> dict[str, str]:
    """Command-line pairs ``left=right`` as a dictionary; the last ``=`` separates.

    Args:
        pairs: the values given, in order.
        option: the option they were given to, for the sentence.

    Raises:
        InputError: a value is not such a pair, or a left side stands twice.
    """
    parsed: dict[str, str] = {}
    for pair in pairs:
        left, _, right = (part.strip() for part in pair.rpartition("="))
        if not left or not right:
            raise InputError(f"{option} {pair!r} is not a pair; write it as {option} NAME=NAME.")
        if left in parsed:
            raise InputError(f"{option} gives {left!r} twice ({parsed[left]!r} and {right!r}); keep one of them.")
        parsed[left] = right
    return parsed


def _key(raw: str) -> str:
    return normalise(raw) or raw


def _target(movement: str) -> str:
    return NOT_A_PAINTING if _key(movement) == _key(NOT_A_PAINTING) else get_movement(movement).id


@cache
def _spellings() -> dict[str, str]:
    """Normalised names and aliases, with the ids they stand for."""
    return {
        normalise(name): movement.id
        for movement in list_movements()
        for name in (movement.id, movement.name, *(alias for group in movement.aliases.values() for alias in group))
    }
