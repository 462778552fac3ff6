"""What a visitor gave to be looked at, for as long as their visit lasts."""

from dataclasses import dataclass

import streamlit as st

MOST = 60
"""Pictures that are looked at in one go; whole folders are for the command line."""


@dataclass(frozen=True)
class Given:
    """A picture that somebody gave.

    Args:
        name: as they call it.
        data: its bytes.
    """

    name: str
    data: bytes


def take(*pictures: Given) -> None:
    """Let these be what is looked at, in place of what was."""
    forget()
    st.session_state.given = list(pictures)


def forget() -> None:
    """Let go of everything that was given."""
    for key in ("given", "chosen", "trouble", "address"):
        st.session_state.pop(key, None)
    # Another uploader, because one cannot be emptied.
    st.session_state.turn = st.session_state.get("turn", 0) + 1
