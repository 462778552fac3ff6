"""Several pictures: a gallery, a table, a file to take away."""

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from html import escape

import streamlit as st
from PIL import Image

from smn.errors import SmnError
from smn.predict.formats import Format, text_lines
from smn.predict.prediction import Prediction, failed
from smn.web.analyzer import GUESSES, PageAnalysis
from smn.web.drawing import draw_table
from smn.web.frame import Visit
from smn.web.phrasing import choose_phrasing
from smn.web.views.answer import say_answer
from smn.web.views.given import MOST
from smn.web.views.trouble import say_trouble


def show(visit: Visit, given: Sequence[tuple[str, bytes]], *, analyze: Callable[[int], PageAnalysis]) -> None:
    """Analyze all of them, and show what came of it.

    Args:
        visit: of whoever asks.
        given: name and bytes of each.
        analyze: analyzes the picture at a place.
    """
    words = visit.words
    shown = given[:MOST]
    st.html(f"<h1>{words('many.heading', count=len(shown))}</h1>")
    if len(given) > MOST:
        st.html(f'<p class="smn-note">{words("many.more", count=MOST)}</p>')
    progress = st.empty()
    gallery = st.container(key="smn-gallery", horizontal=True, gap="medium")
    rows, answers = [], []
    for at, (name, _) in enumerate(shown):
        progress.progress((at + 1) / len(shown), text=words("many.looking", at=at + 1, count=len(shown)))
        try:
            analysis = analyze(at)
        except SmnError as error:
            said = say_trouble(visit, error)
            answers.append(failed(_shield(name), said, model=visit.state.analyzer.model))
            rows.append((name, said, "", ""))
            with gallery.container(key=f"smn-one-{at}", width=220):
                st.html(f'<div class="smn-nothing"></div><p class="smn-note">{escape(name)}</p><p>{escape(said)}</p>')
            continue
        prediction = analysis.prediction
        answers.append(replace(prediction, path=_shield(name)))
        headline = say_answer(prediction, choose_phrasing(prediction), words)
        sure = words.in_hundred(prediction.confidence or 0.0)
        rows.append((name, headline, sure, _say_next(prediction, visit)))
        with gallery.container(key=f"smn-one-{at}", width=220, gap="small"):
            st.html(
                f'<img class="smn-thumb" src="{_small(analysis.image)}" alt=""><p class="smn-note">{escape(name)}</p>'
            )
            st.button(
                f"{headline} · {sure}", key=f"open-{at}", type="tertiary",
                on_click=lambda at=at: st.session_state.update(chosen=at),
            )  # fmt: skip
    progress.empty()
    head = [words(f"many.{name}") for name in ("picture", "answer", "sure", "or")]
    st.html(f"<h2>{words('many.table')}</h2>{draw_table(head, rows, caption=words('many.table'))}")
    lines = text_lines((answer.to_dict() for answer in answers), Format.CSV, top_k=GUESSES)
    st.download_button(
        words("many.download"), "".join(lines).encode("utf-8-sig"), file_name=words("many.file"), mime="text/csv",
        on_click="ignore", key="download",
    )  # fmt: skip


def _shield(name: str) -> str:
    """A file's name that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return "'" + name if name[:1] in "=+-@\t\r" else name


def _say_next(prediction: Prediction, visit: Visit) -> str:
    words = visit.words
    return ", ".join(
        f"{words.movement(guess.movement, otherwise=guess.label)} {words.in_hundred(guess.probability)}"
        for guess in prediction.predictions[1:3]
    )


def _small(image: Image.Image) -> str:
    copy = image.copy()
    copy.thumbnail((440, 440), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    copy.save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
