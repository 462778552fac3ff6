"""Was it right?"""

import streamlit as st

from smn.errors import SmnError
from smn.web.analyzer import PageAnalysis
from smn.web.frame import Visit


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
