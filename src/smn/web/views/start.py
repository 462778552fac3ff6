"""The first screen: three ways to give a picture, and a few to try."""

import asyncio
import base64
from ipaddress import ip_network
from urllib.parse import unquote, urlsplit

import streamlit as st

from smn.errors import FetchError
from smn.service.safe_fetch import fetch_picture
from smn.web.app_state import make_example
from smn.web.frame import Visit, base_path, mount_part
from smn.web.views.given import MOST, Given, take
from smn.web.views.trouble import say_too_large, show_trouble
from smn.web.words import Words

EXAMPLES = ("ukiyo-e", "art-nouveau", "neo-impressionism", "fauvism", "pop-art", "romanticism")
"""Shown before there is a picture; the last one is not easy."""


def show_start(visit: Visit) -> None:
    """Show the ways in."""
    words, limits = visit.words, visit.state.settings.service
    st.html(
        f'<div class="smn-start"><h1>{words("start.heading")}</h1><p class="smn-lead">{words("start.lead")}</p></div>'
    )
    key = f"upload-{st.session_state.get('turn', 0)}"
    megabytes = max(1, limits.max_body // 1_000_000)
    st.html(
        # Streamlit's uploader speaks English only; its words are set here.
        f"<style>:root{{--smn-drop:{_css(words('start.drop'))};--smn-choose:{_css(words('start.drop_action'))};"
        f"--smn-limit:{_css(words('start.drop_limit', megabytes=megabytes))};"
        f"--smn-too-large:{_css(say_too_large(visit))}}}</style>"
    )

    def take_files() -> None:
        # One more than are looked at, so that it can be said; the others need not be held.
        files = st.session_state[key][: MOST + 1]
        take(*(Given(file.name, file.getvalue()) for file in files))

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
        show_trouble(*trouble)
    _show_examples(words)


def _show_camera(words: Words) -> None:
    def take_shot() -> None:
        sent = st.session_state["camera"].picture
        if sent:
            take(Given(words("camera.file"), base64.b64decode(sent.partition(",")[2])))

    said = ("start", "shoot", "stop", "waiting", "refused", "none", "alt")
    data = {"words": {name: words(f"camera.{name}") for name in said}}
    mount_part("camera", data=data, key="camera", on_picture_change=take_shot)


def _show_address(visit: Visit) -> None:
    words = visit.words
    with st.form("address-form", border=False):
        address = st.text_input(words("start.address_label"), placeholder=words("start.address_example"), key="address")
        asked = st.form_submit_button(words("start.address_go"))
    if asked and address:
        try:
            take(_fetch(visit, address.strip()))
        except FetchError:
            st.session_state.trouble = (address.strip()[:120], words("bad.address"), words)
        st.rerun()


def _fetch(visit: Visit, address: str) -> Given:
    limits = visit.state.settings.service
    data = asyncio.run(
        fetch_picture(
            address, max_bytes=limits.max_body, timeout=limits.timeout / 2,
            networks=[ip_network(one) for one in limits.url_networks],
        )
    )  # fmt: skip
    return Given(unquote(urlsplit(address).path.rpartition("/")[2]) or urlsplit(address).netloc, data)


def _show_examples(words: Words) -> None:
    st.html(
        f'<h2 class="smn-small">{words("start.examples")}</h2><p class="smn-note">{words("start.examples_note")}</p>'
    )
    with st.container(key="smn-examples", horizontal=True, gap="small"):
        for movement in EXAMPLES:
            name = words.movement(movement)
            with st.container(key=f"smn-example-{movement}", width="content", gap=None):
                st.html(f'<img src="{base_path()}/example/{movement}.jpg" alt="" width="160" height="128">')
                given = words("start.example_file", movement=name)
                st.button(
                    name, key=f"example-{movement}", help=None,
                    on_click=lambda movement=movement, given=given: take(Given(given, make_example(movement))),
                )  # fmt: skip


def _css(text: str) -> str:
    """A text as a string of CSS."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("<", "\\3c ") + '"'
