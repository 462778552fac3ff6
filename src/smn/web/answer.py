"""The painting and the answer beside it, phrased by how sure it is."""

import base64
import io
from collections.abc import Sequence
from enum import StrEnum
from html import escape

import numpy as np
import streamlit as st
from PIL import Image

from smn.movements import find_movement, get_family
from smn.movements.translation import translate_movement
from smn.predict.prediction import Guess, Outcome, Prediction
from smn.web.analyzer import PageAnalysis
from smn.web.drawing import UNLABELLED, draw_bars, draw_palette
from smn.web.frame import Visit, mount_part
from smn.web.words import Words

SURE, FAIRLY = 0.8, 0.5
"""Calibrated confidence, 0..1, from which an answer is sure, or fairly sure."""


class Phrasing(StrEnum):
    """How an answer is phrased."""

    SURE = "sure"
    """The movement's name alone."""
    FAIRLY = "fairly"
    """The movement, fairly sure."""
    PERHAPS = "perhaps"
    """The movement, perhaps: the likeliest by far, but less likely than not."""
    TORN = "torn"
    """Between two movements, one of which is likelier right than not."""
    UNSURE = "unsure"
    """I can't tell."""
    NO_PAINTING = "no_painting"
    """This does not look like a painting."""


def choose_phrasing(prediction: Prediction, *, as_painting: bool = False) -> Phrasing:
    """The phrasing of an answer.

    Args:
        prediction: any answer but an error; it lists two guesses or more where its taxonomy has them.
        as_painting: phrase it as a painting's, whatever the outcome.
    """
    if prediction.outcome is Outcome.NOT_A_PAINTING and not as_painting:
        return Phrasing.NO_PAINTING
    best, *rest = (guess.probability for guess in prediction.predictions)
    second = rest[0] if rest else 0.0
    named = prediction.outcome is not Outcome.UNSURE
    if named and best >= FAIRLY:
        return Phrasing.SURE if best >= SURE else Phrasing.FAIRLY
    if best + second >= FAIRLY and second >= best / 2:
        return Phrasing.TORN
    return Phrasing.PERHAPS if prediction.outcome is Outcome.MOVEMENT else Phrasing.UNSURE


@st.fragment
def show_picture(visit: Visit, analysis: PageAnalysis, name: str) -> None:
    """The painting, and what may be laid over it; what is chosen here touches nothing else."""
    words, key = visit.words, f"picture-{analysis.sha256[:12]}"
    guesses = [guess.movement for guess in analysis.prediction.predictions if guess.movement in analysis.evidence]
    chosen = st.session_state.get(key, {}).get("movement") or (guesses[0] if guesses else None)
    straight = analysis.whole is not None
    mount_part(
        "picture", key=key, on_movement_change=lambda: None,
        data={
            "base": _encode(analysis.image), "over": _encode(analysis.overlay(chosen)) if chosen else None,
            "whole": _encode(analysis.whole) if analysis.whole else None,
            "alt": words("picture.alt_straight" if straight else "picture.alt", name=name),
            "wholeAlt": words("picture.alt_whole", name=name),
            "guesses": [(guess, words.movement(guess)) for guess in guesses], "chosen": chosen,
            "words": {
                "why": words("picture.why"), "of": words("picture.why_of"), "original": words("picture.original"),
                "help": words("picture.why_help", movement=words.movement(chosen)) if chosen else "",
            },
        },
    )  # fmt: skip
    find = bool(st.session_state.get("find", True))
    with st.container(key="smn-found"):  # below the answer on a phone
        if straight:
            st.html(f'<p class="smn-note">{words("picture.found")}</p>')
        if (straight or not find) and st.toggle(
            words("picture.straight"), value=find, key=f"straighten-{find}"
        ) != find:
            st.session_state.find = not find
            st.rerun()
        st.html(draw_palette(analysis.palette, words))


