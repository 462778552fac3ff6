"""Pieces of the page as HTML, and its colours. Text from outside is escaped; colours and sizes are the page's own."""

import base64
import colorsys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from html import escape

import numpy as np
from numpy.typing import NDArray

from smn.explain.explanation import Swatch
from smn.movements import Movement, find_movement, get_family, list_families
from smn.similar.index import SimilarIndex, Work
from smn.web.colour_names import name_palette
from smn.web.words import Words

PAPER = {"light": "#FAF8F4", "dark": "#17181A"}
"""The page's background, by theme."""

INK = {"light": "#1D1B18", "dark": "#ECE8E1"}
"""Its text, by theme."""

FALLBACK = {"light": "#8A4B2D", "dark": "#D99A78"}
"""The accent where the painting has none."""

READABLE = 4.5
"""Contrast that text needs (WCAG 2.2, AA)."""

_COLOURFUL = 0.25
"""Saturation, 0..1, below which a colour is too grey for an accent."""


def measure_contrast(one: str, other: str) -> float:
    """How much two colours ``#RRGGBB`` differ in brightness, 1..21 (WCAG 2.2, contrast ratio)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def choose_accent(palette: Sequence[str], *, theme: str) -> str:
    """The most colourful colour of a palette that can be read on the page, darkened or lightened a little if need be.

    Args:
        palette: ``#RRGGBB``, commonest first.
        theme: ``light`` or ``dark``.
    """
    chosen = sorted(palette, key=_saturation, reverse=True)
    for colour in chosen:
        if _saturation(colour) < _COLOURFUL:
            break
        red, green, blue = _parts(colour)
        hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
        # A fifth of the way at most, so that it is still the painting's colour.
        for step in range(5):
            moved = light - 0.05 * step if theme == "light" else light + 0.05 * step
            tried = _write(*colorsys.hls_to_rgb(hue, min(max(moved, 0.0), 1.0), saturation))
            if measure_contrast(tried, PAPER[theme]) >= READABLE:
                return tried
    return FALLBACK[theme]


def choose_ink(colour: str) -> str:
    """Which ink, black or white, is read better on a colour ``#RRGGBB``; one of them always can be read."""
    return max(("#000000", "#FFFFFF"), key=lambda ink: measure_contrast(ink, colour))


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _write(red: float, green: float, blue: float) -> str:
    return "#{:02X}{:02X}{:02X}".format(*(round(255 * part) for part in (red, green, blue)))


def _saturation(colour: str) -> float:
    parts = _parts(colour)
    return 0.0 if max(parts) == 0 else (max(parts) - min(parts)) / max(parts)


def _luminance(colour: str) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


_FIRST, _LAST = 1250, 2040
"""Years that the timeline shows."""

UNLABELLED = "#8C857A"
"""The colour of what belongs to no family."""


def draw_bars(guesses: Iterable[tuple[str, str, float]], words: Words) -> str:
    """Thin bars, each with its label.

    Args:
        guesses: name, colour ``#RRGGBB`` and share, 0..1, of each.
        words: the page's texts.
    """
    rows = "".join(
        f'<li><span class="smn-name">{escape(name)}</span><span class="smn-chance">{words.percent(share)}</span>'
        f'<span class="smn-track"><span class="smn-bar" style="width:{100 * share:.1f}%;background:{colour}">'
        "</span></span></li>"
        for name, colour, share in guesses
    )
    return f'<ol class="smn-bars" aria-label="{escape(words("answer.guesses"))}">{rows}</ol>'


def draw_keys(keys: Sequence[tuple[str, str]], said: str) -> str:
    """What colours mean: names with their colour ``#RRGGBB``, and a text before them."""
    listed = "".join(f'<li><span style="background:{colour}"></span>{escape(name)}</li>' for name, colour in keys)
    return f'<div class="smn-key"><span>{escape(said)}</span><ul class="smn-keys">{listed}</ul></div>'


