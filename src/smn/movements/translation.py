"""Names and texts of movements in other languages than English."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from smn.errors import UnknownNameError
from smn.movements.reader import Family, Movement

TRANSLATED = ("fr",)
"""Languages that there are texts in, besides English."""


def translate_movement(movement: Movement, language: str) -> Movement:
    """A movement with its name, summary, traits and places in a language; what it is remains.

    Raises:
        UnknownNameError: there are no texts in that language.

    Example:
        >>> translate_movement(get_movement("impressionism"), "fr").name
        'Impressionnisme'
    """
    known = _read(language)
    texts = known.get("movement", {}).get(movement.id)
    if texts is None:
        return movement
    return replace(
        movement, name=texts["name"], summary=texts["summary"], traits=tuple(texts["traits"]),
        places=tuple(known["place"].get(place, place) for place in movement.places),
    )  # fmt: skip


def translate_family(family: Family, language: str) -> Family:
    """A family with its name in a language.

    Raises:
        UnknownNameError: there are no texts in that language.
    """
    return replace(family, name=_read(language).get("family", {}).get(family.id, family.name))


@cache
def _read(language: str) -> Mapping[str, Any]:
    if language == "en":
        return {}
    if language not in TRANSLATED:
        raise UnknownNameError("language", language, ("en", *TRANSLATED))
    return tomllib.loads((Path(__file__).parent / f"{language}.toml").read_text(encoding="utf-8"))
