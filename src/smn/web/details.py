"""The tabs below the answer: time, similar works, what to look for, what to listen to."""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

import numpy as np
import streamlit as st

from smn.movements import find_movement, get_movement
from smn.movements.translation import translate_movement
from smn.similar.index import SimilarIndex, Work, place_among
from smn.story.pages import Story, read_story
from smn.web.analyzer import PageAnalysis
from smn.web.charts import draw_map_key, draw_timeline, place_of_each
from smn.web.drawing import draw_works
from smn.web.frame import Visit, base_path, mount_part
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


def show_map(
    visit: Visit,
    index: SimilarIndex,
    *,
    alt: str,
    movement: str | None = None,
    star: tuple[float, float] | None = None,
) -> None:
    """The map of an index: a dot says what it is, and shows its work when it is chosen.

    Args:
        visit: whose page.
        index: with a map.
        alt: what the map shows, for those who do not see it.
        movement: whose works are bright, and can be pointed at; None for all.
        star: where a picture stands, 0..1.
    """
    words = visit.words
    address = f"{base_path()}/map/{movement or 'all'}"
    data = {
        "image": f"{address}.svg", "dots": f"{address}.json", "alt": alt, "star": star,
        "words": {"help": words("map.help"), "unknown": words("alike.untitled")},
    }  # fmt: skip
    chosen = mount_part("map", data=data, key=f"map-{movement}-{star}", on_work_change=lambda: None).work
    st.html(draw_map_key(index, words))
    if isinstance(chosen, int) and 0 <= chosen < len(index):
        show_works(visit, [index.work(chosen)])


def render_story(story: Story, words: Words, *, wide: bool = False, alone: bool = True) -> str:
    """What to look for, the story and works to know, as HTML.

    Args:
        story: of the movement.
        words: the page's texts.
        wide: in columns over all the width.
        alone: with the movement's name as its heading, and its neighbours; else the page around has both.
    """
    movement = translate_movement(get_movement(story.movement), words.language)
    traits = "".join(f"<li>{escape(trait)}</li>" for trait in movement.traits)
    works = "".join(
        f"<li>{_link(f'{work.title} {work.artist}', work.title, words)}, {work.year}. {escape(work.artist)}. "
        f"{escape(work.place)}</li>"
        for work in story.works
    )
    near = "".join(
        f"<dt>{escape(words.movement(one.movement))}</dt><dd>{escape(one.how)}</dd>" for one in story.neighbours
    )
    reading = "".join(f"<li>{escape(source)}</li>" for source in story.sources)
    kind = "smn-text smn-wide" if wide else "smn-text"
    name = f"<h2>{escape(movement.name)}</h2>" if alone else ""
    beside = f"<h3>{words('look.neighbours')}</h3><dl>{near}</dl>" if alone else ""
    level = "h3" if alone else "h2"
    return (
        f'<div class="{kind}">{name}<p>{escape(story.text)}</p>'
        f"<{level}>{words('look.check')}</{level}><ul>{traits}</ul>"
        f"<{level}>{words('look.works')}</{level}><ul>{works}</ul>{beside}"
        f"<{level}>{words('look.read')}</{level}>"
        f'<p class="smn-note">{words("look.written")}</p><ul>{reading}</ul></div>'
    )


def _link(asked: str, shown: str, words: Words) -> str:
    """A link to what an encyclopedia has about something, in the page's language."""
    address = f"https://{words.language}.wikipedia.org/w/index.php?search={quote(asked)}"
    return f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer"><em>{escape(shown)}</em></a>'


def render_music(story: Story, words: Words, *, title: str = "") -> str:
    """What to listen to, as HTML, below a title, by default the movement's name."""
    pieces = []
    for piece in story.music:
        linked = _link(f"{piece.composer} {piece.title}", piece.title, words)
        note = f" {escape(piece.note)}" if piece.note else ""
        named = words("listen.piece", composer=escape(piece.composer), title=linked, year=piece.year)
        pieces.append(f"<li><strong>{named}</strong><span>{escape(piece.why)}{note}</span></li>")
    name = escape(title or words.movement(story.movement))
    return (
        f'<div class="smn-text"><h2>{name}</h2><ul class="smn-music">{"".join(pieces)}</ul>'
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
    plain = words("time.map_alt_plain", works=count)
    st.html(f'<h2>{words("time.map", works=count)}</h2><p class="smn-note">{words("time.map_note")}</p>')
    alt = words("time.map_alt", works=count, families=", ".join(near)) if near else plain
    show_map(visit, index, alt=alt, star=star)


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
