"""The one shape that every answer has: in Python, on the command line, from the service and on the page."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from smn.errors import InputError


class Outcome(StrEnum):
    """What kind of answer it is."""

    MOVEMENT = "movement"
    UNSURE = "unsure"
    NOT_A_PAINTING = "not_a_painting"
    ERROR = "error"


@dataclass(frozen=True)
class Guess:
    """A movement that it may be.

    Args:
        movement: id of the taxonomy's label.
        label: its name.
        probability: calibrated, 0..1.
    """

    movement: str
    label: str
    probability: float


@dataclass(frozen=True)
class FamilyGuess:
    """A family of movements that it may be from.

    Args:
        family: its id.
        label: its name.
        probability: the sum of its movements' probabilities, 0..1.
    """

    family: str
    label: str
    probability: float


@dataclass(frozen=True)
class Rectified:
    """Where the painting was found that the answer is about.

    Args:
        corners: its four corners as shares of the upright picture's width and height, clockwise from its upper left.
        confidence: how surely it was found, 0..1.
    """

    corners: tuple[tuple[float, float], ...]
    confidence: float


BY_ARTIST = "by artist"
"""The source of a movement that is known of the artist only."""


@dataclass(frozen=True)
class RecognizedWork:
    """The very work that the picture shows: looked up in an index of known works, never guessed.

    Args:
        title: or None where it is not known, as with all that follow up to the address.
        artist: who made it.
        year: in which it was made.
        movement: a movement's id, as the source files the work.
        source: who says which movement, such as ``"WikiArt"`` or a museum; `BY_ARTIST` where only that of the artist is
            known.
        museum: where the work is.
        wikidata_id: such as ``Q12418``.
        image_url: where a picture of it is.
        similarity: cosine of the two pictures' vectors, -1..1.
        confidence: the share, 0..1, of validation pictures with a match like this one whose match was right.
    """

    title: str | None
    artist: str | None
    year: int | None
    movement: str | None
    source: str | None
    museum: str | None
    wikidata_id: str | None
    image_url: str | None
    similarity: float
    confidence: float


@dataclass(frozen=True)
class Prediction:
    """One picture's answer.

    Args:
        path: where the picture came from, if it has a place.
        outcome: see `Outcome`.
        movement: the answer; None unless the outcome is ``movement``.
        confidence: calibrated probability, 0..1, of the best guess; None for an error.
        predictions: the best guesses, most likely first; empty for an error.
        families: every family, most likely first; empty for an error.
        is_painting: whether it looks like a painting; None for an error.
        painting_score: how much it looks like one, 0..1; None for an error.
        model: name of the model that answered.
        error: what was wrong and what to do, or None.
        family: id of the family that it is from, where that is sure: the movement's, or, where the outcome is
            ``unsure``, one that is sure although the movement is not; None otherwise.
        set: ids of the movements that together hold the right one with the coverage that was asked for, most likely
            first; None where none was asked for.
        rectified: the painting that was found in the picture and straightened before it was answered for; None where
            the whole picture was.
        looks_like: what it is rather than a painting, ``"photograph"``, ``"page"`` or ``"drawing"``; None where it is
            taken for a painting, and from models that do not say.
        work: the work that was recognized; None where none was, or none was looked up. All the rest is the model's own
            guess from the picture, and does not depend on it.
    """

    path: str | None
    outcome: Outcome
    movement: str | None
    confidence: float | None
    predictions: tuple[Guess, ...]
    families: tuple[FamilyGuess, ...]
    is_painting: bool | None
    painting_score: float | None
    model: str
    error: str | None = None
    family: str | None = None
    set: tuple[str, ...] | None = None
    rectified: Rectified | None = None
    looks_like: str | None = None
    work: RecognizedWork | None = None

    @property
    def label(self) -> str | None:
        """The name of ``movement``; None unless the outcome is ``movement``."""
        return self.predictions[0].label if self.outcome is Outcome.MOVEMENT else None

    def __repr__(self) -> str:
        place = f" of {self.path!r}" if self.path else ""
        return f"<smn.Prediction{place}: {' '.join(str(self).split())}>"

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        from smn.predict.notebook_html import show_prediction

        return show_prediction(self)

    def __str__(self) -> str:
        """The answer in words: ``Impressionism, fairly sure, 71 %``; `smn.predict.phrasing` makes them."""
        from smn.predict.phrasing import phrase

        return phrase(self).sentence

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, in the documented order of keys."""
        data = asdict(self)
        data["outcome"] = self.outcome.value
        data["predictions"] = list(data["predictions"])
        data["families"] = list(data["families"])
        data["set"] = None if self.set is None else list(self.set)
        if self.rectified is not None:
            data["rectified"]["corners"] = [list(corner) for corner in self.rectified.corners]
        return data


def failed(path: str | None, reason: str, *, model: str) -> Prediction:
    """The answer for a picture that could not be read."""
    return Prediction(path, Outcome.ERROR, None, None, (), (), None, None, model, reason)


def parse_prediction(data: Mapping[str, Any]) -> Prediction:
    """An answer from what `Prediction.to_dict` gave; further keys are left aside.

    Raises:
        InputError: something is missing, or is none of the outcomes.
    """
    try:
        found, chosen = data["rectified"], data["set"]
        return Prediction(
            outcome=Outcome(data["outcome"]),
            predictions=tuple(Guess(one["movement"], one["label"], one["probability"]) for one in data["predictions"]),
            families=tuple(FamilyGuess(one["family"], one["label"], one["probability"]) for one in data["families"]),
            set=None if chosen is None else tuple(chosen),
            rectified=None if found is None
            else Rectified(tuple((corner[0], corner[1]) for corner in found["corners"]), found["confidence"]),
            looks_like=data.get("looks_like"),
            work=_parse_work(data.get("work")),
            **{name: data[name] for name in _PLAIN},
        )  # fmt: skip
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise InputError(
            f"This is no answer of smn's ({type(error).__name__}: {error}); take one from smn predict or the service."
        ) from error


def _parse_work(data: Mapping[str, Any] | None) -> RecognizedWork | None:
    return (
        None if data is None else RecognizedWork(**{name: data[name] for name in RecognizedWork.__dataclass_fields__})
    )


_PLAIN = ("path", "movement", "confidence", "is_painting", "painting_score", "model", "error", "family")
