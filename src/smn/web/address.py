"""The address of an answer: everything that shows it again but the picture, which stays where it was."""

import base64
import binascii
import json
import math
import re
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PIL import Image, ImageColor, ImageDraw

from smn.errors import InputError
from smn.examples.gallery import Group
from smn.explain.explanation import Swatch
from smn.movements import get_family
from smn.predict.prediction import FamilyGuess, Guess, Outcome, Prediction, RecognizedWork, parse_prediction
from smn.web.analyzer import TOP_K, PageAnalysis, guess_taxonomy

_MAX_CODE, _MAX_DATA, _MAX_TEXT = 6_000, 40_000, 200
"""Characters of a code, bytes that it may grow to, and characters of one text."""

_COLOUR = re.compile(r"#[0-9A-F]{6}")
_MODEL = re.compile(r"[\w.-]{1,60}")


def write_address(analysis: PageAnalysis) -> str:
    """The code that `read_address` makes the answer from: it names neither the file nor its content."""
    answer = analysis.prediction.to_dict() | {"path": None, "error": None}
    palette = [[swatch.colour, round(swatch.share, 3)] for swatch in analysis.palette]
    text = json.dumps({"answer": answer, "palette": palette}, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


def read_address(code: str) -> PageAnalysis:
    """An answer from its address, with the colours of its picture in the picture's place.

    Whoever writes an address may write anything: names are taken from smn's own lists, texts of a work are cut.

    Raises:
        InputError: the code holds no answer.
    """
    try:
        data = json.loads(_inflate(code))
        palette = _read_palette(data["palette"])
        prediction = _check(parse_prediction(data["answer"]))
        labels = guess_taxonomy([guess.movement for guess in prediction.predictions])
        guesses = tuple(
            Guess(guess.movement, labels.label(guess.movement).name, guess.probability)
            for guess in prediction.predictions
        )
    except (InputError, ValueError, KeyError, TypeError, RecursionError, zlib.error, binascii.Error) as error:
        raise InputError("This address holds no answer; look at the picture again.") from error
    return PageAnalysis(
        name="", sha256=code[:16], prediction=replace(prediction, predictions=guesses), image=_draw(palette),
        whole=None, evidence={}, works=(), taxonomy=labels,
    )  # fmt: skip


def _inflate(code: str) -> bytes:
    if len(code) > _MAX_CODE:
        raise ValueError("too long")
    reader = zlib.decompressobj()
    found = reader.decompress(base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)), _MAX_DATA)
    if not reader.eof:
        raise ValueError("too much, or cut short")
    return found


def _check(prediction: Prediction) -> Prediction:
    """The answer with nothing in it that is not smn's."""
    shares = [guess.probability for guess in prediction.predictions]
    shares += [family.probability for family in prediction.families]
    if prediction.outcome is Outcome.ERROR or not 1 <= len(prediction.predictions) <= TOP_K or not all(
        isinstance(share, int | float) and math.isfinite(share) and 0 <= share <= 1 for share in shares
    ):  # fmt: skip
        raise ValueError("no answer")
    if prediction.looks_like is not None:
        Group(prediction.looks_like)
    if not _MODEL.fullmatch(prediction.model):
        raise ValueError("no model")
    families = tuple(
        FamilyGuess(one.family, get_family(one.family).name, one.probability) for one in prediction.families
    )
    return replace(
        prediction, path=None, error=None, set=None, rectified=None, families=families,
        confidence=prediction.predictions[0].probability, work=prediction.work and _shorten(prediction.work),
    )  # fmt: skip


def _shorten(work: RecognizedWork) -> RecognizedWork:
    def cut(text: object) -> str | None:
        return str(text)[:_MAX_TEXT] if text else None

    return RecognizedWork(
        cut(work.title), cut(work.artist), int(work.year) if work.year else None, cut(work.movement), cut(work.source),
        cut(work.museum), None, None, similarity=float(work.similarity), confidence=float(work.confidence),
    )  # fmt: skip


def _read_palette(data: Sequence[Sequence[Any]]) -> tuple[Swatch, ...]:
    found = tuple(Swatch(str(colour), float(share)) for colour, share in data[:8])
    if not found or not all(_COLOUR.fullmatch(one.colour) and 0 < one.share <= 1 for one in found):
        raise ValueError("no palette")
    return found


def _draw(palette: Sequence[Swatch]) -> Image.Image:
    """Stripes of a palette."""
    width, height = 640, 480
    image = Image.new("RGB", (width, height), palette[-1].colour)
    draw, left, total = ImageDraw.Draw(image), 0.0, sum(swatch.share for swatch in palette)
    for swatch in palette:
        right = left + width * swatch.share / total
        draw.rectangle((round(left), 0, round(right), height), fill=ImageColor.getrgb(swatch.colour))
        left = right
    return image
