"""The painting and the answer beside it; `smn.predict.phrasing` makes the words."""

import base64
import io
from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st
from PIL import Image

from smn.movements import find_movement, get_family
from smn.movements.translation import translate_movement
from smn.predict.phrasing import MOVEMENT_LEVELS, Level, Phrase, find_family, phrase, to_percent
from smn.predict.prediction import Prediction
from smn.web.analyzer import PageAnalysis
from smn.web.drawing import UNLABELLED, draw_bars, draw_keys, draw_palette
from smn.web.frame import Visit, mount_part
from smn.web.words import Words

_CLOSE = 12
"""Points between what is said and what was right that may be chance, on sixty works: two standard errors."""


@st.fragment
def show_picture(visit: Visit, analysis: PageAnalysis, name: str, *, slot: str = "") -> None:
    """The painting, and what may be laid over it; what is chosen here touches nothing else.

    ``slot`` tells two pictures on one page apart.
    """
    words, key = visit.words, f"picture-{analysis.sha256[:12]}{slot}"
    guesses = [guess.movement for guess in analysis.prediction.predictions if guess.movement in analysis.evidence]
    chosen = st.session_state.get(key, {}).get("movement") or (guesses[0] if guesses else None)
    straight = analysis.whole is not None
    alt = words("picture.alt_straight" if straight else "picture.alt", name=name) if name else words("kept.alt")
    mount_part(
        "picture", key=key, on_movement_change=lambda: None,
        data={
            "base": _encode(analysis.image), "over": _encode(analysis.overlay(chosen)) if chosen else None,
            "whole": _encode(analysis.whole) if analysis.whole else None,
            "alt": alt,
            "wholeAlt": words("picture.alt_whole", name=name),
            "id": f"{analysis.sha256[:12]}{slot}", "chosen": chosen, "peek": analysis.prediction.is_painting,
            "guesses": [(guess, words.movement(guess)) for guess in guesses],
            "words": {
                "why": words("picture.why"), "strength": words("picture.strength"), "of": words("picture.why_of"),
                "original": words("picture.original"),
                "help": words("picture.why_help", movement=words.movement(chosen)) if chosen else "",
            },
        },
    )  # fmt: skip
    find = bool(st.session_state.get("find", True))
    with st.container(key=f"smn-found{slot}"):  # below the answer on a phone
        if straight:
            st.html(f'<p class="smn-note">{words("picture.found")}</p>')
        if (straight or not find) and st.toggle(
            words("picture.straight"), value=find, key=f"straighten-{find}{slot}"
        ) != find:
            st.session_state.find = not find
            st.rerun()
        st.html(draw_palette(analysis.palette, words))


def show_answer(visit: Visit, analysis: PageAnalysis) -> None:
    """The answer in words, then the guesses, then what the number means."""
    words, prediction = visit.words, analysis.prediction
    said = phrase_for(analysis, words)
    st.html(draw_headline(said))
    if said.level is Level.NOT_A_PAINTING:
        st.button(
            words("answer.anyway"), key="anyway-ask",
            on_click=lambda: st.session_state.update(anyway=analysis.sha256),
        )  # fmt: skip
        st.html(f'<p class="smn-note">{words("answer.only_guesses")}</p>')
    first = prediction.predictions[0].movement
    best = find_movement(first)
    if best is not None and best.id == first and said.level in MOVEMENT_LEVELS:
        translated = translate_movement(best, words.language)
        years = words("answer.years", start=best.start, end=best.end)
        st.html(f'<p class="smn-label">{escape(translated.summary)}</p><p class="smn-years">{escape(years)}</p>')
    st.html(draw_guesses(analysis, words, family=said.level is not Level.NOT_A_PAINTING))
    if said.level is not Level.NOT_A_PAINTING:
        _show_meaning(visit, prediction, said)
    notes = list(_note_peculiarities(analysis, words))
    if notes:
        st.html("".join(f'<p class="smn-note">{escape(note)}</p>' for note in notes))


def phrase_for(analysis: PageAnalysis, words: Words) -> Phrase:
    """The answer's words, as a painting's where the visitor asked for that."""
    anyway = st.session_state.get("anyway") == analysis.sha256
    return phrase(analysis.prediction, words.language, as_painting=anyway)


def draw_headline(said: Phrase, *, level: int = 1) -> str:
    """The words of an answer as a heading; its text is the sentence that every other place gives."""
    detail = ""
    if said.detail:
        long = " smn-long" if said.percent is None else ""
        detail = f'<span class="smn-aside">{said.joint}</span><span class="smn-sure{long}">{escape(said.detail)}</span>'
    headline = f'<span class="smn-headline">{escape(said.headline)}</span>'
    return f'<h{level} class="smn-answer">{headline}{detail}</h{level}>'


def draw_guesses(analysis: PageAnalysis, words: Words, *, family: bool = True) -> str:
    """Bars of the guesses, the colours of their families, and what the first one's family has together."""
    prediction = analysis.prediction
    # A service may answer in a taxonomy that is not known here.
    homes = {label.id: label.family for label in analysis.taxonomy.labels}
    shown = [(guess, homes.get(guess.movement)) for guess in prediction.predictions]
    drawn = draw_bars(
        [
            (words.movement(guess.movement, otherwise=guess.label), _colour(home), guess.probability)
            for guess, home in shown
        ],
        words,
    )
    known = dict.fromkeys(home for _, home in shown if home)
    keys = [(words.family(one), _colour(one)) for one in known]
    drawn += draw_keys(keys, words("answer.colours")) if keys else ""
    own = find_family(prediction, analysis.taxonomy)
    if own is None or not family:
        return drawn
    together = words("answer.together", family=words.family(own.family))
    share = words.percent(own.probability)
    return f'{drawn}<p class="smn-together"><span>{escape(together)}</span><span>{share}</span></p>'


def _colour(family: str | None) -> str:
    return get_family(family).colour if family else UNLABELLED


def _show_meaning(visit: Visit, prediction: Prediction, said: Phrase) -> None:
    words, confidence = visit.words, prediction.confidence or 0.0
    percent = to_percent(confidence) if said.percent is None else said.percent
    with st.expander(words("meaning.ask", chance=words.percent(percent / 100))):
        st.write(words("meaning.text", count=max(percent, 1)))
        figures = visit.state.figures
        if figures is None:
            st.write(words("meaning.unmeasured"))
        elif said.level not in (Level.PAIR, Level.FAMILY):  # measured for one movement, not for several together
            curve = figures["reliability"]
            near = int(np.argmin(np.abs(np.array(curve["confidence"]) - confidence)))
            mean, right = (round(100 * curve[name][near]) for name in ("confidence", "accuracy"))
            measured = words("meaning.measured", works=curve["count"][near], mean=mean, right=right)
            off = words("meaning.less") if right < mean else words("meaning.more")
            st.write(f"{measured} {words('meaning.kept') if abs(right - mean) <= _CLOSE else off}")


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
