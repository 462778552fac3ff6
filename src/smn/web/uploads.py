"""The first screen: ways to upload a picture, examples to try, and error messages."""

import asyncio
import base64
import io
import tempfile
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from html import escape
from ipaddress import ip_network
from threading import Lock
from urllib.parse import unquote, urlsplit

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

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
from smn.web.famous_works import OFFERED, FamousWork
from smn.web.frame import Visit, base_path, mount_part
from smn.web.words import Words

MAX_PICTURES = 300
"""Pictures analyzed in one go; whole folders are for the command line."""

_KEYS = ("uploads", "chosen", "compared", "cards", "selected", "part", "error", "address", "asked", "told", "codes")
"""What the session holds of its uploads."""


@dataclass(frozen=True)
class Upload:
    """An uploaded picture.

    Args:
        name: of the file.
        data: the encoded picture.
    """

    name: str
    data: bytes


class Spool:
    """Encoded pictures in an unnamed temporary file, which is gone with the visit: many of them fill no memory."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="smn-")  # noqa: SIM115 - closed with the session that holds it
        weakref.finalize(self, self._file.close)
        self._turn = Lock()

    def add(self, data: bytes) -> tuple[int, int]:
        """Append a picture; where it stands, and how long it is."""
        with self._turn:
            start = self._file.seek(0, io.SEEK_END)
            self._file.write(data)
        return start, len(data)

    def read(self, start: int, size: int) -> bytes:
        """A picture that was appended."""
        with self._turn:
            self._file.seek(start)
            return self._file.read(size)


@dataclass(frozen=True)
class SpooledUpload:
    """An uploaded picture that waits in a `Spool`.

    Args:
        name: of the file.
        spool: that holds it.
        span: where it stands there, and how long it is.
    """

    name: str
    spool: Spool
    span: tuple[int, int]

    @property
    def data(self) -> bytes:
        """The encoded picture."""
        return self.spool.read(*self.span)


AnyUpload = Upload | SpooledUpload


def set_uploads(*pictures: AnyUpload) -> None:
    """Replace the uploads of this session; beside a picture that waits for another one, compare the two."""
    waiting = st.session_state.pop("waiting", None)
    clear_uploads()
    st.session_state.uploads = [*([waiting] if waiting else []), *pictures]
    if waiting and len(pictures) == 1:
        st.session_state.compared = (0, 1)


def clear_uploads() -> None:
    """Forget the uploads of this session."""
    for key in (*_KEYS, "waiting"):
        st.session_state.pop(key, None)
    for name in ("answer", "kept"):
        st.query_params.pop(name, None)
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
    words = visit.words
    data = {
        "turn": st.session_state.get("turn", 0),
        "largest": max(1, visit.state.settings.service.max_body // 1_000_000) * 1024 * 1024,
        "words": {
            "heading": words("bad.heading", name="{name}"), "large": describe_too_large(visit),
            "type": words("bad.type"),
        },
    }  # fmt: skip
    mount_part("refused", data=data, key="refused")


def describe_too_large(visit: Visit) -> str:
    """That a picture is too large, with the limits."""
    limits = visit.state.settings.service
    megabytes, pixels = (max(1, round(limit / 1e6)) for limit in (limits.max_body, limits.max_pixels))
    return visit.words("bad.large", megabytes=megabytes, pixels=pixels)


def show_start(visit: Visit) -> None:
    """Show the ways to upload a picture."""
    words, limits = visit.words, visit.state.settings.service
    waiting = st.session_state.get("waiting")
    if waiting is not None:
        st.html(f'<p class="smn-note" role="status">{escape(words("compare.waiting", name=waiting.name))}</p>')
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
        files, spool = st.session_state[key][: MAX_PICTURES + 1], Spool()
        if not all(isinstance(file, UploadedFile) for file in files):
            return  # the browser names them once more, after they were taken and released
        if len(files) == 1:
            set_uploads(Upload(files[0].name, files[0].getvalue()))
            return
        taken = []
        for file in files:
            taken.append(SpooledUpload(file.name, spool, spool.add(file.getvalue())))
            _release(file.file_id)
        set_uploads(*taken)

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


def _release(file_id: str) -> None:
    """Let Streamlit forget a file that the page has taken: it would hold it until the visit ends."""
    from streamlit.runtime import get_instance
    from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context, manager = get_script_run_ctx(), get_instance().uploaded_file_mgr
    if context is not None and isinstance(manager, MemoryUploadedFileManager):
        manager.remove_file(session_id=context.session_id, file_id=file_id)


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
    """Famous works where Commons can be reached, then painted examples; a model may know none of them."""
    words, famous = visit.words, visit.state.famous
    painted = visit.state.examples[: max(0, OFFERED - len(famous))]
    if not famous and not painted:
        return
    note = words("start.examples_famous") if famous else words("start.examples_note")
    st.html(f'<h2 class="smn-small">{words("start.examples")}</h2><p class="smn-note">{note}</p>')
    with st.container(key="smn-examples", horizontal=True, gap="small"):
        for one in famous:
            title, work = one.known.title(words.language), one.known.work
            said = words("alike.year", title=f"{title}, {work.artist}", year=work.year)
            _show_example(work.id, title, partial(Upload, said, one.data))
        for movement in painted:
            name = words.movement(movement)
            file = words("start.example_file", movement=name)
            _show_example(
                movement, words("start.painted", movement=name) if famous else name,
                partial(_paint_upload, file, movement),
            )  # fmt: skip
    if famous:
        st.html(f'<p class="smn-note">{" · ".join(_attribute(one.known, words) for one in famous)}</p>')


def _paint_upload(name: str, movement: str) -> Upload:
    return Upload(name, make_example(movement))


def _show_example(key: str, label: str, make: Callable[[], Upload]) -> None:
    """A picture that is fetched from the server, and made anew only for those who choose it."""
    with st.container(key=f"smn-example-{key}", width="content", gap=None):
        st.html(f'<img src="{base_path()}/example/{key}.jpg" alt="" width="160" height="128">')
        st.button(label, key=f"example-{key}", help=None, on_click=lambda: set_uploads(make()))


def _attribute(known: FamousWork, words: Words) -> str:
    """Who made a work, where it is, and where its picture comes from."""
    work = known.work
    about = f"{work.artist}, {known.title(words.language)} ({work.year}), {work.museum}"
    return (
        f'{escape(about)}: <a href="{escape(work.page or "")}" target="_blank" rel="noopener noreferrer">'
        f'Wikimedia Commons<span class="smn-aside">: {escape(known.title(words.language))}</span></a>'
    )


def _css(text: str) -> str:
    """A text as a string of CSS."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("<", "\\3c ") + '"'
