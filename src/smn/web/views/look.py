"""Look at a painting: the page that most people see."""

import asyncio
import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import unquote, urlsplit

import numpy as np
import streamlit as st
from PIL import Image

from smn.errors import (
    FetchError,
    ImageError,
    ImageTooLargeError,
    ImageTooSmallError,
    ImageTruncatedError,
    ImageTypeError,
    ServiceError,
    SmnError,
)
from smn.movements import get_family, get_movement
from smn.predict.prediction import Prediction
from smn.web.backstage import make_example
from smn.web.colours import choose_accent
from smn.web.drawing import draw_bars, draw_palette
from smn.web.frame import Visit, mount_part, set_accent
from smn.web.looking import Seen
from smn.web.views import many
from smn.web.views.below import show_below
from smn.web.views.feedback import show_feedback
from smn.web.telling import Telling, choose_telling
from smn.web.words import Words

EXAMPLES = ("ukiyo-e", "art-nouveau", "neo-impressionism", "fauvism", "pop-art", "romanticism")
"""Shown before there is a picture; the last one is not easy."""


@dataclass(frozen=True)
class Given:
    """A picture that somebody gave.

    Args:
        name: as they call it.
        data: its bytes.
    """

    name: str
    data: bytes


def show(visit: Visit) -> None:
    """Show what was given, or the ways to give something."""
    given: list[Given] = st.session_state.setdefault("given", [])
    if not given:
        _show_start(visit)
    elif len(given) == 1 or "chosen" in st.session_state:
        _show_one(visit, given)
    else:
        many.show(visit, [(one.name, one.data) for one in given], look=lambda at: _look(visit, given[at]))
        st.button(visit.words("again.one"), on_click=_forget, key="again")


def _take(*pictures: Given) -> None:
    _forget()
    st.session_state.given = list(pictures)


def _forget() -> None:
    for key in ("given", "chosen", "trouble", "address"):
        st.session_state.pop(key, None)
    # Another uploader, because one cannot be emptied.
    st.session_state.turn = st.session_state.get("turn", 0) + 1


