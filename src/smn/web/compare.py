"""Two pictures side by side: answers, palettes and evidence."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from smn.errors import SmnError
from smn.predict.phrasing import Level
from smn.web.answer import draw_guesses, draw_headline, phrase_for, show_picture
from smn.web.frame import Visit
from smn.web.uploads import AnyUpload, describe_error, show_error


def show_comparison(visit: Visit, pictures: Sequence[AnyUpload]) -> None:
    """Show two pictures with their answers beside each other."""
    st.html(f"<h1>{visit.words('compare.heading')}</h1>")
    with st.container(key="smn-compared"):
        for slot, (column, upload) in enumerate(zip(st.columns(2, gap="large"), pictures, strict=True)):
            with column:
                _show_one(visit, upload, slot=f"-{slot}")


def _show_one(visit: Visit, upload: AnyUpload, *, slot: str) -> None:
    words = visit.words
    try:
        find = bool(st.session_state.get("find", True))
        analysis = visit.state.analyze(upload.name, upload.data, find=find)
    except SmnError as error:
        show_error(upload.name, describe_error(visit, error), words)
        return
    said = phrase_for(analysis, words)
    st.html(f'<p class="smn-note">{escape(upload.name)}</p>')
    show_picture(visit, analysis, upload.name, slot=slot)
    family = said.level is not Level.NOT_A_PAINTING
    st.html(draw_headline(said, level=2) + draw_guesses(analysis, words, family=family))
