"""Rejects what a language model made up: names and numbers that it was not given."""

import re
import unicodedata
from functools import cache

from smn.movements import list_movements
from smn.story.facts import Facts
from smn.story.pages import list_stories, read_story

LANGUAGES = {
    "en": "English", "fr": "French", "es": "Spanish", "it": "Italian", "nl": "Dutch", "pt": "Portuguese",
    "de": "German",
}  # fmt: skip
"""Languages in which made-up names can be told, by their code."""

SHORTEST, LONGEST = 40, 900
"""Characters of a text."""

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ADDRESS = re.compile(r"https?:|www\.|[\w.]+@[\w.]+|[<>{}\[\]`#*|\\]")


def find_fault(text: str, facts: Facts, *, language: str) -> str | None:
    """What speaks against a text, in a few words, or None.

    Numbers must stand in the facts. So must names: in languages that write nouns small, every capital within a
    sentence; in German two capitals in a row; and everywhere the names of artists and composers that smn knows.

    Args:
        text: what the model wrote.
        facts: what it was given.
        language: one of `LANGUAGES`.
    """
    if not SHORTEST <= len(text) <= LONGEST:
        return f"it has {len(text)} characters"
    if _ADDRESS.search(text) or any(unicodedata.category(sign) in {"Cc", "Cf", "Co"} for sign in text):
        return "it holds an address or markup"
    if _repeats(text):
        return "it repeats itself"
    known = " ".join([*facts.lines(), facts.summary])
    strange = set(re.findall(r"\d+", text)) - set(re.findall(r"\d+", known))
    if strange:
        return f"the number {min(strange)} is not in the facts"
    allowed = {_plain(word) for word in _WORD.findall(known)}
    return _find_name(text, allowed, german=language == "de")


def _find_name(text: str, allowed: set[str], *, german: bool) -> str | None:
    before_capital = False
    start = True
    end = 0
    for match in _WORD.finditer(text):
        word, between = match.group(), text[end : match.start()]
        start = start or bool(re.search(r"[.!?:;…\n«»“”\"„]", between))
        capital = word[0].isupper()
        unknown = capital and _plain(word) not in allowed
        if _plain(word) in _names() and _plain(word) not in allowed and capital:
            return f"the name {word} is not in the facts"
        if unknown and not start and not german:
            return f"{word} may be a name, and is not in the facts"
        if unknown and german and before_capital and not between.strip():
            return f"{word} may be a name, and is not in the facts"
        before_capital = unknown and not start
        start, end = False, match.end()
    return None


def _repeats(text: str) -> bool:
    """Whether six words in a row come again."""
    words = [_plain(word) for word in _WORD.findall(text)]
    runs = [tuple(words[at : at + 6]) for at in range(len(words) - 5)]
    return len(set(runs)) < len(runs)


@cache
def _names() -> frozenset[str]:
    """Last names of the artists and composers that smn knows."""
    people = {artist for movement in list_movements() for artist in movement.artists}
    for name in list_stories():
        story = read_story(name)
        people |= {work.artist for work in story.works} | {piece.composer for piece in story.music}
    common = {"unknown", "elder", "younger", "church", "close", "glass", "still", "reich", "young", "brown", "east"}
    words = {_plain(words[-1]) for person in people if (words := _WORD.findall(person))}
    return frozenset(word for word in words if len(word) > 3 and word not in common)


def _plain(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(sign for sign in decomposed if sign.isalnum()).removesuffix("s")