def draw_palette(palette: Sequence[Swatch], words: Words) -> str:
    """A strip of colours, each as wide as its share, and their names."""
    parts = "".join(
        f'<span style="flex-grow:{swatch.share:.4f};background:{swatch.colour}"></span>' for swatch in palette
    )
    names = ", ".join(
        f"{words(f'colour.{one}')} {words.percent(share)}" for one, share in name_palette(palette).items()
    )
    return (
        f'<div class="smn-colours"><span aria-hidden="true">{escape(words("picture.palette"))}</span>'
        f'<span class="smn-palette" aria-hidden="true">{parts}</span></div>'
        f'<p class="smn-note"><span class="smn-aside">{escape(words("picture.palette"))}: </span>{escape(names)}</p>'
    )


def draw_timeline(movements: Sequence[Movement], words: Words, *, marked: dict[str, float | None] | None = None) -> str:
    """A bar a movement from its first year to its last, the earliest first.

    Args:
        movements: to show.
        words: the page's texts.
        marked: by id, those that are bright, with their share, 0..1, or None; None makes all bright.
    """
    rows = []
    for movement in sorted(movements, key=lambda one: (one.start, one.end)):
        bright = marked is None or movement.id in marked
        share = (marked or {}).get(movement.id)
        start, end = max(movement.start, _FIRST), min(movement.end, _LAST)
        left, right = (100 * (year - _FIRST) / (_LAST - _FIRST) for year in (start, end))
        label = words.movement(movement.id) + (f" · {words.percent(share)}" if share is not None else "")
        # Beside the bar, where there is room.
        side = f"right:{100.6 - left:.2f}%" if left > 50 else f"left:{right + 0.6:.2f}%"
        rows.append(
            f'<li class="{"smn-bright" if bright else "smn-pale"}">'
            f'<span class="smn-span" style="left:{left:.2f}%;width:{max(right - left, 0.6):.2f}%;'
            f'background:{get_family(movement.family).colour}"></span>'
            f'<span class="smn-when" style="{side}">{escape(label)}'
            f'<span class="smn-aside">, {escape(words("answer.years", start=movement.start, end=movement.end))}</span>'
            "</span></li>"
        )
    ticks = "".join(
        f'<span style="left:{100 * (year - _FIRST) / (_LAST - _FIRST):.2f}%">{year}</span>'
        for year in range(1300, 2001, 100)
    )
    return (
        f'<div class="smn-timeline"><ol aria-label="{escape(words("section.time"))}">{"".join(rows)}</ol>'
        f'<div class="smn-ticks" aria-hidden="true">{ticks}</div></div>'
    )


def draw_map(
    index: SimilarIndex,
    words: Words,
    *,
    theme: str,
    star: tuple[float, float] | None = None,
    bright: Sequence[int] | None = None,
    families: Sequence[str] = (),
) -> str:
    """The map of an index: a dot a work, coloured by family.

    Args:
        index: with a map.
        words: the page's texts.
        theme: ``light`` or ``dark``.
        star: where a picture stands, 0..1, from the lower left.
        bright: places of works that are not pale; None makes all bright.
        families: names of the families around the star, to be said to those who do not see it.
    """
    paths, keys = _draw_dots(index, None if bright is None else tuple(bright), words)
    mark = ""
    if star is not None:
        x, y = 1000 * star[0], 700 * (1 - star[1])
        mark = f'<path fill="{INK[theme]}" stroke="{PAPER[theme]}" stroke-width="4" d="{_star(x, y)}"/>'
    count = words.number(len(index))
    alt = (
        words("time.map_alt", works=count, families=", ".join(families))
        if star is not None and families
        else words("time.map_alt_plain", works=count)
    )
    dots = f'<g fill="none" stroke-width="7" stroke-linecap="round">{paths}</g>'
    shown = _image(f"{dots}{mark}", view="-24 -24 1048 748", alt=alt)
    return f'<figure class="smn-map">{shown}<ul class="smn-keys" aria-hidden="true">{keys}</ul></figure>'


