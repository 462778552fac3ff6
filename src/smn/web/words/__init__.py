"""The page's texts: ``en.toml`` and ``fr.toml`` hold the same keys."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from smn.errors import UnknownNameError
from smn.movements import find_movement, get_family
from smn.movements.translation import translate_family, translate_movement
from smn.predict.phrasing import write_percent

LANGUAGES = ("en", "fr")
"""Of the page, the default first."""

_FOLDER = Path(__file__).parent


class Words:
    """The page's texts in one language.

    Args:
        language: one of `LANGUAGES`.

    Raises:
        UnknownNameError: there are no texts in that language.

    Example:
        >>> Words("en")("answer.years", start=1860, end=1890)
        'about 1860 to 1890'
    """

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise UnknownNameError("language of the page", language, LANGUAGES)
        self.language = language
        self._texts = read_texts(language)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Words) and other.language == self.language

    def __hash__(self) -> int:
        return hash(self.language)

    def __call__(self, key: str, **values: object) -> str:
        """A text with its values.

        Raises:
            UnknownNameError: there is no such text.
        """
        if key not in self._texts:
            raise UnknownNameError("text of the page", key, self._texts)
        return self._texts[key].format(**values)

    def movement(self, movement_id: str, *, otherwise: str = "") -> str:
        """A movement's name; ``otherwise``, or the id, for a label that is no movement."""
        known = find_movement(movement_id)
        if known is None or known.id != movement_id:
            return otherwise or movement_id
        return translate_movement(known, self.language).name

    def family(self, family_id: str) -> str:
        """A family's name."""
        return translate_family(get_family(family_id), self.language).name

    def number(self, value: float, *, digits: int = 0) -> str:
        """A number as it is written in this language."""
        text = f"{value:,.{digits}f}"
        return text if self.language == "en" else text.replace(",", "\u202f").replace(".", ",")

    def day(self, day: date) -> str:
        """A day as it is written in this language, such as ``7 December 2026``."""
        month = self._texts["month.names"].split()[day.month - 1]
        return f"{'1er' if day.day == 1 and self.language == 'fr' else day.day} {month} {day.year}"

    def percent(self, share: float) -> str:
        """A share, 0..1, as "78 %"; never 100 %, because nothing is certain."""
        return write_percent(share, self.language)


@cache
def read_texts(language: str) -> Mapping[str, str]:
    """Every text of a language by its key, such as ``answer.sure``."""
    found: dict[str, str] = {}

    def gather(part: Mapping[str, Any], before: str) -> None:
        for key, value in part.items():
            if isinstance(value, dict):
                gather(value, f"{before}{key}.")
            else:
                found[before + key] = value.strip()

    gather(tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8")), "")
    return found


def choose_language(asked: str | None, browser: str | None) -> str:
    """The page's language: what was asked for, else the browser's, else the first of `LANGUAGES`.

    Args:
        asked: such as ``fr``, from the address.
        browser: such as ``fr-CA``.
    """
    for wanted in (asked, browser):
        if wanted and wanted[:2].casefold() in LANGUAGES:
            return wanted[:2].casefold()
    return LANGUAGES[0]