def show_answer(visit: Visit, analysis: PageAnalysis) -> None:
    """The answer in words, then the guesses, then what the confidence means."""
    words, prediction = visit.words, analysis.prediction
    anyway = st.session_state.get("anyway") == analysis.sha256
    phrasing = choose_phrasing(prediction, as_painting=anyway)
    long = " smn-long" if phrasing in (Phrasing.UNSURE, Phrasing.NO_PAINTING) else ""  # a sentence, not a figure
    st.html(
        f'<h1 class="smn-answer">{escape(phrase_answer(prediction, phrasing, words))}</h1>'
        f'<p class="smn-sure{long}">{escape(phrase_confidence(prediction, phrasing, words))}</p>'
    )
    if phrasing is Phrasing.NO_PAINTING:
        st.button(
            words("answer.anyway"), key="anyway-ask",
            on_click=lambda: st.session_state.update(anyway=analysis.sha256),
        )  # fmt: skip
    first = prediction.predictions[0].movement
    best = find_movement(first)
    if best is not None and best.id == first and phrasing in (Phrasing.SURE, Phrasing.FAIRLY, Phrasing.PERHAPS):
        translated = translate_movement(best, words.language)
        years = words("answer.years", start=best.start, end=best.end)
        st.html(f'<p class="smn-label">{escape(translated.summary)}</p><p class="smn-years">{escape(years)}</p>')
    bars = [_bar(guess, analysis, words) for guess in prediction.predictions]
    st.html(draw_bars(bars, words) + _phrase_family(prediction, phrasing, words))
    if phrasing is not Phrasing.NO_PAINTING:
        _show_meaning(visit, prediction)
    notes = list(_note_peculiarities(analysis, words))
    if notes:
        st.html("".join(f'<p class="smn-note">{escape(note)}</p>' for note in notes))


def phrase_answer(prediction: Prediction, phrasing: Phrasing, words: Words) -> str:
    """The answer in words."""
    best, *rest = (words.movement(guess.movement, otherwise=guess.label) for guess in prediction.predictions)
    return words(f"answer.{phrasing.value}", movement=best, other=rest[0] if rest else "")


def phrase_confidence(prediction: Prediction, phrasing: Phrasing, words: Words) -> str:
    """What stands below the answer: how sure it is, or what the picture looks like instead of a painting."""
    if phrasing is Phrasing.NO_PAINTING and prediction.looks_like is not None:
        return words(f"answer.looks_like_{prediction.looks_like}")
    first, *rest = (guess.probability for guess in prediction.predictions)
    share = first + (rest[0] if rest and phrasing is Phrasing.TORN else 0.0)
    return words(f"answer.confidence_{phrasing.value}", chance=words.in_hundred(share))


def _bar(guess: Guess, analysis: PageAnalysis, words: Words) -> tuple[str, str, float]:
    # A service may answer in a taxonomy that is not known here.
    families = {label.id: label.family for label in analysis.taxonomy.labels}
    colour = get_family(families[guess.movement]).colour if guess.movement in families else UNLABELLED
    return words.movement(guess.movement, otherwise=guess.label), colour, guess.probability


def _phrase_family(prediction: Prediction, phrasing: Phrasing, words: Words) -> str:
    if not prediction.families or phrasing is Phrasing.NO_PAINTING:
        return ""
    first = prediction.families[0]
    together = words("answer.together", family=words.family(first.family))
    line = (
        f'<p class="smn-together"><span>{escape(together)}</span><span>{words.in_hundred(first.probability)}</span></p>'
    )
    if phrasing is Phrasing.UNSURE and prediction.family:
        clearer = words("answer.family_sure", family=words.family(prediction.family))
        line += f'<p class="smn-note">{escape(clearer)}</p>'
    return line


def _show_meaning(visit: Visit, prediction: Prediction) -> None:
    words, confidence = visit.words, prediction.confidence or 0.0
    chance = words.in_hundred(confidence)
    with st.expander(words("meaning.ask", chance=chance)):
        st.write(words("meaning.text", count=min(max(round(100 * confidence), 1), 99)))
        figures = visit.state.figures
        if figures is None:
            st.write(words("meaning.unmeasured"))
            return
        curve = figures["reliability"]
        near = int(np.argmin(np.abs(np.array(curve["confidence"]) - confidence)))
        mean, right = (round(100 * curve[name][near]) for name in ("confidence", "accuracy"))
        st.write(words("meaning.measured", works=curve["count"][near], mean=mean, right=right))


def _note_peculiarities(analysis: PageAnalysis, words: Words) -> Sequence[str]:
    image, notes = analysis.image, []
    small = np.asarray(image.resize((64, 64), Image.Resampling.BOX), dtype=np.int16)
    if (small.max(axis=2) - small.min(axis=2)).mean() < 4:
        notes.append(words("answer.grey"))
    if max(image.size) < 200:
        notes.append(words("answer.tiny", width=image.width, height=image.height))
    ratio = image.width / image.height
    if not 1 / 3 <= ratio <= 3:
        notes.append(words("answer.long", shape=words("answer.wide" if ratio > 1 else "answer.tall")))
    return notes


def _encode(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
