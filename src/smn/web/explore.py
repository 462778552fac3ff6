"""Explore the movements: one at a time, a timeline, and a map of works."""

from html import escape

import streamlit as st

from smn.movements import find_movement, get_movement, list_movements
from smn.movements.translation import translate_movement
from smn.story.pages import read_story
from smn.web.details import render_music, render_story, show_works
from smn.web.drawing import draw_map, draw_timeline, movement_of_each
from smn.web.frame import Visit

_FIRST = "impressionism"
_WORKS = 12


def show_explore(visit: Visit) -> None:
    """Show the page."""
    words, index = visit.words, visit.state.index
    movements = list_movements()
    st.html(f'<h1>{words("explore.heading")}</h1><p class="smn-lead">{words("explore.lead")}</p>')
    ids = [movement.id for movement in movements]
    asked = find_movement(st.query_params.get("movement", _FIRST))
    if "movement" not in st.session_state:
        st.session_state.movement = asked.id if asked else _FIRST
    chosen = st.selectbox(words("explore.choose"), ids, format_func=words.movement, key="movement")
    st.query_params["movement"] = chosen
    movement = translate_movement(get_movement(chosen), words.language)
    story = read_story(chosen, language=words.language)
    left, right = st.columns([11, 9], gap="large")
    with left:
        years = words("answer.years", start=movement.start, end=movement.end)
        st.html(
            f'<p class="smn-label">{escape(movement.summary)}</p><p class="smn-note">{escape(years)} · '
            f"{escape(words('explore.places', places=', '.join(movement.places)))} · "
            f"{escape(words('explore.artists'))}: {escape(', '.join(movement.artists))}</p>"
            + render_story(story, words)
        )
    with right:
        st.html(render_music(story, words, title=words("section.listen")))
        _show_neighbours(visit, [one.movement for one in story.neighbours])
    st.html(
        f'<h2>{words("explore.timeline")}</h2><p class="smn-note">{words("explore.timeline_note")}</p>'
        + draw_timeline(movements, words, marked={chosen: None})
    )
    if index is None:
        return
    mine = [place for place, name in enumerate(movement_of_each(index)) if name == chosen]
    if index.places is not None:
        st.html(
            f'<h2>{words("explore.map")}</h2><p class="smn-note">'
            f"{words('explore.map_note', works=words.number(len(index)))}</p>"
            + draw_map(index, words, theme=visit.theme, bright=mine or None)
        )
    if mine:
        st.html(f"<h2>{escape(words('explore.works', movement=movement.name))}</h2>")
        # Spread over the movement's artists as they stand in the index.
        step = max(1, len(mine) // _WORKS)
        show_works(visit, [index.work(place) for place in mine[::step][:_WORKS]])


def _show_neighbours(visit: Visit, neighbours: list[str]) -> None:
    words = visit.words
    st.html(f"<h3>{words('explore.near')}</h3>")
    with st.container(key="smn-neighbours", horizontal=True, gap="small"):
        for movement in neighbours:
            st.button(
                words.movement(movement), key=f"to-{movement}",
                on_click=lambda movement=movement: st.session_state.update(movement=movement),
            )  # fmt: skip
