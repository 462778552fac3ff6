"""The tabs below the answer: time, similar works, what to look for, what to listen to."""

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from smn.movements import find_movement, get_movement
from smn.movements.translation import translate_movement
from smn.similar.index import SimilarIndex, Work, place_among
from smn.story.pages import Story, read_story
from smn.web.analyzer import PageAnalysis
from smn.web.drawing import draw_map, draw_timeline, draw_works, place_of_each
from smn.web.frame import Visit, base_path
from smn.web.words import Words


def show_details(visit: Visit, analysis: PageAnalysis) -> None:
    """Show the tabs of an analysis."""
    words = visit.words
    guesses = {guess.movement: guess.probability for guess in analysis.prediction.predictions}
    stories = [one for one in guesses if (known := find_movement(one)) is not None and known.id == one]
    time, alike, look, listen = st.tabs([words(f"section.{name}") for name in ("time", "alike", "look", "listen")])
    with time:
        _show_time(visit, analysis, guesses)
    with alike:
        if analysis.works:
            st.html(f'<p class="smn-note">{words("alike.note")}</p>')
            show_works(visit, [one.work for one in analysis.works])
        else:
            st.html(f'<p class="smn-note">{words("alike.none")}</p>')
    if stories:
        story = read_story(stories[0], language=words.language)
        with look:
            st.html(render_story(story, words, wide=True))
        with listen:
            st.html(render_music(story, words))


def show_works(visit: Visit, works: Sequence[Work]) -> None:
    """Cards of works, with thumbnails where the page's server may fetch them."""
    state = visit.state
    keys = [state.thumbnails.allow(work) if state.settings.thumbnails else None for work in works]
    addresses = [f"{base_path()}/thumbnail/{key}" if key else None for key in keys]
    st.html(draw_works(list(zip(works, addresses, strict=True)), visit.words))


def render_story(story: Story, words: Words, *, wide: bool = False) -> str:
    """What to look for, the story, works to know and neighbours, as HTML; ``wide`` in columns over all the width."""
    movement = translate_movement(get_movement(story.movement), words.language)
    traits = "".join(f"<li>{escape(trait)}</li>" for trait in movement.traits)
    works = "".join(
        f"<li><em>{escape(work.title)}</em>, {work.year}. {escape(work.artist)}. {escape(work.place)}</li>"
        for work in story.works
    )
    near = "".join(
        f"<dt>{escape(words.movement(one.movement))}</dt><dd>{escape(one.how)}</dd>" for one in story.neighbours
    )
    reading = "".join(f"<li>{escape(source)}</li>" for source in story.sources)
    kind = "smn-text smn-wide" if wide else "smn-text"
    return (
        f'<div class="{kind}"><h2>{escape(movement.name)}</h2><p>{escape(story.text)}</p>'
        f"<h3>{words('look.check')}</h3><ul>{traits}</ul><h3>{words('look.works')}</h3><ul>{works}</ul>"
        f"<h3>{words('look.neighbours')}</h3><dl>{near}</dl><h3>{words('look.read')}</h3>"
        f'<p class="smn-note">{words("look.written")}</p><ul>{reading}</ul></div>'
    )


def render_music(story: Story, words: Words, *, title: str = "") -> str:
    """What to listen to, as HTML, below a title, by default the movement's name."""
    pieces = "".join(
        "<li><strong>"
        + escape(words("listen.piece", composer=piece.composer, title=piece.title, year=piece.year))
        + f"</strong><span>{escape(piece.why)}{' ' + escape(piece.note) if piece.note else ''}</span></li>"
        for piece in story.music
    )
    name = escape(title or words.movement(story.movement))
    return (
        f'<div class="smn-text"><h2>{name}</h2><ul class="smn-music">{pieces}</ul>'
        f'<p class="smn-note">{words("listen.note")}</p></div>'
    )


def _show_time(visit: Visit, analysis: PageAnalysis, guesses: dict[str, float]) -> None:
    words = visit.words
    known = {id_ for label in analysis.taxonomy.labels for id_ in label.movements}
    movements = [get_movement(id_) for id_ in known if id_ in {label.id for label in analysis.taxonomy.labels}]
    if movements:
        marked: dict[str, float | None] = {id_: share for id_, share in guesses.items() if share >= 0.02}
        st.html(f'<p class="smn-note">{words("time.note")}</p>{draw_timeline(movements, words, marked=marked)}')
    index = visit.state.index
    if index is None or index.places is None or not analysis.works:
        return
    star = _place(index, analysis)
    if star is None:
        return
    count = words.number(len(index))
    near = [words.family(one) for one in _families(analysis)]
    drawn = draw_map(index, words, theme=visit.theme, star=star, families=near)
    st.html(f'<h2>{words("time.map", works=count)}</h2>{drawn}<p class="smn-note">{words("time.map_note")}</p>')


def _place(index: SimilarIndex, analysis: PageAnalysis) -> tuple[float, float] | None:
    """Where the picture stands among the works that are alike; None if another index found them."""
    at = place_of_each(index)
    found = [(at[one.work.id], one.similarity) for one in analysis.works if one.work.id in at]
    if not found:
        return None
    places, scores = (np.array(part) for part in zip(*found, strict=True))
    return place_among(np.asarray(index.places)[places], scores)


def _families(analysis: PageAnalysis) -> list[str]:
    movements = (find_movement(one.work.movement) for one in analysis.works if one.work.movement)
    return list(dict.fromkeys(movement.family for movement in movements if movement))
