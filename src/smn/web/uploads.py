"""The first screen: ways to upload a picture, examples to try, and error messages."""

import asyncio
import base64
from dataclasses import dataclass
from html import escape
from ipaddress import ip_network
from urllib.parse import unquote, urlsplit

import streamlit as st

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
from smn.images.safe_fetch import fetch_picture
from smn.web.app_state import make_example
from smn.web.frame import Visit, base_path, mount_part
from smn.web.words import Words

MAX_PICTURES = 60
"""Pictures analyzed in one go; whole folders are for the command line."""


@dataclass(frozen=True)
class Upload:
    """An uploaded picture.

    Args:
        name: of the file.
        data: the encoded picture.
    """

    name: str
    data: bytes


def set_uploads(*pictures: Upload) -> None:
    """Replace the uploads of this session."""
    clear_uploads()
    st.session_state.uploads = list(pictures)


def clear_uploads() -> None:
    """Forget the uploads of this session."""
    for key in ("uploads", "chosen", "error", "address", "asked", "told", "codes"):
        st.session_state.pop(key, None)
    st.query_params.pop("answer", None)
    # A new key: Streamlit's uploader cannot be emptied.
    st.session_state.turn = st.session_state.get("turn", 0) + 1


def show_error(name: str, said: str, words: Words, *, retry: bool = False) -> None:
    """Show what is wrong with the picture of this name; ``retry`` offers another try."""
    st.html(
        f'<div class="smn-error" role="alert"><h2>{escape(words("bad.heading", name=name))}</h2>'
        f"<p>{escape(said)}</p></div>"
    )
    if retry:
        st.button(words("bad.again"), key="retry")


def describe_error(visit: Visit, error: SmnError) -> str:
    """What is wrong and what to do, in the page's language."""
    words = visit.words
    if isinstance(error, ImageTooLargeError):
        return describe_too_large(visit)
    if isinstance(error, ServiceError):
        busy = {429: "bad.busy", 503: "bad.busy", 413: "bad.refused", 415: "bad.refused", 422: "bad.refused"}
        return words(busy.get(error.status or 0, "bad.down"))
    kinds = (
        (ImageTypeError, "bad.type"), (ImageTruncatedError, "bad.truncated"), (ImageTooSmallError, "bad.tiny"),
        (ImageError, "bad.image"),
    )  # fmt: skip
    return words(next((key for kind, key in kinds if isinstance(error, kind)), "bad.other"))


def show_refused(visit: Visit) -> None:
    """Name each file of the last choice that the browser did not send, with its own reason."""
    told = (st.session_state.get("a11y") or {}).get("refused") or {}
    # It is told before the others of its choice arrive, which is a turn.
    if st.session_state.get("turn", 0) - told.get("turn", -2) not in (0, 1):
        return
    for one in told["files"]:
        said = describe_too_large(visit) if one["why"] == "large" else visit.words("bad.type")
        name = visit.words("bad.heading", name=str(one["name"])[:120])
        st.html(f'<p class="smn-error" role="alert"><strong>{escape(name)}.</strong> {escape(said)}</p>')


def describe_too_large(visit: Visit) -> str:
    """That a picture is too large, with the limits."""
    limits = visit.state.settings.service
    megabytes, pixels = (max(1, round(limit / 1e6)) for limit in (limits.max_body, limits.max_pixels))
    return visit.words("bad.large", megabytes=megabytes, pixels=pixels)


def show_start(visit: Visit) -> None:
    """Show the ways to upload a picture."""
    words, limits = visit.words, visit.state.settings.service
    st.html(
        f'<div class="smn-start"><h1>{words("start.heading")}</h1><p class="smn-lead">{words("start.lead")}</p></div>'
    )
    key = f"upload-{st.session_state.get('turn', 0)}"
    megabytes = max(1, limits.max_body // 1_000_000)
    st.html(
        # Streamlit's uploader speaks English only; its words are set here.
        f"<style>:root{{--smn-drop:{_css(words('start.drop'))};--smn-choose:{_css(words('start.drop_action'))};"
        f"--smn-limit:{_css(words('start.drop_limit', megabytes=megabytes))}}}</style>"
    )

    def take_files() -> None:
        # One more than are analyzed, so that the page can say so.
        files = st.session_state[key][: MAX_PICTURES + 1]
        set_uploads(*(Upload(file.name, file.getvalue()) for file in files))

    with st.container(key="smn-drop"):
        st.file_uploader(
            words("start.drop"), type=["image/*", ".heic", ".heif"], accept_multiple_files=True, key=key,
            on_change=take_files, label_visibility="collapsed", max_upload_size=megabytes,
        )  # fmt: skip
    with st.container(key="smn-ways", horizontal=True, gap="small"):
        with st.popover(words("start.camera"), key="smn-camera", on_change="rerun") as camera:
            if camera.open:
                _show_camera(words)
        if limits.urls:
            st.button(
                words("start.address"), key="smn-address-ask",
                on_click=lambda: st.session_state.update(asked=not st.session_state.get("asked", False)),
            )  # fmt: skip
    if limits.urls and st.session_state.get("asked"):
        _show_address(visit)
    show_refused(visit)
    if error := st.session_state.get("error"):
        show_error(*error)
    _show_examples(visit)


def _show_camera(words: Words) -> None:
    def take_shot() -> None:
        sent = st.session_state["camera"].picture
        if sent:
            set_uploads(Upload(words("camera.file"), base64.b64decode(sent.partition(",")[2])))

    said = ("start", "shoot", "stop", "waiting", "refused", "none", "alt")
    data = {"words": {name: words(f"camera.{name}") for name in said}}
    mount_part("camera", data=data, key="camera", on_picture_change=take_shot)


def _show_address(visit: Visit) -> None:
    words = visit.words
    with st.form("address-form", border=False, width=640):
        address = st.text_input(words("start.address_label"), placeholder=words("start.address_example"), key="address")
        asked = st.form_submit_button(words("start.address_go"))
    if asked and address:
        try:
            set_uploads(_fetch(visit, address.strip()))
        except FetchError:
            st.session_state.error = (address.strip()[:120], words("bad.address"), words)
        st.rerun()


def _fetch(visit: Visit, address: str) -> Upload:
    limits = visit.state.settings.service
    data = asyncio.run(
        fetch_picture(
            address, max_bytes=limits.max_body, timeout=limits.timeout / 2,
            networks=[ip_network(one) for one in limits.url_networks],
        )
    )  # fmt: skip
    return Upload(unquote(urlsplit(address).path.rpartition("/")[2]) or urlsplit(address).netloc, data)


def _show_examples(visit: Visit) -> None:
    words = visit.words
    if not visit.state.examples:  # a model may know none of them
        return
    st.html(
        f'<h2 class="smn-small">{words("start.examples")}</h2><p class="smn-note">{words("start.examples_note")}</p>'
    )
    with st.container(key="smn-examples", horizontal=True, gap="small"):
        for movement in visit.state.examples:
            name = words.movement(movement)
            with st.container(key=f"smn-example-{movement}", width="content", gap=None):
                st.html(f'<img src="{base_path()}/example/{movement}.jpg" alt="" width="160" height="128">')
                file_name = words("start.example_file", movement=name)
                st.button(
                    name, key=f"example-{movement}", help=None,
                    on_click=lambda movement=movement, file_name=file_name: set_uploads(
                        Upload(file_name, make_example(movement))
                    ),
                )  # fmt: skip


def _css(text: str) -> str:
    """A text as a string of CSS."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("<", "\\3c ") + '"'
