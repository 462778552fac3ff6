"""The review of findings, for curators."""

import streamlit as st

from smn.web.frame import Visit, base_path

_COMMANDS = """smn clean check data/mine --out findings
smn clean review findings --out review
smn web --review review"""


def show(visit: Visit) -> None:
    """Show the page: the findings, where whoever runs it laid some out."""
    words = visit.words
    st.html(f'<h1>{words("review.heading")}</h1><p class="smn-lead">{words("review.lead")}</p>')
    if visit.state.settings.review is None:
        st.html(f"<p>{words('review.none')}</p>")
        st.code(_COMMANDS, language=None)
        return
    address = f"{base_path()}/findings/index.html"
    st.html(
        f'<p><a href="{address}" target="_blank">{words("review.open")}</a></p>'
        f'<p class="smn-note">{words("review.keys")}</p>'
    )
    with st.container(key="smn-findings"):
        st.iframe(address, height=800, alt=words("review.frame"))
