"""Texts and playlists for one picture: written by hand, or by a language model that is held to the facts."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from smn.errors import GenerationError, InputError, UnknownNameError
from smn.story.endpoint import Endpoint, ask_json
from smn.story.facts import Facts
from smn.story.grounding import LANGUAGES, LONGEST, SHORTEST, find_fault
from smn.story.pages import Piece, read_story


class Audience(StrEnum):
    """Whom a text is for."""

    ADULT = "adult"
    CHILD = "child"
    CURATOR = "curator"


_MANNERS = {
    Audience.ADULT: "for a museum visitor, warm and plain",
    Audience.CHILD: "for a child of eight, in short sentences",
    Audience.CURATOR: "for a curator, dry and exact",
}


@dataclass(frozen=True)
class LabelText:
    """A short text about a picture.

    Args:
        text: the text.
        source: ``generated``, or ``written`` where it is smn's own.
        language: of the text; what is written by hand is in English.
        audience: whom it is for.
        reason: why it was not generated although that was asked for, or None.
    """

    text: str
    source: str
    language: str
    audience: str
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Playlist:
    """Pieces to hear beside a picture, all of them from the movement's page.

    Args:
        pieces: in the order to hear them.
        source: ``generated``, or ``written`` where they are in the page's own order.
        reason: why they were not chosen although that was asked for, or None.
    """

    pieces: tuple[Piece, ...]
    source: str
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        told = asdict(self)
        return told | {"pieces": list(told["pieces"])}


def write_label(
    facts: Facts, *, endpoint: Endpoint | None = None, audience: Audience = Audience.ADULT, language: str = "en",
    attempts: int = 2,
) -> LabelText:  # fmt: skip
    """A label text for a picture.

    Args:
        facts: what it may say.
        endpoint: the language model to ask; None for the text written by hand.
        audience: whom it is for.
        language: one of `smn.story.grounding.LANGUAGES`.
        attempts: how often the model is asked before the text written by hand is taken.

    Raises:
        UnknownNameError: the language is none of these.
        InputError: ``attempts`` is below 1.
        MissingExtraError: an endpoint is given, and the extra ``generate`` is not installed.
    """
    if language not in LANGUAGES:
        raise UnknownNameError("language", language, LANGUAGES)
    if attempts < 1:
        raise InputError(f"attempts is {attempts}; it must be 1 or more.")
    if endpoint is None:
        return LabelText(_by_hand(facts, audience), "written", "en", audience.value)
    reason = ""
    for _ in range(attempts):
        try:
            answer = ask_json(endpoint, _prompt(facts, audience, language), schema=_LABEL)
        except GenerationError as error:
            reason = str(error)
            break  # a server that is not there will not be there in a moment
        text = answer.get("text")
        fault = find_fault(text.strip(), facts, language=language) if isinstance(text, str) else "it is no text"
        if fault is None and isinstance(text, str):
            return LabelText(text.strip(), "generated", language, audience.value)
        reason = f"What the model wrote was rejected: {fault}."
    return LabelText(_by_hand(facts, audience), "written", "en", audience.value, reason)


def choose_playlist(facts: Facts, *, endpoint: Endpoint | None = None, count: int = 3) -> Playlist:
    """Music for a picture: pieces of its movement's page, chosen and ordered by a language model if one is given.

    Args:
        facts: about the picture.
        endpoint: the language model to ask; None for the page's own order.
        count: how many pieces, 1 or more.

    Raises:
        InputError: ``count`` is below 1.
        MissingExtraError: an endpoint is given, and the extra ``generate`` is not installed.
    """
    if count < 1:
        raise InputError(f"count is {count}; it must be 1 or more.")
    known = read_story(facts.movement).music
    count = min(count, len(known))
    if endpoint is None:
        return Playlist(known[:count], "written")
    listed = "\n".join(
        f"{number}. {piece.composer}: {piece.title}. {piece.why}" for number, piece in enumerate(known, 1)
    )
    told = "\n".join(facts.lines())
    prompt = (
        f"{told}\n\nPieces of music:\n{listed}\n\nThe numbers of the {count} pieces that suit this picture best, best "
        'first, as JSON such as {"pieces": [1, 2]}:\n'
    )
    try:
        answer = ask_json(endpoint, prompt, schema=_pick(len(known), count))
    except GenerationError as error:
        return Playlist(known[:count], "written", str(error))
    numbers = answer.get("pieces")
    if not isinstance(numbers, list) or not all(type(one) is int and 1 <= one <= len(known) for one in numbers):
        return Playlist(known[:count], "written", "The model chose pieces that are not in the list.")
    chosen = list(dict.fromkeys(numbers))[:count]
    if not chosen:
        return Playlist(known[:count], "written", "The model chose no piece.")
    return Playlist(tuple(known[number - 1] for number in chosen), "generated")


_LABEL: Mapping[str, Any] = {
    "type": "object",
    "properties": {"text": {"type": "string", "minLength": SHORTEST, "maxLength": LONGEST}},
    "required": ["text"],
    "additionalProperties": False,
}


def _pick(known: int, count: int) -> dict[str, Any]:
    number = {"type": "integer", "enum": list(range(1, known + 1))}
    pieces = {"type": "array", "items": number, "minItems": 1, "maxItems": count}
    return {"type": "object", "properties": {"pieces": pieces}, "required": ["pieces"], "additionalProperties": False}


def _prompt(facts: Facts, audience: Audience, language: str) -> str:
    told = "\n".join(facts.lines())
    return (
        f"{told}\n\nUsing only the facts above, a label of two or three sentences for this picture, "
        f"{_MANNERS[audience]}, in {LANGUAGES[language]}. It names no artist, no title and no year that is not above"
        + (", and says that the movement is a guess" if facts.sureness == "unsure" else "")
        + '. As JSON such as {"text": "..."}:\n'
    )


def _by_hand(facts: Facts, audience: Audience) -> str:
    first, last = facts.years
    trait = facts.traits[0][0].lower() + facts.traits[0][1:]
    guess = facts.sureness == "unsure"
    where = " and ".join(facts.places[:2])
    if audience is Audience.CHILD:
        start = "Perhaps this picture is" if guess else "This picture looks like"
        when = f"People painted like this in {where}, from about {first} to {last}."
        return f"{start} {facts.name}. {when} Can you find this: {trait}?"
    if audience is Audience.CURATOR:
        colours = f" Dominant colours: {', '.join(facts.colours)}." if facts.colours else ""
        return (
            f"{facts.name} ({facts.sureness}); {where}, {first}-{last}. Check: {'; '.join(facts.traits[:3])}.{colours}"
        )
    start = f"This may be {facts.name}, but that is a guess." if guess else f"This looks like {facts.name}."
    return f"{start} {facts.summary} Look for this: {trait}."
