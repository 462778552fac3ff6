"""Charts and maps of the page: timeline, map of works, reliability, ladder."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape

import numpy as np
from numpy.typing import NDArray

from smn.explain.explanation import Swatch
from smn.movements import Movement, find_movement, get_family, list_families
from smn.similar.index import SimilarIndex, require_places
from smn.web.drawing import INK, UNLABELLED, draw_strip
from smn.web.words import Words

_FIRST, _LAST = 1250, 2040
"""Years that the timeline shows."""


def link_movement(movement: str) -> str:
    """The attributes of a link to a movement's own page; ``parts/links.js`` follows it without a reload."""
    return f'href="?movement={movement}" data-movement="{movement}"'


def draw_timeline(
    movements: Sequence[Movement],
    words: Words,
    *,
    marked: dict[str, float | None] | None = None,
    linked: bool = False,
    palettes: Mapping[str, Sequence[Swatch]] | None = None,
) -> str:
    """A bar a movement from its first year to its last, the earliest first.

    Args:
        movements: to show.
        words: the page's texts.
        marked: by id, those that are bright, with their share, 0..1, or None; None makes all bright.
        linked: whether a row is a link to its movement's page.
        palettes: by id, colours that are shown beside the name.
    """
    rows, tag = [], "a" if linked else "span"
    for movement in sorted(movements, key=lambda one: (one.start, one.end)):
        bright = marked is None or movement.id in marked
        share = (marked or {}).get(movement.id)
        start, end = max(movement.start, _FIRST), min(movement.end, _LAST)
        left, right = (100 * (year - _FIRST) / (_LAST - _FIRST) for year in (start, end))
        label = words.movement(movement.id) + (f" · {words.percent(share)}" if share is not None else "")
        # Beside the bar, where there is room.
        side = f"right:{100.6 - left:.2f}%" if left > 50 else f"left:{right + 0.6:.2f}%"
        target = f" {link_movement(movement.id)}" if linked else ""
        rows.append(
            f'<li class="{"smn-bright" if bright else "smn-pale"}"><{tag} class="smn-row"{target}>'
            f'<span class="smn-span" style="left:{left:.2f}%;width:{max(right - left, 0.6):.2f}%;'
            f'background:{get_family(movement.family).colour}"></span>'
            f'<span class="smn-when" style="{side}">{escape(label)}{draw_strip((palettes or {}).get(movement.id, ()))}'
            f'<span class="smn-aside">, {escape(words("answer.years", start=movement.start, end=movement.end))}</span>'
            f"</span></{tag}></li>"
        )
    ticks = "".join(
        f'<span style="left:{100 * (year - _FIRST) / (_LAST - _FIRST):.2f}%">{year}</span>'
        for year in range(1300, 2001, 100)
    )
    kind = "smn-timeline smn-linked" if linked else "smn-timeline"
    return (
        f'<div class="{kind}"><ol aria-label="{escape(words("section.time"))}">{"".join(rows)}</ol>'
        f'<div class="smn-ticks" aria-hidden="true">{ticks}</div></div>'
    )


def draw_map(index: SimilarIndex, movement: str | None) -> str:
    """The map of an index as SVG, a dot a work, coloured by family.

    Args:
        index: with a map.
        movement: the id of the movement whose works are bright, and the others pale; None makes all bright.
    """
    places, kinds = require_places(index), np.array(family_of_each(index))
    bright = np.array([movement in (None, own) for own in movement_of_each(index)], dtype=bool)
    colours = {**{one.id: one.colour for one in list_families()}, "": UNLABELLED}
    paths = [
        f'<path opacity="{1 if lit else 0.15}" stroke="{colour}" d="{_dots(places[some])}"/>'
        for family, colour in colours.items()
        for lit in (False, True)
        if (some := (kinds == family) & (bright == lit)).any()
    ]
    return _draw(
        f'<g fill="none" stroke-width="7" stroke-linecap="round">{"".join(paths)}</g>', view="-24 -24 1048 748"
    )


def draw_map_key(index: SimilarIndex, words: Words) -> str:
    """The colours on the map of an index, as HTML."""
    known = set(family_of_each(index))
    keys = (
        f'<li><span style="background:{one.colour}"></span>{escape(words.family(one.id))}</li>'
        for one in list_families()
        if one.id in known
    )
    return f'<ul class="smn-keys" aria-hidden="true">{"".join(keys)}</ul>'


