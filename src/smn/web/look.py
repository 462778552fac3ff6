"""Look at a painting: the page that most people see, for one picture or several, with feedback."""

import hashlib
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
from smn.web.compare import show_comparison
from smn.web.details import show_details
from smn.web.drawing import choose_accent
from smn.web.frame import Visit, mount_part, set_accent
from smn.web.uploads import AnyUpload, Upload, clear_uploads, describe_error, show_error, show_refused, show_start


def show_look(visit: Visit) -> None:
    """Show the answers to the uploads, the answer of the address, or the ways to upload a picture."""
    _follow_browser()
    _fetch_kept(visit)
    uploads: list[AnyUpload] = st.session_state.setdefault("uploads", [])
    code = st.query_params.get("answer")
    if not uploads and code is None:
        show_start(visit)
        return
    compared = st.session_state.get("compared")
    with st.container(key="smn-back", horizontal=True, gap="small"):
        if len(uploads) > 1 and (compared or "chosen" in st.session_state):
            st.button(visit.words("many.back"), on_click=_go_back, key="back")
        st.button(visit.words("again.one"), on_click=clear_uploads, key="again")
    show_refused(visit)
    if not uploads:
        _show_address(visit, str(code))
    elif compared:
        _tell_address(None)
        show_comparison(visit, [uploads[at] for at in compared])
    elif len(uploads) == 1 or "chosen" in st.session_state:
        _show_one(visit, uploads[st.session_state.get("chosen", 0)])
    else:
        _tell_address(None)
        show_gallery(visit, uploads)


def _go_back() -> None:
    for key in ("chosen", "compared"):
        st.session_state.pop(key, None)


def _fetch_kept(visit: Visit) -> None:
    """Where the address names a picture that is kept, and no other is here, look at that one."""
    token = st.query_params.get("kept")
    if token is None or st.session_state.get("uploads"):
        return
    found = visit.state.kept.get(token) if visit.state.kept is not None else None
    if found is None:
        st.query_params.pop("kept", None)
        st.html(f'<p class="smn-note" role="status">{visit.words("share.gone")}</p>')
        return
    st.session_state.uploads = [Upload(visit.words("share.name"), found.data)]
    _kept_tokens()[hashlib.sha256(found.data).hexdigest()] = token


def _kept_tokens() -> dict[str, str]:
    """The tokens of kept pictures that this visitor knows, by the pictures' SHA-256."""
    known: dict[str, str] = st.session_state.setdefault("tokens", {})
    return known


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


def _tell_address(code: str | None, token: str | None = None) -> None:
    """Let the page's address be that of an answer, and of its picture if that is kept."""
    st.session_state.told = code
    others = {name: value for name, value in st.query_params.to_dict().items() if name not in ("answer", "kept")}
    told = {name: value for name, value in (("answer", code), ("kept", token)) if value is not None}
    if st.query_params.to_dict() != others | told:
        st.query_params.from_dict(others | told)


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


def _show_one(visit: Visit, upload: AnyUpload) -> None:
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
    _tell_address(code, _kept_tokens().get(analysis.sha256))
    with place.container():
        _show_analysis(visit, analysis, upload)


def _show_analysis(visit: Visit, analysis: PageAnalysis, upload: AnyUpload) -> None:
    set_accent(choose_accent([swatch.colour for swatch in analysis.palette], theme=visit.theme))
    with st.container(key="smn-answer"):
        left, right = st.columns([11, 9], gap="large")
        with right:  # first, because it is what everybody waits for
            show_answer(visit, analysis)
            if upload.data:
                show_feedback(visit, analysis, upload.data)
            _show_keeping(visit, analysis)
            if upload.data:
                _show_sharing(visit, analysis, upload)
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


def _show_sharing(visit: Visit, analysis: PageAnalysis, upload: AnyUpload) -> None:
    """Compare with another picture; let the page keep this one, and delete it again."""
    words, kept, tokens = visit.words, visit.state.kept, _kept_tokens()
    token = tokens.get(analysis.sha256)
    found = kept.get(token) if kept is not None and token else None

    def keep() -> None:
        made = kept.keep(upload.data) if kept is not None else None
        st.session_state.share_failed = made is None
        if made is not None:
            tokens[analysis.sha256] = made

    def delete() -> None:
        if kept is not None and (gone := tokens.pop(analysis.sha256, None)):
            kept.delete(gone)

    with st.container(key="smn-share", horizontal=True, gap="small"):
        st.button(words("compare.ask"), key="compare-ask", on_click=_compare_with, args=(upload,))
        if kept is not None and found is None:
            st.button(words("share.keep", days=kept.days), key="share-keep", on_click=keep)
        elif found is not None:
            st.button(words("share.delete"), key="share-delete", on_click=delete)
    if found is not None:
        until = words.day(found.until)
        st.html(f'<p class="smn-note" role="status">{escape(words("share.kept", until=until))}</p>')
    elif st.session_state.pop("share_failed", False):
        st.html(f'<p class="smn-thanks" role="alert">{escape(words("share.full"))}</p>')


def _compare_with(upload: AnyUpload) -> None:
    """Ask for another picture to compare one with."""
    clear_uploads()
    st.session_state.waiting = upload


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
