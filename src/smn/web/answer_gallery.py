"""Several pictures at once: a gallery in a chosen order, a table, and a CSV file of the answers."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

import streamlit as st
from PIL import Image

from smn.errors import SmnError
from smn.predict.formats import Format, text_lines
from smn.predict.phrasing import Level, Phrase, list_guesses, phrase
from smn.predict.prediction import Prediction, failed
from smn.web.analyzer import TOP_K
from smn.web.drawing import draw_table
from smn.web.frame import Visit
from smn.web.uploads import MAX_PICTURES, Upload, describe_error

ORDERS = ("given", "movement", "sure")
"""How the gallery may be ordered, the default first."""


@dataclass(frozen=True)
class _Card:
    """A picture of the gallery.

    Args:
        at: its place among the uploads.
        name: of its file.
        said: its answer in words; of a picture that cannot be read, the reason.
        prediction: the answer, with a name that a spreadsheet may hold.
        image: a small JPEG as a data address, or empty.
    """

    at: int
    name: str
    said: Phrase
    prediction: Prediction
    image: str = ""


def show_gallery(visit: Visit, uploads: Sequence[Upload]) -> None:
    """Show the answers to several pictures."""
    words = visit.words
    shown = uploads[:MAX_PICTURES]
    st.html(f"<h1>{words('many.heading', count=len(shown))}</h1>")
    if len(uploads) > MAX_PICTURES:
        st.html(f'<p class="smn-note">{words("many.more", count=MAX_PICTURES)}</p>')
    progress = st.empty()
    cards = []
    for at, upload in enumerate(shown):
        progress.progress((at + 1) / len(shown), text=words("many.looking", at=at + 1, count=len(shown)))
        cards.append(_make_card(visit, at, upload))
    progress.empty()
    order = st.segmented_control(
        words("many.order"), ORDERS, default=ORDERS[0], key="order", required=True,
        format_func=lambda one: words(f"many.order_{one}"),
    )  # fmt: skip
    if order == "movement":
        for title, group in _group(cards, visit):
            st.html(f'<h2 class="smn-small">{escape(title)} · {len(group)}</h2>')
            _show_cards(group, key=f"smn-gallery-{group[0].at}")
    else:
        _show_cards(sorted(cards, key=_rank) if order == "sure" else cards, key="smn-gallery-all")
    _show_table(visit, cards)


def _make_card(visit: Visit, at: int, upload: Upload) -> _Card:
    state, find = visit.state, bool(st.session_state.get("find", True))
    path = _shield(upload.name)
    try:
        analysis = state.analyze(upload.name, upload.data, find=find)
    except SmnError as error:
        failure = failed(path, describe_error(visit, error), model=state.analyzer.model)
        return _Card(at, upload.name, phrase(failure), failure)
    said = phrase(analysis.prediction, visit.words.language)
    return _Card(at, upload.name, said, replace(analysis.prediction, path=path), _shrink(analysis.image))


def _rank(card: _Card) -> int:
    """Lower for what is surer; a work that was looked up comes first."""
    return -100 if card.said.level is Level.WORK else -(card.said.percent or 0)


def _group(cards: Sequence[_Card], visit: Visit) -> list[tuple[str, list[_Card]]]:
    """Cards by the one movement that they are said to be; the largest group first, what is not sure last."""
    words, groups = visit.words, dict[str, list[_Card]]()
    for card in cards:
        one = card.said.movements[0] if len(card.said.movements) == 1 else ""
        groups.setdefault(one, []).append(card)
    named = sorted((one for one in groups if one), key=lambda one: (-len(groups[one]), words.movement(one)))
    titles = [(words.movement(one, otherwise=groups[one][0].said.headline), groups[one]) for one in named]
    return [*titles, (words("many.others"), groups[""])] if "" in groups else titles


def _show_cards(cards: Sequence[_Card], *, key: str) -> None:
    with st.container(key=key, horizontal=True, gap="medium"):
        for card in cards:
            with st.container(key=f"smn-one-{card.at}", gap=None):
                name = f'<p class="smn-note">{escape(card.name)}</p>'
                if card.said.level is Level.ERROR:
                    st.html(f'<div class="smn-nothing"></div>{name}<p>{escape(card.said.sentence)}</p>')
                    continue
                st.html(f'<img class="smn-thumb" src="{card.image}" alt="">{name}')
                st.button(
                    card.said.sentence, key=f"open-{card.at}", type="tertiary",
                    on_click=lambda at=card.at: st.session_state.update(chosen=at),
                )  # fmt: skip


def _show_table(visit: Visit, cards: Sequence[_Card]) -> None:
    words = visit.words
    rows = [
        (card.name, card.said.sentence, list_guesses(card.prediction.predictions[:3], words.language)) for card in cards
    ]
    head = [words(f"many.{name}") for name in ("picture", "answer", "guesses")]
    st.html(f"<h2>{words('many.table')}</h2>{draw_table(head, rows, caption=words('many.table'))}")
    lines = text_lines((card.prediction.to_dict() for card in cards), Format.CSV, top_k=TOP_K)
    st.download_button(
        words("many.download"), "".join(lines).encode("utf-8-sig"), file_name=words("many.file"), mime="text/csv",
        on_click="ignore", key="download",
    )  # fmt: skip


def _shield(name: str) -> str:
    """A file's name that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return "'" + name if name[:1] in "=+-@\t\r" else name


def _shrink(image: Image.Image) -> str:
    copy = image.copy()
    copy.thumbnail((440, 440), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    copy.save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