def list_dots(index: SimilarIndex, movement: str | None) -> list[tuple[float, float, int, str]]:
    """Works on the map, each with where it stands, 0..1 from the lower left, its place in the index, and what it is.

    Args:
        index: with a map.
        movement: the id of the movement whose works are listed; None lists all.
    """
    dots = []
    for place, ((x, y), own) in enumerate(zip(require_places(index), movement_of_each(index), strict=True)):
        if movement in (None, own):
            work = index.work(place)
            told = ", ".join(str(part) for part in (work.title, work.artist, work.year) if part)
            dots.append((round(float(x), 4), round(float(y), 4), place, told))
    return sorted(dots)


def draw_reliability(
    confidence: Sequence[float], accuracy: Sequence[float], words: Words, *, theme: str, accent: str
) -> str:
    """Confidence against the share that was right: a dot a group, and the line where they are equal."""
    dots = "".join(
        f'<circle cx="{60 + 400 * sure:.1f}" cy="{420 - 400 * right:.1f}" r="6" fill="{accent}"/>'
        for sure, right in zip(confidence, accuracy, strict=True)
    )
    alt = words(
        "how.chart_alt", count=len(confidence), low=round(100 * confidence[0]), low_right=round(100 * accuracy[0]),
        high=round(100 * confidence[-1]), high_right=round(100 * accuracy[-1]),
    )  # fmt: skip
    ticks = "".join(
        f'<text x="{60 + 4 * at}" y="442" text-anchor="middle">{at}</text>'
        f'<text x="50" y="{425 - 4 * at}" text-anchor="end">{at}</text>'
        for at in (0, 25, 50, 75, 100)
    )
    ink = INK[theme]
    return _image(
        f'<line x1="60" y1="420" x2="460" y2="20" stroke="{ink}" opacity="0.5" stroke-dasharray="4 4"/>{dots}'
        f'<g fill="{ink}" font-family="sans-serif" font-size="15">{ticks}'
        f'<text x="260" y="470" text-anchor="middle">{escape(words("how.confident"))}</text>'
        f'<text x="14" y="220" text-anchor="middle" transform="rotate(-90 14 220)">{escape(words("how.right"))}</text>'
        "</g>",
        view="0 0 480 480", alt=alt, kind="smn-chart",
    )  # fmt: skip


def draw_ladder(rungs: Iterable[tuple[str, float, float | None]], words: Words) -> str:
    """Steps from the simplest, each with its share of right answers.

    Args:
        rungs: name, and shares, 0..1, for artists never seen and, where it was measured, for artists it knew.
        words: the page's texts.
    """
    rows = []
    for name, unseen, known in rungs:
        said = f" {words('how.unseen')}" + (
            f"; {words.percent(known)} {words('how.known')}" if known is not None else ""
        )
        pale = f'<span class="smn-bar smn-behind" style="width:{100 * known:.1f}%"></span>' if known is not None else ""
        rows.append(
            f'<li><span class="smn-name">{escape(name)}</span><span class="smn-chance">{words.percent(unseen)}'
            f'<span class="smn-aside">{escape(said)}</span></span><span class="smn-track">{pale}'
            f'<span class="smn-bar smn-front" style="width:{100 * unseen:.1f}%"></span></span></li>'
        )
    return f'<ol class="smn-bars smn-ladder" aria-label="{escape(words("how.ladder"))}">{"".join(rows)}</ol>'


@cache
def family_of_each(index: SimilarIndex) -> tuple[str, ...]:
    """The family's id of each work in an index; empty where the work has no label."""
    found = (find_movement(name) if name else None for name in movement_of_each(index))
    return tuple(movement.family if movement else "" for movement in found)


@cache
def movement_of_each(index: SimilarIndex) -> tuple[str | None, ...]:
    """The movement's id of each work in an index, or None."""
    return tuple(index.work(place).movement for place in range(len(index)))


def works_of(index: SimilarIndex, movement: str) -> tuple[int, ...]:
    """Places of the works in an index that belong to a movement."""
    return tuple(place for place, name in enumerate(movement_of_each(index)) if name == movement)


@cache
def place_of_each(index: SimilarIndex) -> Mapping[str, int]:
    """The place of each work in an index by its id."""
    return {index.work(place).id: place for place in range(len(index))}


def _image(drawing: str, *, view: str, alt: str, kind: str = "") -> str:
    """A drawing as a picture: Streamlit lets no drawing stand in a page's text."""
    return f'<img class="{kind}" alt="{escape(alt)}" src="{_encode(drawing, view=view)}">'


def _encode(drawing: str, *, view: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(_draw(drawing, view=view).encode()).decode()}"


def _draw(drawing: str, *, view: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}">{drawing}</svg>'


def _dots(places: NDArray[np.float32]) -> str:
    # A stroke of no length with round ends is a dot; all of a colour are one path.
    return "".join(f"M{1000 * x:.0f} {700 * (1 - y):.0f}h0" for x, y in places)