def _show_start(visit: Visit) -> None:
    words, limits = visit.words, visit.behind.settings.service
    st.html(f'<div class="smn-start"><h1>{words("start.heading")}</h1><p class="smn-lead">{words("start.lead")}</p></div>')
    key = f"upload-{st.session_state.get('turn', 0)}"
    megabytes = max(1, limits.max_body // 1_000_000)
    st.html(
        # Streamlit's uploader speaks English only; its words are set here.
        f"<style>:root{{--smn-drop:{_css(words('start.drop'))};--smn-choose:{_css(words('start.drop_action'))};"
        f"--smn-limit:{_css(words('start.drop_limit', megabytes=megabytes))}}}</style>"
    )

    def take_files() -> None:
        files = st.session_state[key]
        _take(*(Given(file.name, file.getvalue()) for file in files))

    with st.container(key="smn-drop"):
        st.file_uploader(
            words("start.drop"), type="image", accept_multiple_files=True, key=key, on_change=take_files,
            label_visibility="collapsed", max_upload_size=megabytes,
        )  # fmt: skip
    with st.container(key="smn-ways", horizontal=True, gap="small"):
        with st.popover(words("start.camera"), key="smn-camera", on_change="rerun") as camera:
            if camera.open:
                _show_camera(words)
        with st.popover(words("start.address"), disabled=not limits.urls):
            _show_address(visit)
    if trouble := st.session_state.get("trouble"):
        _show_trouble(*trouble)
    _show_examples(words)


def _show_camera(words: Words) -> None:
    def take() -> None:
        sent = st.session_state["camera"].picture
        if sent:
            _take(Given(words("camera.file"), base64.b64decode(sent.partition(",")[2])))

    said = ("start", "shoot", "stop", "waiting", "refused", "none", "alt")
    data = {"words": {name: words(f"camera.{name}") for name in said}}
    mount_part("camera", data=data, key="camera", on_picture_change=take)


def _show_address(visit: Visit) -> None:
    words = visit.words
    with st.form("address-form", border=False):
        address = st.text_input(words("start.address_label"), placeholder=words("start.address_example"), key="address")
        asked = st.form_submit_button(words("start.address_go"))
    if asked and address:
        try:
            _take(_fetch(visit, address.strip()))
        except FetchError:
            st.session_state.trouble = (address.strip()[:120], words("bad.address"), words)
        st.rerun()


def _fetch(visit: Visit, address: str) -> Given:
    from ipaddress import ip_network

    from smn.serve.addresses import fetch_picture

    limits = visit.behind.settings.service
    data = asyncio.run(
        fetch_picture(
            address, max_bytes=limits.max_body, timeout=limits.timeout / 2,
            networks=[ip_network(one) for one in limits.url_networks],
        )
    )  # fmt: skip
    return Given(unquote(urlsplit(address).path.rpartition("/")[2]) or urlsplit(address).netloc, data)


def _show_examples(words: Words) -> None:
    st.html(f'<h2 class="smn-small">{words("start.examples")}</h2><p class="smn-note">{words("start.examples_note")}</p>')
    with st.container(key="smn-examples", horizontal=True, gap="small"):
        for movement in EXAMPLES:
            name = words.movement(movement)
            with st.container(key=f"smn-example-{movement}", width="content", gap=None):
                st.html(f'<img src="{_base()}/example/{movement}.jpg" alt="" width="160" height="128">')
                given = words("start.example_file", movement=name)
                st.button(
                    name, key=f"example-{movement}", help=None,
                    on_click=lambda movement=movement, given=given: _take(Given(given, make_example(movement))),
                )  # fmt: skip


def _show_one(visit: Visit, given: Sequence[Given]) -> None:
    words = visit.words
    one = given[st.session_state.get("chosen", 0)]
    with st.container(key="smn-back", horizontal=True, gap="small"):
        if len(given) > 1:
            st.button(words("many.back"), on_click=lambda: st.session_state.pop("chosen"), key="back")
        st.button(words("again.one"), on_click=_forget, key="again")
    place = st.empty()
    with place.container():
        st.html('<div class="smn-skeleton" aria-hidden="true"><div></div><div><i></i><i></i><i></i><i></i></div></div>')
    try:
        seen = _look(visit, one)
    except SmnError as error:
        with place.container():
            _show_trouble(one.name, say_trouble(visit, error), words, retry=isinstance(error, ServiceError))
        return
    set_accent(choose_accent([swatch.colour for swatch in seen.palette], theme=visit.theme))
    with place.container(key="smn-answer"):
        left, right = st.columns([11, 9], gap="large")
        with right:  # first, because it is what everybody waits for
            _show_answer(visit, seen)
            show_feedback(visit, seen, one.data)
        with left:
            _show_picture(visit, seen, one.name)
    show_below(visit, seen)


def _look(visit: Visit, one: Given) -> Seen:
    find = bool(st.session_state.get("find", True))
    return visit.behind.look(one.name, one.data, find=find)


def _show_trouble(name: str, said: str, words: Words, *, retry: bool = False) -> None:
    st.html(
        f'<div class="smn-trouble" role="alert"><h2>{escape(words("bad.heading", name=name))}</h2><p>{escape(said)}</p></div>'
    )
    if retry:
        st.button(words("bad.again"), key="retry")


def say_trouble(visit: Visit, error: SmnError) -> str:
    """What is wrong and what to do, in the page's language."""
    words, limits = visit.words, visit.behind.settings.service
    if isinstance(error, ImageTooLargeError):
        megabytes, pixels = (max(1, round(limit / 1e6)) for limit in (limits.max_body, limits.max_pixels))
        return words("bad.large", megabytes=megabytes, pixels=pixels)
    if isinstance(error, ServiceError):
        busy = {429: "bad.busy", 503: "bad.busy", 413: "bad.refused", 415: "bad.refused", 422: "bad.refused"}
        return words(busy.get(error.status or 0, "bad.down"))
    kinds = (
        (ImageTypeError, "bad.type"), (ImageTruncatedError, "bad.truncated"), (ImageTooSmallError, "bad.tiny"),
        (ImageError, "bad.image"),
    )  # fmt: skip
    return words(next((key for kind, key in kinds if isinstance(error, kind)), "bad.other"))


@st.fragment
def _show_picture(visit: Visit, seen: Seen, name: str) -> None:
    """The painting, and what may be laid over it; what is chosen here touches nothing else."""
    words, key = visit.words, f"picture-{seen.sha256[:12]}"
    guesses = [guess.movement for guess in seen.prediction.predictions if guess.movement in seen.evidence]
    chosen = st.session_state.get(key, {}).get("movement") or (guesses[0] if guesses else None)
    straight = seen.whole is not None
    mount_part(
        "picture", key=key, on_movement_change=lambda: None,
        data={
            "base": _encode(seen.image), "over": _encode(seen.overlay(chosen)) if chosen else None,
            "whole": _encode(seen.whole) if seen.whole else None,
            "alt": words("picture.alt_straight" if straight else "picture.alt", name=name),
            "wholeAlt": words("picture.alt_whole", name=name),
            "guesses": [(guess, words.movement(guess)) for guess in guesses], "chosen": chosen,
            "words": {
                "why": words("picture.why"), "of": words("picture.why_of"), "original": words("picture.original"),
                "help": words("picture.why_help", movement=words.movement(chosen)) if chosen else "",
            },
        },
    )  # fmt: skip
    find = bool(st.session_state.get("find", True))
    if straight or not find:
        if straight:
            st.html(f'<p class="smn-note">{words("picture.found")}</p>')
        if st.toggle(words("picture.straight"), value=find, key=f"straighten-{find}") != find:
            st.session_state.find = not find
            st.rerun()
    st.html(draw_palette(seen.palette, words))


def _show_answer(visit: Visit, seen: Seen) -> None:
    words, prediction = visit.words, seen.prediction
    anyway = st.session_state.get("anyway") == seen.sha256
    telling = choose_telling(prediction, whatever_it_is=anyway)
    long = " smn-long" if telling in (Telling.UNSURE, Telling.NO_PAINTING) else ""  # a sentence, not a figure
    st.html(
        f'<h1 class="smn-answer">{escape(say_answer(prediction, telling, words))}</h1>'
        f'<p class="smn-sure{long}">{escape(_say_confidence(prediction, telling, words))}</p>'
    )
    if telling is Telling.NO_PAINTING:
        st.button(
            words("answer.anyway"), key="anyway-ask",
            on_click=lambda: st.session_state.update(anyway=seen.sha256),
        )  # fmt: skip
    best = get_movement(prediction.predictions[0].movement) if _is_movement(prediction.predictions[0].movement) else None
    if best is not None and telling in (Telling.SURE, Telling.FAIRLY, Telling.PERHAPS):
        from smn.movements.translation import translate_movement

        told = translate_movement(best, words.language)
        years = words("answer.years", start=best.start, end=best.end)
        st.html(f'<p class="smn-label">{escape(told.summary)}</p><p class="smn-years">{escape(years)}</p>')
    st.html(draw_bars([_bar(guess.movement, guess.label, guess.probability, seen, words)
                       for guess in prediction.predictions], words) + _say_family(prediction, telling, words))  # fmt: skip
    if telling is not Telling.NO_PAINTING:
        _show_meaning(visit, prediction)
    notes = list(_note_peculiarities(seen, words))
    if notes:
        st.html("".join(f'<p class="smn-note">{escape(note)}</p>' for note in notes))


def say_answer(prediction: Prediction, telling: Telling, words: Words) -> str:
    """The answer in words."""
    best, *rest = (words.movement(guess.movement, otherwise=guess.label) for guess in prediction.predictions)
    return words(f"answer.{telling.value}", movement=best, other=rest[0] if rest else "")


def _say_confidence(prediction: Prediction, telling: Telling, words: Words) -> str:
    first, *rest = (guess.probability for guess in prediction.predictions)
    share = first + (rest[0] if rest and telling is Telling.TORN else 0.0)
    return words(f"answer.confidence_{telling.value}", chance=words.in_hundred(share))


def _bar(movement: str, label: str, share: float, seen: Seen, words: Words) -> tuple[str, str, float]:
    colour = get_family(seen.taxonomy.label(movement).family).colour
    return words.movement(movement, otherwise=label), colour, share


def _say_family(prediction: Prediction, telling: Telling, words: Words) -> str:
    if not prediction.families or telling is Telling.NO_PAINTING:
        return ""
    first = prediction.families[0]
    together = words("answer.together", family=words.family(first.family))
    line = f'<p class="smn-together"><span>{escape(together)}</span><span>{words.in_hundred(first.probability)}</span></p>'
    if telling is Telling.UNSURE and prediction.family:
        clearer = words("answer.family_sure", family=words.family(prediction.family))
        line += f'<p class="smn-note">{escape(clearer)}</p>'
    return line


def _show_meaning(visit: Visit, prediction: Prediction) -> None:
    words, confidence = visit.words, prediction.confidence or 0.0
    chance = words.in_hundred(confidence)
    with st.expander(words("meaning.ask", chance=chance)):
        st.write(words("meaning.text", count=min(max(round(100 * confidence), 1), 99)))
        figures = visit.behind.figures
        if figures is None:
            st.write(words("meaning.unmeasured"))
            return
        curve = figures["reliability"]
        near = int(np.argmin(np.abs(np.array(curve["confidence"]) - confidence)))
        mean, right = (round(100 * curve[name][near]) for name in ("confidence", "accuracy"))
        st.write(words("meaning.measured", works=curve["count"][near], mean=mean, right=right))


def _note_peculiarities(seen: Seen, words: Words) -> Sequence[str]:
    image, notes = seen.image, []
    small = np.asarray(image.resize((64, 64), Image.Resampling.BOX), dtype=np.int16)
    if (small.max(axis=2) - small.min(axis=2)).mean() < 4:
        notes.append(words("answer.grey"))
    if max(image.size) < 200:
        notes.append(words("answer.tiny", width=image.width, height=image.height))
    ratio = image.width / image.height
    if not 1 / 3 <= ratio <= 3:
        notes.append(words("answer.long", shape=words("answer.wide" if ratio > 1 else "answer.tall")))
    return notes


def _is_movement(label: str) -> bool:
    from smn.movements import find_movement

    known = find_movement(label)
    return known is not None and known.id == label


def _encode(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _css(text: str) -> str:
    """A text as a string of CSS."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("<", "\\3c ") + '"'


def _base() -> str:
    return "/" + st.get_option("server.baseUrlPath").strip("/") if st.get_option("server.baseUrlPath") else ""


Look = Callable[[int], Seen]
