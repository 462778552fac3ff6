"""Look at a painting: the page that most people see, for one picture or several, with feedback."""

from html import escape

import streamlit as st

from smn.errors import ServiceError, SmnError
from smn.predict.phrasing import Level
from smn.web.analyzer import PageAnalysis
from smn.web.answer import phrase_for, show_answer, show_picture
from smn.web.details import show_details
from smn.web.drawing import choose_accent
from smn.web.frame import Visit, set_accent
from smn.web.gallery import show_gallery
from smn.web.uploads import Upload, clear_uploads, describe_error, show_error, show_refused, show_start


def show_look(visit: Visit) -> None:
    """Show the answers to the uploads, or the ways to upload a picture."""
    uploads: list[Upload] = st.session_state.setdefault("uploads", [])
    if not uploads:
        show_start(visit)
        return
    with st.container(key="smn-back", horizontal=True, gap="small"):
        if len(uploads) > 1 and "chosen" in st.session_state:
            st.button(visit.words("many.back"), on_click=lambda: st.session_state.pop("chosen"), key="back")
        st.button(visit.words("again.one"), on_click=clear_uploads, key="again")
    show_refused(visit)
    if len(uploads) == 1 or "chosen" in st.session_state:
        _show_one(visit, uploads[st.session_state.get("chosen", 0)])
    else:
        show_gallery(visit, uploads)


def _show_one(visit: Visit, upload: Upload) -> None:
    words, find = visit.words, bool(st.session_state.get("find", True))
    place = st.empty()
    with place.container():
        st.html('<div class="smn-skeleton" aria-hidden="true"><div></div><div><i></i><i></i><i></i><i></i></div></div>')
    try:
        analysis = visit.state.analyze(upload.name, upload.data, find=find)
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


@st.fragment
def show_feedback(visit: Visit, analysis: PageAnalysis, data: bytes) -> None:
    """Ask about what was said, and keep the reply; nothing is asked where nothing is remembered."""
    words, analyzer = visit.words, visit.state.analyzer
    answer = phrase_for(analysis, words)
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
        st.html(f"<p>{escape(answer.question)}</p>", width="content")
        known = answer.level is Level.GUESSES  # nothing was said that could be right
        if not known:
            st.button(words("feedback.yes"), key="yes", on_click=lambda: note(agree=True))
        st.button(
            words("feedback.know") if known else words("feedback.no"), key="no",
            on_click=lambda: st.session_state.update({mine: "asked"}),
        )  # fmt: skip
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
