"""Famous works that the first screen offers where Wikimedia Commons can be reached: facts in ``famous.toml``."""

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from smn.errors import FetchError, SmnError
from smn.similar.index import Work
from smn.web.analyzer import Analyzer
from smn.web.thumbnails import shrink_picture

OFFERED = 6
"""How many are offered."""

_FILE = Path(__file__).parent / "famous.toml"
_SIDE = 960


@dataclass(frozen=True)
class FamousWork:
    """A work that everybody knows, at Wikimedia Commons.

    Args:
        work: its facts; ``movement`` is the usual one.
        title_fr: its French title.
        movements: ids that handbooks accept.
    """

    work: Work
    title_fr: str
    movements: tuple[str, ...]

    def title(self, language: str) -> str:
        """Its title in a language of the page."""
        return self.title_fr if language == "fr" else self.work.name


@dataclass(frozen=True)
class FamousExample:
    """A famous work with its picture.

    Args:
        known: the work.
        data: its picture, a JPEG of moderate size.
    """

    known: FamousWork
    data: bytes


@cache
def list_famous() -> tuple[FamousWork, ...]:
    """The works of ``famous.toml``."""
    listed = tomllib.loads(_FILE.read_text(encoding="utf-8"))["work"]
    return tuple(
        FamousWork(
            Work(
                re.sub("[^a-z]+", "-", one["title"].lower()).strip("-"),
                one["title"], one["artist"],
                one["year"], one["museum"], one["movements"][0], None,
                f"https://commons.wikimedia.org/wiki/Special:FilePath/{quote(one['file'])}",
            ),
            one["title_fr"],
            tuple(one["movements"]),
        )
        for one in listed
    )  # fmt: skip


def load_examples(
    fetch: Callable[[str], bytes], analyzer: Analyzer, *, works: Sequence[FamousWork] | None = None
) -> tuple[FamousExample, ...]:
    """The first `OFFERED` works that can be fetched and that the page's model answers rightly.

    Args:
        fetch: gets what lies at an address, or raises an `SmnError`.
        analyzer: answers.
        works: by default those of ``famous.toml``.
    """
    found: list[FamousExample] = []
    for known in list_famous() if works is None else works:
        address = known.work.thumbnail
        if len(found) == OFFERED or address is None:
            break
        try:
            data = shrink_picture(fetch(address.replace("width=500", f"width={_SIDE}")), side=_SIDE)
            answer = analyzer.analyze("", data, find=True).prediction
        except SmnError as error:
            if isinstance(error, FetchError) and error.status is None:  # no network
                break
            continue
        # A work that was looked up is named itself, whatever the guess is.
        said = answer.work.movement if answer.work is not None else answer.movement
        if said in known.movements:
            found.append(FamousExample(known, data))
    return tuple(found)
