"""Look at a painting: the page that most people see, for one picture or several, with feedback."""

from functools import partial
from html import escape

import streamlit as st

from smn.errors import InputError, ServiceError, SmnError
from smn.predict.phrasing import Level
from smn.web.address import read_address, write_address
from smn.web.analyzer import PageAnalysis
from smn.web.answer import phrase_for, show_answer, show_picture
from smn.web.answer_gallery import show_gallery
from smn.web.card import FORMS, draw_card, write_text
from smn.web.details import show_details
from smn.web.drawing import choose_accent
from smn.web.frame import Visit, mount_part, set_accent
from smn.web.uploads import Upload, clear_uploads, describe_error, show_error, show_refused, show_start


def show_look(visit: Visit) -> None:
    """Show the answers to the uploads, the answer of the address, or the ways to upload a picture."""
    _follow_browser()
    uploads: list[Upload] = st.session_state.setdefault("uploads", [])
    code = st.query_params.get("answer")
    if not uploads and code is None:
        show_start(visit)
        return
    with st.container(key="smn-back", horizontal=True, gap="small"):
        if len(uploads) > 1 and "chosen" in st.session_state:
            st.button(visit.words("many.back"), on_click=lambda: st.session_state.pop("chosen"), key="back")
        st.button(visit.words("again.one"), on_click=clear_uploads, key="again")
    show_refused(visit)
    if not uploads:
        _show_address(visit, str(code))
    elif len(uploads) == 1 or "chosen" in st.session_state:
        _show_one(visit, uploads[st.session_state.get("chosen", 0)])
    else:
        _tell_address(None)
        show_gallery(visit, uploads)


def _follow_browser() -> None:
    """Where the visitor went back or forward in the browser, show what its address shows."""
    code, told = st.query_params.get("answer"), st.session_state.get("told")
    # On the way from another page of the site, the address of an answer is told anew.
    if code == told or st.session_state.get("page") != "look":
        return
    if code in (known := st.session_state.get("codes", {})):
        chosen, st.session_state.find = known[code]
        if len(st.session_state.uploads) > 1:
            st.session_state.chosen = chosen
    elif told is not None and code is None and "chosen" in st.session_state:
        st.session_state.pop("chosen")
    elif told is not None:
        st.session_state.update(uploads=[], codes={})
    st.session_state.told = code


def _tell_address(code: str | None) -> None:
    st.session_state.told = code
    if code is None:
        st.query_params.pop("answer", None)
    elif st.query_params.get("answer") != code:
        st.query_params["answer"] = code


def _show_address(visit: Visit, code: str) -> None:
    """An answer without its picture."""
    words = visit.words
    try:
        analysis = read_address(code)
    except InputError:
        st.html(f'<h1>{words("kept.bad")}</h1><p class="smn-lead">{words("kept.bad_text")}</p>')
        return
    st.html(f'<p class="smn-note">{words("kept.note")}</p>')
    _show_analysis(visit, analysis, Upload("", b""))


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
    code = write_address(analysis)
    st.session_state.setdefault("codes", {})[code] = (st.session_state.get("chosen", 0), find)
    _tell_address(code)
    with place.container():
        _show_analysis(visit, analysis, upload)


def _show_analysis(visit: Visit, analysis: PageAnalysis, upload: Upload) -> None:
    set_accent(choose_accent([swatch.colour for swatch in analysis.palette], theme=visit.theme))
    with st.container(key="smn-answer"):
        left, right = st.columns([11, 9], gap="large")
        with right:  # first, because it is what everybody waits for
            show_answer(visit, analysis)
            if upload.data:
                show_feedback(visit, analysis, upload.data)
            _show_keeping(visit, analysis)
        with left:
            show_picture(visit, analysis, upload.name)
    show_details(visit, analysis)


def _show_keeping(visit: Visit, analysis: PageAnalysis) -> None:
    """Ways to take the answer along; a card is drawn when it is asked for."""
    words = visit.words
    anyway = st.session_state.get("anyway") == analysis.sha256
    with st.container(key="smn-keep", horizontal=True, gap="small"):
        said = {"copy": words("keep.copy"), "done": words("keep.done"), "failed": words("keep.failed")}
        text = write_text(analysis, words, as_painting=anyway)
        mount_part("copy", data={"text": text, "words": said}, key="copy", width="content")
        for form, kind in FORMS.items():
            st.download_button(
                words(f"keep.{form}"), partial(draw_card, analysis, words, form=form, as_painting=anyway),
                file_name=f"{words('keep.file')}.{form}", mime=kind, on_click="ignore", key=f"save-{form}",
            )  # fmt: skip


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
