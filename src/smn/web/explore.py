"""Explore the movements: the timeline is the way in, and each movement has an address, ``?movement=ID``."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from html import escape
from pathlib import Path

import numpy as np
import streamlit as st

from smn.explain.explanation import Swatch
from smn.movements import Movement, find_movement, get_movement, list_movements
from smn.movements.translation import translate_movement
from smn.similar.index import SimilarIndex, Work
from smn.story.pages import Story, read_story
from smn.web.charts import draw_timeline, link_movement, works_of
from smn.web.details import render_music, render_story, show_map, show_works
from smn.web.drawing import draw_palette, draw_strip
from smn.web.frame import Visit, mount_part
from smn.web.quiz import show_quiz
from smn.web.words import Words
from smn.works.vector_search import unpack_vectors

TYPICAL = 10
"""How many works of a movement are shown."""

_NO_TITLE = re.compile(r"not detected|^untitled|\d{5}", re.IGNORECASE)
"""What stands for a title in some sources."""

_PALETTES = Path(__file__).parent / "palettes.json"


def show_explore(visit: Visit) -> None:
    """Show one movement, or all of them in time."""

    def follow() -> None:
        asked = st.session_state["links"].movement
        if asked:
            st.query_params["movement"] = asked
        elif asked is not None:
            st.query_params.pop("movement", None)

    mount_part("links", data=None, key="links", on_movement_change=follow)
    chosen = find_movement(st.query_params.get("movement", ""))
    if chosen is None:
        _show_all(visit)
    else:
        _show_movement(visit, chosen)


def _show_all(visit: Visit) -> None:
    words, index = visit.words, visit.state.index
    st.html(
        f'<h1>{words("explore.heading")}</h1><p class="smn-lead">{words("explore.lead")}</p>'
        f'<p class="smn-note">{words("explore.timeline_note")}</p>'
        + draw_timeline(list_movements(), words, linked=True, palettes=_palettes())
    )
    st.html(f'<h2>{words("quiz.heading")}</h2><p class="smn-note">{words("quiz.note")}</p>')
    show_quiz(visit)
    if index is not None and index.places is not None:
        count = words.number(len(index))
        st.html(f'<h2>{words("explore.map")}</h2><p class="smn-note">{words("explore.map_note", works=count)}</p>')
        show_map(visit, index, alt=words("time.map_alt_plain", works=count))


def _show_movement(visit: Visit, plain: Movement) -> None:
    words, index = visit.words, visit.state.index
    movement, story = translate_movement(plain, words.language), read_story(plain.id, language=words.language)
    years = words("answer.years", start=movement.start, end=movement.end)
    about = " · ".join((years, ", ".join(movement.places)))
    st.html(
        f'<p class="smn-note"><a href="?" data-movement="">{escape(words("explore.back"))}</a></p>'
        f'<h1>{escape(movement.name)}</h1><p class="smn-years">{escape(about)}</p>'
        f'<p class="smn-lead">{escape(movement.summary)}</p>'
    )
    palette = _palettes().get(movement.id)
    if palette:
        st.html(draw_palette(palette, words) + f'<p class="smn-note">{words("explore.palette")}</p>')
    works = list_typical(index, movement.id) if index is not None else ()
    st.html(f"<h2>{words('explore.works')}</h2>")
    show_works(visit, works or _key_works(story))
    left, right = st.columns([11, 9], gap="large")
    with left:
        st.html(render_story(story, words, alone=False))
    with right:
        st.html(
            f"<div class='smn-text'><h2>{words('explore.artists')}</h2><p>{escape(', '.join(movement.artists))}</p>"
            f"<h2>{words('look.neighbours')}</h2>{_draw_neighbours(story, words)}</div>"
            + render_music(story, words, title=words("section.listen"))
        )
    if index is not None and index.places is not None and works:
        count = words.number(len(index))
        note = words("explore.map_own", works=count, movement=movement.name)
        st.html(f'<h2>{words("explore.map")}</h2><p class="smn-note">{escape(note)}</p>')
        show_map(visit, index, alt=words("time.map_alt_plain", works=count), movement=movement.id)
    st.html(
        f"<h2>{words('explore.timeline')}</h2>"
        + draw_timeline(list_movements(), words, marked={movement.id: None}, linked=True)
    )


def _draw_neighbours(story: Story, words: Words) -> str:
    """Movements that are alike or led to each other, each with its years, its palette and how it relates."""
    rows = []
    for near in story.neighbours:
        movement = get_movement(near.movement)
        years = words("answer.years", start=movement.start, end=movement.end)
        rows.append(
            f"<li><a {link_movement(near.movement)}>{escape(words.movement(near.movement))}</a> "
            f'<span class="smn-years">{escape(years)}</span>{draw_strip(_palettes().get(near.movement, ()))}'
            f"<p>{escape(near.how)}</p></li>"
        )
    return f'<ul class="smn-near">{"".join(rows)}</ul>'


@lru_cache(maxsize=64)
def list_typical(index: SimilarIndex, movement: str) -> tuple[Work, ...]:
    """Typical works of a movement, at most `TYPICAL`: near the middle of its works, by artists as many as possible.

    Works whose picture can be shown come first. Empty where the index has none with title and artist.
    """
    mine = np.array(works_of(index, movement), dtype=np.int64)
    if not len(mine):
        return ()
    vectors = unpack_vectors(index.packed[mine])
    near = vectors @ vectors.mean(axis=0)
    known = [(index.work(int(mine[at])), float(near[at])) for at in np.argsort(-near)]
    named = [
        (work, score)
        for work, score in known
        if work.title and work.artist and work.year and not _NO_TITLE.search(work.title)
    ]
    ranked = sorted(named, key=lambda one: (not one[0].is_public, -one[1]))
    best = {work.artist: work.id for work, _ in reversed(ranked)}
    first = [work for work, _ in ranked if best[work.artist] == work.id]
    rest = [work for work, _ in ranked if best[work.artist] != work.id]
    return tuple([*first, *rest][:TYPICAL])


def _key_works(story: Story) -> Sequence[Work]:
    """The works that a movement's page names, as cards without a picture."""
    return [
        Work(f"{story.movement}-{at}", work.title, work.artist, work.year, work.place, story.movement, None, None)
        for at, work in enumerate(story.works)
    ]


@cache
def _palettes() -> Mapping[str, tuple[Swatch, ...]]:
    """The commonest colours of each movement's works; ``tools/figures/movement_palettes.py`` finds them."""
    known = json.loads(_PALETTES.read_text(encoding="utf-8"))
    return {name: tuple(Swatch(colour, share) for colour, share in palette) for name, palette in known.items()}
