"""The words of an answer, made once for the command line, the service and the page; ``phrasing.toml`` holds them."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from smn.errors import UnknownNameError
from smn.movements import Taxonomy, find_movement
from smn.movements.translation import translate_movement
from smn.predict.prediction import BY_ARTIST, FamilyGuess, Guess, Outcome, Prediction, RecognizedWork

SURE, FAIRLY = 80, 50
"""Percent from which an answer is sure, or fairly sure."""

LISTED = 3
"""Best guesses that the words name where nothing is sure. With fewer guesses in an answer its words may differ."""


class Level(StrEnum):
    """What an answer's words say, the most that is known first."""

    WORK = "work"
    """The very work, which was looked up; what the model guesses is said apart."""
    SURE = "sure"
    """A movement."""
    FAIRLY = "fairly"
    """A movement, fairly sure."""
    PERHAPS = "perhaps"
    """A movement that passes the model's threshold, but is less likely than not."""
    PAIR = "pair"
    """One of two movements, whose percent is the sum of theirs."""
    FAMILY = "family"
    """A family of movements."""
    GUESSES = "guesses"
    """Nothing is sure."""
    NOT_A_PAINTING = "not_a_painting"
    """It looks like something else."""
    ERROR = "error"
    """The picture could not be read."""


@dataclass(frozen=True)
class Phrase:
    """An answer in words.

    Args:
        level: what they say.
        headline: such as ``Impressionism, fairly sure``.
        detail: what belongs to the headline: its percent, the best guesses, or what a picture looks like; of a work,
            its movement as it was looked up and what the model guesses; may be empty.
        question: asks whether that is right, or, where nothing was said, whether the reader knows.
        percent: that the words speak of, 0..99; None where they speak of no single one.
        movements: ids of the movements that the headline names.
    """

    level: Level
    headline: str
    detail: str
    question: str
    percent: int | None = None
    movements: tuple[str, ...] = ()

    @property
    def joint(self) -> str:
        """What stands between headline and detail in a sentence."""
        return ". " if self.percent is None else ", "

    @property
    def sentence(self) -> str:
        """Headline and detail, without a full stop: ``Impressionism, fairly sure, 71 %``."""
        return f"{self.headline}{self.joint}{self.detail}" if self.detail else self.headline


MOVEMENT_LEVELS = (Level.SURE, Level.FAIRLY, Level.PERHAPS)
"""Levels at which one movement is said."""


def phrase(prediction: Prediction, language: str = "en", *, as_painting: bool = False) -> Phrase:
    """An answer in words.

    Shares are rounded to percents once, before the words are chosen, so that no number contradicts its words.

    Args:
        prediction: any answer; with `LISTED` guesses or more its words do not depend on how many.
        language: one of `list_languages`.
        as_painting: words as for a painting, although it does not look like one.

    Raises:
        UnknownNameError: there are no words in that language.

    Example:
        >>> phrase(smn.load().predict("monet.jpg")).sentence
        'Impressionism, fairly sure, 71 %'
    """
    texts = _read(language)
    if prediction.outcome is Outcome.ERROR:
        return Phrase(Level.ERROR, " ".join((prediction.error or "").split()), "", "")
    if prediction.work is not None:
        guessed = phrase(replace(prediction, work=None), language, as_painting=as_painting)
        return _phrase_work(prediction.work, guessed, prediction.predictions[0], language)
    level = choose_level(prediction, as_painting=as_painting)
    names = [name_guess(guess, language) for guess in prediction.predictions]
    filled = {"movement": names[0], "other": names[1] if len(names) > 1 else ""}
    question = texts["question"]["movement" if level in MOVEMENT_LEVELS else level.value].format(**filled)
    if level is Level.NOT_A_PAINTING:
        detail = texts[f"looks_like_{prediction.looks_like or 'unknown'}"]
        return Phrase(level, texts[level.value], detail, question)
    if level is Level.GUESSES:
        detail = texts["best_guesses"].format(guesses=list_guesses(prediction.predictions[:LISTED], language))
        return Phrase(level, texts[level.value], detail, question)
    if level is Level.FAMILY:
        family = next(one for one in prediction.families if one.family == prediction.family)
        percent, headline = to_percent(family.probability), texts["family"][family.family]
        told: tuple[Guess, ...] = ()
    else:
        told = prediction.predictions[: 2 if level is Level.PAIR else 1]
        percent = min(sum(to_percent(guess.probability) for guess in told), 99)
        headline = texts[level.value].format(**filled)
    return Phrase(level, headline, _write(percent, texts), question, percent, tuple(one.movement for one in told))


