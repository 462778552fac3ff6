"""Pieces of the page as HTML, and its colours. Text from outside is escaped; colours and sizes are the page's own."""

import colorsys
from collections.abc import Iterable, Sequence
from html import escape

from smn.explain.explanation import Swatch
from smn.movements import find_movement, get_family
from smn.similar.index import Work
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
    shares = {
        one: words.percent(share).replace(" ", "\N{NO-BREAK SPACE}") for one, share in name_palette(palette).items()
    }
    names = ", ".join(f"{words(f'colour.{one}')} {share}" for one, share in shares.items())
    return (
        f'<div class="smn-colours"><span aria-hidden="true">{escape(words("picture.palette"))}</span>'
        f"{draw_strip(palette)}</div>"
        f'<p class="smn-note"><span class="smn-aside">{escape(words("picture.palette"))}: </span>{escape(names)}</p>'
    )


def draw_strip(palette: Sequence[Swatch]) -> str:
    """A strip of colours, each as wide as its share; empty without colours."""
    parts = "".join(
        f'<span style="flex-grow:{swatch.share:.4f};background:{swatch.colour}"></span>' for swatch in palette
    )
    return f'<span class="smn-palette" aria-hidden="true">{parts}</span>' if palette else ""


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
