"""What went wrong, in the page's words: what it is, and what to do."""

from html import escape

import streamlit as st

from smn.errors import (
    ImageError,
    ImageTooLargeError,
    ImageTooSmallError,
    ImageTruncatedError,
    ImageTypeError,
    ServiceError,
    SmnError,
)
from smn.web.frame import Visit
from smn.web.words import Words


def show_trouble(name: str, said: str, words: Words, *, retry: bool = False) -> None:
    """Show what went wrong with a picture of this name; ``retry`` offers to try again."""
    st.html(
        f'<div class="smn-trouble" role="alert"><h2>{escape(words("bad.heading", name=name))}</h2>'
        f"<p>{escape(said)}</p></div>"
    )
    if retry:
        st.button(words("bad.again"), key="retry")


def say_trouble(visit: Visit, error: SmnError) -> str:
    """What is wrong and what to do, in the page's language."""
    words = visit.words
    if isinstance(error, ImageTooLargeError):
        return say_too_large(visit)
    if isinstance(error, ServiceError):
        busy = {429: "bad.busy", 503: "bad.busy", 413: "bad.refused", 415: "bad.refused", 422: "bad.refused"}
        return words(busy.get(error.status or 0, "bad.down"))
    kinds = (
        (ImageTypeError, "bad.type"), (ImageTruncatedError, "bad.truncated"), (ImageTooSmallError, "bad.tiny"),
        (ImageError, "bad.image"),
    )  # fmt: skip
    return words(next((key for kind, key in kinds if isinstance(error, kind)), "bad.other"))


def say_too_large(visit: Visit) -> str:
    """That a picture is too large, and what would not be."""
    limits = visit.state.settings.service
    megabytes, pixels = (max(1, round(limit / 1e6)) for limit in (limits.max_body, limits.max_pixels))
    return visit.words("bad.large", megabytes=megabytes, pixels=pixels)