def _phrase_work(work: RecognizedWork, guessed: Phrase, first: Guess, language: str) -> Phrase:
    texts = _read(language)
    if work.title:
        parts: tuple[object, ...] = (work.title, work.artist, work.year)
    else:
        parts = (texts["work_by"].format(artist=work.artist) if work.artist else texts["untitled"], work.year)
    known = find_movement(work.movement) if work.movement else None
    found = translate_movement(known, language).name if known else work.movement
    source = texts["by_artist"] if work.source == BY_ARTIST else work.source
    looked_up = texts["looked_up"].format(movement=found, source=source) if found and source else found
    # A guess beside a fact needs its number, and no word on how sure it is.
    short = guessed.level in MOVEMENT_LEVELS
    own = f"{name_guess(first, language)}, {guessed.detail}" if short else guessed.sentence
    detail = "; ".join(part for part in (looked_up, texts["own_guess"].format(sentence=own)) if part)
    headline = ", ".join(str(part) for part in parts if part)
    return Phrase(Level.WORK, headline, detail, texts["question"]["work"])


def choose_level(prediction: Prediction, *, as_painting: bool = False) -> Level:
    """What can be said from the picture alone of one that was read; see `phrase`."""
    if prediction.outcome is Outcome.NOT_A_PAINTING and not as_painting:
        return Level.NOT_A_PAINTING
    best, *rest = (to_percent(guess.probability) for guess in prediction.predictions)
    second = rest[0] if rest else 0
    if prediction.outcome is not Outcome.UNSURE and best >= FAIRLY:
        return Level.SURE if best >= SURE else Level.FAIRLY
    if best + second >= FAIRLY and 2 * second >= best:
        return Level.PAIR
    if prediction.outcome is Outcome.MOVEMENT:
        return Level.PERHAPS
    return Level.FAMILY if prediction.family in {one.family for one in prediction.families} else Level.GUESSES


def to_percent(share: float) -> int:
    """A share, 0..1, in percent, 0..99: nothing is certain."""
    return min(int(100 * share + 0.5 + 1e-9), 99)


def write_percent(share: float, language: str = "en") -> str:
    """A share, 0..1, as ``78 %``.

    Raises:
        UnknownNameError: there are no words in that language.
    """
    return _write(to_percent(share), _read(language))


def list_guesses(guesses: Sequence[Guess], language: str = "en") -> str:
    """Guesses with their percents: ``Realism 24 %, Romanticism 18 %``."""
    return ", ".join(f"{name_guess(guess, language)} {write_percent(guess.probability, language)}" for guess in guesses)


def name_guess(guess: Guess, language: str) -> str:
    """A guess's name; its label where it is no movement of smn's."""
    known = find_movement(guess.movement)
    if known is None or known.id != guess.movement:
        return guess.label
    # The taxonomy's own label may be another English name.
    return guess.label if language == "en" else translate_movement(known, language).name


def find_family(prediction: Prediction, taxonomy: Taxonomy) -> FamilyGuess | None:
    """The family of the first guess, which need not be the likeliest; None where the taxonomy does not tell."""
    homes = {label.id: label.family for label in taxonomy.labels}
    home = homes.get(prediction.predictions[0].movement) if prediction.predictions else None
    return next((one for one in prediction.families if one.family == home), None)


def list_languages() -> tuple[str, ...]:
    """The languages that there are words in, the default first."""
    return tuple(read_texts())


def _write(percent: int, texts: Mapping[str, Any]) -> str:
    text: str = texts["percent"].format(count=percent) if percent else texts["under_one"]
    return text


def _read(language: str) -> Mapping[str, Any]:
    known = read_texts()
    if language not in known:
        raise UnknownNameError("language of answers", language, known)
    texts: Mapping[str, Any] = known[language]
    return texts


@cache
def read_texts() -> Mapping[str, Any]:
    """All texts of ``phrasing.toml`` by language, their fields in braces not yet filled in."""
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
