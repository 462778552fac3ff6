"""Many pictures at once: counts by movement, a gallery to sort, filter and select in, a table, and files to save."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from html import escape

import streamlit as st
from PIL import Image

from smn.errors import SmnError
from smn.predict.phrasing import Level, Phrase, list_guesses, phrase
from smn.predict.prediction import Prediction, failed
from smn.web.drawing import draw_table
from smn.web.frame import Visit
from smn.web.gallery_files import FILES, name_apart, write_gallery
from smn.web.uploads import MAX_PICTURES, AnyUpload, describe_error

ORDERS = ("given", "movement", "sure", "name")
"""How the gallery may be ordered, the default first."""

ON_PAGE = 48
"""Cards that are shown at a time."""

_OTHERS = {"": "many.others", Level.NOT_A_PAINTING.value: "many.refused", Level.ERROR.value: "many.unreadable"}
"""What cards are grouped under that are not said to be one movement, and the texts for that."""

_SIDE = 320


@dataclass(frozen=True)
class _Card:
    """A picture of the gallery.

    Args:
        at: its place among the uploads.
        name: of its file, in which no other card's name is the same.
        prediction: the answer, with that name as its path.
        said: its answer in words; of a picture that cannot be read, the reason.
        image: a small JPEG, or empty.
    """

    at: int
    name: str
    prediction: Prediction
    said: Phrase
    image: bytes = b""

    @property
    def group(self) -> str:
        """The one movement that it is said to be, or one of `_OTHERS`."""
        if self.said.level.value in _OTHERS:
            return self.said.level.value
        return self.said.movements[0] if len(self.said.movements) == 1 else ""


def show_gallery(visit: Visit, uploads: Sequence[AnyUpload]) -> None:
    """Show the answers to several pictures."""
    words = visit.words
    st.html(f"<h1>{words('many.heading', count=min(len(uploads), MAX_PICTURES))}</h1>")
    if len(uploads) > MAX_PICTURES:
        st.html(f'<p class="smn-note">{words("many.more", count=MAX_PICTURES)}</p>')
    cards = _make_cards(visit, uploads[:MAX_PICTURES])
    shown = _arrange(cards, visit)
    _show_tools(visit, shown)
    parts = max(1, -(-len(shown) // ON_PAGE))
    part = min(st.session_state.get("part", 0), parts - 1)
    _show_cards(visit, shown[part * ON_PAGE : (part + 1) * ON_PAGE])
    if parts > 1:
        _show_pager(visit, part, parts, len(shown))
    _show_table(visit, shown)


def _make_cards(visit: Visit, uploads: Sequence[AnyUpload]) -> list[_Card]:
    """The cards; each picture is analyzed once, and only its card is kept."""
    words, state, find = visit.words, visit.state, bool(st.session_state.get("find", True))
    made_with = (find, words.language, state.analyzer)
    if st.session_state.get("cards", {}).get("with") != made_with:
        st.session_state.cards = {"with": made_with}
    known, names = st.session_state.cards, name_apart([upload.name for upload in uploads])
    progress = st.empty()
    for at, upload in enumerate(uploads):
        if at not in known:
            progress.progress((at + 1) / len(uploads), text=words("many.looking", at=at + 1, count=len(uploads)))
            known[at] = _make_card(visit, at, names[at], upload, find=find)
    progress.empty()
    return [known[at] for at in range(len(uploads))]


def _make_card(visit: Visit, at: int, name: str, upload: AnyUpload, *, find: bool) -> _Card:
    try:
        analysis = visit.state.analyze(upload.name, upload.data, find=find, remember=False)
    except SmnError as error:
        failure = failed(name, describe_error(visit, error), model=visit.state.analyzer.model)
        return _Card(at, name, failure, phrase(failure))
    prediction = replace(analysis.prediction, path=name)
    return _Card(at, name, prediction, phrase(prediction, visit.words.language), _shrink(analysis.image))


def _arrange(cards: Sequence[_Card], visit: Visit) -> list[_Card]:
    """The cards of the chosen movements, in the chosen order; the counts are what movements are chosen by."""
    words, counts = visit.words, dict[str, int]()
    for card in cards:
        counts[card.group] = counts.get(card.group, 0) + 1
    groups = sorted(counts, key=lambda one: (one in _OTHERS, -counts[one], words.movement(one)))
    wanted = st.pills(
        words("many.filter"), groups, selection_mode="multi", key="wanted", on_change=_turn_to, args=(0,),
        format_func=lambda one: f"{_name_group(one, visit)} · {counts[one]}",
    )  # fmt: skip
    order = st.segmented_control(
        words("many.order"), ORDERS, default=ORDERS[0], key="order", required=True,
        format_func=lambda one: words(f"many.order_{one}"),
    )  # fmt: skip
    shown = [card for card in cards if not wanted or card.group in wanted]
    if order == "movement":
        return sorted(shown, key=lambda card: groups.index(card.group))
    if order == "sure":
        return sorted(shown, key=_rank)
    return sorted(shown, key=lambda card: card.name.casefold()) if order == "name" else shown


def _name_group(group: str, visit: Visit) -> str:
    return visit.words(_OTHERS[group]) if group in _OTHERS else visit.words.movement(group)


def _rank(card: _Card) -> int:
    """Lower for what is surer; a work that was looked up comes first."""
    return -100 if card.said.level is Level.WORK else -(card.said.percent or 0)


def _turn_to(part: int) -> None:
    st.session_state.part = part


def _selected() -> set[int]:
    chosen: set[int] = st.session_state.setdefault("selected", set())
    return chosen


def _show_tools(visit: Visit, shown: Sequence[_Card]) -> None:
    """Select, compare, save: what is selected, or else what is shown."""
    words, selected = visit.words, _selected()
    taken = [card for card in shown if card.at in selected] or list(shown)
    with st.container(key="smn-tools", horizontal=True, gap="small", vertical_alignment="center"):
        st.button(words("many.all"), key="select-all", on_click=lambda: selected.update(card.at for card in shown))
        st.button(words("many.none"), key="select-none", on_click=selected.clear, disabled=not selected)
        if len(selected) == 2:
            st.button(
                words("many.compare"), key="compare",
                on_click=lambda: st.session_state.update(compared=tuple(sorted(selected))),
            )  # fmt: skip
        rows = [card.prediction.to_dict() for card in taken]
        pictures = {card.name: card.image for card in taken if card.image}
        for form, kind in FILES.items():
            st.download_button(
                words(f"many.save_{form}"), partial(write_gallery, form, rows, pictures, words),
                file_name=f"{words('many.file')}.{form}", mime=kind, on_click="ignore", key=f"save-{form}",
                disabled=not rows,
            )  # fmt: skip
    note = words("many.selected", count=len(taken)) if selected else words("many.shown", count=len(taken))
    st.html(f'<p class="smn-note" role="status">{escape(note)}</p>')


def _show_cards(visit: Visit, cards: Sequence[_Card]) -> None:
    if st.session_state.get("order") != "movement":
        _show_grid(visit, cards, key="all")
        return
    for group in dict.fromkeys(card.group for card in cards):
        st.html(f'<h2 class="smn-small">{escape(_name_group(group, visit))}</h2>')
        _show_grid(visit, [card for card in cards if card.group == group], key=group or "others")


def _show_grid(visit: Visit, cards: Sequence[_Card], *, key: str) -> None:
    words = visit.words
    with st.container(key=f"smn-gallery-{key}", horizontal=True, gap="medium"):
        for card in cards:
            with st.container(key=f"smn-one-{card.at}", gap=None):
                if card.said.level is Level.ERROR:
                    st.html(
                        f'<div class="smn-nothing"></div><p class="smn-note">{escape(card.name)}</p>'
                        f"<p>{escape(card.said.sentence)}</p>"
                    )
                    continue
                image = base64.b64encode(card.image).decode()
                st.html(
                    f'<img class="smn-thumb" src="data:image/jpeg;base64,{image}" alt="">'
                    f'<p class="smn-note">{escape(card.name)}</p>'
                )
                st.button(
                    card.said.sentence, key=f"open-{card.at}", type="tertiary",
                    on_click=lambda at=card.at: st.session_state.update(chosen=at),
                )  # fmt: skip
                box = f"select-{card.at}"
                st.session_state[box] = card.at in _selected()
                st.checkbox(words("many.select"), key=box, on_change=_select, args=(card.at,))


def _select(at: int) -> None:
    change = _selected().add if st.session_state[f"select-{at}"] else _selected().discard
    change(at)


def _show_pager(visit: Visit, part: int, parts: int, count: int) -> None:
    words = visit.words
    with st.container(key="smn-pager", horizontal=True, gap="small", vertical_alignment="center"):
        st.button(words("many.before"), key="before", disabled=part == 0, on_click=_turn_to, args=(part - 1,))
        said = words("many.part", first=part * ON_PAGE + 1, last=min((part + 1) * ON_PAGE, count), count=count)
        st.html(f"<p>{escape(said)}</p>", width="content")
        st.button(words("many.after"), key="after", disabled=part == parts - 1, on_click=_turn_to, args=(part + 1,))


def _show_table(visit: Visit, cards: Sequence[_Card]) -> None:
    words = visit.words
    rows = [
        (card.name, card.said.sentence, list_guesses(card.prediction.predictions[:3], words.language)) for card in cards
    ]
    head = [words(f"many.{name}") for name in ("picture", "answer", "guesses")]
    st.html(f"<h2>{words('many.table')}</h2>{draw_table(head, rows, caption=words('many.table'))}")


def _shrink(image: Image.Image) -> bytes:
    copy = image.copy()
    copy.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    copy.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()