@lru_cache(maxsize=32)
def _draw_dots(index: SimilarIndex, bright: tuple[int, ...] | None, words: Words) -> tuple[str, str]:
    """The dots of a map, and its key."""
    places, kinds = np.asarray(index.places), family_of_each(index)
    chosen = set(range(len(index)) if bright is None else bright)
    paths, keys = [], []
    for family, name, colour in (
        *((one.id, words.family(one.id), one.colour) for one in list_families()), ("", "", UNLABELLED),
    ):  # fmt: skip
        mine = [place for place in range(len(index)) if kinds[place] == family]
        for lit in (False, True):
            some = [place for place in mine if (place in chosen) == lit]
            if some:
                paths.append(f'<path opacity="{1 if lit else 0.15}" stroke="{colour}" d="{_dots(places[some])}"/>')
        if mine and name:
            keys.append(f'<li><span style="background:{colour}"></span>{escape(name)}</li>')
    return "".join(paths), "".join(keys)


def draw_works(works: Sequence[tuple[Work, str | None]], words: Words) -> str:
    """Cards of works: the picture where it can be had, else title and artist on the movement's colour.

    Args:
        works: each with its thumbnail's address on the page's own server, or None.
        words: the page's texts.
    """
    return f'<ul class="smn-works">{"".join(_draw_work(work, address, words) for work, address in works)}</ul>'


def _draw_work(work: Work, address: str | None, words: Words) -> str:
    movement = find_movement(work.movement) if work.movement else None
    colour = get_family(movement.family).colour if movement else UNLABELLED
    title, artist = work.title or words("alike.untitled"), work.artist or words("alike.unknown")
    shown = words("alike.year", title=title, year=work.year) if work.year else title
    # Laid over the card as its background: where it cannot be had, the card is seen, and no sign of something broken.
    image = f'<span class="smn-photo" style="background-image:url(\'{escape(address)}\')"></span>' if address else ""
    source = "alike.commons" if work.file_name else "alike.source"
    link = (
        f'<a href="{escape(work.page)}" target="_blank" rel="noopener noreferrer">{escape(words(source))}'
        f'<span class="smn-aside">: {escape(shown)}</span></a>'
        if work.page
        else ""
    )
    museum = work.museum if work.museum and work.museum.casefold() != "unknown" else None
    about = " · ".join(escape(part) for part in (artist, museum) if part)
    named = f'<span class="smn-kind">{escape(words.movement(movement.id))}</span>' if movement else ""
    return (
        f'<li><figure><div class="smn-card" style="background:{colour};color:{choose_ink(colour)}">'
        f'<span class="smn-on" aria-hidden="true"><em>{escape(title)}</em>{escape(artist)}</span>{image}</div>'
        f"<figcaption><em>{escape(shown)}</em><span>{about}</span>{named}{link}</figcaption></figure></li>"
    )


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


def draw_table(head: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str) -> str:
    """A table that everybody can read, narrow screens by moving it sideways."""
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    return (
        f'<div class="smn-table" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


@cache
def family_of_each(index: SimilarIndex) -> tuple[str, ...]:
    """The family's id of each work in an index; empty where the work has no label."""
    found = (find_movement(name) if name else None for name in movement_of_each(index))
    return tuple(movement.family if movement else "" for movement in found)


@cache
def movement_of_each(index: SimilarIndex) -> tuple[str | None, ...]:
    """The movement's id of each work in an index, or None."""
    return tuple(index.work(place).movement for place in range(len(index)))


@cache
def place_of_each(index: SimilarIndex) -> Mapping[str, int]:
    """The place of each work in an index by its id."""
    return {index.work(place).id: place for place in range(len(index))}


def _image(drawing: str, *, view: str, alt: str, kind: str = "") -> str:
    """A drawing as a picture: Streamlit lets no drawing stand in a page's text."""
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}">{drawing}</svg>'
    data = base64.b64encode(svg.encode()).decode()
    return f'<img class="{kind}" alt="{escape(alt)}" src="data:image/svg+xml;base64,{data}">'


def _dots(places: NDArray[np.float32]) -> str:
    # A stroke of no length with round ends is a dot; all of a colour are one path.
    return "".join(f"M{1000 * x:.0f} {700 * (1 - y):.0f}h0" for x, y in places)


def _star(x: float, y: float) -> str:
    points = []
    for corner in range(10):
        radius = 22 if corner % 2 == 0 else 9
        angle = np.pi * (corner / 5 - 0.5)
        points.append(f"{x + radius * np.cos(angle):.1f} {y + radius * np.sin(angle):.1f}")
    return "M" + "L".join(points) + "Z"
