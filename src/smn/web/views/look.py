"""Look at a painting: the page that most people see."""

from collections.abc import Sequence

import streamlit as st

from smn.errors import ServiceError, SmnError
from smn.web.analyzer import PageAnalysis
from smn.web.colours import choose_accent
from smn.web.frame import Visit, set_accent
from smn.web.views import many
from smn.web.views.answer import show_answer, show_picture
from smn.web.views.below import show_below
from smn.web.views.feedback import show_feedback
from smn.web.views.given import Given, forget
from smn.web.views.start import show_start
from smn.web.views.trouble import say_trouble, show_trouble


def show(visit: Visit) -> None:
    """Show what was given, or the ways to give something."""
    given: list[Given] = st.session_state.setdefault("given", [])
    if not given:
        show_start(visit)
    elif len(given) == 1 or "chosen" in st.session_state:
        _show_one(visit, given)
    else:
        many.show(visit, [(one.name, one.data) for one in given], analyze=lambda at: _analyze(visit, given[at]))
        st.button(visit.words("again.one"), on_click=forget, key="again")


def _show_one(visit: Visit, given: Sequence[Given]) -> None:
    words = visit.words
    one = given[st.session_state.get("chosen", 0)]
    with st.container(key="smn-back", horizontal=True, gap="small"):
        if len(given) > 1:
            st.button(words("many.back"), on_click=lambda: st.session_state.pop("chosen"), key="back")
        st.button(words("again.one"), on_click=forget, key="again")
    place = st.empty()
    with place.container():
        st.html('<div class="smn-skeleton" aria-hidden="true"><div></div><div><i></i><i></i><i></i><i></i></div></div>')
    try:
        analysis = _analyze(visit, one)
    except SmnError as error:
        with place.container():
            show_trouble(one.name, say_trouble(visit, error), words, retry=isinstance(error, ServiceError))
        return
    set_accent(choose_accent([swatch.colour for swatch in analysis.palette], theme=visit.theme))
    with place.container(key="smn-answer"):
        left, right = st.columns([11, 9], gap="large")
        with right:  # first, because it is what everybody waits for
            show_answer(visit, analysis)
            show_feedback(visit, analysis, one.data)
        with left:
            show_picture(visit, analysis, one.name)
    show_below(visit, analysis)


def _analyze(visit: Visit, one: Given) -> PageAnalysis:
    find = bool(st.session_state.get("find", True))
    return visit.state.analyze(one.name, one.data, find=find)
