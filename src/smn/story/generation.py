"""Texts and playlists for one picture: written by hand, or by a language model and checked against the facts."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from smn.errors import GenerationError, InputError, MissingExtraError, UnknownNameError
from smn.story.facts import LANGUAGES, MAX_LENGTH, MIN_LENGTH, Facts, find_fault
from smn.story.pages import Piece, read_story

_MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class Endpoint:
    """Where a language model answers.

    Args:
        url: of the protocol's root, such as ``http://127.0.0.1:8080/v1``: a local llama.cpp or Ollama, or a cloud.
        model: its name there; some servers have but one and need none.
        key: sent as a bearer token; never shown.
        completion: use the completions endpoint, for base models without a chat template.
        timeout: seconds for the whole answer.
        max_tokens: how long an answer may be.

    Raises:
        InputError: the address is none, or a number is not above 0.
    """

    url: str
    model: str = ""
    key: str | None = field(default=None, repr=False)
    completion: bool = False
    timeout: float = 30.0
    max_tokens: int = 300

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise InputError(f"The endpoint {self.url!r} is no address; give one such as http://127.0.0.1:8080/v1.")
        if self.timeout <= 0 or self.max_tokens <= 0:
            raise InputError(f"timeout is {self.timeout} and max_tokens {self.max_tokens}; both must be above 0.")


def ask_json(endpoint: Endpoint, prompt: str, *, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The model's answer to a prompt, as an object that follows a JSON schema.

    Servers with structured output enforce it; the caller checks the answers of others.

    Raises:
        GenerationError: the endpoint cannot be reached, takes too long, says too much, or gives no JSON object.
        MissingExtraError: the extra ``generate`` is not installed.
    """
    try:
        import httpx2
    except ImportError as error:
        raise MissingExtraError("generate", "httpx2") from error
    body: dict[str, Any] = {
        "max_tokens": endpoint.max_tokens,
        "temperature": 0.4,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": dict(schema), "strict": True},
        },
    }
    if endpoint.model:
        body["model"] = endpoint.model
    if endpoint.completion:
        # llama.cpp takes the schema under this name when it continues a text.
        path, body = "completions", {**body, "prompt": prompt, "json_schema": dict(schema)}
    else:
        path, body = "chat/completions", {**body, "messages": [{"role": "user", "content": prompt}]}
    headers = {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
    address = f"{endpoint.url.rstrip('/')}/{path}"
    try:
        data = _fetch(httpx2, address, body, headers, endpoint.timeout)
    except httpx2.HTTPError as error:
        raise GenerationError(f"{address} cannot be reached ({type(error).__name__}: {error}).") from error
    return _read(data, address, completion=endpoint.completion)


def _fetch(httpx2: Any, address: str, body: Mapping[str, Any], headers: Mapping[str, str], timeout: float) -> bytes:
    """The answer's body, no more than a limit of it, within a time that holds for all of it."""
    until = time.monotonic() + timeout
    data = b""
    # httpx's timeout is between two bytes: a slowly dripping server would never time out.
    with (
        httpx2.Client(timeout=timeout, trust_env=False) as client,
        client.stream("POST", address, json=body, headers=headers) as response,
    ):
        for part in response.iter_bytes():
            data += part
            if len(data) > _MAX_BYTES:
                raise GenerationError(f"{address} said more than {_MAX_BYTES:,} bytes.")
            if time.monotonic() > until:
                raise GenerationError(f"{address} took longer than {timeout:g} seconds.")
        if response.status_code != 200:
            raise GenerationError(f"{address} answered {response.status_code}.")
    return data


def _read(data: bytes, address: str, *, completion: bool) -> dict[str, Any]:
    try:
        choice = json.loads(data)["choices"][0]
        text = choice["text"] if completion else choice["message"]["content"]
        answer = json.loads(text)
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise GenerationError(f"{address} gave no JSON ({type(error).__name__}).") from error
    if not isinstance(answer, dict):
        raise GenerationError(f"{address} gave JSON, but no object.")
    return answer


class Audience(StrEnum):
    """Whom a text is for."""

    ADULT = "adult"
    CHILD = "child"
    CURATOR = "curator"


_STYLES = {
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
        values = asdict(self)
        return values | {"pieces": list(values["pieces"])}


def write_label(
    facts: Facts, *, endpoint: Endpoint | None = None, audience: Audience = Audience.ADULT, language: str = "en",
    attempts: int = 2,
) -> LabelText:  # fmt: skip
    """A label text for a picture.

    Args:
        facts: what it may say.
        endpoint: the language model to ask; None for the text written by hand.
        audience: whom it is for.
        language: one of `smn.story.facts.LANGUAGES`.
        attempts: how often the model is asked before falling back to the text written by hand.

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
            break  # an unreachable server is not asked again
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
    lines = "\n".join(facts.lines())
    prompt = (
        f"{lines}\n\nPieces of music:\n{listed}\n\nThe numbers of the {count} pieces that suit this picture best, best "
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
    "properties": {"text": {"type": "string", "minLength": MIN_LENGTH, "maxLength": MAX_LENGTH}},
    "required": ["text"],
    "additionalProperties": False,
}


def _pick(known: int, count: int) -> dict[str, Any]:
    number = {"type": "integer", "enum": list(range(1, known + 1))}
    pieces = {"type": "array", "items": number, "minItems": 1, "maxItems": count}
    return {"type": "object", "properties": {"pieces": pieces}, "required": ["pieces"], "additionalProperties": False}


def _prompt(facts: Facts, audience: Audience, language: str) -> str:
    lines = "\n".join(facts.lines())
    return (
        f"{lines}\n\nUsing only the facts above, a label of two or three sentences for this picture, "
        f"{_STYLES[audience]}, in {LANGUAGES[language]}. It names no artist, no title and no year that is not above"
        + (", and says that the movement is a guess" if facts.confidence == "unsure" else "")
        + '. As JSON such as {"text": "..."}:\n'
    )


def _by_hand(facts: Facts, audience: Audience) -> str:
    first, last = facts.years
    trait = facts.traits[0][0].lower() + facts.traits[0][1:]
    guess = facts.confidence == "unsure"
    where = " and ".join(facts.places[:2])
    if audience is Audience.CHILD:
        start = "Perhaps this picture is" if guess else "This picture looks like"
        when = f"People painted like this in {where}, from about {first} to {last}."
        return f"{start} {facts.name}. {when} Can you find this: {trait}?"
    if audience is Audience.CURATOR:
        colours = f" Dominant colours: {', '.join(facts.colours)}." if facts.colours else ""
        traits = "; ".join(facts.traits[:3])
        return f"{facts.name} ({facts.confidence}); {where}, {first}-{last}. Check: {traits}.{colours}"
    start = f"This may be {facts.name}, but that is a guess." if guess else f"This looks like {facts.name}."
    return f"{start} {facts.summary} Look for this: {trait}."
