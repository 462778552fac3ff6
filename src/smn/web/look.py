"""Look at a painting: the page that most people see, for one picture or several, with feedback."""

import base64
import io
from collections.abc import Sequence
from dataclasses import replace
from html import escape

import streamlit as st
from PIL import Image

from smn.errors import ServiceError, SmnError
from smn.predict.formats import Format, text_lines
from smn.predict.prediction import Prediction, failed
from smn.web.analyzer import TOP_K, PageAnalysis
from smn.web.answer import choose_phrasing, phrase_answer, show_answer, show_picture
from smn.web.details import show_details
from smn.web.drawing import choose_accent, draw_table
from smn.web.frame import Visit, set_accent
from smn.web.uploads import MAX_PICTURES, Upload, clear_uploads, describe_error, show_error, show_start


def show_look(visit: Visit) -> None:
    """Show the answers to the uploads, or the ways to upload a picture."""
    uploads: list[Upload] = st.session_state.setdefault("uploads", [])
    if not uploads:
        show_start(visit)
    elif len(uploads) == 1 or "chosen" in st.session_state:
        _show_one(visit, uploads)
    else:
        _show_several(visit, uploads)
        st.button(visit.words("again.one"), on_click=clear_uploads, key="again")


def _show_one(visit: Visit, uploads: Sequence[Upload]) -> None:
    words = visit.words
    upload = uploads[st.session_state.get("chosen", 0)]
    with st.container(key="smn-back", horizontal=True, gap="small"):
        if len(uploads) > 1:
            st.button(words("many.back"), on_click=lambda: st.session_state.pop("chosen"), key="back")
        st.button(words("again.one"), on_click=clear_uploads, key="again")
    place = st.empty()
    with place.container():
        st.html('<div class="smn-skeleton" aria-hidden="true"><div></div><div><i></i><i></i><i></i><i></i></div></div>')
    try:
        analysis = _analyze(visit, upload)
    except SmnError as error:
        with place.container():
            show_error(upload.name, describe_error(visit, error), words, retry=isinstance(error, ServiceError))
        return
    set_accent(choose_accent([swatch.colour for swatch in analysis.palette], theme=visit.theme))
    with place.container(key="smn-answer"):
        left, right = st.columns([11, 9], gap="large")
        with right:  # first, because it is what everybody waits for
            show_answer(visit, analysis)
            show_feedback(visit, analysis, upload.data)
        with left:
            show_picture(visit, analysis, upload.name)
    show_details(visit, analysis)


def _analyze(visit: Visit, upload: Upload) -> PageAnalysis:
    find = bool(st.session_state.get("find", True))
    return visit.state.analyze(upload.name, upload.data, find=find)


@st.fragment
def show_feedback(visit: Visit, analysis: PageAnalysis, data: bytes) -> None:
    """Ask whether the answer was right, and keep what is said; nothing is asked where nothing is remembered."""
    words, analyzer = visit.words, visit.state.analyzer
    if not analyzer.remembers:
        return
    mine = f"said-{analysis.sha256[:16]}"
    said = st.session_state.get(mine)

    def note(*, agree: bool, movement: str | None = None, text: str | None = None, keep: bool = False) -> None:
        try:
            analyzer.add_feedback(analysis, agree=agree, movement=movement, text=text, picture=data if keep else None)
            st.session_state[mine] = "noted"
        except SmnError:
            st.session_state[mine] = "failed"

    if said == "noted":
        st.html(f'<p class="smn-thanks" role="status">{words("feedback.thanks")}</p>')
        return
    if said == "failed":
        st.html(f'<p class="smn-thanks" role="alert">{words("feedback.failed")}</p>')
    with st.container(key="smn-feedback", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f"<p>{words('feedback.ask')}</p>", width="content")
        st.button(words("feedback.yes"), key="yes", on_click=lambda: note(agree=True))
        st.button(words("feedback.no"), key="no", on_click=lambda: st.session_state.update({mine: "asked"}))
    if said != "asked":
        return
    with st.form("feedback-form", border=False):
        labels = sorted(analysis.taxonomy.labels, key=lambda label: words.movement(label.id, otherwise=label.name))
        names = {label.id: words.movement(label.id, otherwise=label.name) for label in labels}
        movement = st.selectbox(
            words("feedback.which"), [None, *names], key="right-one",
            format_func=lambda one: words("feedback.dont_know") if one is None else names[one],
        )  # fmt: skip
        text = st.text_input(words("feedback.more"), max_chars=500, key="more")
        keep = analyzer.keeps_pictures and st.checkbox(words("feedback.keep"), key="keep")
        st.html(f'<p class="smn-note">{words("feedback.private")}</p>')
        if st.form_submit_button(words("feedback.send")):
            note(agree=False, movement=movement, text=text or None, keep=keep)
            st.rerun(scope="fragment")


def _show_several(visit: Visit, uploads: Sequence[Upload]) -> None:
    """A gallery, a table, and a CSV file of the answers."""
    words = visit.words
    shown = uploads[:MAX_PICTURES]
    st.html(f"<h1>{words('many.heading', count=len(shown))}</h1>")
    if len(uploads) > MAX_PICTURES:
        st.html(f'<p class="smn-note">{words("many.more", count=MAX_PICTURES)}</p>')
    progress = st.empty()
    gallery = st.container(key="smn-gallery", horizontal=True, gap="medium")
    rows, answers = [], []
    for at, upload in enumerate(shown):
        name = upload.name
        progress.progress((at + 1) / len(shown), text=words("many.looking", at=at + 1, count=len(shown)))
        try:
            analysis = _analyze(visit, upload)
        except SmnError as error:
            said = describe_error(visit, error)
            answers.append(failed(_shield(name), said, model=visit.state.analyzer.model))
            rows.append((name, said, "", ""))
            with gallery.container(key=f"smn-one-{at}", width=220):
                st.html(f'<div class="smn-nothing"></div><p class="smn-note">{escape(name)}</p><p>{escape(said)}</p>')
            continue
        prediction = analysis.prediction
        answers.append(replace(prediction, path=_shield(name)))
        headline = phrase_answer(prediction, choose_phrasing(prediction), words)
        sure = words.in_hundred(prediction.confidence or 0.0)
        rows.append((name, headline, sure, _phrase_next(prediction, visit)))
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
    lines = text_lines((answer.to_dict() for answer in answers), Format.CSV, top_k=TOP_K)
    st.download_button(
        words("many.download"), "".join(lines).encode("utf-8-sig"), file_name=words("many.file"), mime="text/csv",
        on_click="ignore", key="download",
    )  # fmt: skip


def _shield(name: str) -> str:
    """A file's name that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return "'" + name if name[:1] in "=+-@\t\r" else name


def _phrase_next(prediction: Prediction, visit: Visit) -> str:
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
