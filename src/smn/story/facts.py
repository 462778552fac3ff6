"""The facts that a text about a picture may use, and the check of a generated text against them."""

import colorsys
import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from smn.errors import InputError
from smn.movements import find_movement, get_movement, list_movements
from smn.movements.reader import Taxonomy
from smn.predict.prediction import Outcome, Prediction
from smn.story.pages import list_stories, read_story

_SURE = ((0.75, "very sure"), (0.5, "fairly sure"), (0.0, "unsure"))


@dataclass(frozen=True)
class Facts:
    """The facts about a picture and its movement.

    Args:
        movement: id of the movement that the text is about.
        name: of the answer's label.
        confidence: how sure the model is, in words, or ``looked up``.
        years: first and last year of the movement's core.
        places: where it lived.
        traits: what a person can check.
        summary: two sentences.
        colours: of the picture, in words, commonest first; empty where they are not known.
    """

    movement: str
    name: str
    confidence: str
    years: tuple[int, int]
    places: tuple[str, ...]
    traits: tuple[str, ...]
    summary: str
    colours: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """The facts, one a line, as they are given to a language model. None of them is untrusted text."""
        lines = [
            f"Movement: {self.name} ({self.confidence})",
            f"Years: {self.years[0]} to {self.years[1]}",
            f"Places: {', '.join(self.places)}",
            *(f"Look for: {trait}" for trait in self.traits),
        ]
        if self.colours:
            lines.append(f"Colours of this picture: {', '.join(self.colours)}")
        return tuple(lines)


def collect_facts(prediction: Prediction, taxonomy: Taxonomy, *, colours: tuple[str, ...] = ()) -> Facts:
    """The facts about the movement that a recognised work is filed under, or else about an answer's best guess.

    The picture's path, title and metadata are left out: untrusted text could inject instructions.

    Args:
        prediction: an answer, not an error.
        taxonomy: what was answered in.
        colours: hex colours of the picture, ``#RRGGBB``.

    Raises:
        InputError: the picture could not be read, or is not a painting.
    """
    if prediction.outcome in {Outcome.ERROR, Outcome.NOT_A_PAINTING}:
        raise InputError("There is no story about a picture that could not be read or is not a painting.")
    best = prediction.predictions[0]
    filed = find_movement(prediction.work.movement or "") if prediction.work is not None else None
    movement = filed or get_movement(taxonomy.label(best.movement).movements[0])
    confidence = next(words for least, words in _SURE if best.probability >= least)
    if prediction.outcome is Outcome.UNSURE:
        confidence = "unsure"
    if filed is not None:
        confidence = "looked up"
    return Facts(
        movement=movement.id,
        name=best.label if filed is None else filed.name,
        confidence=confidence,
        years=(movement.start, movement.end),
        places=movement.places,
        traits=movement.traits,
        summary=movement.summary,
        colours=tuple(dict.fromkeys(name_colour(colour) for colour in colours)),
    )


_HUES = (
    (15, "red"), (40, "orange"), (66, "yellow"), (165, "green"), (200, "turquoise"), (255, "blue"), (290, "violet"),
    (335, "pink"), (361, "red"),
)  # fmt: skip


def name_colour(colour: str) -> str:
    """An everyday English name for ``#RRGGBB``, such as dark blue."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    if lightness < 0.12:
        return "black"
    if lightness > 0.92:
        return "white"
    shade = "dark " if lightness < 0.32 else "light " if lightness > 0.7 else ""
    if saturation < 0.12:
        return f"{shade}grey"
    name = next(name for end, name in _HUES if hue * 360 < end)
    if name in {"orange", "red", "yellow"} and lightness < 0.45 and saturation < 0.75:
        return f"{shade}brown"
    return f"{shade}{name}"


LANGUAGES = {
    "en": "English", "fr": "French", "es": "Spanish", "it": "Italian", "nl": "Dutch", "pt": "Portuguese",
    "de": "German",
}  # fmt: skip
"""Languages in which invented names can be detected, by code."""

MIN_LENGTH, MAX_LENGTH = 40, 900
"""Length of a text, in characters."""

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ADDRESS = re.compile(r"https?:|www\.|[\w.]+@[\w.]+|[<>{}\[\]`#*|\\]")


def find_fault(text: str, facts: Facts, *, language: str) -> str | None:
    """Why a generated text is rejected, in a few words, or None.

    Numbers must be among the facts. So must names: in languages that write nouns small, every capital within a
    sentence; in German two capitals in a row; and everywhere the names of artists and composers that smn knows.

    Args:
        text: the model's output.
        facts: the model's input.
        language: one of `LANGUAGES`.
    """
    if not MIN_LENGTH <= len(text) <= MAX_LENGTH:
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
