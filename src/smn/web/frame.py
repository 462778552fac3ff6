"""The frame of every page: head, foot, style sheet, language."""

from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from smn.web.app_state import AppState, get_app_state
from smn.web.drawing import FALLBACK
from smn.web.words import LANGUAGES, Words, choose_language

_PARTS = Path(__file__).parent / "parts"


@dataclass(frozen=True)
class Visit:
    """One run of the script for one visitor.

    Args:
        words: the page's texts in the visitor's language.
        state: what all visitors share.
        theme: ``light`` or ``dark``.
    """

    words: Words
    state: AppState
    theme: str


def show_page() -> None:
    """Show the page that the address asks for."""
    from smn.web.about import show_about, show_review
    from smn.web.explore import show_explore
    from smn.web.look import show_look

    words = Words(_language())
    theme = st.context.theme.type or "light"
    visit = Visit(words, get_app_state(), theme)
    st.set_page_config(page_title=words("page.title"), page_icon=_icon(), layout="wide")
    st.html(_PARTS / "page.css")
    set_accent(FALLBACK[theme])

    def page(show: Any, key: str, path: str, *, default: bool = False) -> Any:
        def run() -> None:
            show(visit)
            st.session_state.page = key

        return st.Page(run, title=words(f"page.{key}"), url_path=path, default=default)

    pages = [
        page(show_look, "look", "look", default=True),
        page(show_explore, "explore", "explore"),
        page(show_about, "how", "how"),
        page(show_review, "review", "review"),
    ]
    chosen = st.navigation(pages, position="hidden")
    mount_part("a11y", data={"language": words.language, "choose": words("start.drop_action")}, key="a11y")
    # Curators know the address; the menu names what there is.
    _show_head(pages if visit.state.settings.review else pages[:-1], words)
    chosen.run()
    _show_foot(visit)


def mount_part(name: str, *, data: Any, key: str, **options: Any) -> Any:
    """Show one of the page's own components: ``parts/NAME.js`` with the HTML and CSS beside it.

    Args:
        name: of the files.
        data: what the component is given.
        key: of this one.
        options: callbacks, by Streamlit's names.
    """
    html, css = (_PARTS / f"{name}.html", _PARTS / f"{name}.css")
    part = st.components.v2.component(
        f"smn_{name}",
        html=_read(html) if html.exists() else "<span hidden></span>",
        css=_read(css) if css.exists() else None,
        js=_read(_PARTS / f"{name}.js"),
    )
    return part(data=data, key=key, **options)


def set_accent(colour: str) -> None:
    """Let the page have one accent, ``#RRGGBB``; the last one that is set counts."""
    st.html(f"<style>:root{{--smn-accent:{colour}}}</style>")


def base_path() -> str:
    """What stands before every path of the page: empty, or such as ``/smn`` behind a proxy."""
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{base}" if base else ""


def _language() -> str:
    if "language" not in st.session_state:
        chosen = choose_language(st.query_params.get("lang"), st.context.locale)
        st.session_state.language = chosen.upper()
    return str(st.session_state.language or LANGUAGES[0]).lower()


def _show_head(pages: list[Any], words: Words) -> None:
    with st.container(key="smn-head", horizontal=True, vertical_alignment="center", gap="medium"):
        st.page_link(pages[0], label="smn")
        with st.container(key="smn-pages", horizontal=True, horizontal_alignment="right", gap="medium"):
            for page in pages[1:]:
                st.page_link(page)
            st.segmented_control(
                words("page.language"), [language.upper() for language in LANGUAGES], key="language", required=True,
                label_visibility="collapsed",
            )  # fmt: skip


def _show_foot(visit: Visit) -> None:
    words, model = visit.words, visit.state.analyzer.model
    said = words("page.foot_remote" if visit.state.settings.api else "page.foot")
    # A service's model is known from its first answer on.
    st.html(f'<footer class="smn-foot">{said} {escape(words("page.model", model=model)) if model else ""}</footer>')


@cache
def _icon() -> str:
    return str(_PARTS / "icon.png")


@cache
def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8")
