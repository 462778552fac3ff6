"""Reads the page of each movement: ``pages/<movement>.toml``; the French texts stand in ``fr.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from smn.errors import UnknownNameError
from smn.movements import get_movement

_FOLDER = Path(__file__).parent
_LANGUAGES = ("en", "fr")


@dataclass(frozen=True)
class KeyWork:
    """A work to know a movement by.

    Args:
        title: as it is usually called in English.
        artist: or who is thought to have made it.
        year: in which it was finished, or the one usually given.
        place: where it is.
    """

    title: str
    artist: str
    year: int
    place: str


@dataclass(frozen=True)
class Neighbour:
    """How a movement relates to another.

    Args:
        movement: the other's id.
        how: a sentence.
    """

    movement: str
    how: str


@dataclass(frozen=True)
class Piece:
    """Music to hear beside a movement: a suggestion by period or mood, not a fact about it.

    Args:
        composer: or band.
        title: of the piece or the record.
        year: in which it was finished or first heard, or the one usually given.
        why: a sentence.
        note: what has to be said where the link is only of period or mood; None where it is closer.
        openopus: the composer's id at Open Opus, or None.
    """

    composer: str
    title: str
    year: int
    why: str
    note: str | None = None
    openopus: int | None = None


@dataclass(frozen=True)
class Story:
    """The page of a movement.

    Args:
        movement: its id.
        text: what it is, when and where, in a paragraph.
        works: three to five.
        neighbours: movements that it came from, led to or argued with.
        music: three to six pieces.
        sources: where to read on, and to check what the page says.
    """

    movement: str
    text: str
    works: tuple[KeyWork, ...]
    neighbours: tuple[Neighbour, ...]
    music: tuple[Piece, ...]
    sources: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, with what the list of movements says, too."""
        movement = get_movement(self.movement)
        known = {"name": movement.name, "start": movement.start, "end": movement.end, "places": list(movement.places),
                 "summary": movement.summary, "traits": list(movement.traits)}  # fmt: skip
        values = asdict(self)
        lists = {key: list(values[key]) for key in ("works", "neighbours", "music", "sources")}
        return {"movement": self.movement, **known, "text": self.text, **lists}


def list_stories() -> tuple[str, ...]:
    """Ids of the movements that have a page: all of them."""
    return tuple(sorted(file.stem for file in (_FOLDER / "pages").glob("*.toml")))


@cache
def _composers() -> dict[str, int]:
    return tomllib.loads((_FOLDER / "composers.toml").read_text(encoding="utf-8"))


def read_story(name: str, *, language: str = "en") -> Story:
    """The page of a movement, by its id, its name or one of its aliases.

    Args:
        name: of the movement.
        language: ``en`` or ``fr``; facts are the same in both.

    Raises:
        UnknownNameError: no movement has that name, or there are no pages in that language.

    Example:
        >>> read_story("impressionism").music[0].composer
        'Claude Debussy'
    """
    movement = get_movement(name).id
    if language not in _LANGUAGES:
        raise UnknownNameError("language", language, _LANGUAGES)
    file = _FOLDER / "pages" / f"{movement}.toml"
    if not file.is_file():
        raise UnknownNameError("story", name, list_stories())
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    story = Story(
        movement=movement,
        text=data["text"],
        works=tuple(KeyWork(**work) for work in data["work"]),
        neighbours=tuple(Neighbour(**neighbour) for neighbour in data["neighbour"]),
        music=tuple(Piece(**piece, openopus=_composers().get(piece["composer"])) for piece in data["music"]),
        sources=tuple(data["sources"]),
    )
    return story if language == "en" else _translate(story, language)


@cache
def _texts(language: str) -> Mapping[str, Any]:
    return tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


def _translate(story: Story, language: str) -> Story:
    """A story in another language, with the facts (who, when) of the English one."""
    texts = _texts(language)[story.movement]
    return replace(
        story,
        text=texts["text"],
        works=tuple(
            replace(work, title=title, place=place)
            for work, (title, place) in zip(story.works, texts["work"], strict=True)
        ),
        neighbours=tuple(replace(one, how=how) for one, how in zip(story.neighbours, texts["neighbour"], strict=True)),
        music=tuple(
            replace(piece, title=title, why=why, note=note[0] if note else None)
            for piece, (title, why, *note) in zip(story.music, texts["music"], strict=True)
        ),
    )
